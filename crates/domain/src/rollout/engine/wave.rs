//! The turns of waves: one opens, soaks and passes after the other; behind the last one is the tail, and then the end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Action, Look};
use crate::ids::TargetId;
use crate::rejection::Rejection;
use crate::rollout::MAX_TARGETS;
use crate::rollout::command::RolloutCommand;
use crate::rollout::gate::NotPassed;
use crate::rollout::hold::{Effect, Hold};
use crate::rollout::state::{Phase, WavePhase};

impl Look<'_> {
    /// The next step of the wave whose turn it is, or of the end.
    pub(super) fn wave(&mut self) -> Vec<Action> {
        match (self.rollout.phase, self.rollout.current_wave()) {
            (Phase::Running, Some(wave)) => self.turn(wave).map(Action::Command).into_iter().collect(),
            (Phase::Running | Phase::Tailing, None) => self.end(),
            _ => vec![],
        }
    }

    fn turn(&mut self, index: usize) -> Option<RolloutCommand> {
        let (stamp, number) = (self.stamp(), index as u32 + 1);
        let wave = &self.rollout.waves[index];
        match wave.phase {
            WavePhase::Pending => {
                let is_approved = self.rollout.missing_approvals(number, self.now) == 0;
                is_approved.then_some(RolloutCommand::OpenWave { wave: number, stamp })
            }
            WavePhase::Open if wave.tally.members() == wave.tally.apart => {
                Some(RolloutCommand::Pass { wave: number, away: self.away(index), stamp })
            }
            WavePhase::Open if wave.tally.in_flight == 0 && !self.has_startable(index) => {
                Some(RolloutCommand::Soak { wave: number, stamp })
            }
            WavePhase::Soaking { since } => {
                let ends = since + self.soak(index);
                self.wake_at(ends);
                let is_over = self.now >= ends && wave.tally.in_flight == 0 && !self.has_startable(index);
                let away = self.away(index);
                let passes = is_over && self.gate_hold(index).is_none();
                passes.then_some(RolloutCommand::Pass { wave: number, away, stamp })
            }
            _ => None,
        }
    }

    fn soak(&self, index: usize) -> TimeDelta {
        TimeDelta::minutes(self.plan.policy.waves[index].soak_minutes.into())
    }

    /// Whether somebody of the wave starts now or later, so that the wave is not complete.
    fn has_startable(&self, index: usize) -> bool {
        let delays = |holds: Vec<Hold>| holds.iter().all(|hold| hold.effect() == Effect::Delays);
        self.waiting(index).any(|(target, member)| self.standing(target, member).err().is_none_or(delays))
    }

    /// What the gate misses, once the wave is complete.
    fn gate_hold(&self, index: usize) -> Option<Hold> {
        let wave = &self.rollout.waves[index];
        if wave.tally.members() == wave.tally.apart {
            return None;
        }
        let is_last = index + 1 == self.rollout.waves.len();
        match self.plan.policy.gate.check(&wave.tally, self.away(index), is_last) {
            Ok(()) => None,
            Err(NotPassed::Sample { decided, needed }) => Some(Hold::Sample { decided, needed }),
            Err(NotPassed::Success { succeeded, decided, percent }) => {
                Some(Hold::Success { succeeded, decided, percent })
            }
            Err(NotPassed::Reached { decided, members, percent }) => Some(Hold::Reached { decided, members, percent }),
        }
    }

    fn tail_end(&self) -> Option<DateTime<Utc>> {
        Some(self.rollout.tail_from? + TimeDelta::days(self.plan.policy.tail_days.into()))
    }

    /// Whether it is too late to come back.
    pub(super) fn tail_is_over(&self) -> bool {
        self.tail_end().is_some_and(|end| self.now >= end)
    }

    fn end(&mut self) -> Vec<Action> {
        let (stamp, total) = (self.stamp(), self.rollout.total());
        if total.waiting + total.in_flight == 0 {
            return vec![Action::Command(RolloutCommand::Complete { stamp })];
        }
        if self.rollout.phase == Phase::Running {
            return vec![Action::Command(RolloutCommand::Tail { stamp })];
        }
        self.tail_end().into_iter().for_each(|end| self.wake_at(end));
        if self.tail_is_over() { self.settle_the_rest() } else { vec![] }
    }

    fn settle_the_rest(&self) -> Vec<Action> {
        let mut classes: BTreeMap<_, Vec<TargetId>> = BTreeMap::new();
        for (target, member) in (0..self.rollout.waves.len()).flat_map(|wave| self.waiting(wave)).take(MAX_TARGETS) {
            classes.entry(self.class_at_end(target, member)).or_default().push(target);
        }
        classes.into_iter().map(|((class, reason), targets)| self.settle_as(class, reason, targets)).collect()
    }

    /// What holds a wave that has not opened, and a target whose turn has not come.
    pub(super) fn wave_hold(&self, index: usize) -> Option<Hold> {
        if self.rollout.waves[index].is_opened() {
            return None;
        }
        match self.rollout.current_wave() {
            Some(current) if current < index => Some(Hold::EarlierWave { wave: current as u32 + 1 }),
            _ => {
                let stage = index as u32 + 1;
                let missing = self.rollout.missing_approvals(stage, self.now);
                (missing > 0).then_some(Hold::NotApproved { stage, missing })
            }
        }
    }

    /// A fact, whenever the reasons change for which a wave stands still.
    pub(super) fn hold(&mut self) -> Vec<Action> {
        let (Phase::Running, Some(index)) = (self.rollout.phase, self.rollout.current_wave()) else { return vec![] };
        let wave = &self.rollout.waves[index];
        let holds: BTreeSet<String> = match wave.tally.in_flight {
            0 => self.standstill(index).iter().map(|hold| hold.code().to_owned()).collect(),
            _ => BTreeSet::new(),
        };
        if holds == wave.holds {
            return vec![];
        }
        let (wave, stamp) = (index as u32 + 1, self.stamp());
        vec![Action::Command(RolloutCommand::Hold { wave, holds, stamp })]
    }

    pub(super) fn standstill(&self, index: usize) -> Vec<Hold> {
        let mut holds = self.rollout_holds();
        holds.extend(self.wave_hold(index));
        if !self.rollout.waves[index].is_opened() {
            return holds;
        }
        if let WavePhase::Soaking { since } = self.rollout.waves[index].phase {
            let until = since + self.soak(index);
            match until > self.now {
                true => holds.push(Hold::Soaking { until }),
                false => holds.extend(self.gate_hold(index)),
            }
        }
        let waiting = self.waiting(index).filter_map(|(target, member)| self.standing(target, member).err());
        holds.extend(waiting.flatten());
        holds
    }
}
