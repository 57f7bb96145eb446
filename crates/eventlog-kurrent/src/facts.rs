//! A fact as an event of the server, and back.

use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use chrono::{DateTime, SubsecRound, Utc};
use distr_domain::ids::OrganizationId;
use distr_eventlog::{Actor, Append, NewEvent, Position, ReadError, RecordedEvent, StreamName};
use eventstore::{EventData, RecordedEvent as Stored};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::place;

/// What is said of a fact beside its payload; the two names with `$` are the server's convention.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    schema: u16,
    organization: Uuid,
    actor: Actor,
    #[serde(rename = "$causationId", skip_serializing_if = "Option::is_none", default)]
    causation: Option<Uuid>,
    #[serde(rename = "$correlationId")]
    correlation: Uuid,
    recorded_at: i64,
    /// see [`Clock`]
    after: i64,
    /// Of the call that brought it here: the server's answer to a repetition is that to the first.
    call: Uuid,
}

/// The latest commit time that this process has seen. Each event says how far its writer had seen, and became part of the log no
/// earlier: so that times rise, too, where the server's clock is set back.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicI64);

impl Clock {
    pub(crate) fn seen(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn see(&self, at: DateTime<Utc>) {
        self.0.fetch_max(at.timestamp_micros(), Ordering::Relaxed);
    }
}

pub(crate) fn encode(
    append: &Append,
    event: NewEvent,
    clock: &Clock,
    call: Uuid,
) -> Result<EventData, serde_json::Error> {
    let metadata = Metadata {
        schema: event.schema_version,
        organization: append.organization.0,
        actor: append.actor.clone(),
        causation: append.causation,
        correlation: append.correlation,
        recorded_at: append.recorded_at.trunc_subsecs(6).timestamp_micros(),
        after: clock.seen(),
        call,
    };
    // to the byte, and as JSON where it is, for those who look at it with the server's own tools
    let data = match serde_json::from_slice::<&RawValue>(&event.payload) {
        Ok(json) if json.get().len() == event.payload.len() => EventData::json(&event.event_type, &json)?,
        _ => EventData::binary(&event.event_type, event.payload),
    };
    data.id(event.id).metadata_as_json(&metadata)
}

pub(crate) fn decode(stored: &Stored, stream: StreamName) -> Result<RecordedEvent, ReadError> {
    let position = place::position(stored.position.commit, 0);
    let metadata: Metadata =
        serde_json::from_slice(&stored.custom_metadata).map_err(|error| corrupt(position, error.to_string()))?;
    Ok(RecordedEvent {
        position,
        stream,
        revision: stored.revision,
        id: stored.id,
        event_type: stored.event_type.clone(),
        schema_version: metadata.schema,
        organization: OrganizationId(metadata.organization),
        actor: metadata.actor,
        causation: metadata.causation,
        correlation: metadata.correlation,
        recorded_at: time(metadata.recorded_at, position)?,
        committed_at: committed_at(stored, metadata.after),
        payload: Bytes::clone(&stored.data),
    })
}

/// Whether that call brought the event here.
pub(crate) fn is_of_call(stored: &Stored, call: Uuid) -> bool {
    serde_json::from_slice(&stored.custom_metadata).is_ok_and(|metadata: Metadata| metadata.call == call)
}

/// By the server's clock, to the microsecond; the client itself keeps the second only.
pub(crate) fn committed_at(stored: &Stored, after: i64) -> DateTime<Utc> {
    let ticks = stored.metadata.get("created").and_then(|ticks| ticks.parse::<i64>().ok());
    let created = ticks.map_or(stored.created.timestamp_micros(), |ticks| ticks / 10);
    DateTime::from_timestamp_micros(created.max(after)).unwrap_or(stored.created)
}

pub(crate) fn time(micros: i64, position: Position) -> Result<DateTime<Utc>, ReadError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| corrupt(position, "a time is out of range".to_owned()))
}

pub(crate) fn corrupt(position: Position, reason: String) -> ReadError {
    ReadError::Corrupt { position, reason }
}
