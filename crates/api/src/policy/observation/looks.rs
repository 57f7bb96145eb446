//! How often a target may make the policy look into the log for nothing. A report may speak of deployments that it does not have,
//! or of generations that nobody asked for, two hundred at once, and each costs a look at a stream. An agent that means well is
//! wrong now and then. What is passed over here is heard when it is said again.

use chrono::{DateTime, TimeDelta, Utc};

/// In the long run.
const EACH: TimeDelta = TimeDelta::seconds(1);
/// At once.
const BURST: TimeDelta = TimeDelta::seconds(100);

/// Of one target, in memory alone.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// when all that were in vain will be forgiven
    forgiven_at: DateTime<Utc>,
    now: DateTime<Utc>,
}

impl Looks {
    pub(super) fn may_look(&mut self, now: DateTime<Utc>) -> bool {
        self.now = self.now.max(now);
        self.forgiven_at - self.now < BURST
    }

    pub(super) fn was_in_vain(&mut self) {
        self.forgiven_at = self.forgiven_at.max(self.now) + EACH;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The looks of so many tries in each second.
    fn looks(seconds: i64, tries: u32) -> usize {
        let mut looks = Looks::default();
        let begin = DateTime::from_timestamp(1_000_000, 0).unwrap();
        let all = (0..seconds).flat_map(|second| (0..tries).map(move |_| second));
        let taken = all.filter(|second| {
            let may = looks.may_look(begin + TimeDelta::seconds(*second));
            if may {
                looks.was_in_vain();
            }
            may
        });
        taken.count()
    }

    #[test]
    fn there_are_a_hundred_at_once_and_then_one_a_second() {
        assert_eq!(looks(1, 32_000), 100);
        assert_eq!(looks(50, 1), 50);
        assert!((195..=201).contains(&looks(100, 1_000)), "{}", looks(100, 1_000));
    }
}
