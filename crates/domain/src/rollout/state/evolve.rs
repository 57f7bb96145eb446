//! How each fact changes the state, and the counts with it.

use chrono::TimeDelta;
use uuid::Uuid;

use super::{Approved, Member, MemberState, Phase, Rollout, Wave, WavePhase};
use crate::ids::TargetId;
use crate::rollout::event::{Class, Placed, Planned, RolloutEvent, Stamp, Start};
use crate::rollout::place::order;

impl Rollout {
    pub(in crate::rollout) fn take(&mut self, event: &RolloutEvent) {
        use RolloutEvent::*;
        match event {
            RolloutPlanned { plan, stamp } => self.plan(plan, stamp),
            RolloutApproved { stage, by, role, at, .. } => {
                self.approvals.push(Approved { stage: *stage, by: *by, role: *role, at: *at });
                self.refused.retain(|(refused, _)| refused != stage);
                self.at = self.at.max(*at);
            }
            RolloutApprovalRefused { stage, by, at, .. } => {
                self.approvals.retain(|approved| approved.stage != *stage);
                self.refused.insert((*stage, *by));
                if self.phase != Phase::Halted {
                    self.phase = Phase::Paused;
                }
                self.at = self.at.max(*at);
            }
            RolloutApprovalLapsed { stage, by, stamp } => {
                self.approvals.retain(|approved| (approved.stage, approved.by) != (*stage, *by));
                self.at = stamp.at;
            }
            RolloutStarted { boundaries, stamp, .. } => {
                self.boundaries = boundaries.clone();
                self.enter(Phase::Running, stamp);
            }
            TargetsPlaced { wave, targets, stamp, .. } => {
                targets.iter().for_each(|placed| self.place(*wave, placed));
                self.at = stamp.at;
            }
            TargetsLeft { targets, stamp } => {
                targets.iter().for_each(|target| self.leave(*target));
                self.at = stamp.at;
            }
            WaveOpened { wave, stamp } => self.enter_wave(*wave, WavePhase::Open, stamp),
            WaveSoaking { wave, stamp } => self.enter_wave(*wave, WavePhase::Soaking { since: stamp.at }, stamp),
            WavePassed { wave, stamp, .. } => self.enter_wave(*wave, WavePhase::Passed, stamp),
            WaveSkipped { wave, stamp, .. } => self.enter_wave(*wave, WavePhase::Skipped, stamp),
            WaveHeld { wave, holds, stamp } => {
                if let Some(wave) = self.wave_mut(*wave) {
                    wave.holds = holds.clone();
                }
                self.at = stamp.at;
            }
            TargetsReleased { targets, stamp, .. } => self.release(targets, stamp),
            TargetsSettled { class, targets, stamp, .. } | TargetsAmended { to: class, targets, stamp, .. } => {
                targets.iter().for_each(|target| self.shift(*target, MemberState::Settled(*class)));
                self.at = stamp.at;
            }
            TargetsWithdrawn { targets, stamp } => {
                targets.iter().for_each(|target| self.shift(*target, MemberState::Waiting));
                self.at = stamp.at;
            }
            RolloutAdjusted { limits, stamp } => {
                self.limits = Some(limits.clone());
                self.at = stamp.at;
            }
            RolloutPaused { stamp, .. } => self.enter(Phase::Paused, stamp),
            RolloutHalted { stamp, .. } => self.enter(Phase::Halted, stamp),
            RolloutResumed { stamp, .. } => {
                self.acknowledge();
                self.refused.clear();
                let phase = match (self.has_started(), self.tail_from) {
                    (false, _) => Phase::Planned,
                    (true, None) => Phase::Running,
                    (true, Some(_)) => Phase::Tailing,
                };
                self.enter(phase, stamp);
            }
            RolloutTailing { stamp } => {
                self.tail_from = Some(stamp.at);
                self.enter(Phase::Tailing, stamp);
            }
            RolloutCompleted { stamp, .. } => self.end(Phase::Completed, Class::Unreached, stamp),
            RolloutAborted { stamp, .. } => self.end(Phase::Aborted, Class::Cancelled, stamp),
            RolloutSuperseded { stamp, .. } => self.end(Phase::Superseded, Class::Superseded, stamp),
        }
    }

    fn plan(&mut self, plan: &Planned, stamp: &Stamp) {
        let mut planners = std::mem::take(&mut self.planners);
        planners.extend(plan.by);
        *self = Self {
            planners,
            phase: Phase::Planned,
            limits: Some(plan.policy.limits.clone()),
            waves: plan.policy.waves.iter().map(|_| Wave::default()).collect(),
            plan: Some(plan.clone()),
            at: stamp.at,
            ..Self::default()
        };
    }

    fn enter(&mut self, phase: Phase, stamp: &Stamp) {
        self.phase = phase;
        self.at = stamp.at;
    }

    fn wave_mut(&mut self, wave: u32) -> Option<&mut Wave> {
        self.waves.get_mut((wave as usize).checked_sub(1)?)
    }

    fn enter_wave(&mut self, wave: u32, phase: WavePhase, stamp: &Stamp) {
        if let Some(wave) = self.wave_mut(wave) {
            wave.phase = phase;
            wave.holds.clear();
        }
        self.at = stamp.at;
    }

    fn place(&mut self, wave: u32, placed: &Placed) {
        let Some(index) = (wave as usize).checked_sub(1).filter(|index| *index < self.waves.len()) else { return };
        let member = Member {
            wave: index,
            customer: placed.customer,
            group: placed.group.clone(),
            to: placed.to.clone(),
            state: MemberState::Waiting,
            last: self.departed.remove(&placed.target),
            acknowledged: false,
        };
        if self.members.insert(placed.target, member).is_none() {
            self.waves[index].tally.waiting += 1;
            self.queue(placed.target);
        }
    }

    fn leave(&mut self, target: TargetId) {
        self.shift(target, MemberState::Waiting);
        let order = self.order(target);
        if let Some(member) = self.members.remove(&target) {
            self.departed.extend(member.last.map(|last| (target, last)));
            self.waves[member.wave].tally.waiting -= 1;
            self.waves[member.wave].waiting.remove(&order);
        }
    }

    fn order(&self, target: TargetId) -> Uuid {
        order(self.plan.as_ref().map(|plan| plan.seed).unwrap_or_default(), target)
    }

    /// Keeps the wave's queue as the member's state has it.
    fn queue(&mut self, target: TargetId) {
        let order = self.order(target);
        let Some(member) = self.members.get(&target) else { return };
        let waiting = &mut self.waves[member.wave].waiting;
        match member.state {
            MemberState::Waiting => waiting.insert(order, target),
            _ => waiting.remove(&order),
        };
    }

    fn release(&mut self, starts: &[Start], stamp: &Stamp) {
        for start in starts {
            self.shift(start.target, MemberState::InFlight { since: stamp.at });
            if let Some(member) = self.members.get_mut(&start.target) {
                member.last = Some((start.hop.clone(), start.attempt));
            }
            if let Some(rate) = self.limits.as_ref().and_then(|limits| limits.egress) {
                self.bucket = self.bucket.take(start.bytes, rate, stamp.at);
            }
        }
        let minute = TimeDelta::seconds(60);
        self.starts.retain(|(at, _)| *at + minute > stamp.at);
        self.starts.push_back((stamp.at, starts.len() as u32));
        self.at = stamp.at;
    }

    /// Takes a member from one count to another.
    fn shift(&mut self, target: TargetId, to: MemberState) {
        let Some(member) = self.members.get_mut(&target) else { return };
        let (was, acknowledged) = (std::mem::replace(&mut member.state, to), std::mem::take(&mut member.acknowledged));
        let tally = &mut self.waves[member.wave].tally;
        *tally.count_of(&was) -= 1;
        *tally.count_of(&member.state) += 1;
        if acknowledged {
            *tally.acknowledged_of(&was) -= 1;
        }
        let flying = |state: &MemberState| matches!(state, MemberState::InFlight { .. });
        let change = i64::from(flying(&member.state)) - i64::from(flying(&was));
        if change != 0 {
            add(self.by_customer.entry(member.customer).or_default(), change);
            if let Some(group) = &member.group {
                add(self.by_group.entry(group.clone()).or_default(), change);
            }
        }
        self.queue(target);
    }

    fn acknowledge(&mut self) {
        for member in self.members.values_mut() {
            let has_failed = matches!(member.state, MemberState::Settled(Class::Failed | Class::Lost));
            if has_failed && !std::mem::replace(&mut member.acknowledged, true) {
                *self.waves[member.wave].tally.acknowledged_of(&member.state) += 1;
            }
        }
    }

    /// Whoever is not settled is so now.
    fn end(&mut self, phase: Phase, class: Class, stamp: &Stamp) {
        let open = |member: &Member| !matches!(member.state, MemberState::Settled(_));
        let open: Vec<TargetId> =
            self.members.iter().filter(|(_, member)| open(member)).map(|(target, _)| *target).collect();
        open.into_iter().for_each(|target| self.shift(target, MemberState::Settled(class)));
        self.enter(phase, stamp);
    }
}

fn add(count: &mut u32, change: i64) {
    *count = (i64::from(*count) + change).max(0) as u32;
}
