//! What this process knows of streams: their ids, from the first event on. They never change, so that what is known stays true; the
//! server sees to what is newer, by the expected revision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use distr_eventlog::{Append, AppendError, Expected, StreamName};
use uuid::Uuid;

/// Of all streams together; then those that nobody uses are forgotten.
const MOST_IDS: usize = 500_000;

/// The ids of a stream, up to a revision.
#[derive(Debug, Default)]
pub(crate) struct Known {
    ids: HashMap<Uuid, u64>,
    count: u64,
}

pub(crate) enum Verdict {
    /// It follows what is known.
    Take,
    /// Stored already, the last at that revision.
    Repeated {
        first: u64,
        last: u64,
    },
    Refuse(AppendError),
}

impl Known {
    /// How many events are known, which is also the revision of the next.
    pub(crate) const fn count(&self) -> u64 {
        self.count
    }

    /// Takes in what follows what is known.
    pub(crate) fn take(&mut self, revision: u64, id: Uuid) {
        if revision == self.count {
            // the first of two is the one that a repetition means
            self.ids.entry(id).or_insert(revision);
            self.count += 1;
        }
    }

    pub(crate) fn judge(&self, append: &Append) -> Verdict {
        let stream = append.stream;
        let known: Vec<Option<u64>> = append.events.iter().map(|event| self.ids.get(&event.id).copied()).collect();
        if let Some(at) = known.iter().position(Option::is_some) {
            return match known[0] {
                Some(first) if known.iter().zip(first..).all(|(known, at)| *known == Some(at)) => {
                    Verdict::Repeated { first, last: first + known.len() as u64 - 1 }
                }
                _ => Verdict::Refuse(AppendError::PartialDuplicate { stream, id: append.events[at].id }),
            };
        }
        let actual = self.count.checked_sub(1);
        match append.expected == Expected::from(actual) {
            true => Verdict::Take,
            false => Verdict::Refuse(AppendError::Conflict { stream, expected: append.expected, actual }),
        }
    }
}

/// Streams that this process has read or written. One append of a stream is on its way at a time: the next would have to wait
/// for its revision anyway.
#[derive(Debug, Default)]
pub(crate) struct Streams(Mutex<HashMap<StreamName, Arc<tokio::sync::Mutex<Known>>>>);

impl Streams {
    pub(crate) fn of(&self, stream: StreamName) -> Arc<tokio::sync::Mutex<Known>> {
        let mut streams = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if streams.len() * 8 > MOST_IDS || streams.len().is_multiple_of(256) && ids(&streams) > MOST_IDS {
            streams.retain(|_, known| Arc::strong_count(known) > 1);
        }
        streams.entry(stream).or_default().clone()
    }
}

fn ids(streams: &HashMap<StreamName, Arc<tokio::sync::Mutex<Known>>>) -> usize {
    streams.values().filter_map(|known| known.try_lock().ok()).map(|known| known.ids.len()).sum()
}
