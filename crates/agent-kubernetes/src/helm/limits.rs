//! What one Helm may take of the pod: a template that never ends, or that wants all memory, is that release's failure and not the agent's end.

use std::io;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// The limits of one Helm, and of each process that it starts.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// bytes of its own; of 10 MB that were rendered, Helm took 150 MiB
    pub memory: u64,
    /// Time of the processor, in whole seconds. Waiting for hooks takes none, and an upgrade less than one second.
    pub processor: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory: 384 << 20, processor: Duration::from_secs(120) }
    }
}

impl Limits {
    /// Bytes from which Go's collector does its best.
    pub(super) fn collected(&self) -> u64 {
        self.memory / 4 * 3
    }

    /// Whether a process that has lived for so long may have had all of its processor time: it may use every core.
    pub(super) fn may_be_spent(&self, lived: Duration) -> bool {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        lived.saturating_mul(u32::try_from(cores).unwrap_or(u32::MAX)) >= self.processor
    }

    /// Limits a process and those that it will start. It has just begun: what it took until now counts, too.
    pub(super) fn set(&self, process: Pid) -> io::Result<()> {
        // Go passes over the signal of the lower limit
        for (resource, limit) in [(Resource::Data, self.memory), (Resource::Cpu, self.processor.as_secs())] {
            let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
            match prlimit(Some(process), resource, limit) {
                // it has ended already
                Ok(_) | Err(rustix::io::Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
