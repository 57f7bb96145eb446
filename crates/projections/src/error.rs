//! What can go wrong on the way from the log to rows, and from rows to an answer.

use distr_domain::fact::UnreadableEvent;
use distr_eventlog::{Position, ReadError};
use tokio_postgres::error::SqlState;

use crate::cursor::InvalidCursor;

/// A projection could not go on. The read models stand where they stood.
#[derive(Debug, thiserror::Error)]
pub enum ProjectionError {
    #[error("cannot read the log")]
    Log(#[from] ReadError),
    #[error("cannot write read models")]
    Database(#[from] tokio_postgres::Error),
    #[error("cannot get a database connection")]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error("entry {position} cannot be read")]
    Unreadable { position: Position, source: UnreadableEvent },
    #[error("telemetry record {position} cannot be read")]
    UnreadableTelemetry { position: Position, source: serde_json::Error },
    #[error("a row of table {table:?} does not have the shape that its projection expects")]
    Row { table: &'static str, source: serde_json::Error },
    #[error("group {group:?} was taken over by another runner")]
    LeaseLost { group: &'static str },
    #[error(
        "the read models were made anew by another version of the hub (shape {live}, this one fills {own}): end this hub"
    )]
    OtherShape { live: i32, own: i32 },
}

impl ProjectionError {
    /// Whether it lies in what was to be stored, so that it comes again whoever tries. (PostgreSQL's documentation, appendix
    /// "Error Codes": data exceptions, violated constraints, exceeded limits of a row or an index.)
    pub(crate) fn is_of_content(&self) -> bool {
        match self {
            Self::Row { .. } => true,
            Self::Database(error) => {
                let class = error.code().map(SqlState::code).and_then(|code| code.get(..2));
                class.is_some_and(|class| ["21", "22", "23", "54"].contains(&class))
            }
            _ => false,
        }
    }
}

/// A query on read models failed; not the asker's fault, unless it is `Cursor`.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("cannot query read models")]
    Database(#[from] tokio_postgres::Error),
    #[error("cannot get a database connection")]
    Pool(#[from] deadpool_postgres::PoolError),
    #[error("a row does not have the expected shape")]
    Row(#[from] serde_json::Error),
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
}

/// The read models did not get to the position in time. What was asked for is stored all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("read models stand at {at}, not yet at {wanted}")]
pub struct WaitError {
    pub wanted: Position,
    pub at: Position,
}
