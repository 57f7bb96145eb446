//! A rollout: a release, taken to many targets in waves. Safety is here: the stream of a rollout refuses what would exceed a limit,
//! start in a wave that is not open, or go on after a halt, whoever asks and however old its view is. What should happen next is said by
//! the `engine`, a pure function of this state and of what is known of the targets.

use crate::decider::{Category, Decider};

mod command;
mod decide;
pub mod egress;
pub mod engine;
mod event;
pub mod gate;
pub mod hold;
pub mod place;
pub mod plan;
pub mod policy;
pub mod replay;
mod state;
#[cfg(test)]
mod tests;
pub mod world;

pub use command::{Beginning, RolloutCommand, RolloutRejection};
pub use event::{Class, HaltCause, Kind, Placed, PlanDigest, Planned, RolloutEvent, Scope, Stamp, Start};
pub use state::{Approved, Member, MemberState, Phase, Rollout, Wave, WavePhase};

/// The most targets that are released at once, so that a halt is never far behind.
pub const MAX_RELEASED: usize = 25;
/// The most targets of any other fact.
pub const MAX_TARGETS: usize = 500;

impl Decider for Rollout {
    const CATEGORY: Category = Category::Rollout;
    type Command = RolloutCommand;
    type Event = RolloutEvent;
    type Rejection = RolloutRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        decide::decide(self, command)
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.take(event);
    }
}
