//! How each fact changes the row of a rollout.

use chrono::{DateTime, Utc};
use distr_domain::rollout::{Approved, HaltCause, Phase, RolloutEvent, WavePhase};

use super::{RolloutRow, RolloutWave};

impl RolloutRow {
    pub(super) fn take(&mut self, event: &RolloutEvent, at: DateTime<Utc>) {
        use RolloutEvent::*;
        match event {
            RolloutPlanned { .. } => {}
            RolloutApproved { stage, by, role, at, .. } => {
                self.approvals.push(Approved { stage: *stage, by: *by, role: *role, at: *at });
            }
            RolloutApprovalRefused { stage, reason, .. } => {
                self.approvals.retain(|approved| approved.stage != *stage);
                if self.phase != Phase::Halted {
                    self.phase = Phase::Paused;
                }
                self.reason = Some(reason.clone());
            }
            RolloutApprovalLapsed { stage, by, .. } => {
                self.approvals.retain(|approved| (approved.stage, approved.by) != (*stage, *by));
            }
            RolloutPaused { reason, .. } => {
                self.phase = Phase::Paused;
                self.reason = Some(reason.clone());
            }
            RolloutStarted { .. } => {
                self.phase = Phase::Running;
                self.started_at = Some(at);
            }
            WaveOpened { wave, .. } => self.enter(*wave, WavePhase::Open, |wave| wave.opened_at = Some(at)),
            WaveSoaking { wave, stamp } => self.enter(*wave, WavePhase::Soaking { since: stamp.at }, |_| {}),
            WavePassed { wave, .. } => self.enter(*wave, WavePhase::Passed, |wave| wave.done_at = Some(at)),
            WaveSkipped { wave, reason, .. } => self.enter(*wave, WavePhase::Skipped, |wave| {
                wave.done_at = Some(at);
                wave.skipped = Some(reason.clone());
            }),
            WaveHeld { wave, holds, .. } => {
                if let Some(wave) = self.wave(*wave) {
                    wave.holds = holds.clone();
                }
            }
            RolloutAdjusted { limits, .. } => self.limits = limits.clone(),
            RolloutHalted { cause, .. } => {
                self.phase = Phase::Halted;
                if let HaltCause::Person { reason } = cause {
                    self.reason = Some(reason.clone());
                }
                self.halted_by = Some(cause.clone());
            }
            RolloutResumed { reason, .. } => {
                self.reason = Some(reason.clone());
                self.phase = match (self.started_at, self.tail_from) {
                    (None, _) => Phase::Planned,
                    (Some(_), None) => Phase::Running,
                    (Some(_), Some(_)) => Phase::Tailing,
                };
            }
            RolloutTailing { .. } => {
                self.phase = Phase::Tailing;
                self.tail_from = Some(at);
            }
            RolloutCompleted { .. } => self.end(Phase::Completed, at),
            RolloutAborted { reason, .. } => {
                self.reason = Some(reason.clone());
                self.end(Phase::Aborted, at);
            }
            RolloutSuperseded { .. } => self.end(Phase::Superseded, at),
            TargetsPlaced { .. }
            | TargetsLeft { .. }
            | TargetsReleased { .. }
            | TargetsSettled { .. }
            | TargetsAmended { .. }
            | TargetsWithdrawn { .. } => {}
        }
    }

    fn end(&mut self, phase: Phase, at: DateTime<Utc>) {
        self.phase = phase;
        self.ended_at = Some(at);
    }

    fn wave(&mut self, number: u32) -> Option<&mut RolloutWave> {
        self.waves.get_mut((number as usize).checked_sub(1)?)
    }

    fn enter(&mut self, number: u32, phase: WavePhase, note: impl FnOnce(&mut RolloutWave)) {
        let Some(wave) = self.wave(number) else { return };
        wave.phase = phase;
        wave.holds.clear();
        note(wave);
    }
}
