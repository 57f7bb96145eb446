//! The callers: their requests made real, sent at once, and what they were told.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_domain::{decider::Category, ids::OrganizationId};
use distr_eventlog::{
    Actor, Append, AppendError, Appended, EventLog, Expected, NewEvent, Position, StreamName, TelemetryKind,
    TelemetryRecord,
};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::story::{Expect, Ids, Request, What};

/// A request as it is sent.
#[derive(Debug, Clone)]
pub(crate) enum Sent {
    Append(Append),
    Telemetry(Vec<TelemetryRecord>),
}

/// What its caller was told.
#[derive(Debug)]
pub(crate) enum Told {
    Appended(Appended),
    Telemetry(Position),
    /// nothing was written
    Refused(AppendError),
    Unknown,
}

/// Longer than anything takes, a crash included.
const PATIENCE: Duration = Duration::from_secs(60);

impl Sent {
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        match self {
            Sent::Append(append) => append.events.iter().map(|event| event.id).collect(),
            Sent::Telemetry(records) => records.iter().map(|record| record.id).collect(),
        }
    }
}

pub(crate) fn stream(number: u8) -> StreamName {
    StreamName { category: Category::License, id: Uuid::from_u128(u128::from(number) + 1) }
}

/// Makes the request, as one who knows where the stream stands and what was sent before.
pub(crate) fn make(request: &Request, known: impl Fn(StreamName) -> Option<u64>, before: &[Append]) -> Sent {
    let from_last = |number: usize| before.len().checked_sub(1 + number).map(|index| &before[index]);
    match &request.what {
        What::Telemetry(count) => Sent::Telemetry((0..*count).map(|_| record()).collect()),
        What::Again(number) => match from_last(*number) {
            Some(append) => Sent::Append(append.clone()),
            None => Sent::Telemetry(vec![record()]),
        },
        What::Append { stream: number, expected, ids, events } => {
            let stream = stream(*number);
            let mut append = append(stream, expectation(*expected, known(stream)), *events);
            match ids {
                Ids::New => {}
                Ids::Twice => append.events.push(append.events[0].clone()),
                Ids::Known(number) => {
                    if let Some(before) = from_last(*number) {
                        append.events[0].id = before.events[0].id;
                    }
                }
            }
            Sent::Append(append)
        }
    }
}

fn expectation(expect: Expect, actual: Option<u64>) -> Expected {
    match expect {
        Expect::Right => actual.into(),
        Expect::NoStream => Expected::NoStream,
        Expect::Behind(by) => actual.and_then(|actual| actual.checked_sub(by)).into(),
        Expect::Ahead(by) => Some(actual.map_or(by, |actual| actual + by)).into(),
    }
}

fn append(stream: StreamName, expected: Expected, events: usize) -> Append {
    let event = |number| NewEvent {
        id: Uuid::new_v4(),
        event_type: "Happened".into(),
        schema_version: 1,
        payload: format!("{{\"number\":{number}}}").into(),
    };
    Append {
        stream,
        organization: OrganizationId(Uuid::from_u128(0xacce)),
        expected,
        events: (0..events).map(event).collect(),
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::new_v4(),
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

pub(crate) fn record_alone() -> Sent {
    Sent::Telemetry(vec![record()])
}

fn record() -> TelemetryRecord {
    TelemetryRecord {
        id: Uuid::new_v4(),
        organization: OrganizationId(Uuid::from_u128(0xacce)),
        subject: Uuid::from_u128(7),
        kind: TelemetryKind::Heartbeat,
        recorded_at: DateTime::<Utc>::UNIX_EPOCH,
        payload: "{}".into(),
    }
}

/// Sends it. Whoever does not wait hears nothing.
pub(crate) fn send(log: Arc<dyn EventLog>, sent: Sent, abandoned: bool) -> JoinHandle<Told> {
    tokio::spawn(async move {
        let patience = if abandoned { Duration::from_millis(1) } else { PATIENCE };
        match tokio::time::timeout(patience, ask(&*log, sent)).await {
            Ok(told) => told,
            Err(_) if abandoned => Told::Unknown,
            Err(_) => panic!("no answer in {PATIENCE:?}"),
        }
    })
}

async fn ask(log: &dyn EventLog, sent: Sent) -> Told {
    let unknown_or = |error| match error {
        AppendError::Store(_) | AppendError::Closed => Told::Unknown,
        refused => Told::Refused(refused),
    };
    match sent {
        Sent::Append(append) => log.append(append).await.map_or_else(unknown_or, Told::Appended),
        Sent::Telemetry(records) => log.append_telemetry(records).await.map_or_else(unknown_or, Told::Telemetry),
    }
}
