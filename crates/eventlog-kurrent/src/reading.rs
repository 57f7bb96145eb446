//! Pages of the log. The server reads from the offset that it is told, that event included, and tells of no hole: offsets have gaps.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use distr_eventlog::{Entry, Limit, Page, Position, ReadError, RecordedEvent, Selection, StoreError, StreamName};
use eventstore::{ReadAllOptions, ReadStreamOptions, RecordedEvent as Stored, StreamPosition};
use uuid::Uuid;

use crate::facts;
use crate::link::Link;
use crate::marks;
use crate::names::{self, Kind};
use crate::place;
use crate::retention::{Dropped, Gone};
use crate::seen::Seen;
use crate::streams::Streams;
use crate::telemetry::Block;

/// Events that are asked for at once.
const EVENTS: usize = 1000;

#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) link: Arc<Link>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) gone: Arc<Gone>,
    pub(crate) streams: Arc<Streams>,
}

/// A page while it is made.
struct Making {
    after: Position,
    limit: Limit,
    selection: Selection,
    dropped: Dropped,
    entries: Vec<Entry>,
    bytes: usize,
    /// the last event that was looked at ends here
    at: Position,
    /// times of one page rise, whatever the server's clock did
    committed_at: Option<DateTime<Utc>>,
}

impl Making {
    /// False once the page is full.
    fn take(&mut self, stored: &Stored) -> Result<bool, ReadError> {
        let entries = match names::kind(stored.stream_id()) {
            Kind::Facts(stream) => vec![Entry::Fact(facts::decode(stored, stream)?)],
            Kind::Telemetry => {
                let block = Block::of(stored)?;
                if block.last() <= self.at && block.last() <= self.after {
                    self.rise(block.committed_at());
                    return Ok(true);
                }
                if self.dropped.has(&block)? {
                    self.at = self.at.max(block.last());
                    return Ok(true);
                }
                block.records()?.into_iter().map(Entry::Telemetry).collect()
            }
            Kind::Retention | Kind::Foreign => return Ok(true),
        };
        for entry in entries {
            let committed_at = self.rise(entry.committed_at());
            // the event that was read from, or one that was given twice
            if entry.position() <= self.at || !has(self.selection, &entry) {
                continue;
            }
            self.at = entry.position();
            self.bytes += entry.size();
            self.entries.push(stamped(entry, committed_at));
            if self.entries.len() >= self.limit.entries || self.bytes >= self.limit.bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn rise(&mut self, committed_at: DateTime<Utc>) -> DateTime<Utc> {
        let risen = self.committed_at.map_or(committed_at, |last| last.max(committed_at));
        self.committed_at = Some(risen);
        risen
    }
}

fn has(selection: Selection, entry: &Entry) -> bool {
    match entry {
        Entry::Fact(_) => selection.facts(),
        Entry::Telemetry(_) => selection.telemetry(),
    }
}

fn stamped(mut entry: Entry, at: DateTime<Utc>) -> Entry {
    match &mut entry {
        Entry::Fact(fact) => fact.committed_at = at,
        Entry::Telemetry(record) => record.committed_at = at,
    }
    entry
}

impl Reader {
    pub(crate) async fn page(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        let is_partial = selection != Selection::All;
        // what is not selected is passed by up to where the log went before it was looked at
        let head = match is_partial || after > *self.seen.end.borrow() {
            true => Some(self.head().await?),
            false => None,
        };
        if let Some(head) = head.filter(|head| after > *head) {
            return Err(ReadError::BeyondHead { after, head });
        }
        let limit = Limit { entries: limit.entries.max(1), bytes: limit.bytes };
        let dropped = self.gone.get();
        let (entries, at) = (vec![], after);
        let mut page = Making { after, limit, selection, dropped, entries, bytes: 0, at, committed_at: None };
        loop {
            let begun = page.at;
            let wanted = limit.entries.saturating_sub(page.entries.len()).min(EVENTS) + 1;
            let options = from(begun).filter(names::filter(selection)).max_count(wanted);
            let bytes = limit.bytes.saturating_sub(page.bytes).clamp(1, Limit::BYTES) + Limit::BYTES / 4;
            let Some(events) = self.link.all(&options, bytes).await? else {
                return Err(StoreError::new("read", format!("position {begun} is none of this log's")).into());
            };
            for event in &events {
                if !page.take(event)? {
                    return Ok(Page { scanned_to: page.at, entries: page.entries });
                }
            }
            // a read that brought nothing new was at the end: one that was short may have been cut
            if page.at == begun {
                let scanned_to = head.map_or(page.at, |head| head.max(page.at));
                return Ok(Page { entries: page.entries, scanned_to });
            }
            if !is_partial && events.len() < wanted {
                return Ok(Page { scanned_to: page.at, entries: page.entries });
            }
        }
    }

    pub(crate) async fn head(&self) -> Result<Position, ReadError> {
        let filter = names::filter(Selection::All);
        let options = ReadAllOptions::default().position(StreamPosition::End).filter(filter).max_count(1);
        let events = self.link.all(&options, usize::MAX).await?.unwrap_or_default();
        let last = match events.first() {
            Some(event) if matches!(names::kind(event.stream_id()), Kind::Telemetry) => Block::of(event)?.last(),
            Some(event) => place::position(event.position.commit, 0),
            None => Position::START,
        };
        // what was dropped, and scavenged since, was there
        let head = last.max(self.gone.get().through);
        self.seen.advance(head);
        Ok(head)
    }

    pub(crate) async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        if at == Position::START || at > *self.seen.end.borrow() && at > self.head().await? {
            return Ok(None);
        }
        let options = exactly(place::offset(at)).filter(names::filter(Selection::All)).max_count(1);
        // an offset that is no event's
        let Some(events) = self.link.all(&options, usize::MAX).await? else { return Ok(None) };
        let Some(event) = events.first().filter(|event| event.position.commit == place::offset(at)) else {
            return Ok(None);
        };
        match names::kind(event.stream_id()) {
            Kind::Facts(stream) if place::record(at) == 0 => Ok(Some(Entry::Fact(facts::decode(event, stream)?))),
            Kind::Telemetry => {
                let block = Block::of(event)?;
                if self.gone.get().has(&block)? {
                    return Ok(None);
                }
                let record = block.records()?.into_iter().nth(place::record(at) as usize);
                Ok(record.map(Entry::Telemetry))
            }
            _ => Ok(None),
        }
    }

    pub(crate) async fn stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        if from_revision > i64::MAX as u64 || limit == 0 {
            return Ok(vec![]);
        }
        let options = ReadStreamOptions::default().position(StreamPosition::Position(from_revision));
        let options = options.max_count(limit.min(i32::MAX as usize));
        let stored = self.link.stream(&stream.to_string(), &options, Limit::BYTES).await?;
        let mut events = Vec::with_capacity(stored.len());
        for event in stored.iter().filter(|event| event.revision >= from_revision) {
            let expected = from_revision + events.len() as u64;
            if event.revision < expected {
                continue;
            }
            if event.revision > expected {
                return Err(ReadError::StreamHole { stream: *stream, expected, found: event.revision });
            }
            events.push(facts::decode(event, *stream)?);
        }
        // what is loaded now is about to be appended to
        if let Ok(mut known) = self.streams.of(*stream).try_lock() {
            events.iter().for_each(|event| known.take(event.revision, event.id));
        }
        Ok(events)
    }

    pub(crate) async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        for (after, through) in marks::pieces(&self.link, id).await? {
            let mut at = after;
            loop {
                let page = self.page(at, Limit::entries(EVENTS), Selection::Facts).await?;
                let is_it = |entry: &Entry| matches!(entry, Entry::Fact(fact) if fact.id == id);
                if let Some(Entry::Fact(fact)) = page.entries.into_iter().find(is_it) {
                    return Ok(Some(fact));
                }
                if page.scanned_to == at || page.scanned_to >= through {
                    break;
                }
                at = page.scanned_to;
            }
        }
        Ok(None)
    }

    pub(crate) async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        let mut at = marks::before(&self.link, instant).await?;
        loop {
            let page = self.page(at, Limit::entries(EVENTS), Selection::All).await?;
            let is_end = page.scanned_to == at;
            for entry in page.entries {
                if entry.committed_at() > instant {
                    return Ok(at);
                }
                at = entry.position();
            }
            if is_end {
                return Ok(at);
            }
            at = page.scanned_to;
        }
    }
}

fn from(position: Position) -> ReadAllOptions {
    match place::offset(position) {
        0 => ReadAllOptions::default(),
        offset => exactly(offset),
    }
}

fn exactly(commit: u64) -> ReadAllOptions {
    ReadAllOptions::default().position(StreamPosition::Position(eventstore::Position { commit, prepare: commit }))
}
