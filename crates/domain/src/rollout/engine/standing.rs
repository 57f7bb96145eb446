//! Whether a member may start, apart from limits.

use super::Look;
use crate::ids::TargetId;
use crate::rejection::Rejection;
use crate::rollout::event::Class;
use crate::rollout::gate::Away;
use crate::rollout::hold::{Effect, Hold};
use crate::rollout::plan::first_hop;
use crate::rollout::state::Member;
use crate::rollout::world::{Presence, TargetView};
use crate::upgrade_path::NoPath;
use crate::version::Version;
use crate::window::{Opening, Windows, opening};

impl<'a> Look<'a> {
    /// The windows that bind a target: its owners' and the rollout's.
    pub(super) fn windows<'v>(&self, view: &'v TargetView) -> Vec<&'v Windows>
    where
        'a: 'v,
    {
        view.windows.iter().chain(&self.plan.policy.windows).collect()
    }

    /// The next hop of a target, or all that holds it.
    pub(super) fn standing(&self, target: TargetId, member: &Member) -> Result<Version, Vec<Hold>> {
        self.way(target, member.to.as_ref())
    }

    /// The same on the way to `to`, which is where the plan leads if it is none.
    pub(super) fn way(&self, target: TargetId, to: Option<&Version>) -> Result<Version, Vec<Hold>> {
        let Some(view) = self.world.targets.get(&target) else { return Err(vec![Hold::Path(NoPath::Unknown)]) };
        let mut holds = vec![];
        let to = to.unwrap_or(&self.plan.version);
        let hop = first_hop(self.plan, self.world, view, to);
        holds.extend(hop.as_ref().err().cloned().map(Hold::Path));
        holds.extend(view.refusal.clone().map(Hold::Refused));
        // of several rollouts the highest goes first, and what is in flight before it
        let other = view.claim.as_ref().filter(|claim| claim.in_flight);
        holds.extend(other.map(|claim| Hold::OtherRollout { version: claim.version.clone() }));
        match view.presence {
            Presence::Fresh => {}
            Presence::Never => holds.push(Hold::NeverHeard),
            Presence::Silent { since, .. } => holds.push(Hold::Offline { since }),
        }
        holds.extend(view.is_busy.then_some(Hold::Busy));
        holds.extend(self.window_hold(view));
        match hop {
            Ok(hop) if holds.is_empty() => Ok(hop),
            _ => Err(holds),
        }
    }

    pub(super) fn window_hold(&self, view: &TargetView) -> Option<Hold> {
        let lead = chrono::TimeDelta::minutes(self.plan.policy.lead_minutes.into());
        match opening(&self.windows(view), self.now) {
            Opening::Closed { opens } => Some(Hold::WindowClosed { opens }),
            Opening::Open { until: Some(closes) } if closes - self.now < lead => Some(Hold::WindowTooShort { closes }),
            Opening::Open { .. } => None,
        }
    }

    /// Members of a wave that cannot start and may come back, or are not allowed to.
    pub(super) fn away(&self, wave: usize) -> Away {
        let mut away = Away::default();
        for (target, member) in self.waiting(wave) {
            let holds = self.standing(target, member).err().unwrap_or_default();
            match holds.iter().map(Hold::effect).max() {
                Some(Effect::Skips) => away.skipped += 1,
                Some(Effect::Away) => away.waiting += 1,
                Some(Effect::Delays) | None => {}
            }
        }
        away
    }

    /// Members of a wave that wait, in their order.
    pub(super) fn waiting(&self, wave: usize) -> impl Iterator<Item = (TargetId, &'a Member)> + use<'a> {
        let rollout = self.rollout;
        let waiting = rollout.waves[wave].waiting.values();
        waiting.filter_map(|target| Some((*target, rollout.members.get(target)?)))
    }

    /// The class, and the reason, of a member that never started, when the rollout ends.
    pub(super) fn class_at_end(&self, target: TargetId, member: &Member) -> (Class, String) {
        let holds = self.standing(target, member).err().unwrap_or_default();
        match holds.iter().find(|hold| hold.effect() == Effect::Skips) {
            Some(hold) => (Class::Skipped, hold.code().to_owned()),
            None => (Class::Unreached, holds.first().map_or("rollout.ended", Hold::code).to_owned()),
        }
    }
}
