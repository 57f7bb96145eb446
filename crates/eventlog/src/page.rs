//! Puts a page together from what a store found, and checks that nothing is missing. Pure.
//!
//! Positions are dense, so that a missing one is visible; only telemetry may be gone, up to where retention has
//! dropped it. Facts are chained besides: each knows the position of the fact before it. So a lost fact is found where
//! telemetry was dropped around it, and by a reader who selects facts only.

use crate::{Entry, Limit, Page, Position, ReadError, RecordedEvent, RecordedTelemetry, Selection};

/// What a store found behind `after`, and up to `through`. `facts` and `telemetry` are in order; each is everything up to there or
/// up to the head, or reaches the limit.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) after: Position,
    /// What is behind it was not asked for.
    pub(crate) through: Position,
    pub(crate) limit: Limit,
    pub(crate) selection: Selection,
    /// Read before the entries, so that all up to here were visible.
    pub(crate) head: Head,
    pub(crate) facts: Vec<ChainedFact>,
    pub(crate) telemetry: Vec<RecordedTelemetry>,
    /// Of whole blocks, as the store counts them.
    pub(crate) telemetry_bytes: usize,
    /// Read after the entries.
    pub(crate) dropped_through: Position,
}

/// The end of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) position: Position,
    pub(crate) last_fact: Position,
}

#[derive(Debug, Clone)]
pub(crate) struct ChainedFact {
    pub(crate) event: RecordedEvent,
    /// The position of the fact before it; the start for the first.
    pub(crate) previous: Position,
}

pub(crate) fn assemble(scan: Scan) -> Result<Page, ReadError> {
    let (after, limit, head) = (scan.after, scan.limit.entries.max(1), scan.head);
    if after > head.position {
        return Err(ReadError::BeyondHead { after, head: head.position });
    }
    let end = head.position.min(scan.through);
    let complete_to = |found: usize, bytes: usize, last: Option<Position>| match last {
        Some(last) if found >= limit || bytes >= scan.limit.bytes => last.min(end),
        _ => end,
    };
    let bytes = scan.facts.iter().map(|fact| fact.event.payload.len()).sum();
    let facts_to = complete_to(scan.facts.len(), bytes, scan.facts.last().map(|fact| fact.event.position));
    let last = scan.telemetry.last().map(|record| record.position);
    let telemetry_to = complete_to(scan.telemetry.len(), scan.telemetry_bytes, last);
    let mut scanned_to = facts_to.min(telemetry_to);

    let chain: Vec<(Position, Position)> = scan.facts.iter().map(|fact| (fact.previous, fact.event.position)).collect();
    let facts = scan.facts.into_iter().map(|fact| Entry::Fact(fact.event));
    let mut entries: Vec<Entry> = facts.chain(scan.telemetry.into_iter().map(Entry::Telemetry)).collect();
    entries.sort_by_key(Entry::position);
    entries.retain(|entry| entry.position() <= scanned_to);
    if entries.len() > limit {
        entries.truncate(limit);
        scanned_to = entries[limit - 1].position();
    }

    if scan.selection.facts() {
        check_chain(&chain, after, scanned_to, head)?;
    }
    if scan.selection == Selection::All {
        check_density(&entries, after, scanned_to, scan.dropped_through)?;
    }
    Ok(Page { entries, scanned_to })
}

/// Each fact's predecessor is the fact before it on the page, or was before the page.
fn check_chain(
    chain: &[(Position, Position)],
    after: Position,
    scanned_to: Position,
    head: Head,
) -> Result<(), ReadError> {
    let mut last = after;
    for &(previous, position) in chain.iter().take_while(|(_, position)| *position <= scanned_to) {
        let whole = if last == after { previous <= after } else { previous == last };
        if !whole {
            return Err(ReadError::Hole { after: last, found: position });
        }
        last = position;
    }
    match scanned_to == head.position && head.last_fact > last {
        true => Err(ReadError::Hole { after: last, found: head.last_fact.plus(1) }),
        false => Ok(()),
    }
}

/// Nothing is missing between two entries but what retention has dropped.
fn check_density(
    entries: &[Entry],
    after: Position,
    scanned_to: Position,
    dropped_through: Position,
) -> Result<(), ReadError> {
    let mut last = after;
    for found in entries.iter().map(Entry::position).chain([scanned_to.plus(1)]) {
        if found > last.plus(1) && found > dropped_through.plus(1) {
            return Err(ReadError::Hole { after: last, found });
        }
        last = found;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
