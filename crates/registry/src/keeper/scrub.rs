//! Reads all that the store has and compares it with its digests, and looks for what manifests name and the store has not.

use distr_domain::oci::Digest;
use futures_util::TryStreamExt;
use serde::Serialize;

use super::{Keeper, KeeperFault};
use crate::blobs::Hashing;
use crate::blobs::{BlobFault, StoredBlob};
use crate::links;

const BATCH: i64 = 1000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scrubbed {
    pub blobs: u64,
    pub bytes: u64,
    /// not what their digests say; they are left as they are
    pub damaged: Vec<Digest>,
    /// named by a manifest, and not in the store
    pub missing: Vec<Digest>,
}

impl Keeper {
    pub async fn scrub(&self) -> Result<Scrubbed, KeeperFault> {
        self.caught_up().await?;
        let mut report = Scrubbed { missing: self.missing().await?, ..Scrubbed::default() };
        let mut blobs = self.blobs.blobs();
        while let Some(blob) = blobs.try_next().await? {
            match self.is_sound(&blob).await {
                Ok(true) => {}
                Ok(false) => report.damaged.push(blob.digest),
                // collected while it was read
                Err(_) if self.blobs.size(&blob.digest).await?.is_none() => continue,
                Err(error) => return Err(error.into()),
            }
            report.blobs += 1;
            report.bytes += blob.size;
        }
        Ok(report)
    }

    async fn is_sound(&self, blob: &StoredBlob) -> Result<bool, BlobFault> {
        let mut hashing = Hashing::new(blob.digest.algorithm());
        let mut parts = self.blobs.read(&blob.digest, 0..blob.size).await?;
        while let Some(part) = parts.try_next().await? {
            hashing.update(&part);
        }
        Ok(hashing.digest() == blob.digest)
    }

    async fn missing(&self) -> Result<Vec<Digest>, KeeperFault> {
        let client = self.client().await?;
        let (mut missing, mut last) = (Vec::new(), String::new());
        loop {
            let named = links::named(&client, &last, BATCH).await?;
            let Some(end) = named.last() else { return Ok(missing) };
            last = end.to_string();
            for digest in named {
                if self.blobs.size(&digest).await?.is_none() {
                    missing.push(digest);
                }
            }
        }
    }
}
