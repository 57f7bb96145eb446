//! The collection of bytes that nobody needs, while the registry is in use. Three things need a blob: a manifest that names
//! it, being a manifest, and a link to a repository that is younger than the grace period. A push renews the links of all that
//! it names before it relies on them; renewing and collecting exclude each other (`links::claim`). So a push
//! either finds a blob that stays, or is told that it is not there.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::oci::Digest;
use futures_util::TryStreamExt;
use serde::Serialize;

use super::Maintenance;
use crate::blobs::StoredBlob;
use crate::fault::Fault;
use crate::links;
use crate::ownership;
use crate::uploads::rows;

/// How many blobs are asked about in one statement.
const BATCH: usize = 500;

#[derive(Debug, Clone, Copy)]
pub struct CollectOptions {
    /// What was uploaded, mounted or named since then stays. Longer, by far, than a push takes from its look at what is there
    /// until the read models show it.
    pub grace: TimeDelta,
    /// Counts, and changes nothing.
    pub dry_run: bool,
}

/// What went, or would go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// all that the store has
    pub blobs: u64,
    pub bytes: u64,
    pub removed_blobs: u64,
    pub removed_bytes: u64,
    /// uploads that nobody went on with
    pub expired_uploads: u64,
    /// what repositories held without a manifest that names it
    pub expired_links: u64,
    /// bytes that have no name: what a crash left
    pub strays: u64,
}

impl Maintenance {
    pub async fn collect(&self, options: CollectOptions) -> Result<Collected, Fault> {
        self.caught_up().await?;
        ownership::check(&**self.client().await?, &*self.blobs).await?;
        let before = self.now() - options.grace;
        let mut report = Collected {
            expired_uploads: self.expire_uploads(before, options.dry_run).await?,
            expired_links: links::expire(&self.client().await?, before, options.dry_run).await?,
            ..Collected::default()
        };
        let mut blobs = self.blobs.blobs().try_chunks(BATCH);
        while let Some(batch) = blobs.try_next().await.map_err(|error| error.1)? {
            report.blobs += batch.len() as u64;
            report.bytes += batch.iter().map(|blob| blob.size).sum::<u64>();
            if !options.dry_run {
                links::set_sizes(&self.client().await?, &batch).await?;
            }
            let old: Vec<StoredBlob> = batch.into_iter().filter(|blob| blob.stored_at <= before).collect();
            self.sweep(old, before, options.dry_run, &mut report).await?;
        }
        report.strays = self.blobs.remove_strays(before, options.dry_run).await?;
        Ok(report)
    }

    async fn sweep(
        &self,
        old: Vec<StoredBlob>,
        before: DateTime<Utc>,
        dry_run: bool,
        report: &mut Collected,
    ) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let digests: Vec<Digest> = old.iter().map(|blob| blob.digest.clone()).collect();
        let needed = links::needed(&client, &digests, before).await?;
        for blob in old.iter().filter(|blob| !needed.contains(&blob.digest)) {
            let removed = dry_run || self.remove(&mut client, &blob.digest, before).await?;
            if removed {
                report.removed_blobs += 1;
                report.removed_bytes += blob.size;
            }
        }
        Ok(())
    }

    /// Asks once more, while nobody can claim the blob, and removes it.
    async fn remove(
        &self,
        client: &mut deadpool_postgres::Client,
        digest: &Digest,
        before: DateTime<Utc>,
    ) -> Result<bool, Fault> {
        let alone = client.transaction().await?;
        if !links::try_lock_alone(&alone, digest).await? {
            return Ok(false);
        }
        if !links::needed(&alone, std::slice::from_ref(digest), before).await?.is_empty() {
            return Ok(false);
        }
        let removed = self.blobs.remove(digest, before).await?;
        alone.commit().await?;
        Ok(removed)
    }

    async fn expire_uploads(&self, before: DateTime<Utc>, dry_run: bool) -> Result<u64, Fault> {
        let (mut expired, mut stored) = (0, vec![]);
        let mut uploads = self.blobs.uploads();
        while let Some(upload) = uploads.try_next().await? {
            if upload.touched_at <= before && (dry_run || self.blobs.cancel(upload.key).await?) {
                expired += 1;
            } else {
                stored.push(upload.key.id);
            }
        }
        if !dry_run {
            rows::forget(&self.client().await?, before, &stored).await?;
        }
        Ok(expired)
    }
}
