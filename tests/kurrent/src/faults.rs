//! What may go wrong, once each.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What the next call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// An append is committed, and its answer is lost.
    CommitThenUnavailable,
    /// The same, told as the server tells its own timeouts.
    CommitThenAborted,
    /// An append is refused before it is committed.
    Unavailable,
    Aborted,
    /// Another node leads, on that port.
    NotLeader(u16),
    /// A read breaks after so many events.
    ReadBreaks(usize),
    /// A read ends after so many events as if there were no more.
    ReadEnds(usize),
    /// Each event of a read comes so many milliseconds after the one before it.
    SlowRead(u64),
    /// A read gives each event twice.
    ReadTwice,
}

impl Fault {
    pub(crate) fn is_of_appends(self) -> bool {
        !self.is_of_reads()
    }

    pub(crate) fn is_of_reads(self) -> bool {
        matches!(self, Fault::ReadBreaks(_) | Fault::ReadEnds(_) | Fault::SlowRead(_) | Fault::ReadTwice)
    }
}

/// Faults that are still to be met.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Arc<Mutex<(VecDeque<Fault>, usize)>>);

impl Faults {
    pub(crate) fn arm(&self, fault: Fault) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.push_back(fault);
    }

    pub(crate) fn met(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    pub(crate) fn take(&self, concerns: impl Fn(Fault) -> bool) -> Option<Fault> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = faults.0.iter().position(|fault| concerns(*fault))?;
        faults.1 += 1;
        faults.0.remove(at)
    }
}
