//! The annotations of manifests, as lists of referrers show them. They are read from the manifests' bytes rather than from the
//! log: authors write their names and addresses into them. What was read stays in memory, and what is being read at the same
//! time, by all requests together, is bounded.

use std::sync::Arc;

use distr_domain::oci::Digest;
use futures_util::TryStreamExt;
use moka::future::Cache;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::blobs::{BlobFault, BlobStore};
use crate::manifest;

/// Bytes of annotations that are kept.
const KEPT: u64 = 32 * 1024 * 1024;
/// Bytes of one manifest's annotations that a list shows at most; who wants more reads the manifest.
pub(crate) const LARGEST: usize = 256 * 1024;
/// Bytes of manifests that are read at the same time, in units of the semaphore.
const READING: usize = 16 * 1024 * 1024 / UNIT;
const UNIT: usize = 1024;

pub(crate) struct Annotations {
    blobs: Arc<dyn BlobStore>,
    reading: Semaphore,
    known: Cache<Digest, Annotated>,
}

/// What a list shows of a manifest.
#[derive(Debug, Clone)]
pub(crate) enum Annotated {
    /// a JSON object of strings
    With(Arc<RawValue>),
    /// It has none, or more than a list shows.
    Without,
    /// Clients could not decode it: it was stored before manifests were checked.
    Malformed,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

impl Annotations {
    pub(crate) fn new(blobs: Arc<dyn BlobStore>) -> Self {
        let weigher = |digest: &Digest, annotated: &Annotated| (digest.as_str().len() + annotated.len() + 64) as u32;
        let known = Cache::builder().max_capacity(KEPT).weigher(weigher).build();
        Self { blobs, reading: Semaphore::new(READING), known }
    }

    /// Of a manifest of this size.
    pub(crate) async fn of(&self, digest: &Digest, size: u64) -> Result<Annotated, BlobFault> {
        if let Some(known) = self.known.get(digest).await {
            return Ok(known);
        }
        let annotated = self.read(digest, size).await?;
        self.known.insert(digest.clone(), annotated.clone()).await;
        Ok(annotated)
    }

    async fn read(&self, digest: &Digest, size: u64) -> Result<Annotated, BlobFault> {
        let units = (size as usize / UNIT + 1).min(READING) as u32;
        let _permit = self.reading.acquire_many(units).await.expect("nobody closes it");
        let parts: Vec<_> = self.blobs.read(digest, 0..size).await?.try_collect().await?;
        Ok(Annotated::of(&parts.concat()))
    }
}

impl Annotated {
    fn of(bytes: &[u8]) -> Self {
        if !manifest::is_well_formed(bytes) {
            return Self::Malformed;
        }
        let wire: Option<Wire<'_>> = serde_json::from_slice(bytes).ok();
        match wire.and_then(|wire| wire.annotations) {
            Some(json) if (3..=LARGEST).contains(&json.get().len()) => Self::With(json.to_owned().into()),
            _ => Self::Without,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::With(json) => json.get().len(),
            Self::Without | Self::Malformed => 0,
        }
    }
}
