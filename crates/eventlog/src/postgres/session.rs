//! The appender's connection with its statements, and what an error on it means.

use std::{error::Error as _, io};

use futures_util::future::try_join_all;
use tokio_postgres::{Client, Error, Statement, error::SqlState};

use super::{connector::Connector, rows::RowError, statements};

#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) lock_head: Statement,
    pub(super) move_head: Statement,
    pub(super) stream_revisions: Statement,
    pub(super) known_ids: Statement,
    pub(super) known_block: Statement,
    pub(super) insert_events: Statement,
    pub(super) insert_block: Statement,
}

/// Why a batch was not committed, or why nobody knows whether it was.
#[derive(Debug, thiserror::Error)]
pub(super) enum CommitError {
    /// The connection ended: the outcome is unknown. The same batch again is safe, the ids answer.
    #[error("the connection was lost")]
    Lost(#[source] Error),
    /// As `Lost`, but the connection has not even said that it is.
    #[error("the database did not answer in time")]
    Silent,
    /// Others were in the way; the transaction did not happen.
    #[error("the transaction gave way to another")]
    Contended(#[source] Error),
    /// The database refuses something in the batch; the transaction did not happen.
    #[error("the database refused")]
    Refused(#[source] Error),
    /// The database answered what cannot be.
    #[error("the database's answer makes no sense: {0}")]
    Nonsense(String),
}

impl Session {
    pub(super) async fn open(connector: &Connector) -> Result<Self, Error> {
        let client = connector.connect("appender").await?;
        let wanted = [
            statements::LOCK_HEAD,
            statements::MOVE_HEAD,
            statements::STREAM_REVISIONS,
            statements::KNOWN_IDS,
            statements::KNOWN_BLOCK,
            statements::INSERT_EVENTS,
            statements::INSERT_BLOCK,
        ];
        let prepared = try_join_all(wanted.map(|sql| client.prepare(sql))).await?;
        let prepared: [Statement; 7] = prepared.try_into().expect("one for each");
        let [lock_head, move_head, stream_revisions, known_ids, known_block, insert_events, insert_block] = prepared;
        Ok(Self { client, lock_head, move_head, stream_revisions, known_ids, known_block, insert_events, insert_block })
    }
}

impl From<Error> for CommitError {
    fn from(error: Error) -> Self {
        // who has become read-only is no longer the one to write to: a standby, or a server that is being replaced
        const LOST: [SqlState; 5] = [
            SqlState::READ_ONLY_SQL_TRANSACTION,
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ];
        const CONTENDED: [SqlState; 4] = [
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::QUERY_CANCELED,
            SqlState::LOCK_NOT_AVAILABLE,
        ];
        match error.code() {
            Some(code) if LOST.contains(code) || code.code().starts_with("08") => CommitError::Lost(error),
            Some(code) if CONTENDED.contains(code) => CommitError::Contended(error),
            Some(_) => CommitError::Refused(error),
            None if error.is_closed() || error.source().is_some_and(|source| source.is::<io::Error>()) => {
                CommitError::Lost(error)
            }
            None => CommitError::Refused(error),
        }
    }
}

impl From<RowError> for CommitError {
    fn from(error: RowError) -> Self {
        match error {
            RowError::Column(error) => error.into(),
            RowError::Value(reason) => CommitError::Nonsense(reason),
        }
    }
}
