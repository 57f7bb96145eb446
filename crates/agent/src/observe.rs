//! What a runtime sees of the deployments that it is asked about, in words that every runtime has.

use std::collections::BTreeMap;

use distr_domain::agent::{Health, RunningRelease};
use distr_domain::ids::DeploymentId;

/// What was seen in one look. `H` is how the runtime finds a deployment again.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed<H> {
    /// one for each deployment that was asked about
    pub deployments: BTreeMap<DeploymentId, Seen<H>>,
}

/// What was seen of one deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen<H> {
    /// the remembered one; else the one by which it would be begun now
    pub handle: H,
    /// Whether anything of it is there, in whatever state.
    pub is_there: bool,
    /// Whether a try left something beside it that nobody needs any more.
    pub has_leftovers: bool,
    pub running: Option<RunningRelease>,
    /// that of the worst part of what was applied, whatever somebody changed by hand
    pub health: Health,
    /// why it is not well, not yet cleaned of secrets
    pub illness: Option<String>,
    /// what somebody changed by hand of what was applied; nothing if all is as applied, or nothing was
    pub drift: Option<String>,
}

impl<H> Seen<H> {
    /// Nothing is there yet.
    pub fn nothing(handle: H) -> Self {
        Self {
            handle,
            is_there: false,
            has_leftovers: false,
            running: None,
            health: Health::Unknown,
            illness: None,
            drift: None,
        }
    }
}
