//! The gate of a wave: when its outcomes halt the rollout, and when it may pass. Integers alone; shares are cross-multiplied.

use serde::{Deserialize, Serialize};

use super::policy::Gate;

/// The members of a wave, or of the whole rollout, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    pub waiting: u32,
    pub in_flight: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub lost: u32,
    /// settled in another way, so that they have no part in any share
    pub apart: u32,
    /// of the failed, those that a resume has taken note of
    pub acknowledged_failed: u32,
    /// the same of the lost
    pub acknowledged_lost: u32,
}

/// Members that are not settled and cannot start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Away {
    /// not reachable, or before a closed window: they may come back
    pub waiting: u32,
    /// not allowed, by a license for example
    pub skipped: u32,
}

/// The rule by which a gate halts a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateRule {
    MaxFailures,
    MaxFailurePercent,
    MaxUnknownPercent,
}

/// Why a wave does not pass yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotPassed {
    /// Too few targets are decided.
    Sample { decided: u32, needed: u32 },
    /// Too few of the decided succeeded.
    Success { succeeded: u32, decided: u32, percent: u32 },
    /// Too few of the members are decided.
    Reached { decided: u32, members: u32, percent: u32 },
}

impl Tally {
    pub fn decided(&self) -> u32 {
        self.succeeded + self.failed + self.lost
    }

    pub fn members(&self) -> u32 {
        self.waiting + self.in_flight + self.decided() + self.apart
    }

    /// The counts of both.
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            waiting: self.waiting + other.waiting,
            in_flight: self.in_flight + other.in_flight,
            succeeded: self.succeeded + other.succeeded,
            failed: self.failed + other.failed,
            lost: self.lost + other.lost,
            apart: self.apart + other.apart,
            acknowledged_failed: self.acknowledged_failed + other.acknowledged_failed,
            acknowledged_lost: self.acknowledged_lost + other.acknowledged_lost,
        }
    }

    /// Failed and lost targets that nobody has taken note of.
    pub fn new_failures(&self) -> u32 {
        self.failed - self.acknowledged_failed + self.new_losses()
    }

    fn new_losses(&self) -> u32 {
        self.lost - self.acknowledged_lost
    }
}

/// Whether `part` of `whole` is more than the share.
fn is_more(part: u32, percent: u32, whole: u32) -> bool {
    100 * u64::from(part) > u64::from(percent) * u64::from(whole)
}

/// Whether `part` of `whole` is at least the share.
fn is_at_least(part: u32, percent: u32, whole: u32) -> bool {
    100 * u64::from(part) >= u64::from(percent) * u64::from(whole)
}

impl Gate {
    /// How many targets of a wave must be decided before a share of them says anything.
    pub fn sample(&self, wave: &Tally, away: Away) -> u32 {
        let reachable = (wave.members() - wave.apart).saturating_sub(away.waiting + away.skipped);
        self.min_decided.min(reachable).max(1)
    }

    /// The rule that halts the rollout, if one does. `total` is of all waves, `wave` of the one that is open.
    pub fn halts(&self, total: &Tally, wave: &Tally, away: Away) -> Option<GateRule> {
        if self.max_failures.is_some_and(|most| total.new_failures() > most) {
            return Some(GateRule::MaxFailures);
        }
        let (new, decided) = (wave.new_failures(), wave.decided());
        if new == 0 || decided < self.sample(wave, away) {
            return None;
        }
        if is_more(new, self.max_failure_percent, decided) {
            return Some(GateRule::MaxFailurePercent);
        }
        is_more(wave.new_losses(), self.max_unknown_percent, decided).then_some(GateRule::MaxUnknownPercent)
    }

    /// Whether a wave that has soaked may pass. The last wave needs no sample, since nothing opens behind it.
    pub fn check(&self, wave: &Tally, away: Away, is_last: bool) -> Result<(), NotPassed> {
        let (decided, needed) = (wave.decided(), self.sample(wave, away));
        if decided < needed && !(is_last && decided == 0) {
            return Err(NotPassed::Sample { decided, needed });
        }
        let percent = self.min_success_percent();
        if !is_at_least(wave.succeeded, percent, decided) {
            return Err(NotPassed::Success { succeeded: wave.succeeded, decided, percent });
        }
        let members = (wave.members() - wave.apart).saturating_sub(away.skipped);
        let percent = self.require_reached_percent.unwrap_or_default();
        match is_at_least(decided, percent, members) {
            true => Ok(()),
            false => Err(NotPassed::Reached { decided, members, percent }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally(members: u32, succeeded: u32, failed: u32, lost: u32) -> Tally {
        Tally { waiting: members - succeeded - failed - lost, succeeded, failed, lost, ..Tally::default() }
    }

    fn halts(gate: &Gate, wave: Tally) -> Option<GateRule> {
        gate.halts(&wave, &wave, Away::default())
    }

    #[test]
    fn as_many_failures_as_are_tolerated_do_not_halt_and_one_more_does() {
        let gate =
            Gate { max_failures: Some(2), max_failure_percent: 100, max_unknown_percent: 100, ..Gate::default() };
        assert_eq!(halts(&gate, tally(10, 0, 1, 1)), None);
        assert_eq!(halts(&gate, tally(10, 0, 2, 1)), Some(GateRule::MaxFailures));
    }

    #[test]
    fn a_share_is_of_the_decided_and_says_nothing_below_the_sample() {
        let gate = Gate::default();
        assert_eq!(halts(&gate, tally(1000, 3, 1, 0)), None);
        assert_eq!(halts(&gate, tally(1000, 4, 1, 0)), Some(GateRule::MaxFailurePercent));
        assert_eq!(halts(&gate, tally(1000, 95, 5, 0)), None);
        assert_eq!(halts(&gate, tally(1000, 94, 6, 0)), Some(GateRule::MaxFailurePercent));
        let unknown = Gate { max_failure_percent: 50, ..Gate::default() };
        assert_eq!(halts(&unknown, tally(1000, 8, 0, 2)), Some(GateRule::MaxUnknownPercent));
        // nine of ten are away: the one that is left decides
        let wave = tally(10, 0, 1, 0);
        assert_eq!(gate.halts(&wave, &wave, Away { waiting: 7, skipped: 2 }), Some(GateRule::MaxFailurePercent));
    }

    #[test]
    fn what_was_acknowledged_halts_no_more_and_is_no_success_either() {
        let gate = Gate { max_failures: Some(0), ..Gate::default() };
        let wave = Tally { acknowledged_failed: 1, ..tally(1, 0, 1, 0) };
        assert_eq!(halts(&gate, wave), None);
        assert_eq!(
            gate.check(&wave, Away::default(), false),
            Err(NotPassed::Success { succeeded: 0, decided: 1, percent: 95 })
        );
    }

    #[test]
    fn a_wave_of_which_nobody_is_decided_opens_no_other() {
        let gate = Gate::default();
        let away = Away { waiting: 3, skipped: 0 };
        let nobody = tally(3, 0, 0, 0);
        assert_eq!(gate.check(&nobody, away, false), Err(NotPassed::Sample { decided: 0, needed: 1 }));
        assert_eq!(gate.check(&nobody, away, true), Ok(()));
        let one = tally(4, 1, 0, 0);
        assert_eq!(gate.check(&one, away, false), Ok(()));
        let reached = Gate { require_reached_percent: Some(50), ..gate };
        assert_eq!(reached.check(&one, away, false), Err(NotPassed::Reached { decided: 1, members: 4, percent: 50 }));
        assert_eq!(reached.check(&tally(4, 2, 0, 0), away, false), Ok(()));
    }

    proptest! {
        /// One more failure in the place of a success never takes a halt back.
        #[test]
        fn the_failure_rule_is_monotonic(
            succeeded in 1..50_u32, failed in 0..20_u32, lost in 0..20_u32, waiting in 0..50_u32,
            most in prop::option::of(0..10_u32), percent in 0..=100_u32, unknown in 0..=100_u32, sample in 1..20_u32,
        ) {
            let gate = Gate {
                max_failures: most,
                max_failure_percent: percent,
                max_unknown_percent: unknown,
                min_decided: sample,
                ..Gate::default()
            };
            let wave = tally(succeeded + failed + lost + waiting, succeeded, failed, lost);
            let worse = Tally { succeeded: succeeded - 1, failed: failed + 1, ..wave };
            let silent = Tally { succeeded: succeeded - 1, lost: lost + 1, ..wave };
            if halts(&gate, wave).is_some() {
                prop_assert!(halts(&gate, worse).is_some() && halts(&gate, silent).is_some());
            }
        }
    }
}
