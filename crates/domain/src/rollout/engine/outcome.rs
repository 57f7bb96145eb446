//! What became of what was released: only the outcome of the very try that the rollout asked for counts.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::{Action, Look};
use crate::ids::TargetId;
use crate::rejection::Rejection;
use crate::rollout::MAX_TARGETS;
use crate::rollout::command::RolloutCommand;
use crate::rollout::event::Class;
use crate::rollout::hold::{Effect, Hold};
use crate::rollout::state::{Member, MemberState, WavePhase};
use crate::rollout::world::{Outcome, TargetView, Wish};
use crate::upgrade_path::NoPath;
use crate::version::Version;
use crate::window::{Span, open_time};

/// A change of a member's class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Settle(Class),
    Amend(Class),
}

impl Look<'_> {
    pub(super) fn settle_as(&self, class: Class, reason: String, targets: Vec<TargetId>) -> Action {
        let away = (0..self.rollout.waves.len()).map(|wave| self.away(wave)).collect();
        Action::Command(RolloutCommand::Settle { class, reason, targets, away, stamp: self.stamp() })
    }

    /// Settles what has an outcome, and amends what turned out otherwise. The gates are asked by the rollout's stream.
    pub(super) fn settle(&mut self) -> Vec<Action> {
        if self.rollout.phase.is_final() || !self.rollout.has_started() {
            return vec![];
        }
        let mut changes: BTreeMap<(Change, String), Vec<TargetId>> = BTreeMap::new();
        for (target, member) in &self.rollout.members {
            if let Some(change) = self.change(*target, member) {
                changes.entry(change).or_default().push(*target);
            }
        }
        let actions = changes.into_iter().map(|((change, reason), mut targets)| {
            targets.truncate(MAX_TARGETS);
            match change {
                Change::Settle(class) => self.settle_as(class, reason, targets),
                Change::Amend(to) => {
                    let away = (0..self.rollout.waves.len()).map(|wave| self.away(wave)).collect();
                    Action::Command(RolloutCommand::Amend { to, reason, targets, away, stamp: self.stamp() })
                }
            }
        });
        actions.collect()
    }

    fn change(&mut self, target: TargetId, member: &Member) -> Option<(Change, String)> {
        let (world, plan) = (self.world, self.plan);
        let view = world.targets.get(&target)?;
        let last = member.last.as_ref();
        let own =
            view.wish.as_ref().filter(|wish| last.is_some_and(|last| (&wish.hop, wish.attempt) == (&last.0, last.1)));
        let to = member.to.as_ref().unwrap_or(&plan.version);
        match member.state {
            MemberState::InFlight { .. } => self.of_flight(member, view, own, to),
            MemberState::Waiting => match own.filter(|wish| wish.is_begun && wish.replaced_by.is_none()) {
                // it had begun when it was withdrawn
                Some(Wish { outcome: Outcome::Healthy, hop, .. }) if hop == to => {
                    Some((Change::Settle(self.success()), String::new()))
                }
                Some(Wish { outcome: Outcome::Failed { reason, .. }, .. }) => {
                    Some((Change::Settle(Class::Failed), reason.clone()))
                }
                _ => self.nothing_to_do(target, member),
            },
            MemberState::Settled(Class::Lost) => {
                let own = own.filter(|wish| wish.replaced_by.is_none() && wish.hop == *to)?;
                let is_late = own.outcome == Outcome::Healthy && self.success() == Class::Succeeded;
                is_late.then(|| (Change::Amend(Class::Succeeded), "late".to_owned()))
            }
            MemberState::Settled(Class::Succeeded) if !self.has_passed(member.wave) => {
                let reason = self.failure(own.filter(|wish| wish.replaced_by.is_none())?)?;
                Some((Change::Amend(Class::Failed), reason))
            }
            MemberState::Settled(_) => None,
        }
    }

    fn has_passed(&self, wave: usize) -> bool {
        self.rollout.waves[wave].phase == WavePhase::Passed
    }

    fn success(&self) -> Class {
        match self.plan.kind {
            crate::rollout::Kind::Rollback => Class::RolledBack,
            _ => Class::Succeeded,
        }
    }

    fn of_flight(
        &mut self,
        member: &Member,
        view: &TargetView,
        own: Option<&Wish>,
        to: &Version,
    ) -> Option<(Change, String)> {
        if let Some(generation) = own.and_then(|wish| wish.replaced_by) {
            return Some((Change::Settle(Class::Superseded), format!("generation {generation}")));
        }
        match own.map(|wish| &wish.outcome) {
            Some(Outcome::Healthy) if own.is_some_and(|wish| wish.hop == *to) => {
                Some((Change::Settle(self.success()), String::new()))
            }
            Some(Outcome::Healthy) if self.tail_is_over() => {
                Some((Change::Settle(Class::Unreached), "rollout.ended".to_owned()))
            }
            // the next hop, if one is allowed
            Some(Outcome::Healthy) => {
                let own = own?;
                let on_hop = self.onward(member, view, &own.hop);
                let skip = on_hop.err()?.into_iter().find(|hold| hold.effect() == Effect::Skips)?;
                Some((Change::Settle(Class::Skipped), skip.code().to_owned()))
            }
            Some(Outcome::Failed { is_transient: true, .. }) if self.has_retry(member) => None,
            Some(Outcome::Failed { .. } | Outcome::Unhealthy { .. }) => {
                Some((Change::Settle(Class::Failed), self.failure(own?)?))
            }
            Some(Outcome::Open) | None => self.loss(member, view),
        }
    }

    pub(super) fn has_retry(&self, member: &Member) -> bool {
        let is_in_time = !self.tail_is_over();
        is_in_time && member.last.as_ref().is_some_and(|(_, attempt)| *attempt <= self.plan.policy.retries)
    }

    /// The hop after a proven one.
    pub(super) fn onward(&self, member: &Member, view: &TargetView, proven: &Version) -> Result<Version, Vec<Hold>> {
        let running = crate::upgrade_path::Running::Version(proven.clone());
        let to = member.to.as_ref().unwrap_or(&self.plan.version);
        let mut holds: Vec<Hold> = view.refusal.clone().map(Hold::Refused).into_iter().collect();
        let hop = self.world.catalog.next_hop(&running, to);
        holds.extend(hop.as_ref().err().cloned().map(Hold::Path));
        holds.extend(self.window_hold(view));
        match hop {
            Ok(hop) if holds.is_empty() => Ok(hop),
            _ => Err(holds),
        }
    }

    /// Why a wish counts as failed by now, if it does.
    fn failure(&mut self, wish: &Wish) -> Option<String> {
        match &wish.outcome {
            Outcome::Failed { reason, .. } => Some(reason.clone()),
            Outcome::Unhealthy { since, reason } => {
                let ends = *since + TimeDelta::minutes(self.plan.policy.unhealthy_grace_minutes.into());
                self.wake_at(ends);
                (self.now >= ends).then(|| reason.clone())
            }
            Outcome::Open | Outcome::Healthy => None,
        }
    }

    /// No outcome came in time: while windows were open, and while this hub could have heard one.
    fn loss(&mut self, member: &Member, view: &TargetView) -> Option<(Change, String)> {
        let MemberState::InFlight { since } = member.state else { return None };
        let timeout = TimeDelta::minutes(self.plan.policy.timeout_minutes.into());
        let from = since.max(self.world.listening_since);
        let passed = open_time(&self.windows(view), Span { from, to: self.now });
        if passed < timeout {
            self.wake_at(self.now + (timeout - passed));
            return None;
        }
        if self.world.is_suspect(self.now) {
            self.world.suspect_until(self.now).into_iter().for_each(|until| self.wake_at(until));
            return None;
        }
        let minutes = self.plan.policy.timeout_minutes;
        Some((Change::Settle(Class::Lost), format!("no outcome within {minutes} minutes")))
    }

    /// Who runs the release already, or a newer one, is not waited for.
    fn nothing_to_do(&self, target: TargetId, member: &Member) -> Option<(Change, String)> {
        let holds = self.standing(target, member).err()?;
        let done = holds.iter().find(|hold| matches!(hold, Hold::Path(NoPath::Arrived(_) | NoPath::Newer { .. })))?;
        Some((Change::Settle(Class::Skipped), done.code().to_owned()))
    }
}
