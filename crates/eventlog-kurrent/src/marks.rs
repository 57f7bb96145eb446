//! Marks: a small event for every thousand of the log, with its place, its time and the beginnings of the ids before it. The server has
//! no index by time or by id; with marks, a moment is found by halving and one page, and an id without reading the log.
//!
//! Whoever follows the log makes them, at an exact revision: of several processes one is heard, and the others go on from its mark.

use chrono::{DateTime, Utc};
use distr_eventlog::{Position, StoreError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::link::Link;
use crate::{names, own};

/// Events between two marks.
const EVENTS: usize = 1000;
/// Marks that are read at once while an id is looked for.
const PAGE: u64 = 64;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// of the last entry before it
    pub(crate) position: Position,
    /// not before that of any entry up to there
    pub(crate) committed_at: i64,
    /// the first eight hexadecimal digits of each fact's id since the mark before it
    ids: String,
}

/// Makes marks of what it is told.
pub(crate) struct Maker {
    last: Option<u64>,
    at: Position,
    committed_at: i64,
    events: usize,
    ids: String,
}

impl Maker {
    /// Goes on from the last mark that there is.
    pub(crate) async fn start(link: &Link) -> Result<Self, StoreError> {
        let mark = own::last::<Mark>(link, names::MARKS).await?;
        let (last, at, committed_at) = match mark {
            Some((revision, mark)) => (Some(revision), mark.position, mark.committed_at),
            None => (None, Position::START, 0),
        };
        Ok(Self { last, at, committed_at, events: 0, ids: String::new() })
    }

    /// How far it was told.
    pub(crate) const fn at(&self) -> Position {
        self.at
    }

    /// Something that is no entry stands there.
    pub(crate) fn pass(&mut self, at: Position) {
        self.at = self.at.max(at);
    }

    pub(crate) async fn take(
        &mut self,
        link: &Link,
        at: Position,
        committed_at: DateTime<Utc>,
        id: Option<Uuid>,
    ) -> Result<(), StoreError> {
        self.at = at;
        self.committed_at = self.committed_at.max(committed_at.timestamp_micros());
        self.events += 1;
        self.ids.extend(id.map(beginning));
        if self.events < EVENTS {
            return Ok(());
        }
        let mark = Mark { position: at, committed_at: self.committed_at, ids: self.ids.clone() };
        match own::append(link, names::MARKS, self.last, ("Marked", &mark)).await {
            Ok(true) => {
                self.last = Some(self.last.map_or(0, |last| last + 1));
                self.events = 0;
                self.ids.clear();
                Ok(())
            }
            // somebody else has made it, or nobody knows: what is there counts
            other => {
                *self = Self::start(link).await?;
                other.map(|_| ())
            }
        }
    }
}

fn beginning(id: Uuid) -> String {
    id.simple().to_string()[..8].to_owned()
}

/// The last mark whose time is at or before the instant: from there on, one looks entry by entry.
pub(crate) async fn before(link: &Link, instant: DateTime<Utc>) -> Result<Position, StoreError> {
    let instant = instant.timestamp_micros();
    let Some((last, _)) = own::last::<Mark>(link, names::MARKS).await? else { return Ok(Position::START) };
    // marks below `low` are at or before the instant, those from `high` on behind it
    let (mut low, mut high, mut found) = (0, last + 1, Position::START);
    while low < high {
        let middle = low + (high - low) / 2;
        let mark = own::page::<Mark>(link, names::MARKS, middle, 1).await?;
        match mark.first() {
            Some(mark) if mark.committed_at <= instant => {
                found = mark.position;
                low = middle + 1;
            }
            _ => high = middle,
        }
    }
    Ok(found)
}

/// Pieces of the log, each behind one position and up to another, in which a fact with this id may be; the newest first, and of that
/// the end is open.
pub(crate) async fn pieces(link: &Link, id: Uuid) -> Result<Vec<(Position, Position)>, StoreError> {
    let beginning = beginning(id);
    let mut pieces = vec![];
    let (mut from, mut before) = (0, Position::START);
    loop {
        let marks = own::page::<Mark>(link, names::MARKS, from, PAGE as usize).await?;
        for mark in &marks {
            let is_there = mark.ids.as_bytes().chunks(8).any(|of| of == beginning.as_bytes());
            if is_there {
                pieces.push((before, mark.position));
            }
            before = mark.position;
        }
        from += marks.len() as u64;
        if marks.is_empty() {
            break;
        }
    }
    pieces.push((before, Position::MAX));
    pieces.reverse();
    Ok(pieces)
}
