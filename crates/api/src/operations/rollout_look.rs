//! A look at a rollout as it stands now: its stream, and all that it goes by. From it follows why somebody waits.

use chrono::{DateTime, Utc};
use distr_domain::ids::{OrganizationId, RolloutId, TargetId};
use distr_domain::rollout::engine;
use distr_domain::rollout::hold::Hold;
use distr_domain::rollout::world::World;
use distr_domain::rollout::{MemberState, Rollout};
use distr_eventlog::EventLog;

use super::rollout_world::Worlds;
use crate::failure::Failure;

pub struct Look {
    rollout: Rollout,
    world: World,
    now: DateTime<Utc>,
}

impl Look {
    /// Of a rollout that is there.
    pub async fn at(
        log: &dyn EventLog,
        worlds: &Worlds<'_>,
        organization: OrganizationId,
        id: RolloutId,
    ) -> Result<Self, Failure> {
        let (rollout, _) = distr_eventlog::load::<Rollout>(log, id.0).await.map_err(Failure::fault)?;
        let world = match rollout.plan.as_ref().filter(|_| !rollout.phase.is_final()) {
            Some(plan) => worlds.of(organization, id, plan, &rollout.approvals).await?,
            None => World::default(),
        };
        Ok(Self { rollout, world, now: worlds.now })
    }

    /// Why a target does not start now, the strongest reason first.
    pub fn holds(&self, target: TargetId) -> Vec<Hold> {
        engine::why(&self.rollout, &self.world, target, self.now)
    }

    /// Why the wave whose turn it is stands still.
    pub fn standstill(&self) -> Vec<Hold> {
        engine::standstill(&self.rollout, &self.world, self.now)
    }

    /// Those that wait for a reason with this code.
    pub fn held_by(&self, code: &str) -> Vec<TargetId> {
        use distr_domain::rejection::Rejection;
        let waiting = self.rollout.members.iter().filter(|(_, member)| member.state == MemberState::Waiting);
        let targets = waiting.map(|(target, _)| *target);
        targets.filter(|target| self.holds(*target).iter().any(|hold| hold.code() == code)).collect()
    }
}
