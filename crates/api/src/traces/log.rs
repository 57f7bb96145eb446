//! The event log with a span for each event that is appended through it, whoever appends. It stands before the real log only
//! when there are traces.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_eventlog::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogIdentity, NewEvent, Page, Position, ReadError,
    RecordedEvent, Selection, StoreError, StreamName, TelemetryRecord,
};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
use tokio::sync::watch;
use uuid::Uuid;

use super::{CURRENT, Recording, Told, Traces, context};

pub struct TracedLog {
    log: Arc<dyn EventLog>,
    recording: Arc<Recording>,
}

impl TracedLog {
    /// The log itself, if there are no traces.
    pub fn of(log: Arc<dyn EventLog>, traces: &Traces) -> Arc<dyn EventLog> {
        match &traces.0 {
            Some(recording) => Arc::new(Self { log, recording: recording.clone() }),
            None => log,
        }
    }
}

/// What the spans say of an append.
struct Appending {
    stream: StreamName,
    correlation: Uuid,
    causation: Option<Uuid>,
    events: Vec<(Uuid, String)>,
}

impl Appending {
    fn of(append: &Append) -> Self {
        let named = |event: &NewEvent| (event.id, event.event_type.clone());
        let events = append.events.iter().map(named).collect();
        Self { stream: append.stream, correlation: append.correlation, causation: append.causation, events }
    }
}

impl Recording {
    fn appended(&self, appending: Appending, result: &Result<Appended, AppendError>, took: Duration) {
        let (status, position) = match result {
            Ok(appended) if appended.duplicate => return,
            Ok(appended) => (Status::Unset, Some(appended.position)),
            // somebody was quicker; the command decides again, and its events may be others
            Err(AppendError::Conflict { .. } | AppendError::PartialDuplicate { .. }) => return,
            Err(_) => (Status::error("the log did not take it"), None),
        };
        let Appending { stream, correlation, causation, events } = appending;
        let trace = context(correlation, correlation).trace_id();
        let current = CURRENT.try_with(SpanContext::clone).ok().filter(|current| current.trace_id() == trace);
        let parent = current.map_or(SpanId::INVALID, |current| current.span_id());
        for (id, event_type) in events {
            let mut attributes = vec![
                KeyValue::new("distr.event.type", event_type.clone()),
                KeyValue::new("distr.event.id", id.to_string()),
                KeyValue::new("distr.stream", stream.to_string()),
            ];
            attributes.extend(causation.map(|id| KeyValue::new("distr.causation", id.to_string())));
            attributes.extend(position.map(|position| KeyValue::new("distr.position", position.to_string())));
            let told = Told {
                name: format!("append {event_type}").into(),
                kind: SpanKind::Internal,
                took,
                attributes,
                status: status.clone(),
            };
            self.send(context(correlation, id), parent, None, told);
        }
    }
}

#[async_trait]
impl EventLog for TracedLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if !self.recording.sampling.takes(append.correlation) {
            return self.log.append(append).await;
        }
        let (appending, begun) = (Appending::of(&append), Instant::now());
        let result = self.log.append(append).await;
        self.recording.appended(appending, &result, begun.elapsed());
        result
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
        self.log.scan(after, limit, selection).await
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
        self.log.wake()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.log.drop_telemetry(before).await
    }
}
