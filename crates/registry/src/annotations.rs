//! The annotations of manifests, as lists of referrers show them. They are read from the manifests' bytes rather than from the
//! log: authors write their names and addresses into them. What was read stays in memory, within bounds.

use std::sync::Arc;

use distr_domain::oci::Digest;
use futures_util::TryStreamExt;
use moka::future::Cache;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::blobs::{BlobFault, BlobStore};

/// Bytes of annotations that are kept.
const KEPT: u64 = 32 * 1024 * 1024;

pub(crate) struct Annotations {
    blobs: Arc<dyn BlobStore>,
    /// as JSON objects; empty: the manifest has none
    known: Cache<Digest, Arc<str>>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    annotations: Option<&'a RawValue>,
}

impl Annotations {
    pub(crate) fn new(blobs: Arc<dyn BlobStore>) -> Self {
        let weigher = |digest: &Digest, json: &Arc<str>| (digest.as_str().len() + json.len() + 64) as u32;
        Self { blobs, known: Cache::builder().max_capacity(KEPT).weigher(weigher).build() }
    }

    /// Of a manifest of this size: a JSON object, if it has any.
    pub(crate) async fn of(&self, digest: &Digest, size: u64) -> Result<Option<Box<RawValue>>, BlobFault> {
        let json = match self.known.get(digest).await {
            Some(json) => json,
            None => {
                let json = self.read(digest, size).await?;
                self.known.insert(digest.clone(), json.clone()).await;
                json
            }
        };
        Ok(RawValue::from_string(json.to_string()).ok().filter(|json| json.get().len() > 2))
    }

    async fn read(&self, digest: &Digest, size: u64) -> Result<Arc<str>, BlobFault> {
        let parts: Vec<_> = self.blobs.read(digest, 0..size).await?.try_collect().await?;
        let bytes = parts.concat();
        // it was read as a manifest when it was pushed
        let wire: Option<Wire<'_>> = serde_json::from_slice(&bytes).ok();
        Ok(wire.and_then(|wire| wire.annotations).map_or("", RawValue::get).into())
    }
}
