//! Reading a period of the log, by the times that hubs wrote into it. They are nearly in the order of the log, so that a period
//! begins a little after the moment of its commit time.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::instant::{earlier, later};
use distr_domain::rejection::Rejection;
use distr_eventlog::{Entry, EventLog, Limit, LogId, Position, Selection};

use crate::failure::Failure;

/// Hubs write by their own clocks; two of them, or a clock that was set back, may disagree by this much.
const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
const PAGE: usize = 1_000;
/// How much of the log one request looks through; the rest is for the next one.
const MAX_SCANNED: usize = 50_000;

/// Of payloads, about: an answer is text, and may be twice as long.
const MAX_BYTES: usize = 4 * 1024 * 1024;

pub struct Period {
    pub after: Option<Position>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub limit: usize,
    pub selection: Selection,
}

pub struct Piece {
    pub entries: Vec<Entry>,
    pub scanned_to: Position,
    pub has_more: bool,
}

/// A position is of another log, so that another event may stand behind it here.
#[derive(Debug, thiserror::Error)]
#[error(
    "position {after} is of the log {}, and the log here is {}, {}",
    .asked.0, .here.0,
    match .shared {
        Some(shared) => format!("which parted from it behind position {shared}, as by a restore: up to there both are the same; read on from it"),
        None => "which has nothing of it: read from the beginning".to_owned(),
    }
)]
struct LogReplaced {
    after: Position,
    asked: LogId,
    here: LogId,
    shared: Option<Position>,
}

impl Rejection for LogReplaced {
    fn code(&self) -> &'static str {
        "log.replaced"
    }
}

/// Refuses a position of another log behind which this one has other events.
pub async fn check_log(log: &dyn EventLog, asked: LogId, after: Position) -> Result<(), Failure> {
    let here = log.identity().await?;
    let shared = here.shared_with(asked);
    match shared.is_some_and(|shared| after <= shared) {
        true => Ok(()),
        false => Err(Failure::rejected(LogReplaced { after, asked, here: here.id, shared })),
    }
}

pub async fn read(log: &dyn EventLog, period: Period, wanted: impl Fn(&Entry) -> bool) -> Result<Piece, Failure> {
    let mut at = match (period.after, period.from) {
        (Some(after), _) => after,
        (None, Some(from)) => log.seek(earlier(from, CLOCK_SKEW)).await?,
        (None, None) => Position::START,
    };
    let in_period = |entry: &Entry| {
        let time = recorded_at(entry);
        period.from.is_none_or(|from| time >= from) && period.to.is_none_or(|to| time < to)
    };
    let mut entries = vec![];
    let (mut scanned, mut bytes) = (0, 0);
    loop {
        let page = log.scan(at, Limit::entries(PAGE), period.selection).await?;
        if page.scanned_to == at {
            return Ok(Piece { entries, scanned_to: at, has_more: false });
        }
        let found = page.entries.len();
        for entry in page.entries {
            if period.to.is_some_and(|to| recorded_at(&entry) >= later(to, CLOCK_SKEW)) {
                return Ok(Piece { entries, scanned_to: at, has_more: false });
            }
            if entries.len() == period.limit || bytes >= MAX_BYTES {
                return Ok(Piece { entries, scanned_to: at, has_more: true });
            }
            at = entry.position();
            if in_period(&entry) && wanted(&entry) {
                bytes += entry.size();
                entries.push(entry);
            }
        }
        at = page.scanned_to;
        scanned += found.max(1);
        if scanned >= MAX_SCANNED {
            return Ok(Piece { entries, scanned_to: at, has_more: true });
        }
    }
}

fn recorded_at(entry: &Entry) -> DateTime<Utc> {
    match entry {
        Entry::Fact(event) => event.recorded_at,
        Entry::Telemetry(recorded) => recorded.record.recorded_at,
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::decider::Category;
    use distr_domain::ids::OrganizationId;
    use distr_eventlog::{Actor, Append, Expected, MemoryLog, NewEvent, StreamName};
    use uuid::Uuid;

    use super::*;

    #[tokio::test]
    async fn a_page_ends_at_its_bytes() {
        let log = MemoryLog::new();
        for _ in 0..10 {
            let payload = vec![b' '; MAX_BYTES / 2].into();
            let event = NewEvent { id: Uuid::new_v4(), event_type: "Happened".into(), schema_version: 1, payload };
            let append = Append {
                stream: StreamName { category: Category::License, id: Uuid::new_v4() },
                organization: OrganizationId(Uuid::nil()),
                expected: Expected::NoStream,
                events: vec![event],
                actor: Actor::Operator,
                causation: None,
                correlation: Uuid::nil(),
                recorded_at: DateTime::UNIX_EPOCH,
            };
            log.append(append).await.unwrap();
        }
        let (mut after, mut pages) = (None, vec![]);
        loop {
            let period = Period { after, from: None, to: None, limit: 500, selection: Selection::Facts };
            let piece = read(&log, period, |_| true).await.unwrap();
            pages.push(piece.entries.len());
            after = Some(piece.scanned_to);
            if !piece.has_more {
                break;
            }
        }
        assert_eq!(pages, [2, 2, 2, 2, 2]);
    }
}
