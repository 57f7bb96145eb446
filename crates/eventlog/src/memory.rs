//! The log in memory: for tests of everything above the log, and the plainest reading of the port.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::watch;

use crate::{
    Append, AppendError, Appended, EventLog, Page, Position, ReadError, RecordedEvent, RecordedTelemetry, Selection,
    StoreError, StreamName, TelemetryRecord,
    admission::{self, Known, Verdict},
    page::{ChainedFact, Head, Scan, assemble},
};

#[derive(Debug)]
pub struct MemoryLog {
    state: Mutex<State>,
    wake: watch::Sender<Position>,
}

#[derive(Debug, Default)]
struct State {
    head: Head,
    known: Known,
    facts: Vec<ChainedFact>,
    /// Indices into `facts`, by revision.
    streams: HashMap<StreamName, Vec<usize>>,
    telemetry: Vec<RecordedTelemetry>,
    dropped_through: Position,
}

impl MemoryLog {
    pub fn new() -> Self {
        Self { state: Mutex::default(), wake: watch::Sender::new(Position::START) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryLog {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl EventLog for MemoryLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        admission::check(&append)?;
        let mut state = self.state();
        let last = state.head.position;
        match state.known.admit(&append, last) {
            Verdict::Answer(appended) => Ok(appended),
            Verdict::Refuse(error) => Err(error),
            Verdict::Take(appended) => {
                state.take(append, appended.first_revision);
                self.wake.send_replace(appended.position);
                Ok(appended)
            }
        }
    }

    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError> {
        admission::check_telemetry(&records)?;
        let mut state = self.state();
        for mut record in records {
            record.recorded_at = record.recorded_at.trunc_subsecs(6);
            let position = state.head.position.plus(1);
            state.telemetry.push(RecordedTelemetry { position, record });
            state.head.position = position;
        }
        self.wake.send_replace(state.head.position);
        Ok(state.head.position)
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        let state = self.state();
        let indices = state.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let from = usize::try_from(from_revision).unwrap_or(usize::MAX);
        let events = indices.iter().skip(from).take(limit).map(|&index| state.facts[index].event.clone());
        Ok(events.collect())
    }

    async fn read_all(&self, after: Position, limit: usize, selection: Selection) -> Result<Page, ReadError> {
        let state = self.state();
        let limit = limit.max(1);
        let facts = &state.facts[state.facts.partition_point(|fact| fact.event.position <= after)..];
        let telemetry = &state.telemetry[state.telemetry.partition_point(|record| record.position <= after)..];
        let wanted = |selected: bool| if selected { limit } else { 0 };
        assemble(Scan {
            after,
            limit,
            selection,
            head: state.head,
            facts: facts.iter().take(wanted(selection.facts())).cloned().collect(),
            telemetry: telemetry.iter().take(wanted(selection.telemetry())).cloned().collect(),
            dropped_through: state.dropped_through,
        })
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.state().head.position)
    }

    fn wake(&self) -> watch::Receiver<Position> {
        self.wake.subscribe()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        let mut state = self.state();
        let old = |record: &RecordedTelemetry| record.record.recorded_at < before;
        let newest = state.telemetry.iter().filter(|record| old(record)).map(|record| record.position).max();
        state.dropped_through = state.dropped_through.max(newest.unwrap_or_default());
        state.telemetry.retain(|record| !old(record));
        Ok(state.dropped_through)
    }
}

impl State {
    fn take(&mut self, append: Append, first_revision: u64) {
        for (event, revision) in append.events.into_iter().zip(first_revision..) {
            let position = self.head.position.plus(1);
            let event = RecordedEvent {
                position,
                stream: append.stream,
                revision,
                id: event.id,
                event_type: event.event_type,
                schema_version: event.schema_version,
                organization: append.organization,
                actor: append.actor.clone(),
                causation: append.causation,
                correlation: append.correlation,
                recorded_at: append.recorded_at.trunc_subsecs(6),
                payload: event.payload,
            };
            self.streams.entry(append.stream).or_default().push(self.facts.len());
            self.facts.push(ChainedFact { event, previous: self.head.last_fact });
            self.head = Head { position, last_fact: position };
        }
    }
}
