//! The event log as requests have it: whoever reads it waits for its turn at the log's own connections, and whoever appends is looked at
//! once more. A fact has the time at which it is appended: what led to it may have waited.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_eventlog::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogIdentity, Page, Position, ReadError, RecordedEvent,
    Selection, StoreError, StreamName, TelemetryRecord,
};
use tokio::sync::watch;
use uuid::Uuid;

use crate::auth::presence;
use crate::clock::SharedClock;
use crate::limits::shares::{Of, Turn, turn_in_time};

pub(crate) struct SharedLog {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) clock: SharedClock,
}

/// At the log's connections.
async fn own_turn() -> Result<Option<Turn>, StoreError> {
    let turn = turn_in_time(Of::Log).await;
    turn.map_err(|late| StoreError { attempted: "be read before others of the same caller", source: Arc::new(late) })
}

#[async_trait]
impl EventLog for SharedLog {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let asked = presence::is_there().await.map_err(|failure| {
            let source = Arc::new(failure);
            StoreError { attempted: "append: whether its author may come in is not known", source }
        });
        if !asked? {
            return Err(AppendError::NotAllowed);
        }
        append.recorded_at = append.recorded_at.max(self.clock.now());
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
        let _turn = own_turn().await?;
        self.log.read_stream(stream, from_revision, limit).await
    }

    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        let _turn = own_turn().await?;
        self.log.scan(after, limit, selection).await
    }

    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        let _turn = own_turn().await?;
        self.log.entry(at).await
    }

    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        let _turn = own_turn().await?;
        self.log.find(id).await
    }

    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        let _turn = own_turn().await?;
        self.log.seek(instant).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let _turn = own_turn().await?;
        self.log.head().await
    }

    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        let _turn = own_turn().await?;
        self.log.identity().await
    }

    fn wake(&self) -> watch::Receiver<Position> {
        self.log.wake()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.log.drop_telemetry(before).await
    }
}
