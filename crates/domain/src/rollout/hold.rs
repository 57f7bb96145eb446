//! Holds: why a rollout, a wave or a target waits. Each has a code, a sentence, and an end if one is known.

use chrono::{DateTime, Utc};

use super::world::Refusal;
use crate::instant::shown;
use crate::rejection::Rejection;
use crate::upgrade_path::NoPath;
use crate::version::Version;

/// The reasons, the strongest first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Hold {
    #[error("the rollout waits for {missing} more approvals of stage {stage}")]
    NotApproved { stage: u32, missing: u32 },
    #[error("the rollout begins at {}", shown(until))]
    NotBefore { until: DateTime<Utc> },
    #[error("targets or releases have changed since the plan was approved: plan it anew")]
    PlanChanged,
    #[error("the rollout is paused")]
    Paused,
    #[error("the rollout is halted")]
    Halted,
    #[error("so many targets fell silent at once that the hub doubts its own connection")]
    Suspect { until: Option<DateTime<Utc>> },
    #[error("wave {wave} has not passed yet")]
    EarlierWave { wave: u32 },
    #[error("the wave soaks until {}", shown(until))]
    Soaking { until: DateTime<Utc> },
    #[error(
        "{decided} targets of the wave are decided, and {needed} are needed; skip the wave if nobody can come back"
    )]
    Sample { decided: u32, needed: u32 },
    #[error("{succeeded} of {decided} decided targets succeeded, and {percent} % are needed")]
    Success { succeeded: u32, decided: u32, percent: u32 },
    #[error("{decided} of {members} targets are decided, and {percent} % are needed")]
    Reached { decided: u32, members: u32, percent: u32 },
    #[error(transparent)]
    Path(#[from] NoPath),
    #[error("{}", .0.text)]
    Refused(Refusal),
    #[error("another rollout brings \"{version}\" to the target at the moment")]
    OtherRollout { version: Version },
    #[error("the target was not heard since {}", shown(since))]
    Offline { since: DateTime<Utc> },
    #[error("the target was never heard")]
    NeverHeard,
    #[error("something else is being done on the target")]
    Busy,
    #[error("changes are allowed {}", opening(opens))]
    WindowClosed { opens: Option<DateTime<Utc>> },
    #[error("the window closes at {}, which is too soon", shown(closes))]
    WindowTooShort { closes: DateTime<Utc> },
    #[error("as many targets are in flight as may be, which is {most}")]
    InFlight { most: u32 },
    #[error("as many targets of the customer are in flight as may be, which is {most}")]
    PerCustomer { most: u32 },
    #[error("as many targets of the same label are in flight as may be, which is {most}")]
    PerLabel { most: u32 },
    #[error("as many targets start within a minute as may")]
    Rate { until: Option<DateTime<Utc>> },
    #[error("the registry serves as much for the rollout as it may")]
    Egress { until: DateTime<Utc> },
}

fn opening(opens: &Option<DateTime<Utc>>) -> String {
    match opens {
        Some(opens) => format!("from {} on", shown(opens)),
        None => "not within the next 400 days".to_owned(),
    }
}

/// What a hold does to the wave of its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Effect {
    /// The target starts later, and the wave waits for it.
    Delays,
    /// It may come back, and the wave goes on without it.
    Away,
    /// It is not allowed to start.
    Skips,
}

impl Hold {
    pub(super) fn effect(&self) -> Effect {
        match self {
            Self::Path(NoPath::Unknown) => Effect::Away,
            Self::Path(_) | Self::Refused(_) => Effect::Skips,
            Self::Offline { .. } | Self::NeverHeard | Self::WindowClosed { opens: None } => Effect::Away,
            _ => Effect::Delays,
        }
    }

    /// The instant at which it ends by itself, if it does and that is known.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::NotBefore { until } | Self::Soaking { until } | Self::Egress { until } => Some(*until),
            Self::Suspect { until } | Self::Rate { until } | Self::WindowClosed { opens: until } => *until,
            // it opens again after it has closed
            Self::WindowTooShort { closes } => Some(*closes),
            _ => None,
        }
    }
}

impl Rejection for Hold {
    fn code(&self) -> &'static str {
        match self {
            Self::NotApproved { .. } => "rollout.not_approved",
            Self::NotBefore { .. } => "rollout.not_before",
            Self::PlanChanged => "rollout.plan_changed",
            Self::Paused => "rollout.paused",
            Self::Halted => "rollout.halted",
            Self::Suspect { .. } => "hub.suspect",
            Self::EarlierWave { .. } => "wave.earlier",
            Self::Soaking { .. } => "wave.soaking",
            Self::Sample { .. } => "gate.sample",
            Self::Success { .. } => "gate.success",
            Self::Reached { .. } => "gate.reached",
            Self::Path(no_path) => no_path.code(),
            Self::Refused(refusal) => refusal.code,
            Self::OtherRollout { .. } => "target.other_rollout",
            Self::Offline { .. } => "target.offline",
            Self::NeverHeard => "target.never_heard",
            Self::Busy => "target.busy",
            Self::WindowClosed { .. } => "window.closed",
            Self::WindowTooShort { .. } => "window.too_short",
            Self::InFlight { .. } => "limit.in_flight",
            Self::PerCustomer { .. } => "limit.per_customer",
            Self::PerLabel { .. } => "limit.per_label",
            Self::Rate { .. } => "limit.starts_per_minute",
            Self::Egress { .. } => "limit.egress",
        }
    }
}
