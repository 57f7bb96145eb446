//! Pages of the log, decoded, a few ahead of whoever takes them: one is read while others are decoded.

use std::ops::Range;
use std::sync::Arc;

use distr_eventlog::{Entry, EventLog, Page, Position, Selection};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use super::read;
use crate::error::ProjectionError;
use crate::follower::{BadEntry, Parked};
use crate::group::Group;
use crate::projection::DecodedEntry;

/// Entries of a page.
pub(super) const PAGE: usize = 10_000;
/// Pages that wait, decoded or not.
const AHEAD: usize = 3;

#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) batch: Vec<DecodedEntry>,
    /// telemetry that cannot be read
    pub(super) unreadable: Vec<BadEntry>,
    pub(super) scanned_to: Position,
}

type Decoding = JoinHandle<Result<Decoded, ProjectionError>>;

/// The reader ends with this.
pub(super) struct Pages {
    pages: mpsc::Receiver<Result<Decoding, ProjectionError>>,
    pub(super) passing: Arc<Passing>,
}

/// What some groups pass by.
pub(super) struct Passing {
    pub(super) parked: Parked,
    /// those of the groups that facts are for
    groups: Vec<&'static str>,
}

impl Passing {
    pub(super) fn of(groups: &[Group], parked: Parked) -> Self {
        let with_facts = groups.iter().filter(|group| group.selection != Selection::Telemetry);
        Self { parked, groups: with_facts.map(|group| group.name).collect() }
    }

    /// Whether no group wants the fact, so that it need not be read.
    fn passes(&self, fact: Position) -> bool {
        self.groups.iter().all(|group| self.parked.has(group, fact))
    }
}

/// The entries in `range`; its start is what was seen last.
pub(super) fn pages(
    log: Arc<dyn EventLog>,
    range: Range<Position>,
    selection: Selection,
    passing: Arc<Passing>,
) -> Pages {
    let (sender, pages) = mpsc::channel(AHEAD);
    let decoding = passing.clone();
    tokio::spawn(async move {
        let (mut at, to) = (range.start, range.end);
        while at < to {
            let page = read(log.as_ref(), at, to, selection).await;
            let page = page.inspect(|page| at = page.scanned_to);
            let passing = decoding.clone();
            let page = page.map(|page| spawn_blocking(move || decode(&page, &passing)));
            let failed = page.is_err();
            if sender.send(page).await.is_err() || failed {
                return;
            }
        }
    });
    Pages { pages, passing }
}

impl Pages {
    /// Not beyond the end of the range.
    pub(super) async fn next(&mut self) -> Result<Decoded, ProjectionError> {
        let decoding = self.pages.recv().await.expect("pages up to the end of the range")?;
        decoding.await.expect("decoding does not panic")
    }
}

/// An unreadable fact that some group has not parked is an error.
pub(super) fn decode(page: &Page, passing: &Passing) -> Result<Decoded, ProjectionError> {
    let (mut batch, mut unreadable) = (Vec::with_capacity(page.entries.len()), vec![]);
    for entry in &page.entries {
        match DecodedEntry::decode(entry) {
            Ok(seen) => batch.push(seen),
            Err(error) if matches!(entry, Entry::Telemetry(_)) => {
                unreadable.push(BadEntry { position: entry.position(), is_fact: false, source: Box::new(error) });
            }
            Err(_) if passing.passes(entry.position()) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Decoded { batch, unreadable, scanned_to: page.scanned_to })
}
