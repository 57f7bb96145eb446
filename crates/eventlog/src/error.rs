//! What may go wrong between a caller and the log.

use std::{error::Error, sync::Arc};

use uuid::Uuid;

use crate::{Expected, Position, StreamName};

/// Why nothing was appended, or why it is not known whether it was (`Store`, `Closed`: ask again with the same ids).
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    #[error("stream {stream} is at {}, the append expects {expected}", Expected::from(*actual))]
    Conflict { stream: StreamName, expected: Expected, actual: Option<u64> },
    /// The append's ids must be all new, or all there in this order; an id may stand in a stream only once.
    #[error("event id {id} of the append to {stream} is taken, but the append is not a repetition of an earlier one")]
    PartialDuplicate { stream: StreamName, id: Uuid },
    #[error("an append must have at least one event or record")]
    Empty,
    #[error("an append of {size} {unit} is too large, the limit is {limit}")]
    TooLarge { unit: &'static str, size: usize, limit: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the event log is closed")]
    Closed,
    /// By what stands before the log.
    #[error("whoever appends may do so no more")]
    NotAllowed,
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the event log is damaged: {found} follows {after}, and retention has not dropped what was between them")]
    Hole { after: Position, found: Position },
    #[error("stream {stream} is damaged: revision {found} stands where {expected} should")]
    StreamHole { stream: StreamName, expected: u64, found: u64 },
    /// The reader has seen what this log does not hold: the log was exchanged or restored to an earlier state.
    #[error("position {after} is beyond the head of the event log at {head}")]
    BeyondHead { after: Position, head: Position },
    #[error("entry {position} of the event log cannot be read: {reason}")]
    Corrupt { position: Position, reason: String },
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the event log could not {attempted}")]
pub struct StoreError {
    pub attempted: &'static str,
    #[source]
    pub source: Arc<dyn Error + Send + Sync>,
}

impl StoreError {
    /// What was attempted, and what came in between.
    pub fn new(attempted: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { attempted, source: Arc::from(source.into()) }
    }
}

/// An event that does not have the shape `{"type": …, "data": …}`.
#[derive(Debug, thiserror::Error)]
#[error("an event of the domain could not be encoded as type and data")]
pub struct EncodeError {
    #[from]
    source: serde_json::Error,
}

/// An event of the log that the domain does not know, or knows in another shape.
#[derive(Debug, thiserror::Error)]
#[error("event {id} of type {event_type:?} at position {position} could not be decoded")]
pub struct DecodeError {
    pub event_type: String,
    pub id: Uuid,
    pub position: Position,
    #[source]
    pub source: distr_domain::stored::DecodeError,
}
