//! What is known beside the rollout itself when it is decided what happens next: targets, their agents, what they may have, and
//! the releases. In life it comes from the read models, in a preview and in a simulation from elsewhere.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::event::{Kind, Planned, Scope};
use crate::ids::{CustomerId, MemberId, RolloutId, TargetId};
use crate::label::Labels;
use crate::permission::VendorRole;
use crate::upgrade_path::{Catalog, Running};
use crate::version::Version;
use crate::window::Windows;

/// The fewest targets whose silence at once makes the hub doubt itself.
const SUSPECT_LEAST: usize = 3;
/// How close to each other they fell silent.
const SUSPECT_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// The roles that members have at the vendor now; none of those who left. Of members that are not named nothing is known.
pub type Standing = BTreeMap<MemberId, Option<VendorRole>>;

#[derive(Debug, Clone, Default)]
pub struct World {
    /// the position of the last entry of the log that is in it
    pub seen: u64,
    /// since when this hub takes reports: silence before that is its own
    pub listening_since: DateTime<Utc>,
    pub catalog: Catalog,
    /// the deployments of the application, by target; also those that are gone, as long as they are members
    pub targets: BTreeMap<TargetId, TargetView>,
    /// bytes of a hop that a target lacks, by what it runs
    pub bytes: BTreeMap<(Version, Version), u64>,
    /// of those who approved a stage
    pub approvers: Standing,
}

/// The application on a target.
#[derive(Debug, Clone)]
pub struct TargetView {
    pub customer: CustomerId,
    /// of both owners
    pub labels: Labels,
    /// the target is retired, or the application removed
    pub is_gone: bool,
    pub presence: Presence,
    pub running: Running,
    /// what ran before, to which a rollback leads
    pub previous: Option<Version>,
    /// what the rollout asked for last
    pub wish: Option<Wish>,
    /// something else is being done on the target
    pub is_busy: bool,
    /// why the release may not be deployed there: its license, or what the customer agreed to
    pub refusal: Option<Refusal>,
    /// of the customer and of the target
    pub windows: Vec<Windows>,
    /// another open rollout of the application that has the target as a member
    pub claim: Option<Claim>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// No agent was heard yet.
    Never,
    Fresh,
    /// Its silence was noticed, and counts from its last report.
    Silent {
        since: DateTime<Utc>,
        noticed: DateTime<Utc>,
    },
}

/// What a rollout asked a deployment for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub hop: Version,
    pub attempt: u32,
    /// whether an agent has begun it
    pub is_begun: bool,
    /// the generation of somebody else's wish that came after it
    pub replaced_by: Option<u64>,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Open,
    Healthy,
    Unhealthy {
        since: DateTime<Utc>,
        reason: String,
    },
    Failed {
        /// for want of network or resources
        is_transient: bool,
        reason: String,
    },
}

/// A rule that does not let a target have the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub rollout: RolloutId,
    pub version: Version,
    pub in_flight: bool,
}

impl Scope {
    pub fn includes(&self, view: &TargetView) -> bool {
        (self.customers.is_empty() || self.customers.contains(&view.customer))
            && self.labels.iter().all(|(key, value)| view.labels.get(key) == Some(value))
    }
}

impl World {
    /// Bytes of a hop, as far as they are known.
    pub fn bytes(&self, running: &Running, hop: &Version) -> u64 {
        match running {
            Running::Version(running) => self.bytes.get(&(running.clone(), hop.clone())).copied().unwrap_or_default(),
            Running::Never | Running::Unknown => 0,
        }
    }

    /// Whether so many targets fell silent at once that the fault is rather the hub's than theirs: more than half of those that were
    /// heard, and at least three.
    pub fn is_suspect(&self, now: DateTime<Utc>) -> bool {
        let fell = |view: &&TargetView| matches!(view.presence, Presence::Silent { noticed, .. } if noticed + SUSPECT_WITHIN > now);
        let fell = self.targets.values().filter(fell).count();
        let fresh = self.targets.values().filter(|view| view.presence == Presence::Fresh).count();
        fell >= SUSPECT_LEAST && fell > fresh
    }

    /// When the doubt ends, unless more fall silent.
    pub(super) fn suspect_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let ends = self.targets.values().filter_map(|view| match view.presence {
            Presence::Silent { noticed, .. } => Some(noticed + SUSPECT_WITHIN).filter(|end| *end > now),
            _ => None,
        });
        ends.min()
    }
}

/// Where a rollout leads a target.
pub(super) fn destination(plan: &Planned, view: &TargetView) -> Option<Version> {
    match plan.kind {
        Kind::Upgrade | Kind::Security => Some(plan.version.clone()),
        Kind::Rollback => view.previous.clone().filter(|previous| *previous < plan.version),
    }
}

/// Whether the target is a member, if it is not yet: in scope, and on the way to somewhere.
pub(super) fn may_join(plan: &Planned, view: &TargetView) -> bool {
    let has_way = match (&view.running, destination(plan, view)) {
        (_, None) => false,
        (Running::Never | Running::Unknown, Some(_)) => plan.kind != Kind::Rollback,
        // what the rollout did not bring there it does not take back either
        (Running::Version(running), Some(to)) if plan.kind == Kind::Rollback => {
            *running == plan.version && to < *running
        }
        (Running::Version(running), Some(to)) => *running < to,
    };
    has_way && !view.is_gone && plan.scope.includes(view)
}
