//! Why a follower does not go on.

use std::error::Error;

use distr_eventlog::{Position, ReadError};

use crate::caught::Panicked;
use crate::error::ProjectionError;

type Source = Box<dyn Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Halt {
    #[error("another hub has taken over")]
    Lost,
    /// The next entry is not due yet.
    #[error("it is too early for the next entry")]
    Early,
    /// One of several entries is at fault; which one, smaller pages tell.
    #[error("an entry of the page cannot be applied")]
    Page(#[source] Source),
    #[error(transparent)]
    Bad(BadEntry),
    #[error("entry {position} was written by a newer version of the hub, which must go on from here; upgrade this one")]
    Newer { position: Position, source: Source },
    #[error("{what} took too long")]
    TooSlow { what: &'static str },
    #[error(transparent)]
    Fault(Source),
}

/// An entry that cannot be read or applied, whoever tries. All before it is done with.
#[derive(Debug, thiserror::Error)]
#[error("entry {position} cannot be read or applied")]
pub struct BadEntry {
    pub position: Position,
    pub is_fact: bool,
    pub source: Source,
}

impl Halt {
    pub fn fault(source: impl Error + Send + Sync + 'static) -> Self {
        Self::Fault(Box::new(source))
    }
}

impl From<Panicked> for Halt {
    fn from(panicked: Panicked) -> Self {
        Self::fault(panicked)
    }
}

impl From<ProjectionError> for Halt {
    fn from(error: ProjectionError) -> Self {
        match error {
            ProjectionError::LeaseLost { .. } => Self::Lost,
            error if error.is_of_content() => Self::Page(Box::new(error)),
            error => Self::fault(error),
        }
    }
}

impl From<ReadError> for Halt {
    fn from(error: ReadError) -> Self {
        ProjectionError::from(error).into()
    }
}

impl From<tokio_postgres::Error> for Halt {
    fn from(error: tokio_postgres::Error) -> Self {
        ProjectionError::from(error).into()
    }
}

impl From<deadpool_postgres::PoolError> for Halt {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        ProjectionError::from(error).into()
    }
}
