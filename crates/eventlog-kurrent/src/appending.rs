//! One append: at the exact revision, with the ids that its caller chose, tried again with the same ones while its outcome is unknown.

use std::collections::HashSet;
use std::sync::Arc;

use distr_eventlog::adapter::check;
use distr_eventlog::{Append, AppendError, Appended, Limit, ReadError, StoreError};
use eventstore::{EventData, ReadStreamOptions, RecordedEvent, StreamPosition};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use crate::facts::{Clock, encode, is_of_call};
use crate::link::{Link, Refused};
use crate::place;
use crate::seen::Seen;
use crate::streams::{Known, Streams, Verdict};

const ATTEMPTED: &str = "append";
/// At a stream, for one append: one before it and one after somebody was quicker would do.
const LOOKS: usize = 4;
/// Events of a stream that are read at once.
const PAGE: usize = 500;

#[derive(Clone)]
pub(crate) struct Appender {
    pub(crate) link: Arc<Link>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) streams: Arc<Streams>,
}

impl Appender {
    /// Waits for its turn in the stream; whoever asks first is first.
    pub(crate) async fn turn(&self, append: &Append) -> Result<OwnedMutexGuard<Known>, AppendError> {
        check(append)?;
        let mut ids = HashSet::new();
        if let Some(twice) = append.events.iter().find(|event| !ids.insert(event.id)) {
            return Err(AppendError::PartialDuplicate { stream: append.stream, id: twice.id });
        }
        Ok(self.streams.of(append.stream).lock_owned().await)
    }

    pub(crate) async fn append(
        &self,
        append: Append,
        mut known: OwnedMutexGuard<Known>,
    ) -> Result<Appended, AppendError> {
        if known.count() < append.expected.next() {
            self.catch_up(&append, &mut known).await?;
        }
        let mut is_fresh = false;
        for _ in 0..LOOKS {
            match known.judge(&append) {
                Verdict::Repeated { first, last } => return self.repeated(&append, first, last).await,
                // what others have appended meanwhile is part of the answer
                Verdict::Refuse(AppendError::Conflict { .. }) if !is_fresh => {}
                Verdict::Refuse(error) => return Err(error),
                Verdict::Take => {
                    if let Some(appended) = self.write(&append, &mut known).await? {
                        return Ok(appended);
                    }
                }
            }
            self.catch_up(&append, &mut known).await?;
            is_fresh = true;
        }
        Err(StoreError::new(ATTEMPTED, "the stream's events do not say where the server has it stand").into())
    }

    /// Nothing if the stream stands elsewhere.
    async fn write(&self, append: &Append, known: &mut Known) -> Result<Option<Appended>, AppendError> {
        let call = Uuid::new_v4();
        let events = append.events.iter().map(|event| encode(append, event.clone(), &self.clock, call));
        let events: Vec<EventData> =
            events.collect::<Result<_, _>>().map_err(|error| StoreError::new(ATTEMPTED, error))?;
        let first_revision = known.count();
        let last_revision = first_revision + append.events.len() as u64 - 1;
        let stream = append.stream.to_string();
        match self.link.append(&stream, first_revision.checked_sub(1), events).await {
            Ok(_) => {}
            Err(Refused::Conflict) => return Ok(None),
            Err(Refused::TooLarge) => return Err(self.too_large(append)),
            Err(Refused::Store(error)) => return Err(error.into()),
        }
        // an answer does not say whether it is that to a repetition, nor which of several events it means
        let stored = self.stored(append, last_revision).await?;
        let position = place::position(stored.position.commit, 0);
        for (event, revision) in append.events.iter().zip(first_revision..) {
            known.take(revision, event.id);
        }
        self.seen.advance(position);
        Ok(Some(Appended { first_revision, last_revision, position, duplicate: !is_of_call(&stored, call) }))
    }

    async fn repeated(
        &self,
        append: &Append,
        first_revision: u64,
        last_revision: u64,
    ) -> Result<Appended, AppendError> {
        let position = place::position(self.stored(append, last_revision).await?.position.commit, 0);
        Ok(Appended { first_revision, last_revision, position, duplicate: true })
    }

    /// The event at this revision.
    async fn stored(&self, append: &Append, revision: u64) -> Result<RecordedEvent, StoreError> {
        let options = ReadStreamOptions::default().position(StreamPosition::Position(revision)).max_count(1);
        let stored = self.link.stream(&append.stream.to_string(), &options, usize::MAX).await?;
        let stored = stored.into_iter().find(|event| event.revision == revision);
        stored.ok_or_else(|| StoreError::new(ATTEMPTED, "an event is not where it was written"))
    }

    async fn catch_up(&self, append: &Append, known: &mut Known) -> Result<(), AppendError> {
        let stream = append.stream;
        loop {
            let from = known.count();
            let options = ReadStreamOptions::default().position(StreamPosition::Position(from)).max_count(PAGE);
            let stored = self.link.stream(&stream.to_string(), &options, Limit::BYTES).await?;
            for event in &stored {
                known.take(event.revision, event.id);
            }
            if let Some(hole) = stored.iter().zip(from..).find(|(event, revision)| event.revision != *revision) {
                let hole = ReadError::StreamHole { stream, expected: hole.1, found: hole.0.revision };
                return Err(StoreError::new(ATTEMPTED, hole).into());
            }
            if stored.is_empty() {
                return Ok(());
            }
        }
    }

    /// The server's own limit is below that of the port, unless it is configured otherwise.
    fn too_large(&self, append: &Append) -> AppendError {
        let size = append.events.iter().map(|event| event.payload.len()).sum();
        AppendError::TooLarge { unit: "bytes", size, limit: SERVER_LIMIT }
    }
}

/// What a server takes that nobody has configured otherwise (`MaxAppendSize`).
const SERVER_LIMIT: usize = 1024 * 1024;
