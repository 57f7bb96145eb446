//! Whether it is the database that is away, or an answer that did not come in time: what a caller may ask again in a moment.

use std::error::Error;
use std::io;
use std::sync::Arc;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

/// What the server says when it cannot now, and could later.
const NOT_NOW: [SqlState; 8] = [
    SqlState::QUERY_CANCELED,
    SqlState::LOCK_NOT_AVAILABLE,
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::TOO_MANY_CONNECTIONS,
    SqlState::READ_ONLY_SQL_TRANSACTION,
    SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
];

/// Whether the disk of the database is full. Looks at the error and all its causes.
pub fn is_full(error: &(dyn Error + 'static)) -> bool {
    has_cause(error, |error| {
        let error = error.downcast_ref::<tokio_postgres::Error>();
        error.is_some_and(|error| error.code() == Some(&SqlState::DISK_FULL))
    })
}

/// Looks at the error and all its causes.
pub fn is_away(error: &(dyn Error + 'static)) -> bool {
    has_cause(error, is_of_database)
}

fn has_cause(error: &(dyn Error + 'static), is: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // the `Error` of an `Arc` hides what it shares
        let shared = error.downcast_ref::<Arc<dyn Error + Send + Sync>>();
        let error = shared.map_or(error, |shared| shared.as_ref());
        if is(error) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn is_of_database(error: &(dyn Error + 'static)) -> bool {
    if let Some(error) = error.downcast_ref::<PoolError>() {
        return matches!(error, PoolError::Timeout(_) | PoolError::Closed);
    }
    let Some(error) = error.downcast_ref::<tokio_postgres::Error>() else { return false };
    match error.code() {
        Some(code) => NOT_NOW.contains(code) || code.code().starts_with("08"),
        None => error.is_closed() || error.source().is_some_and(|source| source.is::<io::Error>()),
    }
}
