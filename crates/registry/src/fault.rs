//! The ladder of what may go wrong below the routes. A *rejection* is a rule's no, an enum beside its rule; a *fault* is what is
//! broken with us. An operation with a rule ends with either (`OperationError`), one without with a fault. `error.rs` stands on
//! top: what a client is told.

use distr_domain::artifact::ArtifactRejection;
use distr_domain::rejection::Rejection;
use distr_eventlog::{ExecuteError, ReadError};
use distr_postgres::{LookupError, is_away};
use distr_projections::{QueryError, WaitError};
use uuid::Uuid;

use crate::blobs::BlobFault;
use crate::caller::CallersFault;

/// A fault: the registry could say neither yes nor no. Clients are told no more than that; the hub's log has the causes.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
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
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The command of a change that met a broken log, others at the same thing, or a rule that nobody is to be told of.
    #[error("the repository could not be changed")]
    Change(#[source] ExecuteError<ArtifactRejection>),
    /// The change that was waited for is stored all the same.
    #[error("the read models have not caught up with the log")]
    Behind(#[from] WaitError),
    #[error("the hub could not say who the caller is")]
    Callers(#[source] CallersFault),
    #[error("the registry's token could not be signed")]
    Sign(#[from] jsonwebtoken::errors::Error),
    #[error("there is no randomness")]
    NoRandomness,
    #[error("the access could not be recorded within {seconds} s")]
    Unrecorded { seconds: u64 },
    #[error(
        "the blob store belongs to another database ({owner}; this one is {own}), to which its blobs may be all that matters. \
         Is DATABASE_URL what it was? If this database takes the place of that one, as after a restore, stop the other hub for \
         good and run `distr-hub take-over-blobs`"
    )]
    ForeignStore { owner: Uuid, own: Uuid },
    #[error(
        "the blob store has blobs, and this database ({own}) knows none of them. Is DATABASE_URL what it was? If the blobs are \
         to be this database's all the same, run `distr-hub take-over-blobs`; the next collection then removes what nobody needs"
    )]
    UnclaimedStore { own: Uuid },
}

/// The reason why an operation was not done: a rule refused it, or something is broken.
#[derive(Debug, thiserror::Error)]
pub enum OperationError<R: Rejection> {
    #[error(transparent)]
    Rejected(R),
    #[error(transparent)]
    Fault(Fault),
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

impl<R: Rejection, F: Into<Fault>> From<F> for OperationError<R> {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}
