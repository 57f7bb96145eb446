//! Reads all that the store has and compares it with its digests, and looks for what manifests name and the store has not. What
//! is damaged is taken out of service: clients push only what they are told is missing.

use distr_domain::oci::Digest;
use distr_projections::artifact::references;
use futures_util::TryStreamExt;
use serde::Serialize;

use super::Maintenance;
use crate::blobs::{BlobFault, Hashing, StoredBlob};
use crate::fault::Fault;
use crate::links;

const BATCH: i64 = 1000;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Scrubbed {
    pub blobs: u64,
    pub bytes: u64,
    /// not what their digests say; they are out of service from now on, so that they can be pushed again
    pub damaged: Vec<Digest>,
    /// named by a manifest, and not in the store
    pub missing: Vec<Digest>,
}

impl Maintenance {
    pub async fn scrub(&self) -> Result<Scrubbed, Fault> {
        self.caught_up().await?;
        let mut report = Scrubbed { missing: self.missing().await?, ..Scrubbed::default() };
        let mut blobs = self.blobs.blobs();
        while let Some(blob) = blobs.try_next().await? {
            match self.is_sound(&blob).await {
                Ok(true) => {}
                Ok(false) if self.set_aside(&blob).await? => report.damaged.push(blob.digest),
                Ok(false) => {}
                // collected while it was read
                Err(_) if self.blobs.size(&blob.digest).await?.is_none() => continue,
                Err(error) => return Err(error.into()),
            }
            report.blobs += 1;
            report.bytes += blob.size;
        }
        Ok(report)
    }

    /// Reads it once more, while nobody can claim it: it may have been pushed again meanwhile. Answers whether it went.
    async fn set_aside(&self, blob: &StoredBlob) -> Result<bool, Fault> {
        let mut client = self.client().await?;
        let alone = client.transaction().await?;
        links::lock_alone(&alone, &blob.digest).await?;
        if self.blobs.size(&blob.digest).await?.is_none() || self.is_sound(blob).await? {
            return Ok(false);
        }
        self.blobs.set_aside(&blob.digest).await?;
        alone.commit().await?;
        Ok(true)
    }

    /// Bytes that are not there in their number are not sound either.
    async fn is_sound(&self, blob: &StoredBlob) -> Result<bool, BlobFault> {
        if self.blobs.size_of_whole(&blob.digest).await? != Some(blob.size) {
            return Ok(false);
        }
        let mut hashing = Hashing::new(blob.digest.algorithm());
        let mut parts = self.blobs.read(&blob.digest, 0..blob.size).await?;
        while let Some(part) = parts.try_next().await? {
            hashing.update(&part);
        }
        Ok(hashing.digest() == blob.digest)
    }

    async fn missing(&self) -> Result<Vec<Digest>, Fault> {
        let client = self.client().await?;
        let (mut missing, mut last) = (Vec::new(), String::new());
        loop {
            let named = references::all(&client, &last, BATCH).await?;
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
