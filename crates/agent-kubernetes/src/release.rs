//! By what Helm knows a release.

/// A release of Helm's, by which it finds its revisions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    pub name: String,
    pub namespace: String,
}
