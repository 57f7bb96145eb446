//! The laws, asserted of each event of the stream by counts of the oracle's own.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use distr_domain::ids::{CustomerId, TargetId};
use distr_domain::rollout::policy::{Amount, Limits};
use distr_domain::rollout::{Class, HaltCause, Phase, Placed, Rollout, RolloutEvent, Start};
use distr_domain::version::Version;

#[derive(Debug, Clone, Default)]
pub(crate) struct Oracle {
    pub(crate) events: Vec<RolloutEvent>,
    pub(crate) released: u32,
    pub(crate) halts: u32,
    pub(crate) amended: u32,
    limits: Option<Limits>,
    placed: BTreeMap<TargetId, Placed>,
    in_flight: BTreeSet<TargetId>,
    classes: BTreeMap<TargetId, Class>,
    started: BTreeSet<(TargetId, Version, u32)>,
    waves: BTreeMap<u32, &'static str>,
    is_held: bool,
    has_ended: bool,
    recent: Vec<(DateTime<Utc>, usize)>,
}

impl Oracle {
    pub(crate) fn look(&mut self, event: &RolloutEvent) {
        use RolloutEvent::*;
        assert!(!self.has_ended, "{event:?} after the end");
        match event {
            RolloutPlanned { plan, .. } => {
                self.limits = Some(plan.policy.limits.clone());
                self.waves = (1..=plan.policy.waves.len() as u32).map(|wave| (wave, "pending")).collect();
            }
            RolloutAdjusted { limits, .. } => self.limits = Some(limits.clone()),
            TargetsPlaced { targets, wave, .. } => {
                assert!(self.waves.contains_key(wave));
                for placed in targets {
                    let before = self.placed.insert(placed.target, placed.clone());
                    assert!(before.is_none(), "{} is placed twice", placed.target);
                }
            }
            TargetsLeft { targets, .. } => {
                for target in targets {
                    assert!(self.placed.remove(target).is_some());
                    self.in_flight.remove(target);
                    self.classes.remove(target);
                }
            }
            WaveOpened { wave, .. } => {
                self.assert_moving(event);
                let before = self.waves.range(..wave).all(|(_, phase)| matches!(*phase, "passed" | "skipped"));
                assert!(before, "wave {wave} opens before an earlier one has passed: {:?}", self.waves);
                self.waves.insert(*wave, "open");
            }
            WavePassed { wave, .. } => {
                self.assert_moving(event);
                assert_eq!(self.waves.insert(*wave, "passed"), Some("open"));
            }
            WaveSkipped { wave, .. } => _ = self.waves.insert(*wave, "skipped"),
            TargetsReleased { wave, targets, stamp } => {
                self.assert_moving(event);
                assert!(self.waves[wave] != "pending", "a start in wave {wave}, which has not opened");
                self.released(targets, stamp.at);
            }
            TargetsSettled { class, targets, .. } => {
                for target in targets {
                    assert!(self.placed.contains_key(target), "{target} is settled and no member");
                    assert_eq!(self.classes.insert(*target, *class), None, "{target} is settled twice");
                    let has_started = self.started.iter().any(|(started, ..)| started == target);
                    let needs_start = matches!(class, Class::Succeeded | Class::Failed | Class::Lost);
                    assert!(has_started || !needs_start, "{target} is {class:?} and was never released");
                    self.in_flight.remove(target);
                }
            }
            TargetsAmended { from, to, targets, .. } => {
                self.amended += targets.len() as u32;
                for target in targets {
                    assert_eq!(self.classes.insert(*target, *to), Some(*from));
                }
            }
            TargetsWithdrawn { targets, .. } => {
                assert!(self.is_held);
                targets.iter().for_each(|target| assert!(self.in_flight.remove(target)));
            }
            RolloutApprovalLapsed { .. } => {}
            RolloutPaused { .. } | RolloutApprovalRefused { .. } => self.is_held = true,
            RolloutHalted { cause, .. } => {
                self.halts += 1;
                if let HaltCause::Gate { tally, .. } = cause {
                    assert!(tally.new_failures() > 0, "a halt without news");
                }
                self.is_held = true;
            }
            RolloutResumed { .. } => self.is_held = false,
            RolloutCompleted { .. } => {
                assert_eq!(self.in_flight.len(), 0);
                assert_eq!(self.classes.len(), self.placed.len(), "each member has a class at the end");
                self.has_ended = true;
            }
            RolloutAborted { .. } | RolloutSuperseded { .. } => self.has_ended = true,
            RolloutApproved { .. }
            | RolloutStarted { .. }
            | WaveHeld { .. }
            | WaveSoaking { .. }
            | RolloutTailing { .. } => {}
        }
        self.events.push(event.clone());
    }

    fn assert_moving(&self, event: &RolloutEvent) {
        assert!(!self.is_held, "{event:?} while the rollout is paused or halted");
    }

    fn released(&mut self, starts: &[Start], at: DateTime<Utc>) {
        let limits = self.limits.clone().unwrap();
        let mut news = 0;
        for start in starts {
            let tried = (start.target, start.hop.clone(), start.attempt);
            assert!(self.started.insert(tried), "{start:?} twice");
            assert!(!self.classes.contains_key(&start.target), "{start:?} of a settled target");
            news += usize::from(self.in_flight.insert(start.target));
        }
        self.released += starts.len() as u32;
        let most = match limits.in_flight {
            Amount::Count(count) => count as usize,
            Amount::Percent(percent) => (percent as usize * self.placed.len() / 100).max(1),
        };
        assert!(news == 0 || self.in_flight.len() <= most, "{} in flight, of {most}", self.in_flight.len());
        let mut customers = BTreeMap::<CustomerId, u32>::new();
        let mut groups = BTreeMap::new();
        for placed in self.in_flight.iter().map(|target| &self.placed[target]) {
            *customers.entry(placed.customer).or_default() += 1;
            *groups.entry(placed.group.clone()).or_insert(0_u32) += 1;
        }
        // a limit that was lowered takes nothing back: it is asked of those who start
        for start in starts.iter().filter(|_| news > 0) {
            let placed = &self.placed[&start.target];
            let is_new = start.attempt == 1;
            if let Some(most) = limits.per_customer.filter(|_| is_new && news == starts.len()) {
                assert!(customers[&placed.customer] <= most, "{customers:?} of {most}");
            }
            if let (Some(limit), Some(_), true) = (&limits.per_label, &placed.group, news == starts.len()) {
                assert!(groups[&placed.group] <= limit.most, "{groups:?} of {limit:?}");
            }
        }
        self.recent.retain(|(then, _)| (at - *then).num_seconds() < 60);
        self.recent.push((at, starts.len()));
        if let Some(most) = limits.starts_per_minute {
            let recent: usize = self.recent.iter().map(|(_, count)| count).sum();
            assert!(recent <= most as usize, "{recent} starts in a minute");
        }
    }

    /// The state's counts are those of the events.
    pub(crate) fn agree(&self, rollout: &Rollout) {
        let total = rollout.total();
        let of = |class| self.classes.values().filter(|known| **known == class).count() as u32;
        if !rollout.phase.is_final() {
            assert_eq!(total.in_flight, self.in_flight.len() as u32);
            assert_eq!(total.waiting, (self.placed.len() - self.in_flight.len() - self.classes.len()) as u32);
        }
        assert_eq!(total.members(), self.placed.len() as u32);
        let decided = [Class::Succeeded, Class::Failed, Class::Lost].map(of);
        assert_eq!([total.succeeded, total.failed, total.lost], decided);
        if rollout.phase == Phase::Halted {
            assert!(self.is_held);
        }
    }
}
