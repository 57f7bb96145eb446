//! The state of a rollout, as its facts say it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::egress::Bucket;
use super::event::{Class, PlanDigest, Planned};
use super::gate::Tally;
use super::place::Boundary;
use super::policy::{Approval, Limits};
use crate::ids::{CustomerId, MemberId, TargetId};
use crate::instant::later;
use crate::label::LabelValue;
use crate::permission::VendorRole;
use crate::version::Version;

mod evolve;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Missing,
    /// It waits for approvals, or for its time.
    Planned,
    Running,
    /// Nothing starts; what is in flight finishes.
    Paused,
    /// It is paused, and what nobody has begun is withdrawn.
    Halted,
    /// All waves have passed; those who come back still start.
    Tailing,
    Completed,
    Aborted,
    Superseded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum WavePhase {
    #[default]
    Pending,
    Open,
    Soaking {
        since: DateTime<Utc>,
    },
    Passed,
    Skipped,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wave {
    pub phase: WavePhase,
    pub tally: Tally,
    /// codes of what holds it
    pub holds: BTreeSet<String>,
    /// members that are neither in flight nor settled, in the order of placement
    pub(super) waiting: BTreeMap<Uuid, TargetId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// counted from 0
    pub wave: usize,
    pub customer: CustomerId,
    pub group: Option<LabelValue>,
    /// where a rollback leads
    pub to: Option<Version>,
    pub state: MemberState,
    /// the hop that it was released for last, and which try that was
    pub last: Option<(Version, u32)>,
    /// it had failed or was lost when the rollout was resumed
    acknowledged: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberState {
    Waiting,
    /// It is released for its last hop, since then.
    InFlight {
        since: DateTime<Utc>,
    },
    Settled(Class),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    pub stage: u32,
    pub by: MemberId,
    pub role: VendorRole,
    pub at: DateTime<Utc>,
}

#[derive(Debug, Clone, Default)]
pub struct Rollout {
    pub plan: Option<Planned>,
    pub phase: Phase,
    /// as adjusted
    pub limits: Option<Limits>,
    pub boundaries: Vec<Boundary>,
    pub waves: Vec<Wave>,
    pub members: BTreeMap<TargetId, Member>,
    /// the last tries of those who left: who joins again is tried with higher numbers
    departed: BTreeMap<TargetId, (Version, u32)>,
    pub approvals: Vec<Approved>,
    /// all who planned it, also before it was planned anew
    pub(super) planners: BTreeSet<MemberId>,
    /// stages, and who refused them since the last approval of the stage and the last resume
    pub(super) refused: BTreeSet<(u32, MemberId)>,
    /// when the last wave had passed
    pub tail_from: Option<DateTime<Utc>>,
    /// of the last event
    pub at: DateTime<Utc>,
    /// targets in flight, of each customer and each value of the limited label
    pub(super) by_customer: BTreeMap<CustomerId, u32>,
    pub(super) by_group: BTreeMap<LabelValue, u32>,
    /// starts of the last minute
    starts: VecDeque<(DateTime<Utc>, u32)>,
    pub(super) bucket: Bucket,
}

impl Phase {
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Aborted | Self::Superseded)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Planned => "planned",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Halted => "halted",
            Self::Tailing => "tailing",
            Self::Completed => "completed",
            Self::Aborted => "aborted",
            Self::Superseded => "superseded",
        })
    }
}

impl Wave {
    /// Whether targets of it may start; also those that come back after it has passed.
    pub fn is_opened(&self) -> bool {
        self.phase != WavePhase::Pending
    }

    pub fn is_done(&self) -> bool {
        matches!(self.phase, WavePhase::Passed | WavePhase::Skipped)
    }
}

impl Rollout {
    pub fn has_started(&self) -> bool {
        !self.boundaries.is_empty()
    }

    /// The first wave that has not passed, counted from 0.
    pub fn current_wave(&self) -> Option<usize> {
        self.waves.iter().position(|wave| !wave.is_done())
    }

    /// The members of all waves.
    pub fn total(&self) -> Tally {
        self.waves.iter().fold(Tally::default(), |total, wave| total.plus(&wave.tally))
    }

    pub fn is_in_flight(&self, target: TargetId) -> bool {
        self.members.get(&target).is_some_and(|member| matches!(member.state, MemberState::InFlight { .. }))
    }

    /// Whether a wish for this try of the hop is to be made, or was made and stands.
    pub fn awaits(&self, target: TargetId, hop: &Version, attempt: u32) -> bool {
        let member = self.members.get(&target).filter(|_| self.is_in_flight(target));
        member.and_then(|member| member.last.as_ref()).is_some_and(|last| (&last.0, last.1) == (hop, attempt))
    }

    /// What is needed for a stage: 0 is the start, n the opening of wave n.
    pub fn approval_of(&self, stage: u32) -> Option<&Approval> {
        let policy = &self.plan.as_ref()?.policy;
        match (stage as usize).checked_sub(1) {
            None => policy.approve.as_ref(),
            Some(wave) => policy.waves.get(wave)?.approve.as_ref(),
        }
    }

    /// How many approvals of a stage are missing.
    pub fn missing_approvals(&self, stage: u32, now: DateTime<Utc>) -> u32 {
        let Some(approval) = self.approval_of(stage) else { return 0 };
        let within = approval.within_hours.map(|hours| TimeDelta::hours(hours.into()));
        let counts = |approved: &&Approved| {
            approved.stage == stage && within.is_none_or(|within| now < later(approved.at, within))
        };
        let by: BTreeSet<MemberId> = self.approvals.iter().filter(counts).map(|approved| approved.by).collect();
        approval.count.saturating_sub(by.len() as u32)
    }

    /// Starts within the minute before an instant, and when the first of them is a minute old.
    pub(super) fn starts_before(&self, now: DateTime<Utc>) -> (u32, Option<DateTime<Utc>>) {
        let minute = TimeDelta::seconds(60);
        let mut recent = self.starts.iter().filter(|(at, _)| *at + minute > now).peekable();
        let first = recent.peek().map(|(at, _)| *at + minute);
        (recent.map(|(_, count)| count).sum(), first)
    }

    /// The counts of each wave, if these targets were of the class.
    pub(super) fn tallies_after(&self, targets: &[TargetId], class: Class) -> Vec<Tally> {
        let mut tallies: Vec<Tally> = self.waves.iter().map(|wave| wave.tally).collect();
        for member in targets.iter().filter_map(|target| self.members.get(target)) {
            let tally = &mut tallies[member.wave];
            *tally.count_of(&member.state) -= 1;
            *tally.count_of(&MemberState::Settled(class)) += 1;
            if member.acknowledged {
                *tally.acknowledged_of(&member.state) -= 1;
            }
        }
        tallies
    }

    /// The digest of the plan that approvals have to name.
    pub fn digest(&self) -> Option<PlanDigest> {
        self.plan.as_ref().map(|plan| plan.digest)
    }
}

impl Tally {
    fn count_of(&mut self, state: &MemberState) -> &mut u32 {
        match state {
            MemberState::Waiting => &mut self.waiting,
            MemberState::InFlight { .. } => &mut self.in_flight,
            MemberState::Settled(Class::Succeeded) => &mut self.succeeded,
            MemberState::Settled(Class::Failed) => &mut self.failed,
            MemberState::Settled(Class::Lost) => &mut self.lost,
            MemberState::Settled(_) => &mut self.apart,
        }
    }

    fn acknowledged_of(&mut self, state: &MemberState) -> &mut u32 {
        match state {
            MemberState::Settled(Class::Lost) => &mut self.acknowledged_lost,
            _ => &mut self.acknowledged_failed,
        }
    }
}
