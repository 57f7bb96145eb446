//! What the hub has acknowledged, in its clients' own books.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

#[derive(Default)]
pub(crate) struct Ledger {
    books: Mutex<Books>,
}

#[derive(Default)]
pub(crate) struct Books {
    /// by correlation id
    pub(crate) writes: HashMap<Uuid, Write>,
    /// ids of the reports that were acknowledged
    pub(crate) acknowledged: HashSet<Uuid>,
    /// requests that were asked again because their outcome was unknown
    pub(crate) asked_again: usize,
}

/// A mutation whose outcome is known to its client.
pub(crate) struct Write {
    /// the event that says that it happened
    pub(crate) event_type: &'static str,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// at this position
    Changed(u64),
    Unchanged,
    Refused(String),
}

impl Ledger {
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
