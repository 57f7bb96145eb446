//! What the checks find, before it has lines and columns.

use std::collections::BTreeSet;

use crate::path::Path;

/// Places with what is wrong there.
#[derive(Debug, Default)]
pub(crate) struct Found(pub(crate) Vec<(Path, String)>);

impl Found {
    pub(crate) fn add(&mut self, path: Path, reason: impl Into<String>) {
        self.0.push((path, reason.into()));
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
