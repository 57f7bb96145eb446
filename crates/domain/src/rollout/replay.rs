//! Replay of a rollout's facts: whether the rules would have let each of them happen where it stands in the stream. What the rules ask of the
//! world, as whether a gate is met with so many targets away, is not asked again.

use super::command::{RolloutCommand, RolloutRejection};
use super::event::RolloutEvent;
use super::state::Rollout;
use crate::decider::Decider;

/// A stream as far as it was replayed.
#[derive(Debug, Default)]
pub struct Replay {
    pub rollout: Rollout,
}

/// Why a fact could not have happened there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    #[error(transparent)]
    Refused(#[from] RolloutRejection),
    #[error("the rules would have decided otherwise")]
    Otherwise,
}

impl Replay {
    /// Takes the next fact of the stream, and answers why it could not have happened, if it could not.
    pub fn take(&mut self, event: &RolloutEvent) -> Option<Breach> {
        let breach = self.command(event).and_then(|command| match self.rollout.decide(&command) {
            Ok(events) if events.contains(event) => None,
            Ok(_) => Some(Breach::Otherwise),
            Err(refusal) => Some(refusal.into()),
        });
        self.rollout.evolve(event);
        breach
    }

    /// The command that led to the event, where the event says all of it.
    fn command(&self, event: &RolloutEvent) -> Option<RolloutCommand> {
        use RolloutCommand as Command;
        Some(match event.clone() {
            RolloutEvent::RolloutStarted { boundaries, zones, stamp } => {
                let plan = self.rollout.plan.as_ref()?;
                Command::Start { digest: plan.digest, boundaries, zones, stamp }
            }
            RolloutEvent::WaveOpened { wave, stamp } => Command::OpenWave { wave, stamp },
            RolloutEvent::WaveSoaking { wave, stamp } => Command::Soak { wave, stamp },
            RolloutEvent::TargetsReleased { wave, targets, stamp } => Command::Release { wave, starts: targets, stamp },
            RolloutEvent::TargetsWithdrawn { targets, stamp } => Command::Withdraw { targets, stamp },
            RolloutEvent::RolloutTailing { stamp } => Command::Tail { stamp },
            RolloutEvent::RolloutCompleted { stamp, .. } => Command::Complete { stamp },
            _ => return None,
        })
    }
}
