//! Uploads under way: the bytes of each in the blob store and its row in Postgres, which begin and end together.

pub(crate) mod rows;

use std::sync::Arc;

use deadpool_postgres::Pool;
use distr_domain::rejection::Rejection;
use uuid::Uuid;

use crate::blobs::{BlobStore, UploadKey, Writing};
use crate::clock::Clock;
use crate::fault::{Fault, OperationError};
use crate::name::RepositoryName;

/// How many uploads may be under way: begun or gone on with in the last hour, and neither finished nor cancelled.
#[derive(Debug, Clone, Copy)]
pub struct UploadCaps {
    pub of_organization: u32,
    /// of one credential
    pub of_caller: u32,
}

impl Default for UploadCaps {
    /// Far more than clients have at a time: Docker sends five layers at once.
    fn default() -> Self {
        Self { of_organization: 1000, of_caller: 250 }
    }
}

/// The cap that one more upload would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooManyUploads {
    #[error("the organization has {most} unfinished uploads of the last hour, and may have no more")]
    OfOrganization { most: u32 },
    #[error("the credential has {most} unfinished uploads of the last hour, and may have no more")]
    OfCaller { most: u32 },
}

impl Rejection for TooManyUploads {
    fn code(&self) -> &'static str {
        "registry.too_many_uploads"
    }
}

/// An upload to a repository, and the credential of its uploader.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Upload<'a> {
    pub(crate) name: &'a RepositoryName,
    pub(crate) key: UploadKey,
    pub(crate) credential: Option<Uuid>,
}

/// The beginnings and ends of uploads. Their bytes are written between.
pub(crate) struct Uploads {
    pool: Pool,
    blobs: Arc<dyn BlobStore>,
    caps: UploadCaps,
    clock: Clock,
}

impl Uploads {
    pub(crate) fn new(pool: Pool, blobs: Arc<dyn BlobStore>, caps: UploadCaps, clock: Clock) -> Self {
        Self { pool, blobs, caps, clock }
    }

    /// Begins an upload, unless too many are under way.
    pub(crate) async fn begin(
        &self,
        name: &RepositoryName,
        credential: Option<Uuid>,
    ) -> Result<UploadKey, OperationError<TooManyUploads>> {
        let key = UploadKey { artifact: name.artifact(), id: Uuid::new_v4() };
        let upload = Upload { name, key, credential };
        rows::begin(&self.pool.get().await?, upload, self.caps, (self.clock)()).await?;
        if let Err(fault) = self.blobs.begin(key).await {
            self.end(name, key).await?;
            return Err(fault.into());
        }
        Ok(key)
    }

    /// The offset to go on from. What could not be written is worth nothing.
    pub(crate) async fn pause(
        &self,
        name: &RepositoryName,
        key: UploadKey,
        writing: Box<dyn Writing>,
    ) -> Result<u64, Fault> {
        match writing.pause().await {
            Ok(offset) => Ok(offset),
            Err(fault) => {
                self.cancel(name, key).await?;
                Err(fault.into())
            }
        }
    }

    /// Ends an upload to this repository, and frees its bytes. Answers whether there was such an upload.
    pub(crate) async fn cancel(&self, name: &RepositoryName, key: UploadKey) -> Result<bool, Fault> {
        let cancelled = self.blobs.cancel(key).await?;
        if cancelled {
            self.end(name, key).await?;
        }
        Ok(cancelled)
    }

    /// Ends an upload that failed, whether its bytes are there or not.
    pub(crate) async fn discard(&self, name: &RepositoryName, key: UploadKey) -> Result<(), Fault> {
        self.blobs.cancel(key).await?;
        self.end(name, key).await
    }

    async fn end(&self, name: &RepositoryName, key: UploadKey) -> Result<(), Fault> {
        Ok(rows::end(&self.pool.get().await?, name, key).await?)
    }

    /// How many bytes the upload may become, as far as it was asked before.
    pub(crate) async fn reserved(&self, key: UploadKey) -> Result<u64, Fault> {
        Ok(rows::reserved(&self.pool.get().await?, key).await?)
    }

    /// Reserves no more than `to` bytes, if `from` is what was reserved.
    pub(crate) async fn lower(&self, key: UploadKey, from: u64, to: u64) -> Result<(), Fault> {
        Ok(rows::lower(&self.pool.get().await?, key, from, to).await?)
    }
}
