//! The bytes of manifests, of which those that were asked for lately stay in memory, within bounds. What a digest names never
//! changes; whether the caller may have it is decided before, each time.

use std::sync::Arc;

use bytes::Bytes;
use distr_domain::oci::Digest;
use futures_util::TryStreamExt;
use moka::future::Cache;

use crate::blobs::{BlobFault, BlobStore};

/// Bytes that are kept.
const KEPT: u64 = 4 * 1024 * 1024;
/// Larger ones are read each time.
const LARGEST: u64 = 64 * 1024;

pub(crate) struct ManifestBytes {
    blobs: Arc<dyn BlobStore>,
    known: Cache<Digest, Bytes>,
}

impl ManifestBytes {
    pub(crate) fn new(blobs: Arc<dyn BlobStore>) -> Self {
        let weigher = |digest: &Digest, bytes: &Bytes| (digest.as_str().len() + bytes.len() + 64) as u32;
        Self { blobs, known: Cache::builder().max_capacity(KEPT).weigher(weigher).build() }
    }

    /// Of a manifest of this size.
    pub(crate) async fn of(&self, digest: &Digest, size: u64) -> Result<Bytes, BlobFault> {
        if let Some(bytes) = self.known.get(digest).await {
            return Ok(bytes);
        }
        let parts: Vec<Bytes> = self.blobs.read(digest, 0..size).await?.try_collect().await?;
        let bytes = Bytes::from(parts.concat());
        if size <= LARGEST {
            self.known.insert(digest.clone(), bytes.clone()).await;
        }
        Ok(bytes)
    }
}
