//! The log against everybody's books: what was acknowledged is stored, once; streams have no gap; each watcher saw exactly
//! the log, in order.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use distr_eventlog::{Entry, EventLog, Limit, Position, PostgresLog, Selection};
use uuid::Uuid;

use super::cluster::Cluster;
use super::findings::Findings;
use super::ledger::{Ledger, Outcome};
use super::watchers::{Watcher, id};

const PAGE: usize = 1_000;
const SEEN_WITHIN: Duration = Duration::from_secs(60);

/// The whole log, read past the proxy. A hole in it is an error of the reading.
pub(crate) async fn read(cluster: &Cluster) -> Result<Vec<Entry>> {
    let log = PostgresLog::connect_to(cluster.config()?).await?;
    let head = log.head().await?;
    let (mut after, mut entries) = (Position::START, vec![]);
    while after < head {
        let page = log.scan(after, Limit::entries(PAGE), Selection::All).await.context("the log cannot be read")?;
        after = page.scanned_to;
        entries.extend(page.entries);
    }
    log.close().await;
    Ok(entries)
}

pub(crate) fn check_shape(entries: &[Entry], findings: &mut Findings) {
    let mut revisions = HashMap::new();
    let mut ids = HashSet::new();
    for (entry, position) in entries.iter().zip(1..) {
        if entry.position() != Position::of_number(position) {
            findings.differences.push(format!("position {} stands where {position} should", entry.position()));
            return;
        }
        let Entry::Fact(event) = entry else { continue };
        let expected = revisions.entry(event.stream).and_modify(|revision| *revision += 1).or_insert(0_u64);
        if event.revision != *expected {
            let (stream, revision) = (event.stream, event.revision);
            findings.differences.push(format!("{stream} has revision {revision} where {expected} should be"));
        }
        if !ids.insert(event.id) {
            findings.doubled.push(format!("fact {} stands twice in the log", event.id));
        }
    }
}

pub(crate) fn check_writes(entries: &[Entry], ledger: &Ledger, findings: &mut Findings) {
    let mut stored: HashMap<(Uuid, &str), Vec<u64>> = HashMap::new();
    for entry in entries {
        if let Entry::Fact(event) = entry {
            stored.entry((event.correlation, &event.event_type)).or_default().push(event.position.number());
        }
    }
    for (correlation, write) in &ledger.books().writes {
        let at = stored.get(&(*correlation, write.event_type)).map_or(&[][..], Vec::as_slice);
        let what = format!("{} of request {correlation}", write.event_type);
        match (&write.outcome, at) {
            (Outcome::Changed(position), [at]) if at == position => {}
            (Outcome::Changed(position), []) => {
                findings.lost.push(format!("{what} was acknowledged at {position} and is not in the log"));
            }
            (Outcome::Changed(position), [at]) => {
                findings.differences.push(format!("{what} was acknowledged at {position} and stands at {at}"));
            }
            (Outcome::Unchanged | Outcome::Refused(_), []) => {}
            (Outcome::Refused(reason), [at, ..]) => {
                findings.differences.push(format!("{what} was refused ({reason}) and stands at {at}"));
            }
            (outcome, at) => findings.doubled.push(format!("{what} was answered {outcome:?} and stands at {at:?}")),
        }
        if let Outcome::Refused(reason) = &write.outcome
            && !expected_refusal(reason)
        {
            findings.differences.push(format!("{what} was refused: {reason}"));
        }
    }
}

/// Writers meet each other at what they share; all else should be taken.
fn expected_refusal(reason: &str) -> bool {
    reason.starts_with("license.not_suspended")
}

pub(crate) fn check_reports(entries: &[Entry], ledger: &Ledger, findings: &mut Findings) {
    let stored: HashSet<Uuid> = entries.iter().filter(|entry| matches!(entry, Entry::Telemetry(_))).map(id).collect();
    let books = ledger.books();
    for report in books.acknowledged.difference(&stored) {
        findings.lost.push(format!("report {report} was acknowledged and is not in the log"));
    }
}

/// Waits until the watcher has caught up, and compares.
pub(crate) async fn check_watcher(entries: &[Entry], watcher: &Watcher, findings: &mut Findings) {
    let selected = |entry: &&Entry| match watcher.selection {
        Selection::All => true,
        Selection::Facts => matches!(entry, Entry::Fact(_)),
        Selection::Telemetry => matches!(entry, Entry::Telemetry(_)),
    };
    let expected: Vec<(u64, Uuid)> =
        entries.iter().filter(selected).map(|entry| (entry.position().number(), id(entry))).collect();
    let last = expected.last().map_or(0, |(position, _)| *position);
    let begun = Instant::now();
    while watcher.last() < last && begun.elapsed() < SEEN_WITHIN {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let seen = watcher.seen();
    let different = seen.iter().zip(&expected).position(|(seen, expected)| seen != expected);
    let (name, count) = (&watcher.name, seen.len());
    match different {
        Some(index) => {
            let (seen, expected) = (seen[index], expected[index]);
            findings.differences.push(format!("{name} saw {seen:?} where the log has {expected:?}"));
        }
        None if count < expected.len() => {
            findings.lost.push(format!("{name} saw {count} of {} entries in {SEEN_WITHIN:?}", expected.len()));
        }
        None if count > expected.len() => {
            findings.doubled.push(format!("{name} saw {count} entries, the log has {}", expected.len()));
        }
        None => {}
    }
}
