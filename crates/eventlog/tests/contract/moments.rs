//! When an entry became part of the log, and how it is found.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use distr_eventlog::{Append, Entry, EventLog, Expected, Limit, Position, Selection};
use uuid::Uuid;

use crate::given::{append, day, event, everything, id, positions, record, records, stream};

fn committed_at(entry: &Entry) -> DateTime<Utc> {
    match entry {
        Entry::Fact(event) => event.committed_at,
        Entry::Telemetry(record) => record.committed_at,
    }
}

/// Facts and telemetry by clocks that are years apart.
async fn written(log: &dyn EventLog) -> Vec<Entry> {
    for round in 0..6 {
        let by_any_clock = day(if round % 2 == 0 { 900 } else { -900 });
        log.append(Append { recorded_at: by_any_clock, ..append(stream(), Expected::NoStream, 2) }).await.unwrap();
        log.append_telemetry(records(2, by_any_clock)).await.unwrap();
        log.append_telemetry(vec![record(day(0))]).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    everything(log, Selection::All).await
}

pub(crate) async fn commit_times_rise_whatever_the_writers_clocks_say(log: Arc<dyn EventLog>) {
    let entries = written(&*log).await;
    let times: Vec<_> = entries.iter().map(committed_at).collect();
    assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "{times:?}");
    assert!(times.first().unwrap() < times.last().unwrap());
    let again: Vec<_> = everything(&*log, Selection::All).await.iter().map(committed_at).collect();
    assert_eq!(again, times, "they stay what they are");
}

pub(crate) async fn a_moment_is_found(log: Arc<dyn EventLog>) {
    assert_eq!(log.seek(day(0)).await.unwrap(), Position::START);
    let entries = written(&*log).await;
    let expected = |instant| {
        let until = entries.iter().filter(|entry| committed_at(entry) <= instant);
        until.map(Entry::position).max().unwrap_or_default()
    };
    let step = TimeDelta::microseconds(1);
    for entry in &entries {
        let at = committed_at(entry);
        for instant in [at - step, at, at + step] {
            assert_eq!(log.seek(instant).await.unwrap(), expected(instant), "{instant}");
        }
    }
    assert_eq!(log.seek(DateTime::UNIX_EPOCH).await.unwrap(), Position::START);
    assert_eq!(log.seek(day(100_000)).await.unwrap(), log.head().await.unwrap());
}

pub(crate) async fn an_entry_is_found_by_its_position_and_a_fact_by_its_id(log: Arc<dyn EventLog>) {
    for entry in written(&*log).await {
        assert_eq!(log.entry(entry.position()).await.unwrap().as_ref(), Some(&entry));
        let found = log.find(id(&entry)).await.unwrap();
        assert_eq!(found.map(Entry::Fact), Some(entry).filter(|entry| matches!(entry, Entry::Fact(_))));
    }
    assert_eq!(log.find(Uuid::new_v4()).await.unwrap(), None);
    assert_eq!(log.entry(Position::START).await.unwrap(), None);
    assert_eq!(log.entry(Position::MAX).await.unwrap(), None);
}

pub(crate) async fn a_page_ends_at_its_bytes(log: Arc<dyn EventLog>) {
    const SIZE: usize = 1000;
    for _ in 0..20 {
        let events = (0..2).map(|_| event(vec![b'x'; SIZE])).collect();
        log.append(Append { events, ..append(stream(), Expected::NoStream, 0) }).await.unwrap();
        let large = |_| distr_eventlog::TelemetryRecord { payload: vec![b'y'; SIZE].into(), ..record(day(0)) };
        log.append_telemetry((0..2).map(large).collect()).await.unwrap();
    }
    let all = positions(&everything(&*log, Selection::All).await);
    for selection in [Selection::All, Selection::Facts, Selection::Telemetry] {
        let (mut after, mut seen) = (Position::START, vec![]);
        while after < log.head().await.unwrap() {
            let page = log.scan(after, Limit { entries: 1000, bytes: 5 * SIZE }, selection).await.unwrap();
            // facts and telemetry apart, and each may end with what reaches the limit: a block of telemetry is whole
            assert!(page.entries.len() <= 2 * 7, "{}", page.entries.len());
            assert!(page.scanned_to > after, "a page gets on");
            after = page.scanned_to;
            seen.extend(positions(&page.entries));
        }
        let count = if selection == Selection::All { all.len() } else { all.len() / 2 };
        assert_eq!(seen.len(), count, "{selection:?}");
        assert!(seen.is_sorted());
    }
    let least = log.scan(Position::START, Limit { entries: 1000, bytes: 0 }, Selection::All).await.unwrap();
    assert!(!least.entries.is_empty(), "a page gets on whatever its limit");
}

pub(crate) async fn a_log_knows_which_it_is(log: Arc<dyn EventLog>) {
    let before = log.identity().await.unwrap();
    log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
    assert_eq!(log.identity().await.unwrap(), before);
}
