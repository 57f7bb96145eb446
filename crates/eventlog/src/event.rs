//! A fact on its way into the log, and the same fact read back.

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_domain::decider::DomainEvent;
use distr_domain::ids::OrganizationId;
use distr_domain::stored::{self, StoredEvent};
use uuid::Uuid;

use crate::error::{DecodeError, EncodeError};
use crate::{Actor, Position, StreamName};

/// Where a stream must stand for an append to be taken. There is no "any": a decision rests on what it has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    NoStream,
    /// The revision of the stream's last event; 0-based.
    Revision(u64),
}

/// One event that the caller has named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Chosen by the caller, once: the same id again has no second effect.
    pub id: Uuid,
    pub event_type: String,
    pub schema_version: u16,
    /// The event's data as JSON, byte-exact for ever; empty when the type says all.
    pub payload: Bytes,
}

/// Events for one stream: all are taken, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    pub stream: StreamName,
    pub organization: OrganizationId,
    pub expected: Expected,
    pub events: Vec<NewEvent>,
    pub actor: Actor,
    /// The event that led to this one.
    pub causation: Option<Uuid>,
    /// The request, job or agent's report that this belongs to.
    pub correlation: Uuid,
    /// By the caller's clock; kept to the microsecond.
    pub recorded_at: DateTime<Utc>,
}

/// Where an append's events stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    pub first_revision: u64,
    pub last_revision: u64,
    /// Of the last event.
    pub position: Position,
    /// These ids were in the stream already; nothing was written.
    pub duplicate: bool,
}

/// One fact of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEvent {
    pub position: Position,
    pub stream: StreamName,
    /// 0-based, without gaps in its stream.
    pub revision: u64,
    pub id: Uuid,
    pub event_type: String,
    pub schema_version: u16,
    pub organization: OrganizationId,
    pub actor: Actor,
    pub causation: Option<Uuid>,
    pub correlation: Uuid,
    pub recorded_at: DateTime<Utc>,
    /// By the log's own clock: never less than that of the entry before it. Of facts that an earlier version wrote, `recorded_at`.
    pub committed_at: DateTime<Utc>,
    pub payload: Bytes,
}

impl NewEvent {
    /// An event of the domain: its type and its data, taken apart.
    pub fn encode<E: DomainEvent>(id: Uuid, event: &E) -> Result<Self, EncodeError> {
        let (event_type, payload) = stored::encode(event)?;
        Ok(Self { id, event_type, schema_version: event.schema_version(), payload: payload.into() })
    }
}

impl Append {
    /// What the append weighs against the limits of the port.
    pub(crate) fn size(&self) -> usize {
        self.events.iter().map(|event| event.payload.len() + event.event_type.len()).sum()
    }
}

impl RecordedEvent {
    /// What the domain decodes.
    pub fn stored(&self) -> StoredEvent<'_> {
        let Self { event_type, schema_version, payload, .. } = self;
        StoredEvent { event_type, schema_version: *schema_version, data: payload }
    }

    /// The event, put together again.
    pub fn decode<E: DomainEvent>(&self) -> Result<E, DecodeError> {
        self.stored().decode().map_err(|source| DecodeError {
            event_type: self.event_type.clone(),
            id: self.id,
            position: self.position,
            source,
        })
    }
}

impl Expected {
    /// The revision that the append's first event gets.
    pub fn next(self) -> u64 {
        match self {
            Expected::NoStream => 0,
            Expected::Revision(revision) => revision.saturating_add(1),
        }
    }
}

impl From<Option<u64>> for Expected {
    fn from(revision: Option<u64>) -> Self {
        revision.map_or(Expected::NoStream, Expected::Revision)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expected::NoStream => f.write_str("no stream"),
            Expected::Revision(revision) => write!(f, "revision {revision}"),
        }
    }
}
