//! What is broken, so that the registry could say neither yes nor no. Nothing of it reaches the client.

use std::error::Error;

use distr_postgres::LookupError;
use distr_postgres::is_away;
use distr_projections::{QueryError, WaitError};

use crate::blobs::BlobFault;
use crate::caller::CallersFault;
use crate::changing::ChangeError;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error(transparent)]
    Blobs(#[from] BlobFault),
    #[error("the registry's database refused a statement")]
    Database(#[from] tokio_postgres::Error),
    #[error("the registry got no database connection")]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error(transparent)]
    ReadModels(#[from] QueryError),
    #[error(transparent)]
    LookUp(#[from] LookupError),
    #[error("the repository could not be changed")]
    Change(#[source] ChangeError),
    #[error("what was pushed is stored, but does not show yet")]
    NotShownYet(#[from] WaitError),
    #[error("the hub could not say who the caller is")]
    Callers(#[source] CallersFault),
    #[error("the registry's token could not be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
    #[error("there is no randomness")]
    NoRandomness,
    #[error("the access could not be recorded within {seconds} s")]
    Unrecorded { seconds: u64 },
}

impl Fault {
    /// Whether the database did not answer, or not in time.
    pub(crate) fn is_of_database(&self) -> bool {
        matches!(self, Self::LookUp(LookupError::TooLate { .. })) || is_away(self)
    }

    /// Whether the disk of the blobs had no room.
    pub(crate) fn is_full_disk(&self) -> bool {
        matches!(self, Self::Blobs(fault) if fault.source.kind() == std::io::ErrorKind::StorageFull)
    }
}

/// A fault with all its causes, for the hub's own log.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
