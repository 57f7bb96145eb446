//! How long a hub that could not go on leaves its lease to others: for longer than a lease lasts. An entry that stops it stops it
//! again, so that the absences grow; what else is wrong may be over at any moment, and mutations wait for the read models.

use std::time::{Duration, Instant};

use super::halt::Halt;
use super::lease::LEASE;

const SHORTEST: Duration = LEASE.saturating_add(Duration::from_secs(1));
const LONGEST: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Away {
    until: Option<Instant>,
    next: Duration,
}

impl Default for Away {
    fn default() -> Self {
        Self { until: None, next: SHORTEST }
    }
}

impl Away {
    pub(super) fn begin(&mut self, halt: &Halt) {
        let now = Instant::now();
        match halt {
            Halt::Bad(_) | Halt::Newer { .. } => {
                self.until = Some(now + self.next);
                self.next = (self.next * 2).min(LONGEST);
            }
            _ => self.until = Some(now + SHORTEST),
        }
    }

    /// An error that is gone was another hub's to overcome, or an operator's: then there is nothing to stay away from.
    pub(super) fn is_away(&mut self, has_error: bool) -> bool {
        if !has_error {
            self.until = None;
        }
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// It went on: the next absence is as short as the first.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use distr_eventlog::Position;

    use super::*;

    fn absence(away: &mut Away, halt: &Halt) -> Duration {
        away.begin(halt);
        away.until.expect("a time").duration_since(Instant::now())
    }

    #[test]
    fn an_absence_outlasts_a_lease_and_grows_up_to_a_bound_before_an_entry() {
        let mut away = Away::default();
        assert!(!away.is_away(true), "nothing has failed yet");
        let newer = Halt::Newer { position: Position::of_number(1), source: "of tomorrow".into() };
        let absences: Vec<Duration> = (0..5).map(|_| absence(&mut away, &newer)).collect();
        assert!(absences[0] > LEASE && absences[1] > absences[0], "{absences:?}");
        assert!(absences[4] <= LONGEST && away.next == LONGEST, "{absences:?}");
        away.forget();
        assert_eq!(away.next, SHORTEST);
    }

    #[test]
    fn other_faults_are_tried_again_soon_and_at_once_when_another_hub_went_on() {
        let mut away = Away::default();
        for _ in 0..5 {
            let absence = absence(&mut away, &Halt::TooSlow { what: "a page" });
            assert!(absence > LEASE && absence <= SHORTEST, "{absence:?}");
        }
        assert!(away.is_away(true));
        assert!(!away.is_away(false), "another hub went on");
    }
}
