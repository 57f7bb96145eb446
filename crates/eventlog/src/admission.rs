//! What becomes of each append, the same in every store: taken, answered with what is there already, or refused. Pure;
//! the store brings what it knows of the streams and ids that are concerned.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::{
    Append, AppendError, Appended, Expected, MAX_APPEND_BYTES, MAX_APPEND_EVENTS, MAX_TELEMETRY_BYTES,
    MAX_TELEMETRY_RECORDS, Position, StreamName, TelemetryRecord,
};

/// Where an event with a known id stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) stream: StreamName,
    pub(crate) revision: u64,
    pub(crate) position: Position,
}

/// The last revision of each stream and the place of each event id, as far as the appends at hand are concerned.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) revisions: HashMap<StreamName, u64>,
    pub(crate) ids: HashMap<Uuid, Stored>,
}

#[derive(Debug)]
pub(crate) enum Verdict {
    /// The events get the positions that follow the last one.
    Take(Appended),
    Answer(Appended),
    Refuse(AppendError),
}

/// Refuses what is empty or too large, before it costs anybody anything.
pub fn check(append: &Append) -> Result<(), AppendError> {
    check_size(append.events.len(), MAX_APPEND_EVENTS, "events", append.size(), MAX_APPEND_BYTES)
}

/// Refuses the same of telemetry.
pub fn check_telemetry(records: &[TelemetryRecord]) -> Result<(), AppendError> {
    let bytes = records.iter().map(|record| record.payload.len()).sum();
    check_size(records.len(), MAX_TELEMETRY_RECORDS, "records", bytes, MAX_TELEMETRY_BYTES)
}

fn check_size(
    count: usize,
    max_count: usize,
    unit: &'static str,
    bytes: usize,
    max_bytes: usize,
) -> Result<(), AppendError> {
    match (count, bytes) {
        (0, _) => Err(AppendError::Empty),
        _ if count > max_count => Err(AppendError::TooLarge { unit, size: count, limit: max_count }),
        _ if bytes > max_bytes => Err(AppendError::TooLarge { unit: "bytes", size: bytes, limit: max_bytes }),
        _ => Ok(()),
    }
}

impl Known {
    /// Decides on one append, whose first event would follow `last`, and remembers it if it is taken: a later append
    /// of the same stream sees it.
    pub(crate) fn admit(&mut self, append: &Append, last: Position) -> Verdict {
        if let Some(answer) = self.repeated(append) {
            return answer.map_or_else(Verdict::Refuse, Verdict::Answer);
        }
        let actual = self.revisions.get(&append.stream).copied();
        if append.expected != Expected::from(actual) {
            let (stream, expected) = (append.stream, append.expected);
            return Verdict::Refuse(AppendError::Conflict { stream, expected, actual });
        }
        Verdict::Take(self.take(append, last))
    }

    /// None if every id is new.
    fn repeated(&self, append: &Append) -> Option<Result<Appended, AppendError>> {
        let stream = append.stream;
        let mut seen = HashSet::new();
        let twice = append.events.iter().find(|event| append.events.len() > 1 && !seen.insert(event.id));
        if let Some(event) = twice {
            return Some(Err(AppendError::PartialDuplicate { stream, id: event.id }));
        }
        let taken = append.events.iter().find(|event| self.ids.contains_key(&event.id))?.id;
        let stored = append.events.iter().map(|event| self.ids.get(&event.id).copied());
        let repetition = stored.collect::<Option<Vec<Stored>>>().and_then(|stored| {
            let (first, last) = (*stored.first()?, *stored.last()?);
            let in_order = stored
                .iter()
                .zip(first.revision..)
                .all(|(at, revision)| (at.stream, at.revision) == (stream, revision));
            in_order.then_some(Appended {
                first_revision: first.revision,
                last_revision: last.revision,
                position: last.position,
                duplicate: true,
            })
        });
        Some(repetition.ok_or(AppendError::PartialDuplicate { stream, id: taken }))
    }

    fn take(&mut self, append: &Append, last: Position) -> Appended {
        let stream = append.stream;
        let first_revision = append.expected.next();
        let mut end = Stored { stream, revision: first_revision, position: last };
        for (index, event) in (0..).zip(&append.events) {
            end = Stored { stream, revision: first_revision + index, position: last.plus(index + 1) };
            self.ids.insert(event.id, end);
        }
        self.revisions.insert(stream, end.revision);
        Appended { first_revision, last_revision: end.revision, position: end.position, duplicate: false }
    }
}
