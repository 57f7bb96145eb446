//! The facts of a rollout. What the engine does carries a stamp: how far it had read the log, and when it acted.

use std::collections::BTreeSet;
use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::gate::{GateRule, Tally};
use super::place::Boundary;
use super::policy::{Limits, Policy};
use crate::decider::DomainEvent;
use crate::ids::{ApplicationId, CustomerId, MemberId, RolloutId, TargetId};
use crate::label::{LabelValue, Labels};
use crate::names::{InvalidName, Slug};
use crate::permission::VendorRole;
use crate::version::Version;

/// What somebody knew who acted, and when that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stamp {
    /// the position of the last entry of the log that was read
    pub seen: u64,
    /// never less than in the event before
    pub at: DateTime<Utc>,
}

/// What a rollout is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Upgrade,
    Security,
    /// Each target goes back to what it ran before.
    Rollback,
}

/// Whom a rollout is for. Empty parts narrow nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scope {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub customers: BTreeSet<CustomerId>,
    /// all must match
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// The name of a plan: of its members, waves, order, policy, version and hops. Plans that differ in one of these have others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(pub Uuid);

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for PlanDigest {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = |_| InvalidName::new("digest of a plan", text, "use the one that the plan of the rollout has");
        text.parse().map(Self).map_err(invalid)
    }
}

/// What is rolled out, to whom and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub application: ApplicationId,
    pub name: Slug,
    /// where it leads; of a rollback, what is left
    pub version: Version,
    pub kind: Kind,
    pub policy: Policy,
    #[serde(default)]
    pub scope: Scope,
    /// what orders the targets
    pub seed: Uuid,
    pub members: u32,
    pub digest: PlanDigest,
    /// who may not approve it; none if the hub planned it by itself
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<MemberId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<DateTime<Utc>>,
    /// of a rollback, which waits for no approval: the roles that approved what it takes back
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub overseers: BTreeSet<VendorRole>,
}

impl Planned {
    /// The roles that approve it, or what it takes back; empty if nobody has to.
    pub fn approvers(&self) -> BTreeSet<VendorRole> {
        let roles = self.policy.approvals().flat_map(|approval| approval.roles.iter().copied());
        roles.chain(self.overseers.iter().copied()).collect()
    }
}

/// A member of a rollout, in its wave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    pub target: TargetId,
    pub customer: CustomerId,
    /// its value of the label that the policy limits
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<LabelValue>,
    /// where a rollback leads
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Version>,
}

/// A hop that a target may take now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    pub target: TargetId,
    pub hop: Version,
    /// counts the tries of the hop, from 1
    pub attempt: u32,
    /// bytes that the target lacks, as far as the registry knows
    #[serde(default)]
    pub bytes: u64,
}

/// What became of a member. When the rollout is final each has exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Succeeded,
    Failed,
    /// No outcome came in time. A late success amends it.
    Lost,
    RolledBack,
    /// It was not allowed, or there was nothing to do.
    Skipped,
    /// Another wish or rollout took it over.
    Superseded,
    /// It was not released when the rollout ended.
    Cancelled,
    /// It could not be reached until the end.
    Unreached,
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Lost => "lost",
            Self::RolledBack => "rolled_back",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::Cancelled => "cancelled",
            Self::Unreached => "unreached",
        }
    }
}

/// Why a rollout was halted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum HaltCause {
    /// `tally` is that of the wave, or of all waves where the rule counts all.
    Gate {
        rule: GateRule,
        wave: u32,
        tally: Tally,
    },
    Person {
        reason: String,
    },
    ReleaseRevoked {
        reason: String,
    },
    ReleaseDemoted {
        channel: Slug,
    },
}

/// Waves are counted from 1; stage 0 is the start, stage n the opening of wave n.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum RolloutEvent {
    /// Again for a rollout that has not started and is planned anew; approvals of the plan before are void.
    RolloutPlanned { plan: Box<Planned>, stamp: Stamp },
    /// Somebody let a stage begin, as it was planned then.
    RolloutApproved { stage: u32, digest: PlanDigest, by: MemberId, role: VendorRole, at: DateTime<Utc> },
    /// Somebody refused a stage: its approvals are void, and the rollout halts there.
    RolloutApprovalRefused { stage: u32, by: MemberId, reason: String, at: DateTime<Utc> },
    /// An approval counts no more: before the stage began, its giver left or got a role that may not give it.
    RolloutApprovalLapsed { stage: u32, by: MemberId, stamp: Stamp },
    /// The boundaries of the waves are fixed from here on.
    RolloutStarted {
        boundaries: Vec<Boundary>,
        /// the version of the time zones' database
        zones: String,
        stamp: Stamp,
    },
    /// At most 500 at once. Late ones joined after the first wave had opened.
    TargetsPlaced { wave: u32, targets: Vec<Placed>, late: bool, stamp: Stamp },
    /// Targets that were retired, or lost the deployment: no count has them any more.
    TargetsLeft { targets: Vec<TargetId>, stamp: Stamp },
    /// Targets of the wave may be released.
    WaveOpened { wave: u32, stamp: Stamp },
    /// The codes of what holds the wave changed; none means that nothing holds it.
    WaveHeld { wave: u32, holds: BTreeSet<String>, stamp: Stamp },
    /// Nobody of the wave is in flight or can start: the soak begins.
    WaveSoaking { wave: u32, stamp: Stamp },
    /// The gate of the wave let the rollout on.
    WavePassed { wave: u32, tally: Tally, stamp: Stamp },
    /// Somebody went on without the wave; whoever had not begun is passed over.
    WaveSkipped { wave: u32, reason: String, stamp: Stamp },
    /// At most 25 at once, each for a slot or within the slot that it has.
    TargetsReleased { wave: u32, targets: Vec<Start>, stamp: Stamp },
    /// Targets came to an end, of this class.
    TargetsSettled { class: Class, reason: String, targets: Vec<TargetId>, stamp: Stamp },
    /// Targets that had come to an end are of another class since.
    TargetsAmended { from: Class, to: Class, reason: String, targets: Vec<TargetId>, stamp: Stamp },
    /// What was released and not begun goes back to what runs: the targets wait again.
    TargetsWithdrawn { targets: Vec<TargetId>, stamp: Stamp },
    /// The limits were changed on the way.
    RolloutAdjusted { limits: Limits, stamp: Stamp },
    /// Somebody stopped further releases; those under way go on.
    RolloutPaused { reason: String, stamp: Stamp },
    /// A gate, a person or what became of the release stopped it.
    RolloutHalted { cause: HaltCause, stamp: Stamp },
    /// `acknowledged` targets had failed or were lost until now, and halt it no more.
    RolloutResumed { reason: String, acknowledged: u32, stamp: Stamp },
    /// All waves have passed; targets that come back still start.
    RolloutTailing { stamp: Stamp },
    /// All targets are settled.
    RolloutCompleted { tally: Tally, stamp: Stamp },
    /// For ever: whoever was not settled is cancelled.
    RolloutAborted { reason: String, stamp: Stamp },
    /// For ever: whoever was not settled goes with the newer rollout.
    RolloutSuperseded { by: RolloutId, stamp: Stamp },
}

impl DomainEvent for RolloutEvent {}
