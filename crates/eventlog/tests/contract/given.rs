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

/// The positions that entries have: a store says which, and the suite which comes first.
pub(crate) struct Order(Vec<Position>);

impl Order {
    /// Of the log as it is.
    pub(crate) async fn of(log: &dyn EventLog) -> Self {
        let order: Vec<Position> = everything(log, Selection::All).await.iter().map(Entry::position).collect();
        assert!(order.windows(2).all(|pair| pair[0] < pair[1]), "positions rise: {order:?}");
        assert_eq!(order.last().copied().unwrap_or_default(), log.head().await.unwrap());
        Self(order)
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Where the entry with that number stands, the first being 1.
    pub(crate) fn at(&self, number: usize) -> Position {
        number.checked_sub(1).map_or(Position::START, |index| self.0[index])
    }

    /// Which entry stands there.
    pub(crate) fn number(&self, position: Position) -> usize {
        self.0
            .binary_search(&position)
            .map(|index| index + 1)
            .unwrap_or_else(|_| panic!("nothing stands at {position}"))
    }

    pub(crate) fn numbers(&self, entries: &[Entry]) -> Vec<usize> {
        entries.iter().map(|entry| self.number(entry.position())).collect()
    }
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
