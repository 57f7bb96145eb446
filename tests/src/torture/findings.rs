//! What a run has found, and how it is told.

use std::fmt;
use std::time::Duration;

use super::faults::Counts;

/// Each a sentence that names what is wrong.
#[derive(Debug, Default)]
pub struct Findings {
    /// acknowledged, and not there; or there, and not seen
    pub(crate) lost: Vec<String>,
    /// there or seen more often than it was asked for
    pub(crate) doubled: Vec<String>,
    /// what should be equal and is not, or should not be at all
    pub(crate) differences: Vec<String>,
}

impl Findings {
    pub fn none(&self) -> bool {
        self.lost.is_empty() && self.doubled.is_empty() && self.differences.is_empty()
    }

    pub(crate) fn extend(&mut self, other: Findings) {
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.differences.extend(other.differences);
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lost, doubled, differences) = (self.lost.len(), self.doubled.len(), self.differences.len());
        write!(f, "lost {lost}, doubled {doubled}, differences {differences}")
    }
}

/// The whole run, in numbers.
#[derive(Debug, Default)]
pub struct Summary {
    pub(crate) rounds: usize,
    pub(crate) faults: Counts,
    /// connections that the proxy really cut
    pub(crate) cuts: usize,
    pub(crate) hub_starts: usize,
    /// mutations that were acknowledged as having changed something
    pub(crate) writes: usize,
    pub(crate) refused: usize,
    pub(crate) reports: usize,
    pub(crate) asked_again: usize,
    /// reports that are in the log more than once, and must be counted once
    pub(crate) stored_again: usize,
    /// entries of the log
    pub(crate) entries: u64,
    pub(crate) facts: usize,
    /// entries that watchers have seen, together
    pub(crate) seen: usize,
    pub(crate) rebuilds: usize,
    pub findings: Findings,
    pub(crate) took: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rounds in {:.0} s", self.rounds, self.took.as_secs_f64())?;
        let faults: Vec<_> = self.faults.iter().map(|(fault, count)| format!("{} {count}", fault.name())).collect();
        writeln!(f, "faults          {}", faults.join(", "))?;
        writeln!(f, "                {} connections cut, hubs started {} times", self.cuts, self.hub_starts)?;
        let asked_again = self.asked_again;
        writeln!(f, "writes          {} acknowledged, {} refused", self.writes, self.refused)?;
        writeln!(f, "reports         {} acknowledged, {} stored more than once", self.reports, self.stored_again)?;
        writeln!(f, "                {asked_again} requests were asked again")?;
        writeln!(f, "log             {} entries, {} of them facts", self.entries, self.facts)?;
        writeln!(f, "watchers        saw {} entries", self.seen)?;
        writeln!(f, "read models     compared with {} rebuilt from zero", self.rebuilds)?;
        write!(f, "found           {}", self.findings)
    }
}
