//! Telemetry that is gone. The server gives back what streams have hidden until it is scavenged, each node by itself; so it is the log
//! that says what is gone, in a stream of its own, and readers pass it by wherever it still lies.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use distr_eventlog::{Limit, Position, ReadError, Selection, StoreError};
use eventstore::{ReadAllOptions, RecordedEvent, StreamMetadataBuilder, StreamPosition};
use serde::{Deserialize, Serialize};

use crate::link::Link;
use crate::telemetry::Block;
use crate::{names, own, place};

const ATTEMPTED: &str = "drop telemetry";
const PAGE: usize = 500;

/// What was dropped so far.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Dropped {
    /// microseconds since 1970: blocks whose newest record is older are gone
    before: i64,
    /// … up to here
    pub(crate) through: Position,
    /// up to here all telemetry is gone
    all_through: Position,
}

/// As far as this process knows.
#[derive(Debug, Default)]
pub(crate) struct Gone(Mutex<Dropped>);

impl Gone {
    pub(crate) fn get(&self) -> Dropped {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, dropped: Dropped) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if (dropped.through, dropped.before) > (known.through, known.before) {
            *known = dropped;
        }
    }

    pub(crate) fn learn(&self, event: &RecordedEvent) -> Result<(), StoreError> {
        self.set(own::decode(event)?);
        Ok(())
    }

    pub(crate) async fn load(&self, link: &Link) -> Result<(), StoreError> {
        if let Some((_, dropped)) = own::last(link, names::RETENTION).await? {
            self.set(dropped);
        }
        Ok(())
    }

    /// Drops what is older, and answers with the position up to which telemetry may be missing.
    pub(crate) async fn drop_before(&self, link: &Link, before: DateTime<Utc>) -> Result<Position, StoreError> {
        loop {
            let last = own::last::<Dropped>(link, names::RETENTION).await?;
            let (revision, old) = last.map_or((None, Dropped::default()), |(revision, old)| (Some(revision), old));
            let before = before.timestamp_micros().max(old.before);
            let (new, streams) = look(link, old, before).await.map_err(|error| StoreError::new(ATTEMPTED, error))?;
            if new.through == old.through {
                self.set(old);
                return Ok(old.through);
            }
            if own::append(link, names::RETENTION, revision, ("TelemetryDropped", &new)).await? {
                self.set(new);
                hide(link, streams).await?;
                return Ok(new.through);
            }
        }
    }
}

impl Dropped {
    pub(crate) fn has(&self, block: &Block<'_>) -> Result<bool, ReadError> {
        Ok(block.last() <= self.through && block.newest_at()?.timestamp_micros() < self.before)
    }
}

/// Of each stream the first revision that stays.
type Streams = BTreeMap<String, u64>;

/// All telemetry that is left is looked at: a job of once a day.
async fn look(link: &Link, old: Dropped, before: i64) -> Result<(Dropped, Streams), ReadError> {
    let mut new = Dropped { before, ..old };
    let (mut streams, mut kept, mut is_clear) = (Streams::new(), BTreeSet::new(), true);
    let mut at = old.all_through;
    loop {
        let start = match place::offset(at) {
            0 => StreamPosition::Start,
            commit => StreamPosition::Position(eventstore::Position { commit, prepare: commit }),
        };
        let filter = names::filter(Selection::Telemetry);
        let options = ReadAllOptions::default().position(start).filter(filter).max_count(PAGE);
        let events = link.all(&options, Limit::BYTES).await?.unwrap_or_default();
        let mut has_news = false;
        for event in &events {
            let block = Block::of(event)?;
            if block.last() <= at {
                continue;
            }
            (has_news, at) = (true, block.last());
            if block.newest_at()?.timestamp_micros() < before {
                new.through = new.through.max(at);
                new.all_through = if is_clear { at } else { new.all_through };
                if !kept.contains(event.stream_id()) {
                    streams.insert(event.stream_id().to_owned(), event.revision + 1);
                }
            } else {
                is_clear = false;
                kept.insert(event.stream_id().to_owned());
            }
        }
        if !has_news {
            return Ok((new, streams));
        }
    }
}

/// So that the server gives the room back when it is scavenged.
async fn hide(link: &Link, streams: Streams) -> Result<(), StoreError> {
    for (stream, first_kept) in streams {
        link.set_metadata(&stream, &StreamMetadataBuilder::new().truncate_before(first_kept).build()).await?;
    }
    Ok(())
}
