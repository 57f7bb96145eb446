//! Streams, appends and records to test with.

use bytes::Bytes;
use chrono::{DateTime, Duration, Utc};
use distr_domain::{decider::Category, ids::OrganizationId};
use distr_eventlog::{
    Actor, Append, Entry, EventLog, Expected, Limit, NewEvent, Position, RecordedEvent, Selection, StreamName,
    TelemetryKind, TelemetryRecord,
};
use uuid::Uuid;

pub(crate) const ORGANIZATION: OrganizationId = OrganizationId(Uuid::from_u128(0xacce));

/// An instant, and the days after it.
pub(crate) fn day(number: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 123_456_000).unwrap() + Duration::days(number)
}

pub(crate) fn stream() -> StreamName {
    StreamName { category: Category::License, id: Uuid::new_v4() }
}

pub(crate) fn event(payload: impl Into<Bytes>) -> NewEvent {
    NewEvent { id: Uuid::new_v4(), event_type: "Happened".into(), schema_version: 1, payload: payload.into() }
}

/// That many new events for the stream.
pub(crate) fn append(stream: StreamName, expected: Expected, count: usize) -> Append {
    Append {
        stream,
        organization: ORGANIZATION,
        expected,
        events: (0..count).map(|number| event(format!("{{\"number\":{number}}}"))).collect(),
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::new_v4(),
        recorded_at: day(0),
    }
}

pub(crate) fn record(recorded_at: DateTime<Utc>) -> TelemetryRecord {
    TelemetryRecord {
        id: Uuid::new_v4(),
        organization: ORGANIZATION,
        subject: Uuid::new_v4(),
        kind: TelemetryKind::Heartbeat,
        recorded_at,
        payload: Bytes::from_static(b"{\"state\":\"ok\"}"),
    }
}

pub(crate) fn records(count: usize, recorded_at: DateTime<Utc>) -> Vec<TelemetryRecord> {
    (0..count).map(|_| record(recorded_at)).collect()
}

/// Everything selected, read in pages.
pub(crate) async fn everything(log: &dyn EventLog, selection: Selection) -> Vec<Entry> {
    let head = log.head().await.unwrap();
    let mut entries = Vec::new();
    let mut after = Position::START;
    while after < head {
        let page = log.scan(after, Limit::entries(100), selection).await.unwrap();
        assert!(page.scanned_to > after, "a page gets on");
        assert!(page.entries.len() <= 100);
        after = page.scanned_to;
        entries.extend(page.entries);
    }
    entries
}

pub(crate) async fn facts(log: &dyn EventLog) -> Vec<RecordedEvent> {
    let entries = everything(log, Selection::Facts).await;
    entries.into_iter().map(fact).collect()
}

pub(crate) fn fact(entry: Entry) -> RecordedEvent {
    match entry {
        Entry::Fact(event) => event,
        Entry::Telemetry(record) => panic!("telemetry at {} where a fact was expected", record.position),
    }
}

pub(crate) fn id(entry: &Entry) -> Uuid {
    match entry {
        Entry::Fact(event) => event.id,
        Entry::Telemetry(record) => record.record.id,
    }
}

pub(crate) fn positions(entries: &[Entry]) -> Vec<u64> {
    entries.iter().map(|entry| entry.position().number()).collect()
}
