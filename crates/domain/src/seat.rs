//! A seat: one target's use of one license, with a stream of its own, so that a license of many seats costs what one of few
//! costs. How many may sit is said by the license, and asked after the seat was taken: of those who take one at the same time,
//! the ones stay whose facts come first in the log ([`License::admit`]).

use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::{LicenseId, TargetId};
use crate::license::License;
use crate::rejection::Rejection;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum SeatEvent {
    /// The target uses one of the license's seats.
    SeatTaken { license: LicenseId, target: TargetId },
    /// The target uses the seat no more.
    SeatReleased { license: LicenseId, target: TargetId },
}
use SeatEvent::*;

impl SeatEvent {
    pub fn license(&self) -> LicenseId {
        let (SeatTaken { license, .. } | SeatReleased { license, .. }) = self;
        *license
    }

    pub fn target(&self) -> TargetId {
        let (SeatTaken { target, .. } | SeatReleased { target, .. }) = self;
        *target
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatCommand {
    pub license: LicenseId,
    pub target: TargetId,
    /// Whether the target took it when seats were facts of the license itself.
    pub of_old: bool,
    pub change: SeatChange,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeatChange {
    Take,
    Release,
}

/// There is none: whether a seat may be taken is for the license to say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeatRejection {}

impl Rejection for SeatRejection {
    fn code(&self) -> &'static str {
        match *self {}
    }
}

#[derive(Debug, Default)]
pub struct Seat {
    /// nothing before its first fact
    taken: Option<bool>,
}

impl SeatCommand {
    pub fn new(license: LicenseId, of: &License, target: TargetId, change: SeatChange) -> Self {
        Self { license, target, of_old: of.has_seat_of_old(target), change }
    }
}

impl Seat {
    pub fn is_taken(&self, of_old: bool) -> bool {
        self.taken.unwrap_or(of_old)
    }
}

impl DomainEvent for SeatEvent {}

impl Decider for Seat {
    const CATEGORY: Category = Category::Seat;
    type Command = SeatCommand;
    type Event = SeatEvent;
    type Rejection = SeatRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        let SeatCommand { license, target, of_old, change } = *command;
        Ok(match (change, self.is_taken(of_old)) {
            (SeatChange::Take, false) => vec![SeatTaken { license, target }],
            (SeatChange::Release, true) => vec![SeatReleased { license, target }],
            _ => vec![],
        })
    }

    fn evolve(&mut self, event: &Self::Event) {
        self.taken = Some(matches!(event, SeatTaken { .. }));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;

    const LICENSE: LicenseId = LicenseId(Uuid::from_u128(1));
    const TARGET: TargetId = TargetId(Uuid::from_u128(2));
    const TAKEN: SeatEvent = SeatTaken { license: LICENSE, target: TARGET };
    const RELEASED: SeatEvent = SeatReleased { license: LICENSE, target: TARGET };

    fn command(change: SeatChange, of_old: bool) -> SeatCommand {
        SeatCommand { license: LICENSE, target: TARGET, of_old, change }
    }

    #[test]
    fn a_seat_is_taken_once_and_given_back_once() {
        for of_old in [false, true] {
            given::<Seat>([TAKEN]).when(command(SeatChange::Take, of_old)).then_nothing();
            given::<Seat>([TAKEN]).when(command(SeatChange::Release, of_old)).then([RELEASED]);
            given::<Seat>([TAKEN, RELEASED]).when(command(SeatChange::Release, of_old)).then_nothing();
            given::<Seat>([TAKEN, RELEASED]).when(command(SeatChange::Take, of_old)).then([TAKEN]);
        }
    }

    #[test]
    fn a_seat_of_old_counts_until_the_first_fact_of_its_own() {
        given::<Seat>([]).when(command(SeatChange::Take, true)).then_nothing();
        given::<Seat>([]).when(command(SeatChange::Release, true)).then([RELEASED]);
        given::<Seat>([]).when(command(SeatChange::Take, false)).then([TAKEN]);
        given::<Seat>([]).when(command(SeatChange::Release, false)).then_nothing();
    }
}
