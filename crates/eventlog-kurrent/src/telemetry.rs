//! Telemetry: one task packs what is queued into blocks and appends them to the stream of this process, in which nobody else writes,
//! so that its revision is known and a repetition is recognized.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_eventlog::adapter::{FORMAT, pack, unpack};
use distr_eventlog::{AppendError, Position, ReadError, RecordedTelemetry, StoreError, TelemetryRecord};
use eventstore::{EventData, ReadStreamOptions, RecordedEvent as Stored, StreamPosition};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::facts::{Clock, committed_at, corrupt, time};
use crate::link::{Link, Refused};
use crate::seen::Seen;
use crate::{names, place};

/// Of records in one block, before they are packed.
const BLOCK_BYTES: usize = 256 * 1024;
/// Of the blocks of one append: servers take 1 MiB by default, with what they count beside it.
const APPEND_BYTES: usize = 900 * 1024;
/// Calls that are answered together.
const CALLS: usize = 512;

pub(crate) type Answer = oneshot::Sender<Result<Position, AppendError>>;
pub(crate) type Call = (Vec<TelemetryRecord>, Answer);

#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    format: i16,
    raw: i32,
    count: u64,
    newest: i64,
    after: i64,
}

/// A block as it was read, still packed.
pub(crate) struct Block<'a> {
    stored: &'a Stored,
    metadata: Metadata,
}

impl<'a> Block<'a> {
    pub(crate) fn of(stored: &'a Stored) -> Result<Self, ReadError> {
        let metadata = serde_json::from_slice(&stored.custom_metadata)
            .map_err(|error| corrupt(place::position(stored.position.commit, 0), error.to_string()))?;
        Ok(Self { stored, metadata })
    }

    pub(crate) fn last(&self) -> Position {
        place::position(self.stored.position.commit, self.metadata.count.saturating_sub(1))
    }

    pub(crate) fn newest_at(&self) -> Result<DateTime<Utc>, ReadError> {
        time(self.metadata.newest, self.last())
    }

    pub(crate) fn committed_at(&self) -> DateTime<Utc> {
        committed_at(self.stored, self.metadata.after)
    }

    pub(crate) fn records(&self) -> Result<Vec<RecordedTelemetry>, ReadError> {
        let Metadata { format, raw, count, .. } = self.metadata;
        let broken = |reason| corrupt(self.last(), reason);
        let records = unpack(format, raw, &self.stored.data).map_err(|error| broken(error.to_string()))?;
        if records.len() as u64 != count {
            return Err(broken(format!("{} records where {count} should be", records.len())));
        }
        let committed_at = self.committed_at();
        let at = |number| place::position(self.stored.position.commit, number);
        let recorded =
            (0..).zip(records).map(|(number, record)| RecordedTelemetry { position: at(number), committed_at, record });
        Ok(recorded.collect())
    }
}

/// The one who appends telemetry.
pub(crate) struct Packer {
    pub(crate) link: Arc<Link>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) seen: Arc<Seen>,
    pub(crate) process: Uuid,
    pub(crate) calls: mpsc::Receiver<Call>,
}

/// A block on its way, and how many records it has.
type Packed = (EventData, u64, usize);

impl Packer {
    pub(crate) async fn run(mut self) {
        let (stream, mut end) = (names::telemetry(self.process), None);
        let mut waiting = vec![];
        while self.calls.recv_many(&mut waiting, CALLS).await > 0 {
            let (records, answers): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
            let counts: Vec<usize> = records.iter().map(Vec::len).collect();
            let written = self.write(&stream, &mut end, records.into_iter().flatten().collect()).await;
            let mut taken = 0;
            for (count, answer) in counts.into_iter().zip(answers) {
                taken += count;
                let position = match &written {
                    Ok(positions) => Ok(positions[taken - 1]),
                    Err(error) => Err(error.clone()),
                };
                let _ = answer.send(position);
            }
        }
    }

    /// Where each record stands.
    async fn write(
        &self,
        stream: &str,
        end: &mut Option<u64>,
        records: Vec<TelemetryRecord>,
    ) -> Result<Vec<Position>, AppendError> {
        let mut blocks = blocks(&records, &self.clock)?.into_iter().peekable();
        let mut positions = vec![];
        while blocks.peek().is_some() {
            let (mut together, mut bytes) = (vec![], 0);
            while let Some(block) = blocks.next_if(|block| together.is_empty() || bytes + block.2 <= APPEND_BYTES) {
                bytes += block.2;
                together.push(block);
            }
            self.append(stream, end, &together, &mut positions).await?;
        }
        if let Some(last) = positions.last() {
            self.seen.advance(*last);
        }
        Ok(positions)
    }

    async fn append(
        &self,
        stream: &str,
        end: &mut Option<u64>,
        blocks: &[Packed],
        positions: &mut Vec<Position>,
    ) -> Result<(), AppendError> {
        let events: Vec<EventData> = blocks.iter().map(|(event, ..)| event.clone()).collect();
        let written = match self.link.append(stream, *end, events.clone()).await {
            // an append before it had an unknown outcome
            Err(Refused::Conflict) => {
                *end = self.end(stream).await?;
                self.link.append(stream, *end, events).await
            }
            other => other,
        };
        let written = written.map_err(|refused| refuse(refused, blocks))?;
        let first = end.map_or(0, |end| end + 1);
        *end = Some(first + blocks.len() as u64 - 1);
        let offsets = match blocks.len() {
            1 if written.is_certain => vec![written.offset],
            count => self.offsets(stream, first, count).await?,
        };
        for (offset, (_, count, _)) in offsets.into_iter().zip(blocks) {
            positions.extend((0..*count).map(|record| place::position(offset, record)));
        }
        Ok(())
    }

    async fn end(&self, stream: &str) -> Result<Option<u64>, StoreError> {
        let options = ReadStreamOptions::default().position(StreamPosition::End).max_count(1);
        Ok(self.link.stream(stream, &options, usize::MAX).await?.first().map(|event| event.revision))
    }

    async fn offsets(&self, stream: &str, first: u64, count: usize) -> Result<Vec<u64>, AppendError> {
        let options = ReadStreamOptions::default().position(StreamPosition::Position(first)).max_count(count);
        let stored = self.link.stream(stream, &options, usize::MAX).await?;
        match stored.len() == count {
            true => Ok(stored.iter().map(|event| event.position.commit).collect()),
            false => Err(StoreError::new("append telemetry", "blocks are not where they were written").into()),
        }
    }
}

fn refuse(refused: Refused, blocks: &[Packed]) -> AppendError {
    match refused {
        Refused::TooLarge => {
            let size = blocks.iter().map(|block| block.2).sum();
            AppendError::TooLarge { unit: "bytes", size, limit: APPEND_BYTES }
        }
        Refused::Conflict => {
            StoreError::new("append telemetry", "somebody else writes to this process's stream").into()
        }
        Refused::Store(error) => error.into(),
    }
}

fn blocks(records: &[TelemetryRecord], clock: &Clock) -> Result<Vec<Packed>, AppendError> {
    let (mut blocks, mut rest) = (vec![], records);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = |record: &&TelemetryRecord| {
            let fits = bytes < BLOCK_BYTES;
            bytes += record.payload.len();
            fits
        };
        let count = rest.iter().take(place::RECORDS).take_while(fits).count();
        let (of_block, others) = rest.split_at(count);
        rest = others;
        let store = |error: String| StoreError::new("pack telemetry", error);
        let Some(block) = pack(of_block.iter()).map_err(|error| store(error.to_string()))? else { continue };
        let metadata = Metadata {
            format: FORMAT,
            raw: block.raw_size,
            count: block.count,
            newest: block.newest_at.timestamp_micros(),
            after: clock.seen(),
        };
        let size = block.body.len();
        let event = EventData::binary("TelemetryBlock", Bytes::from(block.body)).id(block.id);
        let event = event.metadata_as_json(&metadata).map_err(|error| store(error.to_string()))?;
        blocks.push((event, block.count, size));
    }
    Ok(blocks)
}
