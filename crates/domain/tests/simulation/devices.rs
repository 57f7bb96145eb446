//! Targets with their agents: what really happens there, and what the hub has heard of it.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::{CustomerId, TargetId};
use distr_domain::rollout::world::{Outcome, Presence, TargetView, Wish};
use distr_domain::upgrade_path::Running;
use distr_domain::version::Version;
use distr_domain::window::{Day, Window, Windows};
use uuid::Uuid;

use super::chance::Chance;

/// What the agent makes of a wish.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Progress {
    NotBegun,
    Begun { ends: DateTime<Utc> },
    Done(Outcome),
}

#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) hop: Version,
    pub(crate) attempt: u32,
    pub(crate) progress: Progress,
}

#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) target: TargetId,
    /// what the hub knows
    pub(crate) view: TargetView,
    pub(crate) running: Version,
    pub(crate) job: Option<Job>,
    pub(crate) last_report: DateTime<Utc>,
    pub(crate) silent_until: Option<DateTime<Utc>>,
    /// its hardware does not bear the newest release
    pub(crate) is_frail: bool,
}

pub(crate) fn version(minor: u64) -> Version {
    format!("1.{minor}.0").parse().unwrap()
}

/// After so much silence a target counts as offline.
const OFFLINE_AFTER: TimeDelta = TimeDelta::minutes(5);

impl Device {
    pub(crate) fn new(number: u64, chance: &mut Chance, now: DateTime<Utc>) -> Self {
        let running = version(chance.below(3));
        let labels = match number % 5 {
            0 => [("ring".parse().unwrap(), "early".parse().unwrap())].into(),
            _ => [("region".parse().unwrap(), format!("r{}", number % 3).parse().unwrap())].into(),
        };
        let nights = || Windows {
            zone: (*chance.clone().pick(&["UTC", "Europe/Berlin", "America/New_York"])).parse().unwrap(),
            allow: vec![Window {
                days: [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun].into(),
                start: "20:00".parse().unwrap(),
                minutes: 240,
            }],
            blackouts: vec![],
        };
        let windows = if number % 4 == 1 { vec![nights()] } else { vec![] };
        let view = TargetView {
            customer: CustomerId(Uuid::from_u128(u128::from(number % 4))),
            labels,
            is_gone: false,
            presence: Presence::Fresh,
            running: Running::Version(running.clone()),
            previous: None,
            wish: None,
            is_busy: false,
            refusal: None,
            windows,
            claim: None,
        };
        Self {
            target: TargetId(Uuid::from_u128(1000 + u128::from(number))),
            view,
            running,
            job: None,
            last_report: now,
            silent_until: None,
            is_frail: chance.one_in(8),
        }
    }

    fn is_connected(&self, now: DateTime<Utc>) -> bool {
        self.silent_until.is_none_or(|until| now >= until)
    }

    /// The agent goes on with what it has, whether or not anybody hears of it.
    pub(crate) fn act(&mut self, storms: bool, newest: &Version, chance: &mut Chance, now: DateTime<Utc>) {
        let is_connected = self.is_connected(now);
        if let Some(job) = &mut self.job {
            match job.progress {
                Progress::NotBegun if is_connected && !chance.one_in(4) => {
                    job.progress = Progress::Begun { ends: now + TimeDelta::minutes(1 + chance.below(40) as i64) };
                }
                Progress::Begun { ends } if now >= ends => {
                    let fails = (self.is_frail && job.hop == *newest && storms) || (storms && chance.one_in(25));
                    let outcome = match fails {
                        true => {
                            Outcome::Failed { is_transient: chance.one_in(3), reason: "it never became healthy".into() }
                        }
                        false => Outcome::Healthy,
                    };
                    if outcome == Outcome::Healthy {
                        self.running = job.hop.clone();
                        // the new release takes the agent with it
                        if storms && chance.one_in(20) {
                            self.silent_until = Some(now + TimeDelta::hours(1 + chance.below(200) as i64));
                        }
                    }
                    job.progress = Progress::Done(outcome);
                }
                Progress::Done(Outcome::Healthy) if storms && chance.one_in(200) => {
                    job.progress = Progress::Done(Outcome::Unhealthy { since: now, reason: "it fell over".into() });
                }
                Progress::Done(Outcome::Unhealthy { .. }) if chance.one_in(3) => {
                    job.progress = Progress::Done(Outcome::Healthy);
                }
                _ => {}
            }
        }
        // a report may be lost; the next one says the same
        if self.is_connected(now) && !chance.one_in(5) {
            self.report(now);
        } else if now - self.last_report >= OFFLINE_AFTER && self.view.presence == Presence::Fresh {
            self.view.presence = Presence::Silent { since: self.last_report, noticed: now };
        }
    }

    fn report(&mut self, now: DateTime<Utc>) {
        self.last_report = now;
        self.view.presence = Presence::Fresh;
        self.view.running = Running::Version(self.running.clone());
        let replaced_by = self.view.wish.as_ref().and_then(|wish| wish.replaced_by);
        if let Some(job) = &self.job {
            let outcome = match &job.progress {
                Progress::Done(outcome) => outcome.clone(),
                _ => Outcome::Open,
            };
            let is_begun = job.progress != Progress::NotBegun;
            self.view.wish = Some(Wish { hop: job.hop.clone(), attempt: job.attempt, is_begun, replaced_by, outcome });
        }
    }

    /// A new generation; what was asked for before is not begun any more.
    pub(crate) fn ask(&mut self, hop: &Version, attempt: u32) {
        self.job = Some(Job { hop: hop.clone(), attempt, progress: Progress::NotBegun });
        let (hop, is_begun, replaced_by) = (hop.clone(), false, None);
        self.view.wish = Some(Wish { hop, attempt, is_begun, replaced_by, outcome: Outcome::Open });
    }

    /// Somebody else's generation takes the place of the rollout's.
    pub(crate) fn replace(&mut self, generation: u64) {
        self.job = None;
        if let Some(wish) = &mut self.view.wish {
            wish.replaced_by = Some(generation);
        }
    }
}
