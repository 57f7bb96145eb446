//! The port: what every store of the log promises. The contract suite in `tests/` is its exact meaning.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Append, AppendError, Appended, LogIdentity, Position, ReadError, RecordedEvent, RecordedTelemetry, StoreError,
    StreamName, TelemetryRecord,
};

/// The payloads of one append together, in bytes.
pub const MAX_APPEND_BYTES: usize = 8 * 1024 * 1024;
pub const MAX_APPEND_EVENTS: usize = 4096;
/// The payloads of one call of `append_telemetry` together, in bytes.
pub const MAX_TELEMETRY_BYTES: usize = 8 * 1024 * 1024;
pub const MAX_TELEMETRY_RECORDS: usize = 10_000;

/// Facts and telemetry in one order of positions, which may have gaps. A reader that has seen position *n* never finds a new
/// entry at or below *n*; what is acknowledged is durable.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Appends to one stream, all events or none. Ids that the stream holds already are answered with where they
    /// stand: always when the same append is repeated, so that an unknown outcome is settled by asking again.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Appends records in their order, and answers with the position of the last.
    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError>;

    /// The events of one stream from `from_revision` on, in order: up to the limit, or to the one with which they have
    /// [`Limit::BYTES`]. A stream that does not exist is empty.
    async fn read_stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError>;

    /// What stands after `after`, in order: up to the limit (at least one entry), complete up to the page's `scanned_to`. Telemetry
    /// that retention has dropped is silently absent; any other hole that the store can see is an error.
    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError>;

    /// The entry at this position; nothing if retention has dropped it, or it is not written yet.
    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError>;

    /// The fact with this id.
    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError>;

    /// The last position that was committed by then: what stands behind it was committed later. Exact for what has a commit time;
    /// among facts of earlier versions as exact as the clocks of their writers.
    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError>;

    /// The position of the last entry.
    async fn head(&self) -> Result<Position, ReadError>;

    /// Which log this is, and what it is a copy of.
    async fn identity(&self) -> Result<LogIdentity, ReadError>;

    /// Wakes when the head may have moved. A hint: whoever waits on it must also look now and then.
    fn wake(&self) -> watch::Receiver<Position>;

    /// Drops telemetry that is older than `before`, as far as the store's grain allows (never anything newer).
    /// Answers with the position up to which telemetry may now be missing.
    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError>;
}

/// How much a page may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub entries: usize,
    /// Of payloads, about: the entry that reaches it is still in the page. Facts and telemetry are counted apart.
    pub bytes: usize,
}

/// Which entries a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    All,
    Facts,
    Telemetry,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    Fact(RecordedEvent),
    Telemetry(RecordedTelemetry),
}

/// A piece of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// Everything selected up to here is in this page or was before it: where to read on.
    pub scanned_to: Position,
}

impl Limit {
    /// Enough that what a page costs in itself does not count, little enough to hold some of them in memory.
    pub const BYTES: usize = 4 * 1024 * 1024;

    pub const fn entries(entries: usize) -> Self {
        Self { entries, bytes: Self::BYTES }
    }
}

impl Selection {
    pub const fn facts(self) -> bool {
        matches!(self, Selection::All | Selection::Facts)
    }

    pub const fn telemetry(self) -> bool {
        matches!(self, Selection::All | Selection::Telemetry)
    }

    pub(crate) const fn has(self, entry: &Entry) -> bool {
        match entry {
            Entry::Fact(_) => self.facts(),
            Entry::Telemetry(_) => self.telemetry(),
        }
    }
}

impl Entry {
    /// Of its payload, in bytes.
    pub fn size(&self) -> usize {
        match self {
            Entry::Fact(event) => event.payload.len(),
            Entry::Telemetry(recorded) => recorded.record.payload.len(),
        }
    }

    /// Never before that of the entry before it.
    pub const fn committed_at(&self) -> DateTime<Utc> {
        match self {
            Entry::Fact(event) => event.committed_at,
            Entry::Telemetry(record) => record.committed_at,
        }
    }

    pub const fn position(&self) -> Position {
        match self {
            Entry::Fact(event) => event.position,
            Entry::Telemetry(record) => record.position,
        }
    }
}
