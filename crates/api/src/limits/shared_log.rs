//! The event log as requests have it: whoever reads it waits for its turn at the log's own connections.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_eventlog::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogIdentity, Page, Position, ReadError, RecordedEvent,
    Selection, StoreError, StreamName, TelemetryRecord,
};
use tokio::sync::watch;
use uuid::Uuid;

use super::shares::{Of, turn};

pub struct SharedLog(pub Arc<dyn EventLog>);

#[async_trait]
impl EventLog for SharedLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.0.append(append).await
    }

    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError> {
        self.0.append_telemetry(records).await
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.read_stream(stream, from_revision, limit).await
    }

    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.scan(after, limit, selection).await
    }

    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.entry(at).await
    }

    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.find(id).await
    }

    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.seek(instant).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.head().await
    }

    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        let _turn = turn(Of::Log).await;
        self.0.identity().await
    }

    fn wake(&self) -> watch::Receiver<Position> {
        self.0.wake()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.0.drop_telemetry(before).await
    }
}
