//! The log for those who follow it in one process: its newest entries are read and unpacked once for all of them, and kept for a
//! while. Whoever is further behind reads the log itself until it has caught up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::subscribe::{PAGE, until_news};
use crate::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogIdentity, Page, Position, ReadError, RecordedEvent,
    Selection, StoreError, StreamName, TelemetryRecord,
};

/// Of payloads: some seconds of a fleet that reports as fast as the log takes it.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// A look at the log that is older says nothing of its end.
const FRESH: Duration = Duration::from_secs(1);

/// After an error.
const RETRY: Duration = Duration::from_millis(500);

/// A log like the one behind it, but that a page at its end may be an instant old: it wakes its readers when it has read what
/// is new. While it cannot read, it answers as the log itself does.
pub struct Tail {
    log: Arc<dyn EventLog>,
    shared: Arc<Shared>,
    reader: JoinHandle<()>,
}

struct Shared {
    kept: Mutex<Kept>,
    end: watch::Sender<Position>,
}

/// All entries behind `start`, up to `end`.
#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
    start: Position,
    end: Position,
    /// when `end` was seen to be the log's
    at_end: Option<Instant>,
}

impl Tail {
    pub fn start(log: Arc<dyn EventLog>) -> Self {
        Self::keeping(log, KEPT_BYTES)
    }

    fn keeping(log: Arc<dyn EventLog>, bytes: usize) -> Self {
        let shared = Arc::new(Shared { kept: Mutex::default(), end: watch::Sender::new(Position::START) });
        let reader = tokio::spawn(read(log.clone(), shared.clone(), bytes));
        Self { log, shared, reader }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Until the task is aborted.
async fn read(log: Arc<dyn EventLog>, shared: Arc<Shared>, bytes: usize) {
    let mut wake = log.wake();
    let start = loop {
        match log.head().await {
            Ok(head) => break head,
            Err(_) => sleep(RETRY).await,
        }
    };
    shared.begin(start);
    let mut end = start;
    loop {
        wake.mark_unchanged();
        // whoever follows the log meets the same error, and tells it
        let Ok(page) = log.scan(end, Limit::entries(PAGE), Selection::All).await else {
            sleep(RETRY).await;
            continue;
        };
        // a page that is not full ends where the log ended; what came since has woken this reader already
        let is_end = page.entries.len() < PAGE && page.entries.iter().map(Entry::size).sum::<usize>() < Limit::BYTES;
        end = page.scanned_to;
        shared.take(page, is_end, bytes);
        if is_end {
            until_news(&mut wake).await;
        }
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn begin(&self, at: Position) {
        let mut kept = self.kept();
        (kept.start, kept.end) = (at, at);
    }

    fn take(&self, page: Page, is_end: bool, most: usize) {
        let end = page.scanned_to;
        let mut kept = self.kept();
        kept.bytes += page.entries.iter().map(Entry::size).sum::<usize>();
        kept.entries.extend(page.entries);
        kept.end = end;
        kept.at_end = is_end.then(Instant::now).or(kept.at_end);
        while kept.bytes > most
            && let Some(oldest) = kept.entries.pop_front()
        {
            kept.bytes -= oldest.size();
            kept.start = oldest.position();
        }
        drop(kept);
        self.end.send_if_modified(|told| std::mem::replace(told, end) != end);
    }

    /// Nothing if the log itself has to be asked.
    fn page(&self, after: Position, limit: Limit, selection: Selection) -> Option<Page> {
        let kept = self.kept();
        if after < kept.start || after > kept.end {
            return None;
        }
        if after == kept.end {
            let is_fresh = kept.at_end.is_some_and(|at| at.elapsed() < FRESH);
            return is_fresh.then(|| Page { entries: vec![], scanned_to: after });
        }
        let (mut entries, mut bytes) = (vec![], 0);
        let first = kept.entries.partition_point(|entry| entry.position() <= after);
        for entry in kept.entries.range(first..).filter(|entry| selection.has(entry)) {
            bytes += entry.size();
            entries.push(entry.clone());
            if entries.len() >= limit.entries || bytes >= limit.bytes {
                return Some(Page { scanned_to: entry.position(), entries });
            }
        }
        Some(Page { entries, scanned_to: kept.end })
    }
}

#[async_trait]
impl EventLog for Tail {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }

    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError> {
        self.log.append_telemetry(records).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.log.read_stream(stream, from_revision, limit).await
    }

    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        match self.shared.page(after, limit, selection) {
            Some(page) => Ok(page),
            None => self.log.scan(after, limit, selection).await,
        }
    }

    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        self.log.entry(at).await
    }

    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        self.log.find(id).await
    }

    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        self.log.seek(instant).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.log.head().await
    }

    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        self.log.identity().await
    }

    fn wake(&self) -> watch::Receiver<Position> {
        self.shared.end.subscribe()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.log.drop_telemetry(before).await
    }
}

#[cfg(test)]
mod tests;
