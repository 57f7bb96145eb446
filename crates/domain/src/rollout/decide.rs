//! What a rollout's stream accepts. Here is what no engine can get around: limits, the order of waves, gates and halts.

use std::collections::BTreeSet;

use super::MAX_TARGETS;
use super::command::{Beginning, RolloutCommand, RolloutRejection};
use super::event::{Class, HaltCause, PlanDigest, Planned, RolloutEvent, Stamp};
use super::gate::{Away, GateRule, Tally};
use super::state::{Member, MemberState, Phase, Rollout, WavePhase};
use super::world::Standing;
use crate::ids::{MemberId, TargetId};
use crate::permission::VendorRole;

mod release;

use RolloutEvent::*;

type Decision = Result<Vec<RolloutEvent>, RolloutRejection>;

pub(super) fn decide(rollout: &Rollout, command: &RolloutCommand) -> Decision {
    use RolloutCommand as Command;
    if let Command::Plan { plan, begins, stamp } = command {
        return rollout.decide_plan(plan, begins.as_ref(), rollout.later(stamp));
    }
    let plan = rollout.plan.as_ref().ok_or(RolloutRejection::NotFound)?;
    if rollout.phase.is_final() {
        return decide_final(rollout, command);
    }
    match command {
        Command::Plan { .. } => Ok(vec![]), // decided above
        Command::Approve { stage, digest, by, role, at } => {
            rollout.check_approval(plan, *stage, *digest, (*by, *role))?;
            let known = rollout.approvals.iter().find(|known| (known.stage, known.by) == (*stage, *by));
            let is_known = known.is_some_and(|known| known.at >= *at) || rollout.missing_approvals(*stage, *at) == 0;
            let event = RolloutApproved { stage: *stage, digest: *digest, by: *by, role: *role, at: *at };
            Ok(if is_known || rollout.is_past(*stage) { vec![] } else { vec![event] })
        }
        Command::RefuseApproval { stage, by, reason, at } => match rollout.approval_of(*stage) {
            None => Err(RolloutRejection::NoApprovalNeeded { stage: *stage }),
            Some(_) if rollout.refused.contains(&(*stage, *by)) => Ok(vec![]),
            Some(_) => Ok(vec![RolloutApprovalRefused {
                stage: *stage,
                by: *by,
                reason: reason.clone(),
                at: rollout.at.max(*at),
            }]),
        },
        Command::LapseApprovals { standing, stamp } => {
            let lapsed = rollout.lapsed_approvals(standing).map(|(stage, by)| {
                let stamp = rollout.later(stamp);
                RolloutApprovalLapsed { stage, by, stamp }
            });
            Ok(lapsed.collect())
        }
        Command::Start { digest, boundaries, zones, stamp } => match rollout.phase {
            _ if rollout.has_started() => Ok(vec![]),
            Phase::Planned if plan.digest != *digest => Err(RolloutRejection::PlanChanged),
            Phase::Planned => {
                let stamp = rollout.later(stamp);
                rollout.check_approved(0, &stamp)?;
                if plan.not_before.is_some_and(|begin| stamp.at < begin) {
                    return Err(RolloutRejection::WrongState { phase: rollout.phase });
                }
                Ok(vec![RolloutStarted { boundaries: boundaries.clone(), zones: zones.clone(), stamp }])
            }
            phase => Err(RolloutRejection::WrongState { phase }),
        },
        Command::Place { wave, targets, stamp } => {
            rollout.check_started()?;
            rollout.index_of(*wave)?;
            check_count(targets.len(), MAX_TARGETS)?;
            let new = targets.iter().filter(|placed| !rollout.members.contains_key(&placed.target));
            let targets: Vec<_> = new.cloned().collect();
            let late = rollout.waves.iter().any(|wave| wave.is_opened());
            let event = TargetsPlaced { wave: *wave, targets, late, stamp: rollout.later(stamp) };
            Ok(if matches!(&event, TargetsPlaced { targets, .. } if targets.is_empty()) { vec![] } else { vec![event] })
        }
        Command::Leave { targets, stamp } => {
            check_count(targets.len(), MAX_TARGETS)?;
            let targets = rollout.those(targets, |_| true);
            Ok(some(targets, |targets| TargetsLeft { targets, stamp: rollout.later(stamp) }))
        }
        Command::OpenWave { wave, stamp } => {
            let index = rollout.check_current(*wave)?;
            let stamp = rollout.later(stamp);
            match rollout.waves[index].phase {
                WavePhase::Pending => {
                    rollout.check_approved(*wave, &stamp)?;
                    Ok(vec![WaveOpened { wave: *wave, stamp }])
                }
                _ => Ok(vec![]),
            }
        }
        Command::Hold { wave, holds, stamp } => {
            let index = rollout.index_of(*wave)?;
            let wave_state = &rollout.waves[index];
            let is_known = wave_state.holds == *holds || wave_state.is_done();
            let event = WaveHeld { wave: *wave, holds: holds.clone(), stamp: rollout.later(stamp) };
            Ok(if is_known { vec![] } else { vec![event] })
        }
        Command::Soak { wave, stamp } => {
            let wave_state = &rollout.waves[rollout.check_current(*wave)?];
            match wave_state.phase {
                WavePhase::Open if wave_state.tally.in_flight == 0 => {
                    Ok(vec![WaveSoaking { wave: *wave, stamp: rollout.later(stamp) }])
                }
                WavePhase::Soaking { .. } => Ok(vec![]),
                _ => Err(RolloutRejection::WaveClosed { wave: *wave }),
            }
        }
        Command::Pass { wave, away, stamp } => rollout.decide_pass(plan, *wave, *away, rollout.later(stamp)),
        Command::SkipWave { wave, reason, stamp } => {
            rollout.check_started()?;
            match rollout.current_wave() {
                Some(current) if current == rollout.index_of(*wave)? => {
                    let stamp = rollout.later(stamp);
                    // what is skipped is the gate, and its targets may start
                    if !rollout.waves[current].is_opened() {
                        rollout.check_approved(*wave, &stamp)?;
                    }
                    Ok(vec![WaveSkipped { wave: *wave, reason: reason.clone(), stamp }])
                }
                Some(current) if current < rollout.index_of(*wave)? => {
                    Err(RolloutRejection::WaveClosed { wave: *wave })
                }
                _ => Ok(vec![]),
            }
        }
        Command::Release { wave, starts, stamp } => rollout.decide_release(plan, *wave, starts, rollout.later(stamp)),
        Command::Settle { class, reason, targets, away, stamp } => {
            check_count(targets.len(), MAX_TARGETS)?;
            let targets = rollout.those(targets, |member| !matches!(member.state, MemberState::Settled(_)));
            let stamp = rollout.later(stamp);
            let settled = |targets| TargetsSettled { class: *class, reason: reason.clone(), targets, stamp };
            Ok(rollout.with_gate(plan, some(targets, settled), away, stamp))
        }
        Command::Amend { to, reason, targets, away, stamp } => {
            check_count(targets.len(), MAX_TARGETS)?;
            let from = match to {
                Class::Succeeded => Class::Lost,
                Class::Failed => Class::Succeeded,
                to => return Err(RolloutRejection::NoAmendment { from: "settled", to: to.as_str() }),
            };
            let targets = rollout.those(targets, |member| member.state == MemberState::Settled(from));
            let stamp = rollout.later(stamp);
            let amended = |targets| TargetsAmended { from, to: *to, reason: reason.clone(), targets, stamp };
            Ok(rollout.with_gate(plan, some(targets, amended), away, stamp))
        }
        Command::Withdraw { targets, stamp } => match rollout.phase {
            Phase::Halted => {
                check_count(targets.len(), MAX_TARGETS)?;
                let targets = rollout.those(targets, |member| matches!(member.state, MemberState::InFlight { .. }));
                Ok(some(targets, |targets| TargetsWithdrawn { targets, stamp: rollout.later(stamp) }))
            }
            phase => Err(RolloutRejection::WrongState { phase }),
        },
        Command::Adjust { limits, by, stamp } => {
            limits.check()?;
            if limits.exceed(&plan.policy.limits, plan.members.max(rollout.total().members())) {
                rollout.check_may_raise(plan, *by)?;
            }
            let is_known = rollout.limits.as_ref() == Some(limits);
            let event = RolloutAdjusted { limits: limits.clone(), stamp: rollout.later(stamp) };
            Ok(if is_known { vec![] } else { vec![event] })
        }
        Command::Pause { reason, stamp } => match rollout.phase {
            Phase::Paused | Phase::Halted => Ok(vec![]),
            _ => Ok(vec![RolloutPaused { reason: reason.clone(), stamp: rollout.later(stamp) }]),
        },
        Command::Halt { cause, stamp } => match rollout.phase {
            Phase::Halted => Ok(vec![]),
            _ if !rollout.has_started() => Err(RolloutRejection::WrongState { phase: rollout.phase }),
            _ => Ok(vec![RolloutHalted { cause: cause.clone(), stamp: rollout.later(stamp) }]),
        },
        Command::Resume { reason, stamp } => match rollout.phase {
            Phase::Paused | Phase::Halted => {
                let (reason, acknowledged) = (reason.clone(), rollout.total().new_failures());
                Ok(vec![RolloutResumed { reason, acknowledged, stamp: rollout.later(stamp) }])
            }
            _ => Ok(vec![]),
        },
        Command::Tail { stamp } => match rollout.phase {
            Phase::Running if rollout.current_wave().is_none() => {
                Ok(vec![RolloutTailing { stamp: rollout.later(stamp) }])
            }
            Phase::Tailing => Ok(vec![]),
            phase => Err(RolloutRejection::WrongState { phase }),
        },
        Command::Complete { stamp } => {
            let tally = rollout.total();
            match rollout.phase {
                Phase::Running | Phase::Tailing
                    if rollout.current_wave().is_none() && tally.in_flight + tally.waiting == 0 =>
                {
                    Ok(vec![RolloutCompleted { tally, stamp: rollout.later(stamp) }])
                }
                phase => Err(RolloutRejection::WrongState { phase }),
            }
        }
        Command::Abort { reason, stamp } => {
            Ok(vec![RolloutAborted { reason: reason.clone(), stamp: rollout.later(stamp) }])
        }
        Command::Supersede { by, stamp } => match rollout.total().in_flight {
            0 => Ok(vec![RolloutSuperseded { by: *by, stamp: rollout.later(stamp) }]),
            _ => Err(RolloutRejection::WrongState { phase: rollout.phase }),
        },
    }
}

/// What has ended stays as it is; whoever asks for what is true already is told nothing new.
fn decide_final(rollout: &Rollout, command: &RolloutCommand) -> Decision {
    use RolloutCommand as Command;
    match (command, rollout.phase) {
        (Command::Complete { .. }, Phase::Completed)
        | (Command::Abort { .. }, Phase::Aborted)
        | (Command::Supersede { .. }, Phase::Superseded) => Ok(vec![]),
        (_, phase) => Err(RolloutRejection::Final { phase }),
    }
}

fn check_count(count: usize, most: usize) -> Result<(), RolloutRejection> {
    if count > most { Err(RolloutRejection::TooMany { count, most }) } else { Ok(()) }
}

/// One event of the targets, if there are any.
fn some(targets: Vec<TargetId>, event: impl FnOnce(Vec<TargetId>) -> RolloutEvent) -> Vec<RolloutEvent> {
    if targets.is_empty() { vec![] } else { vec![event(targets)] }
}

impl Rollout {
    /// Time in a stream never goes back, whatever a clock does.
    fn later(&self, stamp: &Stamp) -> Stamp {
        Stamp { at: stamp.at.max(self.at), ..*stamp }
    }

    fn decide_plan(&self, plan: &Planned, begins: Option<&Beginning>, stamp: Stamp) -> Decision {
        plan.policy.check()?;
        match &self.plan {
            // whoever asks for the same plan has not made it
            Some(known) if Planned { by: known.by, ..plan.clone() } == *known => Ok(vec![]),
            Some(_) if self.has_started() || self.phase.is_final() => Err(RolloutRejection::Exists),
            _ if plan.members == 0 => Err(RolloutRejection::Empty),
            _ => {
                let is_due = plan.policy.approve.is_none() && plan.not_before.is_none_or(|begin| begin <= stamp.at);
                let started = begins.filter(|_| is_due).map(|Beginning { boundaries, zones }| {
                    let (boundaries, zones) = (boundaries.clone(), zones.clone());
                    RolloutStarted { boundaries, zones, stamp }
                });
                let planned = RolloutPlanned { plan: Box::new(plan.clone()), stamp };
                Ok([planned].into_iter().chain(started).collect())
            }
        }
    }

    /// Whoever approves a rollout approves the limits of its plan.
    fn check_may_raise(&self, plan: &Planned, by: Option<(MemberId, VendorRole)>) -> Result<(), RolloutRejection> {
        let approvers = plan.approvers();
        let is_approver = |(by, role)| !self.planners.contains(&by) && approvers.contains(&role);
        match approvers.is_empty() || by.is_some_and(is_approver) {
            true => Ok(()),
            false => Err(RolloutRejection::LimitsApproved),
        }
    }

    fn check_approval(
        &self,
        plan: &Planned,
        stage: u32,
        digest: PlanDigest,
        (by, role): (MemberId, VendorRole),
    ) -> Result<(), RolloutRejection> {
        let approval = self.approval_of(stage).ok_or(RolloutRejection::NoApprovalNeeded { stage })?;
        if plan.digest != digest {
            return Err(RolloutRejection::ApprovalStale);
        }
        if self.planners.contains(&by) {
            return Err(RolloutRejection::OwnApproval);
        }
        match approval.roles.contains(&role) {
            true => Ok(()),
            false => Err(RolloutRejection::ApproverRole { stage }),
        }
    }

    /// The approvals of stages that have not begun whose givers could not give them now, by stage and giver.
    pub(super) fn lapsed_approvals(&self, standing: &Standing) -> impl Iterator<Item = (u32, MemberId)> {
        let lapsed = self.approvals.iter().filter(|approved| {
            let approval = self.approval_of(approved.stage).filter(|_| !self.is_past(approved.stage));
            let (Some(approval), Some(role)) = (approval, standing.get(&approved.by)) else { return false };
            role.is_none_or(|role| !approval.roles.contains(&role))
        });
        lapsed.map(|approved| (approved.stage, approved.by)).collect::<BTreeSet<_>>().into_iter()
    }

    /// Whether what the stage is before has happened.
    fn is_past(&self, stage: u32) -> bool {
        match (stage as usize).checked_sub(1) {
            None => self.has_started(),
            Some(wave) => self.waves.get(wave).is_some_and(|wave| wave.is_opened()),
        }
    }

    fn check_approved(&self, stage: u32, stamp: &Stamp) -> Result<(), RolloutRejection> {
        match self.missing_approvals(stage, stamp.at) {
            0 => Ok(()),
            missing => Err(RolloutRejection::NotApproved { stage, missing }),
        }
    }

    fn check_started(&self) -> Result<(), RolloutRejection> {
        match self.has_started() {
            true => Ok(()),
            false => Err(RolloutRejection::WrongState { phase: self.phase }),
        }
    }

    fn index_of(&self, wave: u32) -> Result<usize, RolloutRejection> {
        let index = (wave as usize).checked_sub(1).filter(|index| *index < self.waves.len());
        index.ok_or(RolloutRejection::WaveClosed { wave })
    }

    /// The wave is the current one of a running rollout.
    fn check_current(&self, wave: u32) -> Result<usize, RolloutRejection> {
        match self.phase {
            Phase::Running => {}
            Phase::Halted => return Err(RolloutRejection::Halted),
            phase => return Err(RolloutRejection::WrongState { phase }),
        }
        let index = self.index_of(wave)?;
        match self.current_wave() == Some(index) {
            true => Ok(index),
            false => Err(RolloutRejection::WaveClosed { wave }),
        }
    }

    /// Of the targets those that are members in such a state, each once.
    fn those(&self, targets: &[TargetId], is_so: impl Fn(&Member) -> bool) -> Vec<TargetId> {
        let targets: BTreeSet<TargetId> = targets.iter().copied().collect();
        targets.into_iter().filter(|target| self.members.get(target).is_some_and(&is_so)).collect()
    }

    fn decide_pass(&self, plan: &Planned, wave: u32, away: Away, stamp: Stamp) -> Decision {
        let index = self.check_current(wave)?;
        let tally = self.waves[index].tally;
        let soak = chrono::TimeDelta::minutes(plan.policy.waves[index].soak_minutes.into());
        let is_empty = tally.members() == tally.apart;
        let may_pass = match self.waves[index].phase {
            WavePhase::Open => is_empty,
            WavePhase::Soaking { since } => {
                let is_last = index + 1 == self.waves.len();
                let passes = is_empty || plan.policy.gate.check(&tally, away, is_last).is_ok();
                tally.in_flight == 0 && stamp.at >= since + soak && passes
            }
            _ => false,
        };
        match may_pass {
            true => Ok(vec![WavePassed { wave, tally, stamp }]),
            false => Err(RolloutRejection::GateNotMet { wave }),
        }
    }

    /// The events, and the halt that they lead to.
    fn with_gate(
        &self,
        plan: &Planned,
        mut events: Vec<RolloutEvent>,
        away: &[Away],
        stamp: Stamp,
    ) -> Vec<RolloutEvent> {
        let is_open = matches!(self.phase, Phase::Running | Phase::Tailing | Phase::Paused);
        let (Some(TargetsSettled { class, targets, .. } | TargetsAmended { to: class, targets, .. }), true) =
            (events.first(), is_open)
        else {
            return events;
        };
        let after = self.tallies_after(targets, *class);
        let total = after.iter().fold(Tally::default(), |total, tally| total.plus(tally));
        let halts = self.waves.iter().zip(&after).enumerate().find_map(|(index, (before, tally))| {
            if tally.new_failures() <= before.tally.new_failures() {
                return None;
            }
            let rule = plan.policy.gate.halts(&total, tally, away.get(index).copied().unwrap_or_default())?;
            let tally = if rule == GateRule::MaxFailures { total } else { *tally };
            Some(HaltCause::Gate { rule, wave: index as u32 + 1, tally })
        });
        events.extend(halts.map(|cause| RolloutHalted { cause, stamp }));
        events
    }
}
