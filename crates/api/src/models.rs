//! The read side: connections that look, and how far what they see is.

use std::sync::Arc;

use deadpool_postgres::Pool;
use distr_projections::Progress;
use distr_registry::BlobStore;

use crate::failure::Failure;
use crate::limits::shares::{self, Of, SharedClient};

/// The read models.
#[derive(Clone)]
pub struct ReadModels {
    pub pool: Pool,
    pub progress: ModelsProgress,
}

/// How far each group of read models is.
#[derive(Clone)]
pub struct ModelsProgress {
    pub core: Progress,
    pub fleet: Progress,
    pub audit: Progress,
}

/// What the registry holds: the read models say what, and the store has the bytes.
#[derive(Clone)]
pub struct Artifacts {
    pub models: ReadModels,
    pub blobs: Arc<dyn BlobStore>,
}

impl ReadModels {
    pub async fn client(&self) -> Result<SharedClient, Failure> {
        Ok(shares::client(Of::ReadModels, &self.pool).await?)
    }
}
