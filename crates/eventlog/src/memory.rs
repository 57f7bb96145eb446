//! The log in memory: for tests of everything above the log, and the plainest reading of the port.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound, Utc};
use tokio::sync::watch;
use uuid::Uuid;

use crate::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogId, LogIdentity, Page, Position, ReadError,
    RecordedEvent, RecordedTelemetry, Selection, StoreError, StreamName, TelemetryRecord,
    admission::{self, Known, Verdict},
    page::{ChainedFact, Head, Scan, assemble},
};

#[derive(Debug)]
pub struct MemoryLog {
    state: Mutex<State>,
    wake: watch::Sender<Position>,
    id: LogId,
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
    /// of the last entry
    committed_at: DateTime<Utc>,
}

impl MemoryLog {
    pub fn new() -> Self {
        Self { state: Mutex::default(), wake: watch::Sender::new(Position::START), id: LogId(Uuid::new_v4()) }
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
        let committed_at = state.tick();
        for mut record in records {
            record.recorded_at = record.recorded_at.trunc_subsecs(6);
            let position = state.head.position.plus(1);
            state.telemetry.push(RecordedTelemetry { position, committed_at, record });
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
        let mut bytes = 0;
        let events = indices.iter().skip(from).take(limit).map(|&index| state.facts[index].event.clone());
        let events = events.take_while(|event| {
            let fits = bytes < Limit::BYTES;
            bytes += event.payload.len();
            fits
        });
        Ok(events.collect())
    }

    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        let state = self.state();
        let limit = Limit { entries: limit.entries.max(1), bytes: limit.bytes.max(1) };
        let facts = &state.facts[state.facts.partition_point(|fact| fact.event.position <= after)..];
        let telemetry = &state.telemetry[state.telemetry.partition_point(|record| record.position <= after)..];
        let wanted = |selected: bool| if selected { limit } else { Limit { entries: 0, bytes: 0 } };
        let (facts, _) = first(facts, wanted(selection.facts()), |fact| fact.event.payload.len());
        let (telemetry, telemetry_bytes) =
            first(telemetry, wanted(selection.telemetry()), |record| record.record.payload.len());
        assemble(Scan {
            after,
            through: Position::MAX,
            limit,
            selection,
            head: state.head,
            facts,
            telemetry,
            telemetry_bytes,
            dropped_through: state.dropped_through,
        })
    }

    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        let state = self.state();
        let fact = state.facts.binary_search_by_key(&at, |fact| fact.event.position);
        let record = state.telemetry.binary_search_by_key(&at, |record| record.position);
        let fact = fact.ok().map(|index| Entry::Fact(state.facts[index].event.clone()));
        Ok(fact.or_else(|| record.ok().map(|index| Entry::Telemetry(state.telemetry[index].clone()))))
    }

    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        let state = self.state();
        Ok(state.facts.iter().find(|fact| fact.event.id == id).map(|fact| fact.event.clone()))
    }

    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        let state = self.state();
        let facts = state.facts.partition_point(|fact| fact.event.committed_at <= instant);
        let records = state.telemetry.partition_point(|record| record.committed_at <= instant);
        let fact = facts.checked_sub(1).map(|last| state.facts[last].event.position);
        let record = records.checked_sub(1).map(|last| state.telemetry[last].position);
        Ok(fact.max(record).unwrap_or_default())
    }

    async fn head(&self) -> Result<Position, ReadError> {
        Ok(self.state().head.position)
    }

    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        Ok(LogIdentity::new(self.id))
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

/// The first items up to the limit, with their bytes.
fn first<T: Clone>(items: &[T], limit: Limit, size: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
    let mut bytes = 0;
    let fits = |item: &&T| {
        let fits = bytes < limit.bytes;
        bytes += if fits { size(item) } else { 0 };
        fits
    };
    let items = items.iter().take(limit.entries).take_while(fits).cloned().collect();
    (items, bytes)
}

impl State {
    /// Never back, and to the microsecond, as a database has it.
    #[expect(
        clippy::disallowed_methods,
        reason = "a store stamps what it takes; this one has no database that does it"
    )]
    fn tick(&mut self) -> DateTime<Utc> {
        self.committed_at = self.committed_at.max(DateTime::from(SystemTime::now()).trunc_subsecs(6));
        self.committed_at
    }

    fn take(&mut self, append: Append, first_revision: u64) {
        let committed_at = self.tick();
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
                committed_at,
                payload: event.payload,
            };
            self.streams.entry(append.stream).or_default().push(self.facts.len());
            self.facts.push(ChainedFact { event, previous: self.head.last_fact });
            self.head = Head { position, last_fact: position };
        }
    }
}
