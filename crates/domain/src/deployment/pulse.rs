//! How often what an agent says of a deployment becomes a fact. A container that comes and goes all day would make facts without
//! end, and each is kept for ever. So there are twenty at once, and then one in three minutes: what is shown is never older than
//! that, and the deployment is said to flap until it has been quiet for a quarter of an hour.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::agent::{DeploymentReport, Report};
use crate::instant::later;

/// Of the reports of one generation that become facts, in the long run.
const INTERVAL: TimeDelta = TimeDelta::minutes(3);
/// Twenty of them may come at once.
const BURST: TimeDelta = TimeDelta::minutes(60);
/// There is room for five again.
const QUIET: TimeDelta = TimeDelta::minutes(45);
/// Reports that waited on an agent's disk count at their own time, if that is not longer ago.
const BACKLOG: TimeDelta = TimeDelta::days(7);

/// Whether changes are so many that not each of them becomes a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Steady,
    Restless,
}

/// What is remembered of a deployment's reports.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pulse {
    /// a fingerprint of the report that a rule heard last
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<u64>,
    /// of what became facts
    generation: u64,
    /// when the newest of them was observed
    newest: DateTime<Utc>,
    /// when they will have been as few as they may be in the long run
    settled_at: DateTime<Utc>,
    #[serde(default)]
    flapping: bool,
    /// when the hub heard of it last; of what an earlier version wrote, long ago
    #[serde(default)]
    received: DateTime<Utc>,
}

/// When a report was made: by the agent's clock, as far as the hub can believe it.
#[derive(Debug, Clone, Copy)]
pub struct ReportTime {
    at: DateTime<Utc>,
    /// by the clock of the hub
    received: DateTime<Utc>,
}

impl ReportTime {
    pub fn of(report: &Report, received: DateTime<Utc>) -> Self {
        Self { at: report.at.clamp(received - BACKLOG, received), received }
    }
}

impl Pulse {
    /// Whether a rule has to hear of the report, and how; nothing if it says nothing new, or too soon.
    pub fn hear(&self, report: &DeploymentReport, fingerprint: u64, observed: ReportTime) -> Option<Pace> {
        let level = self.level(report, observed);
        // facts of another generation say nothing about this one
        let is_flapping = self.flapping && report.generation == self.generation;
        match self.said == Some(fingerprint) {
            true => (is_flapping && level <= QUIET).then_some(Pace::Steady),
            false if level + INTERVAL > BURST => (!is_flapping).then_some(Pace::Restless),
            false if is_flapping && level > QUIET => Some(Pace::Restless),
            false => Some(Pace::Steady),
        }
    }

    /// Takes note of a report that a rule heard: whether it became a fact, and whether the deployment flaps now.
    pub fn heard(
        &mut self,
        report: &DeploymentReport,
        fingerprint: u64,
        observed: ReportTime,
        (is_fact, is_flapping): (bool, bool),
    ) {
        (self.said, self.flapping) = (Some(fingerprint), is_flapping);
        if is_fact {
            let at = self.time(observed);
            let level = self.level(report, observed);
            let level = (level + INTERVAL).min(BURST);
            (self.generation, self.newest, self.settled_at) = (report.generation, at, later(at, level));
            self.received = observed.received;
        }
    }

    /// Whether nothing is lost by forgetting it, once nobody speaks of the deployment any more. An agent's clock may be days behind:
    /// what has to pass passes at the hub.
    pub fn is_settled(&self, now: DateTime<Utc>) -> bool {
        !self.flapping && self.received + (self.settled_at - self.newest) <= now
    }

    /// Clocks that run back do not make room.
    fn time(&self, observed: ReportTime) -> DateTime<Utc> {
        observed.at.max(self.newest)
    }

    fn level(&self, report: &DeploymentReport, observed: ReportTime) -> TimeDelta {
        match report.generation == self.generation {
            true => (self.settled_at - self.time(observed)).max(TimeDelta::zero()),
            false => TimeDelta::zero(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::{Health, Step};
    use crate::ids::DeploymentId;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    fn report(generation: u64) -> DeploymentReport {
        DeploymentReport {
            deployment: DeploymentId(uuid::Uuid::nil()),
            generation,
            step: Step::Applied,
            running: None,
            health: Health::Ok,
            drift: None,
            error: None,
        }
    }

    /// A rule that makes a fact of everything.
    #[derive(Default)]
    struct Told {
        pulse: Pulse,
        is_flapping: bool,
        facts: Vec<(i64, Pace)>,
    }

    impl Told {
        fn say(&mut self, fingerprint: u64, seconds: i64) {
            let (report, observed) = (report(1), ReportTime { at: at(seconds), received: at(seconds) });
            let Some(pace) = self.pulse.hear(&report, fingerprint, observed) else { return };
            self.is_flapping = pace == Pace::Restless;
            self.pulse.heard(&report, fingerprint, observed, (true, self.is_flapping));
            self.facts.push((seconds, pace));
        }
    }

    #[test]
    fn what_is_said_again_is_no_news() {
        let mut told = Told::default();
        [1, 1, 1, 2, 2, 1].into_iter().zip(0..).for_each(|(said, second)| told.say(said, second));
        assert_eq!(told.facts, [(0, Pace::Steady), (3, Pace::Steady), (5, Pace::Steady)]);
    }

    #[test]
    fn a_day_of_changes_makes_some_facts_and_shows_nothing_that_is_old() {
        let mut told = Told::default();
        (0..17_280).for_each(|index| told.say(index as u64 % 3, index * 5));
        let mut gaps = told.facts.windows(2).map(|pair| pair[1].0 - pair[0].0);
        assert!(gaps.all(|gap| gap <= INTERVAL.num_seconds() + 10));
        let day = 24 * 60 / INTERVAL.num_minutes() as usize;
        assert!((day..day + 25).contains(&told.facts.len()), "{}", told.facts.len());
        assert!(told.facts[..20].iter().all(|(_, pace)| *pace == Pace::Steady));
        assert!(told.facts[21..].iter().all(|(_, pace)| *pace == Pace::Restless));
    }

    #[test]
    fn the_last_word_is_told_within_minutes_and_then_that_it_is_quiet() {
        let mut told = Told::default();
        (0..40).for_each(|index| told.say(index as u64 % 2, index * 5));
        let before = told.facts.len();
        (40..400).for_each(|index| told.say(7, index * 5));
        let after = &told.facts[before..];
        let [(said, Pace::Restless), (quiet, Pace::Steady)] = after else { panic!("{after:?}") };
        assert!(*said <= 200 + INTERVAL.num_seconds(), "{said}");
        assert!(quiet - said <= 20 * 60, "{after:?}");
        assert!(!told.is_flapping);
    }

    #[test]
    fn another_generation_begins_anew_and_reports_of_none_change_nothing() {
        let mut told = Told::default();
        (0..=30).for_each(|second| told.say(second as u64, second));
        let soon = ReportTime { at: at(40), received: at(40) };
        let none = told.pulse.hear(&report(9), 90, soon);
        assert_eq!(none, Some(Pace::Steady));
        told.pulse.heard(&report(9), 90, soon, (false, true));
        assert_eq!(told.pulse.hear(&report(1), 99, soon), None, "it flaps");
        assert_eq!(told.pulse.hear(&report(2), 97, soon), Some(Pace::Steady));
        told.pulse.heard(&report(2), 97, soon, (true, false));
        assert_eq!(told.pulse.hear(&report(2), 96, soon), Some(Pace::Steady));
    }

    #[test]
    fn a_clock_that_is_days_behind_makes_nothing_forgotten() {
        let (now, mut pulse) = (at(0), Pulse::default());
        let observed = ReportTime { at: now - BACKLOG, received: now };
        for said in 0..15 {
            pulse.heard(&report(1), said, observed, (true, false));
        }
        assert!(!pulse.is_settled(now) && !pulse.is_settled(now + INTERVAL * 14));
        assert!(pulse.is_settled(now + INTERVAL * 15));
    }

    #[test]
    fn what_waited_for_days_counts_at_its_own_time_and_a_wild_clock_makes_no_room() {
        let (now, mut told) = (at(0), Told::default());
        let of = |made: DateTime<Utc>| ReportTime { at: made.clamp(now - BACKLOG, now), received: now };
        for hour in 0..100 {
            let (report, observed) = (report(1), of(now - TimeDelta::hours(100 - hour)));
            assert_eq!(told.pulse.hear(&report, hour as u64, observed), Some(Pace::Steady), "{hour}");
            told.pulse.heard(&report, hour as u64, observed, (true, false));
        }
        let mut told = Told::default();
        let heard = (0..1_000).filter(|index| {
            let wild = if index % 2 == 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
            let (report, observed) = (report(1), of(wild));
            let pace = told.pulse.hear(&report, *index, observed);
            if let Some(pace) = pace {
                told.pulse.heard(&report, *index, observed, (true, pace == Pace::Restless));
            }
            pace.is_some()
        });
        assert!(heard.count() <= 42);
    }
}
