//! A target in a rollout.

use async_graphql::{Context, Enum, Object, Result};
use chrono::{DateTime, Utc};
use distr_domain::rollout::Class;
use distr_projections::rollout_target::{RolloutTargetRow, WantedState};

use super::hold::{RolloutHold, look};
use crate::graphql::loader::{LookAt, Of};
use crate::graphql::scalar::Version;
use crate::graphql::target::{self, Target};

/// The state of a target in a rollout.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RolloutMemberState {
    /// The target waits for its turn, or is held.
    Waiting,
    /// The target is released, and has no outcome yet.
    InFlight,
    /// The release became healthy there.
    Succeeded,
    /// The release failed there, or became unhealthy.
    Failed,
    /// No outcome came in time. A late success amends it.
    Lost,
    /// The target runs what it ran before.
    RolledBack,
    /// The release was not allowed there, or there was nothing to do.
    Skipped,
    /// Another wish or rollout took the target over.
    Superseded,
    /// The target was not released when the rollout ended.
    Cancelled,
    /// The target could not be reached until the end.
    Unreached,
}

impl From<RolloutMemberState> for WantedState {
    fn from(state: RolloutMemberState) -> Self {
        use RolloutMemberState as State;
        let class = match state {
            State::Waiting => return Self::Waiting,
            State::InFlight => return Self::InFlight,
            State::Succeeded => Class::Succeeded,
            State::Failed => Class::Failed,
            State::Lost => Class::Lost,
            State::RolledBack => Class::RolledBack,
            State::Skipped => Class::Skipped,
            State::Superseded => Class::Superseded,
            State::Cancelled => Class::Cancelled,
            State::Unreached => Class::Unreached,
        };
        Self::Settled(class)
    }
}

impl RolloutMemberState {
    fn of(row: &RolloutTargetRow) -> Self {
        match (row.class, row.in_flight_since) {
            (None, None) => Self::Waiting,
            (None, Some(_)) => Self::InFlight,
            (Some(Class::Succeeded), _) => Self::Succeeded,
            (Some(Class::Failed), _) => Self::Failed,
            (Some(Class::Lost), _) => Self::Lost,
            (Some(Class::RolledBack), _) => Self::RolledBack,
            (Some(Class::Skipped), _) => Self::Skipped,
            (Some(Class::Superseded), _) => Self::Superseded,
            (Some(Class::Cancelled), _) => Self::Cancelled,
            (Some(Class::Unreached), _) => Self::Unreached,
        }
    }
}

pub(super) struct RolloutMember(pub RolloutTargetRow);

/// A target in a rollout: its wave, and what became of it.
#[Object]
impl RolloutMember {
    /// The target.
    async fn target(&self, ctx: &Context<'_>) -> Result<Target> {
        Ok(target::load_nested(ctx, self.0.target).await?)
    }

    /// The number of the wave; the first is 1.
    async fn wave(&self) -> u32 {
        self.0.wave
    }

    /// The state.
    async fn state(&self) -> RolloutMemberState {
        RolloutMemberState::of(&self.0)
    }

    /// The reason for the state, if it is settled: the agent's sentence, or the code of a rule; null if there is none.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }

    /// The reasons for which the target does not start now, the strongest first; empty unless it waits.
    #[graphql(complexity = "20 + child_complexity")]
    async fn holds(&self, ctx: &Context<'_>) -> Result<Vec<RolloutHold>> {
        if RolloutMemberState::of(&self.0) != RolloutMemberState::Waiting {
            return Ok(vec![]);
        }
        let seen = look(ctx, LookAt(Of { organization: self.0.organization, id: self.0.rollout })).await?;
        Ok(seen.holds(self.0.target).iter().map(RolloutHold::from).collect())
    }

    /// The version that the target was released for last; null if it was not. It is lower than the rollout's where a required release
    /// is on the way.
    async fn hop(&self) -> Option<Version> {
        self.0.hop.clone().map(Version)
    }

    /// The number of the try of that version, from 1; null if there was none.
    async fn attempt(&self) -> Option<u32> {
        self.0.attempt
    }

    /// The time since which the target is in flight; null if it is not.
    async fn in_flight_since(&self) -> Option<DateTime<Utc>> {
        self.0.in_flight_since
    }

    /// The time at which the target was settled; null if it is not.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.0.settled_at
    }
}
