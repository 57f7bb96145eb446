//! Streams and `$all`, in memory. Positions are offsets in a log that has room for each event's bytes, so that they have gaps.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::bytes::Bytes;
use uuid::Uuid;

/// What every record costs beside its bytes.
const OVERHEAD: u64 = 64;

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of one append, in bytes.
    pub append: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { append: 1024 * 1024 }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: Uuid,
    pub(crate) stream: String,
    pub(crate) revision: u64,
    pub(crate) position: u64,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

/// An event that a client proposes.
#[derive(Debug, Clone)]
pub(crate) struct Proposed {
    pub(crate) id: Uuid,
    pub(crate) metadata: HashMap<String, String>,
    pub(crate) custom_metadata: Bytes,
    pub(crate) data: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Any,
    NoStream,
    Exists,
    Revision(u64),
}

/// Where an append's last event stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    pub(crate) revision: u64,
    pub(crate) position: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Stream {
    /// positions, by revision
    pub(crate) events: Vec<u64>,
    /// what is before it is hidden
    pub(crate) truncate_before: u64,
}

#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) log: BTreeMap<u64, Event>,
    pub(crate) streams: HashMap<String, Stream>,
    end: u64,
    /// microseconds that the clock is wrong by
    pub(crate) shift: i64,
}

impl Store {
    pub(crate) fn new() -> Self {
        // the first records of a log are the server's own
        Self { log: BTreeMap::new(), streams: HashMap::new(), end: 1024, shift: 0 }
    }

    /// The stream's last revision, if it is not as expected and this is no repetition of what stands there.
    pub(crate) fn append(
        &mut self,
        stream: &str,
        expected: Expected,
        events: Vec<Proposed>,
    ) -> Result<Option<Written>, Option<u64>> {
        let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
        let current = self.streams.get(stream).and_then(|stream| (stream.events.len() as u64).checked_sub(1));
        let is_expected = match expected {
            Expected::Any => true,
            Expected::Exists => current.is_some(),
            Expected::NoStream => current.is_none(),
            Expected::Revision(revision) => current == Some(revision),
        };
        if !is_expected {
            let from = if let Expected::Revision(revision) = expected { revision.saturating_add(1) } else { 0 };
            return self.repeated(stream, from, &ids).map(Some).ok_or(current);
        }
        let created = self.now();
        let mut last = None;
        for event in events {
            last = Some(self.push(stream, event, created));
        }
        Ok(last)
    }

    fn repeated(&self, stream: &str, from: u64, ids: &[Uuid]) -> Option<Written> {
        let positions = &self.streams.get(stream)?.events;
        let from = usize::try_from(from).ok()?;
        let stored = positions.get(from..from.checked_add(ids.len())?)?;
        let same = stored.iter().zip(ids).all(|(at, id)| self.log.get(at).is_some_and(|event| event.id == *id));
        let last = *stored.last()?;
        same.then_some(Written { revision: (from + ids.len()) as u64 - 1, position: last })
    }

    fn push(&mut self, stream: &str, event: Proposed, created: u64) -> Written {
        let position = self.end;
        let bytes = event.data.len() + event.custom_metadata.len() + stream.len();
        self.end += OVERHEAD + bytes as u64;
        let of = self.streams.entry(stream.to_owned()).or_default();
        let revision = of.events.len() as u64;
        of.events.push(position);
        let mut metadata = event.metadata;
        metadata.insert("created".to_owned(), created.to_string());
        if let Some(of) = stream.strip_prefix("$$") {
            self.hide(of, &event.data);
        }
        let event = Event {
            id: event.id,
            stream: stream.to_owned(),
            revision,
            position,
            metadata,
            custom_metadata: event.custom_metadata,
            data: event.data,
        };
        self.log.insert(position, event);
        Written { revision, position }
    }

    /// What the metadata of a stream says, of which only `$tb` is known here.
    fn hide(&mut self, stream: &str, metadata: &[u8]) {
        let text = String::from_utf8_lossy(metadata);
        let Some((_, rest)) = text.split_once("\"$tb\":") else { return };
        let number: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
        if let Ok(before) = number.parse() {
            self.streams.entry(stream.to_owned()).or_default().truncate_before = before;
        }
    }

    pub(crate) fn scavenge(&mut self) {
        for stream in self.streams.values() {
            // the last event of a stream stays
            let last = stream.events.len().saturating_sub(1);
            for at in stream.events.iter().take((stream.truncate_before as usize).min(last)) {
                self.log.remove(at);
            }
        }
    }

    pub(crate) fn write_statistics(&mut self) {
        let event = Proposed {
            id: Uuid::new_v4(),
            metadata: HashMap::from([("type".to_owned(), "$statsCollected".to_owned())]),
            custom_metadata: Bytes::new(),
            data: Bytes::from_static(b"{}"),
        };
        let _ = self.append("$stats-127.0.0.1:2113", Expected::Any, vec![event]);
    }

    /// In ticks of 100 nanoseconds.
    #[expect(clippy::disallowed_methods, reason = "a server has a clock of its own")]
    fn now(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() / 100;
        (now as i64 + self.shift * 10) as u64
    }
}
