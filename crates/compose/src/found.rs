//! Findings of the checks, before they have lines and columns.

use std::collections::BTreeSet;

use crate::path::Path;

/// Findings after which no more are looked for: nobody reads so many.
const MOST: usize = 200;

/// Places with what is wrong there.
#[derive(Debug, Default)]
pub(crate) struct Found(pub(crate) Vec<(Path, String)>);

impl Found {
    pub(crate) fn add(&mut self, path: Path, reason: impl Into<String>) {
        if !self.is_full() {
            self.0.push((path, reason.into()));
        }
    }

    /// Whether there are so many that the rest need not be found.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// What the other found as well, without what stands at or below a place that this one has: a value of the wrong shape
    /// has no other faults that are worth a word.
    pub(crate) fn extend_beside(&mut self, other: Found) {
        let known: BTreeSet<&Path> = self.0.iter().map(|(path, _)| path).collect();
        let is_beside = |path: &Path| !path.leading().any(|leading| known.contains(&leading));
        let beside: Vec<_> = other.0.into_iter().filter(|(path, _)| is_beside(path)).collect();
        self.0.extend(beside);
    }
}
