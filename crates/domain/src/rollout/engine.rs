//! The engine: what should happen next, as a pure function of a rollout's state, of what is known of its targets, and of the time. A preview,
//! a backtest and life ask the same function. It answers with one kind of action at a time; who has done them asks again, until there
//! is nothing to do before `next_wake`, or before something new is known.

mod outcome;
mod release;
mod standing;
mod wave;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::command::RolloutCommand;
use super::event::{HaltCause, Planned, Stamp};
use super::hold::Hold;
use super::plan::draft;
use super::policy::OnHalt;
use super::state::{MemberState, Phase, Rollout};
use super::world::{World, destination};
use super::{MAX_TARGETS, plan};
use crate::ids::TargetId;
use crate::rejection::Rejection;
use crate::version::Version;
use crate::window::database;

/// What is to be done, in this order, and when to look again if nothing new is known before.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    pub actions: Vec<Action>,
    pub next_wake: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// For the rollout's own stream.
    Command(RolloutCommand),
    /// The target's deployment is to be asked for this try of the hop, once.
    Wish { target: TargetId, hop: Version, attempt: u32 },
    /// The wish that nobody has begun goes back to what runs.
    Withdraw { target: TargetId },
}

/// What happens next.
pub fn next<'a>(rollout: &'a Rollout, world: &'a World, now: DateTime<Utc>) -> Turn {
    let Some(plan) = &rollout.plan else { return Turn::default() };
    // a clock that goes back changes nothing that was decided
    let now = now.max(rollout.at);
    let mut look = Look { rollout, plan, world, now, wake: None };
    let steps: [fn(&mut Look<'a>) -> Vec<Action>; 12] = [
        Look::lapse,
        Look::begin,
        Look::leave,
        Look::settle,
        Look::halt,
        Look::withdraw,
        Look::wish,
        Look::supersede,
        Look::place,
        Look::wave,
        Look::release,
        Look::hold,
    ];
    let actions = steps.into_iter().map(|step| step(&mut look)).find(|actions| !actions.is_empty());
    Turn { actions: actions.unwrap_or_default(), next_wake: look.wake }
}

/// Why a member does not start now: all reasons, the strongest first. None if it may start, has started, or is settled.
pub fn why(rollout: &Rollout, world: &World, target: TargetId, now: DateTime<Utc>) -> Vec<Hold> {
    let (Some(plan), Some(member)) = (&rollout.plan, rollout.members.get(&target)) else { return vec![] };
    let look = Look { rollout, plan, world, now: now.max(rollout.at), wake: None };
    if member.state != MemberState::Waiting {
        return vec![];
    }
    let mut holds = look.rollout_holds();
    holds.extend(look.wave_hold(member.wave));
    holds.extend(look.standing(target, member).err().unwrap_or_default());
    holds.extend(look.limit_hold(member));
    holds
}

/// Why the wave whose turn it is stands still, each reason once, with the first sentence of its kind. None if somebody of it is in
/// flight, or nothing holds it.
pub fn standstill(rollout: &Rollout, world: &World, now: DateTime<Utc>) -> Vec<Hold> {
    let Some(plan) = rollout.plan.as_ref().filter(|_| !rollout.phase.is_final()) else { return vec![] };
    let look = Look { rollout, plan, world, now: now.max(rollout.at), wake: None };
    let holds = match rollout.current_wave().filter(|_| rollout.has_started()) {
        Some(wave) if rollout.waves[wave].tally.in_flight > 0 => look.rollout_holds(),
        Some(wave) => look.standstill(wave),
        None => look.rollout_holds(),
    };
    let mut codes = BTreeSet::new();
    holds.into_iter().filter(|hold| codes.insert(hold.code())).collect()
}

/// The first hop of a target that a plan would take in, or all that would hold the target if its turn came now.
pub fn preview(plan: &Planned, world: &World, target: TargetId, now: DateTime<Utc>) -> Result<Version, Vec<Hold>> {
    let to = world.targets.get(&target).and_then(|view| destination(plan, view));
    Look { rollout: &Rollout::default(), plan, world, now, wake: None }.way(target, to.as_ref())
}

/// One look at everything.
struct Look<'a> {
    rollout: &'a Rollout,
    plan: &'a Planned,
    world: &'a World,
    now: DateTime<Utc>,
    wake: Option<DateTime<Utc>>,
}

impl Look<'_> {
    fn stamp(&self) -> Stamp {
        Stamp { seen: self.world.seen, at: self.now }
    }

    /// Something changes by itself then.
    fn wake_at(&mut self, at: DateTime<Utc>) {
        if at > self.now {
            self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
        }
    }

    fn is_moving(&self) -> bool {
        matches!(self.rollout.phase, Phase::Running | Phase::Tailing)
    }

    /// What holds all targets.
    fn rollout_holds(&self) -> Vec<Hold> {
        let mut holds = vec![];
        if !self.rollout.has_started() {
            let missing = self.rollout.missing_approvals(0, self.now);
            holds.extend((missing > 0).then_some(Hold::NotApproved { stage: 0, missing }));
            let until = self.plan.not_before.filter(|until| *until > self.now);
            holds.extend(until.map(|until| Hold::NotBefore { until }));
        }
        match self.rollout.phase {
            Phase::Paused => holds.push(Hold::Paused),
            Phase::Halted => holds.push(Hold::Halted),
            _ => {}
        }
        let is_suspect = self.world.is_suspect(self.now);
        holds.extend(is_suspect.then(|| Hold::Suspect { until: self.world.suspect_until(self.now) }));
        holds
    }

    /// Approvals lapse before anything begins by them.
    fn lapse(&mut self) -> Vec<Action> {
        let standing = &self.world.approvers;
        let is_open = !self.rollout.phase.is_final();
        match is_open && self.rollout.lapsed_approvals(standing).next().is_some() {
            true => {
                let (standing, stamp) = (standing.clone(), self.stamp());
                vec![Action::Command(RolloutCommand::LapseApprovals { standing, stamp })]
            }
            false => vec![],
        }
    }

    /// Starts what is approved and due. A plan that nobody had to approve is made anew if targets have changed.
    fn begin(&mut self) -> Vec<Action> {
        if self.rollout.phase != Phase::Planned {
            return vec![];
        }
        let holds = self.rollout_holds();
        holds.iter().filter_map(Hold::until).for_each(|until| self.wake_at(until));
        if !holds.is_empty() {
            return vec![];
        }
        let draft = draft(self.plan, self.world);
        let stamp = self.stamp();
        let command = match draft.digest == self.plan.digest {
            true => {
                let zones = database().to_owned();
                RolloutCommand::Start { digest: draft.digest, boundaries: draft.boundaries, zones, stamp }
            }
            false if self.rollout.approval_of(0).is_none() && draft.members() > 0 => {
                let plan = Planned { digest: draft.digest, members: draft.members(), ..self.plan.clone() };
                RolloutCommand::Plan { plan: Box::new(plan), begins: None, stamp }
            }
            false => return vec![],
        };
        vec![Action::Command(command)]
    }

    /// Members whose target is retired, or whose deployment is removed, are members no more. Of one that is not known nothing follows.
    fn leave(&mut self) -> Vec<Action> {
        let is_gone = |target: &&TargetId| self.world.targets.get(*target).is_some_and(|view| view.is_gone);
        let open = if self.rollout.phase.is_final() { None } else { Some(()) };
        let gone = open.iter().flat_map(|()| self.rollout.members.keys()).filter(is_gone);
        let targets: Vec<TargetId> = gone.take(MAX_TARGETS).copied().collect();
        match targets.is_empty() {
            true => vec![],
            false => vec![Action::Command(RolloutCommand::Leave { targets, stamp: self.stamp() })],
        }
    }

    /// A revoked release is rolled out no further.
    fn halt(&mut self) -> Vec<Action> {
        let is_open = self.is_moving() || (self.rollout.phase == Phase::Paused && self.rollout.has_started());
        let revoked = self.world.catalog.0.get(&self.plan.version).and_then(|rules| rules.revoked.clone());
        // a rollback leads away from it
        let is_going_there = self.plan.kind != super::Kind::Rollback;
        match revoked.filter(|_| is_open && is_going_there) {
            Some(reason) => {
                let cause = HaltCause::ReleaseRevoked { reason };
                vec![Action::Command(RolloutCommand::Halt { cause, stamp: self.stamp() })]
            }
            None => vec![],
        }
    }

    /// What a halt, or an end, found released and not begun goes back: first in the rollout's stream, then at the deployments.
    fn withdraw(&mut self) -> Vec<Action> {
        let rollout = self.rollout;
        let has_stopped = matches!(rollout.phase, Phase::Halted | Phase::Aborted | Phase::Superseded);
        let withdraws = self.plan.policy.on_halt == OnHalt::Withdraw;
        let wish = |target: &TargetId| self.world.targets.get(target).and_then(|view| view.wish.as_ref());
        let is_begun = |target: &TargetId, last: Option<&(Version, u32)>| {
            let same =
                wish(target).filter(|wish| last.is_some_and(|last| (&wish.hop, wish.attempt) == (&last.0, last.1)));
            same.is_some_and(|wish| wish.is_begun || wish.replaced_by.is_some())
        };
        if rollout.phase == Phase::Halted && withdraws {
            let idle = rollout.members.iter().filter(|(target, member)| {
                matches!(member.state, MemberState::InFlight { .. }) && !is_begun(target, member.last.as_ref())
            });
            let targets: Vec<TargetId> = idle.map(|(target, _)| *target).take(MAX_TARGETS).collect();
            if !targets.is_empty() {
                return vec![Action::Command(RolloutCommand::Withdraw { targets, stamp: self.stamp() })];
            }
        }
        let unwanted = rollout.members.iter().filter(|(target, member)| {
            let is_unwanted = match member.state {
                MemberState::Waiting => true,
                MemberState::InFlight { .. } => false,
                // one that was lost may come back, too
                MemberState::Settled(_) => has_stopped && withdraws,
            };
            let is_open = |wish: &&super::world::Wish| !wish.is_begun && wish.replaced_by.is_none();
            is_unwanted && wish(target).filter(is_open).is_some()
        });
        unwanted.map(|(target, _)| Action::Withdraw { target: *target }).take(MAX_TARGETS).collect()
    }

    /// What was released is asked for; also after a crash between the two.
    fn wish(&mut self) -> Vec<Action> {
        if self.rollout.phase.is_final() {
            return vec![];
        }
        let released = self.rollout.members.iter().filter_map(|(target, member)| {
            let (hop, attempt) = member.last.as_ref().filter(|_| self.rollout.is_in_flight(*target))?;
            let wish = self.world.targets.get(target)?.wish.as_ref();
            let is_made = wish.is_some_and(|wish| (&wish.hop, wish.attempt) == (hop, *attempt));
            (!is_made).then(|| Action::Wish { target: *target, hop: hop.clone(), attempt: *attempt })
        });
        released.take(super::MAX_RELEASED).collect()
    }

    /// A newer rollout of the application takes over what this one has not released.
    fn supersede(&mut self) -> Vec<Action> {
        if self.rollout.phase.is_final() || !self.rollout.has_started() {
            return vec![];
        }
        let claim = |target: &TargetId| {
            let claim = self.world.targets.get(target)?.claim.as_ref()?;
            (claim.version > self.plan.version).then_some(claim)
        };
        let waiting = self.rollout.members.iter().filter(|(_, member)| member.state == MemberState::Waiting);
        let taken: Vec<_> = waiting.filter_map(|(target, _)| Some((*target, claim(target)?))).collect();
        let Some((_, first)) = taken.first() else { return vec![] };
        let is_all = taken.len() as u32 == self.rollout.total().waiting && self.rollout.total().in_flight == 0;
        let is_one = taken.iter().all(|(_, claim)| claim.rollout == first.rollout);
        if is_all && is_one {
            let command = RolloutCommand::Supersede { by: first.rollout, stamp: self.stamp() };
            return vec![Action::Command(command)];
        }
        let of_first = taken.iter().filter(|(_, claim)| claim.rollout == first.rollout).take(MAX_TARGETS);
        let targets = of_first.map(|(target, _)| *target).collect();
        vec![self.settle_as(
            super::Class::Superseded,
            format!("rollout {} to \"{}\"", first.rollout, first.version),
            targets,
        )]
    }

    /// All members first, in the order of waves; later those who join.
    fn place(&mut self) -> Vec<Action> {
        let is_first = self.rollout.waves.first().is_some_and(|wave| !wave.is_opened());
        if !self.is_moving() || (self.plan.policy.closed && !is_first) || self.tail_is_over() {
            return vec![];
        }
        let current = self.rollout.current_wave().unwrap_or(self.rollout.waves.len() - 1);
        let new = self.world.targets.iter().filter(|(target, view)| {
            !self.rollout.members.contains_key(target) && super::world::may_join(self.plan, view)
        });
        let Planned { policy, seed, .. } = self.plan;
        let mut waves: Vec<Vec<super::Placed>> = vec![vec![]; self.rollout.waves.len()];
        for (target, view) in new {
            let of = plan::placeable(*target, view);
            let Some(wave) = super::place::wave_of(policy, *seed, &self.rollout.boundaries, of) else { continue };
            // a wave that has passed takes nobody in
            let wave = if self.rollout.waves[wave].is_done() { current } else { wave };
            if waves[wave].len() < MAX_TARGETS {
                waves[wave].push(plan::placed(self.plan, *target, view));
            }
        }
        let stamp = self.stamp();
        let filled = waves.into_iter().enumerate().filter(|(_, targets)| !targets.is_empty());
        let commands = filled.map(|(wave, targets)| RolloutCommand::Place { wave: wave as u32 + 1, targets, stamp });
        commands.map(Action::Command).collect()
    }
}
