//! What may be asked of a rollout, by people and by the engine, and the refusals.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::event::{Class, HaltCause, Placed, PlanDigest, Planned, Stamp, Start};
use super::gate::Away;
use super::place::Boundary;
use super::policy::{Limits, PolicyRejection};
use super::state::Phase;
use super::world::Standing;
use crate::ids::{MemberId, RolloutId, TargetId};
use crate::permission::VendorRole;
use crate::rejection::Rejection;

/// Waves are counted from 1; stage 0 is the start, stage n the opening of wave n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutCommand {
    /// Also anew, as long as it has not started. With a beginning it starts at once, unless it has to wait for approvals or its time.
    Plan {
        plan: Box<Planned>,
        begins: Option<Beginning>,
        stamp: Stamp,
    },
    Approve {
        stage: u32,
        digest: PlanDigest,
        by: MemberId,
        role: VendorRole,
        at: DateTime<Utc>,
    },
    RefuseApproval {
        stage: u32,
        by: MemberId,
        reason: String,
        at: DateTime<Utc>,
    },
    /// Approvals of stages that have not begun lapse where whoever gave them could not give them now.
    LapseApprovals {
        standing: Standing,
        stamp: Stamp,
    },
    /// `digest` is that of the plan as it would be made now.
    Start {
        digest: PlanDigest,
        boundaries: Vec<Boundary>,
        zones: String,
        stamp: Stamp,
    },
    /// Those that are members already are passed over.
    Place {
        wave: u32,
        targets: Vec<Placed>,
        stamp: Stamp,
    },
    Leave {
        targets: Vec<TargetId>,
        stamp: Stamp,
    },
    OpenWave {
        wave: u32,
        stamp: Stamp,
    },
    Hold {
        wave: u32,
        holds: BTreeSet<String>,
        stamp: Stamp,
    },
    Soak {
        wave: u32,
        stamp: Stamp,
    },
    /// `away` is of the wave.
    Pass {
        wave: u32,
        away: Away,
        stamp: Stamp,
    },
    SkipWave {
        wave: u32,
        reason: String,
        stamp: Stamp,
    },
    /// Those that are released already, or settled, are passed over.
    Release {
        wave: u32,
        starts: Vec<Start>,
        stamp: Stamp,
    },
    /// `away` is of each wave. Those that are settled already are passed over. A gate halts the rollout with the same fact.
    Settle {
        class: Class,
        reason: String,
        targets: Vec<TargetId>,
        away: Vec<Away>,
        stamp: Stamp,
    },
    /// The same for a class that turned out otherwise: lost to succeeded, succeeded to failed.
    Amend {
        to: Class,
        reason: String,
        targets: Vec<TargetId>,
        away: Vec<Away>,
        stamp: Stamp,
    },
    /// Of a halted rollout.
    Withdraw {
        targets: Vec<TargetId>,
        stamp: Stamp,
    },
    Adjust {
        limits: Limits,
        /// nobody who could approve anything, if none
        by: Option<(MemberId, VendorRole)>,
        stamp: Stamp,
    },
    Pause {
        reason: String,
        stamp: Stamp,
    },
    Halt {
        cause: HaltCause,
        stamp: Stamp,
    },
    Resume {
        reason: String,
        stamp: Stamp,
    },
    Tail {
        stamp: Stamp,
    },
    Complete {
        stamp: Stamp,
    },
    Abort {
        reason: String,
        stamp: Stamp,
    },
    Supersede {
        by: RolloutId,
        stamp: Stamp,
    },
}

/// What a rollout keeps of the plan that it starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning {
    pub boundaries: Vec<Boundary>,
    /// the version of the time zones' database
    pub zones: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RolloutRejection {
    #[error("there is no such rollout")]
    NotFound,
    #[error("the rollout has started; give the next one another name")]
    Exists,
    #[error("nobody would be in the rollout: no target in its scope would change its version")]
    Empty,
    #[error("the plan is another one by now, as targets or releases have changed: look at it again")]
    PlanChanged,
    #[error("stage {stage} needs {missing} more approvals")]
    NotApproved { stage: u32, missing: u32 },
    #[error("stage {stage} needs no approval")]
    NoApprovalNeeded { stage: u32 },
    #[error("whoever planned the rollout does not approve it; somebody else must")]
    OwnApproval,
    #[error("a rollout is approved by a person of the vendor, and not by a robot")]
    NotAPerson,
    #[error("stage {stage} is approved by other roles than yours")]
    ApproverRole { stage: u32 },
    #[error(
        "approvals of this rollout rest on the limits of its plan: whoever may approve it raises them above those, and not whoever planned it"
    )]
    LimitsApproved,
    #[error("the approval is of another plan than the one that the rollout has: look at it again")]
    ApprovalStale,
    #[error("the rollout is {phase}, so it cannot be done now")]
    WrongState { phase: Phase },
    #[error("the rollout is halted; resume it with a reason, or abort it")]
    Halted,
    #[error("the rollout is {phase} for ever")]
    Final { phase: Phase },
    #[error("it would be more than limit {what} allows, which is {most}")]
    OverLimit { what: &'static str, most: u64 },
    #[error("wave {wave} is not there, or not at this point; its turn comes after the waves before it")]
    WaveClosed { wave: u32 },
    #[error("wave {wave} does not satisfy its gate yet")]
    GateNotMet { wave: u32 },
    #[error("{count} targets are too many at once; at most {most}")]
    TooMany { count: usize, most: usize },
    #[error("a target that is {from} does not become {to}")]
    NoAmendment { from: &'static str, to: &'static str },
    #[error(transparent)]
    Policy(#[from] PolicyRejection),
}

impl Rejection for RolloutRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "rollout.not_found",
            Self::Exists => "rollout.exists",
            Self::Empty => "rollout.empty",
            Self::PlanChanged => "rollout.plan_changed",
            Self::NotApproved { .. } => "rollout.not_approved",
            Self::NoApprovalNeeded { .. } => "rollout.no_approval_needed",
            Self::OwnApproval => "rollout.own_approval",
            Self::NotAPerson => "rollout.not_a_person",
            Self::ApproverRole { .. } => "rollout.approver_role",
            Self::LimitsApproved => "rollout.limits_approved",
            Self::ApprovalStale => "rollout.approval_stale",
            Self::WrongState { .. } => "rollout.wrong_state",
            Self::Halted => "rollout.halted",
            Self::Final { .. } => "rollout.final",
            Self::OverLimit { .. } => "rollout.over_limit",
            Self::WaveClosed { .. } => "rollout.wave_closed",
            Self::GateNotMet { .. } => "rollout.gate_not_met",
            Self::TooMany { .. } => "rollout.too_many",
            Self::NoAmendment { .. } => "rollout.no_amendment",
            Self::Policy(rejection) => rejection.code(),
        }
    }
}
