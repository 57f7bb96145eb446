//! Which reports of a target were counted, so that each is counted once however often it is sent: after a lost answer, by
//! an agent that was killed before it took note, through two hubs, or from a machine that was set back to an old snapshot.
//!
//! An agent sends its reports in order: by sequence within an incarnation, and an earlier incarnation's before a later
//! one's. So one number tells what was counted of the present incarnation, and of an earlier one nothing is new.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::agent::{Report, ReportMark};

/// Earlier incarnations that are remembered. A report of one that is older than all of them would be counted again.
const EARLIER: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// what was counted last
    pub last: ReportMark,
    /// incarnations before that one, the latest last
    #[serde(default)]
    pub earlier: Vec<Uuid>,
}

impl Tally {
    pub fn of(report: &Report) -> Self {
        Self { last: report.mark(), earlier: vec![] }
    }

    /// Whether the report was counted, or is older than what was.
    pub fn knows(&self, report: &Report) -> bool {
        match report.boot == self.last.boot {
            true => report.sequence <= self.last.sequence,
            false => self.earlier.contains(&report.boot),
        }
    }

    /// Says whether it was new.
    pub fn count(&mut self, report: &Report) -> bool {
        if self.knows(report) {
            return false;
        }
        if report.boot != self.last.boot {
            self.earlier.push(self.last.boot);
            let surplus = self.earlier.len().saturating_sub(EARLIER);
            self.earlier.drain(..surplus);
        }
        self.last = report.mark();
        true
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn report(boot: u128, sequence: u64) -> Report {
        Report {
            id: Uuid::from_u128(boot << 64 | u128::from(sequence)),
            boot: Uuid::from_u128(boot),
            sequence,
            at: DateTime::UNIX_EPOCH,
            agent_version: String::new(),
            facts: None,
            deployments: vec![],
            error: None,
            missing: None,
            contact: None,
        }
    }

    #[test]
    fn what_is_sent_again_is_not_counted_again() {
        let mut tally = Tally::of(&report(1, 4));
        assert!(!tally.count(&report(1, 4)));
        assert!(!tally.count(&report(1, 3)));
        assert!(tally.count(&report(1, 9)), "sequences may have gaps");
    }

    #[test]
    fn an_earlier_incarnation_has_nothing_new_to_say() {
        let mut tally = Tally::of(&report(1, 4));
        assert!(tally.count(&report(2, 1)));
        assert!(!tally.count(&report(1, 5)));
        assert_eq!(tally.last, report(2, 1).mark());
    }

    #[test]
    fn only_so_many_incarnations_are_remembered() {
        let mut tally = Tally::of(&report(1, 1));
        (2..=100).for_each(|boot| assert!(tally.count(&report(boot, 1))));
        assert_eq!(tally.earlier.len(), EARLIER);
        assert!(tally.knows(&report(99, 1)));
    }

    proptest! {
        /// An agent that sends each stretch of its reports once or several times, and starts anew now and then.
        #[test]
        fn each_report_is_counted_once(starts in prop::collection::vec(prop::collection::vec(0..4_usize, 1..6), 1..8)) {
            let mut made = vec![];
            let mut tally: Option<Tally> = None;
            let mut counted = vec![];
            for (boot, stretches) in (1..).zip(&starts) {
                let mut sequence = 0;
                for repeats in stretches {
                    let stretch: Vec<_> = (sequence + 1..=sequence + 3).map(|sequence| report(boot, sequence)).collect();
                    sequence += 3;
                    made.extend(stretch.iter().map(Report::mark));
                    for _ in 0..=*repeats {
                        for report in &stretch {
                            let is_new = match &mut tally {
                                Some(tally) => tally.count(report),
                                None => {
                                    tally = Some(Tally::of(report));
                                    true
                                }
                            };
                            counted.extend(is_new.then(|| report.mark()));
                        }
                    }
                }
            }
            prop_assert_eq!(counted, made);
        }
    }
}
