//! A hub with the stream of one rollout, its engines, and people who interfere.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::decider::Decider;
use distr_domain::ids::{ApplicationId, MemberId};
use distr_domain::names::Slug;
use distr_domain::permission::VendorRole;
use distr_domain::rollout::engine::{Action, next};
use distr_domain::rollout::plan::draft;
use distr_domain::rollout::policy::{Amount, Approval, Gate, LabelLimit, Limits, OnHalt, Policy, Selector, WavePolicy};
use distr_domain::rollout::world::{Presence, Refusal, Standing, World};
use distr_domain::rollout::{
    HaltCause, Kind, MemberState, Phase, PlanDigest, Planned, Rollout, RolloutCommand, Scope, Stamp,
};
use distr_domain::upgrade_path::{Catalog, PathRules};
use distr_domain::version::Version;
use distr_domain::window::{Opening, opening};
use uuid::Uuid;

use super::chance::Chance;
use super::devices::{Device, version};
use super::oracle::Oracle;

/// Actions of an engine between two looks at the clock, at most: an engine that never comes to rest is wrong.
const REST: usize = 400;

#[derive(Debug, Clone)]
pub(crate) struct Hub {
    pub(crate) clock: DateTime<Utc>,
    pub(crate) oracle: Oracle,
    rollout: Rollout,
    devices: Vec<Device>,
    catalog: Catalog,
    position: u64,
    listening_since: DateTime<Utc>,
    storms: bool,
    /// what the second engine looks at
    stale: Option<(Rollout, World, DateTime<Utc>)>,
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn wave(name: &str, select: Selector, soak_minutes: u32) -> WavePolicy {
    WavePolicy { name: name.parse().unwrap(), select, soak_minutes, approve: None }
}

fn policy(chance: &mut Chance) -> Policy {
    let early = [("ring".parse().unwrap(), "early".parse().unwrap())].into();
    let mut waves = vec![
        wave("inside", Selector::Labels(early), 10),
        wave("some", Selector::Count(1 + chance.below(5) as u32), 30),
        wave("half", Selector::Percent(50), 20),
        wave("all", Selector::Rest, 0),
    ];
    if chance.one_in(3) {
        waves.remove(chance.below(3) as usize);
    }
    if chance.one_in(4) {
        waves[1].approve = Some(Approval { roles: [VendorRole::Owner].into(), count: 1, within_hours: Some(48) });
    }
    let sometimes = |chance: &mut Chance, most: u64| chance.one_in(2).then(|| 1 + chance.below(most) as u32);
    let per_label = LabelLimit { label: "region".parse().unwrap(), most: 1 + chance.below(3) as u32 };
    Policy {
        waves,
        limits: Limits {
            in_flight: *chance.pick(&[Amount::Count(1), Amount::Count(4), Amount::Percent(20), Amount::Count(50)]),
            per_customer: sometimes(chance, 4),
            per_label: chance.one_in(2).then_some(per_label),
            starts_per_minute: sometimes(chance, 5),
            egress: chance.one_in(3).then(|| 500 + chance.below(5000)),
        },
        gate: Gate {
            max_failures: sometimes(chance, 4).map(|most| most - 1),
            max_failure_percent: 10 + chance.below(40) as u32,
            max_unknown_percent: 10 + chance.below(40) as u32,
            min_decided: 1 + chance.below(6) as u32,
            ..Gate::default()
        },
        timeout_minutes: 60,
        unhealthy_grace_minutes: 5,
        retries: chance.below(3) as u32,
        lead_minutes: 5,
        on_halt: OnHalt::Withdraw,
        tail_days: 2,
        approve: None,
        windows: None,
        keep_together: None,
        sticky: false,
        closed: chance.one_in(4),
    }
}

impl Hub {
    pub(crate) fn new(chance: &mut Chance, now: DateTime<Utc>) -> Self {
        let count = 8 + chance.below(40);
        let devices = (0..count).map(|number| Device::new(number, chance, now)).collect();
        let floor = |reason: &str| PathRules { required: Some(reason.to_owned()), ..PathRules::default() };
        let rules = [PathRules::default(), PathRules::default(), floor("schema"), PathRules::default(), floor("keys")];
        let mut catalog =
            Catalog(rules.into_iter().enumerate().map(|(minor, rules)| (version(minor as u64), rules)).collect());
        catalog.0.insert(version(5), PathRules::default());
        let mut hub = Self {
            clock: now,
            oracle: Oracle::default(),
            rollout: Rollout::default(),
            devices,
            catalog,
            position: 0,
            listening_since: now,
            storms: true,
            stale: None,
        };
        hub.plan(chance);
        hub
    }

    fn plan(&mut self, chance: &mut Chance) {
        let mut plan = Planned {
            application: ApplicationId(id(1)),
            name: "1-5-0".parse::<Slug>().unwrap(),
            version: version(5),
            kind: Kind::Upgrade,
            policy: policy(chance),
            scope: Scope::default(),
            seed: id(chance.below(1 << 60).into()),
            members: 0,
            digest: PlanDigest(Uuid::nil()),
            by: Some(MemberId(id(5))),
            not_before: chance.one_in(4).then(|| self.clock + TimeDelta::hours(3)),
            overseers: BTreeSet::new(),
        };
        let drafted = draft(&plan, &self.world());
        (plan.members, plan.digest) = (drafted.members(), drafted.digest);
        self.execute(&RolloutCommand::Plan { plan: Box::new(plan), begins: None, stamp: self.stamp() });
    }

    fn stamp(&self) -> Stamp {
        Stamp { seen: self.position, at: self.clock }
    }

    fn world(&self) -> World {
        let versions: Vec<Version> = self.catalog.0.keys().cloned().collect();
        let pairs = versions.iter().flat_map(|from| versions.iter().map(move |to| (from.clone(), to.clone())));
        World {
            seen: self.position,
            listening_since: self.listening_since,
            catalog: self.catalog.clone(),
            targets: self.devices.iter().map(|device| (device.target, device.view.clone())).collect(),
            bytes: pairs.map(|pair| (pair, 20_000)).collect(),
            approvers: Standing::new(),
        }
    }

    /// On the stream as it is now, whatever the asker knows. A refusal changes nothing.
    fn execute(&mut self, command: &RolloutCommand) -> bool {
        let Ok(events) = self.rollout.decide(command) else { return false };
        for event in &events {
            self.oracle.look(event);
            self.rollout.evolve(event);
            self.position += 1;
            if let distr_domain::rollout::RolloutEvent::TargetsReleased { targets, stamp, .. } = event {
                targets.iter().for_each(|start| self.check_window(start.target, stamp.at));
            }
        }
        self.oracle.agree(&self.rollout);
        // what is true is not made true again
        let again = self.rollout.decide(command);
        assert!(again.as_ref().map_or(true, Vec::is_empty), "{command:?} once more adds {again:?}");
        !events.is_empty()
    }

    fn check_window(&self, target: distr_domain::ids::TargetId, at: DateTime<Utc>) {
        let device = self.devices.iter().find(|device| device.target == target).unwrap();
        let windows: Vec<_> = device.view.windows.iter().collect();
        let opening = opening(&windows, at);
        assert!(matches!(opening, Opening::Open { .. }), "{target} starts outside its window");
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Command(command) => _ = self.execute(&command),
            Action::Wish { target, hop, attempt } => {
                // the rollout's stream is read once more before a deployment is asked
                if !self.rollout.awaits(target, &hop, attempt) {
                    return;
                }
                let (catalog, newest) = (self.catalog.clone(), version(5));
                let device = self.devices.iter_mut().find(|device| device.target == target).unwrap();
                let known = device.view.wish.as_ref().is_some_and(|wish| (&wish.hop, wish.attempt) == (&hop, attempt));
                if known {
                    return;
                }
                // the deployment's own rule: no floor is passed over
                match catalog.next_hop(&device.view.running, &newest) {
                    Ok(next) if next == hop => device.ask(&hop, attempt),
                    _ => {
                        let command = RolloutCommand::Settle {
                            class: distr_domain::rollout::Class::Skipped,
                            reason: "deployment.floor_skipped".to_owned(),
                            targets: vec![target],
                            away: vec![],
                            stamp: self.stamp(),
                        };
                        self.execute(&command);
                    }
                }
            }
            Action::Withdraw { target } => {
                let device = self.devices.iter_mut().find(|device| device.target == target).unwrap();
                let is_begun = device.view.wish.as_ref().is_none_or(|wish| wish.is_begun);
                if !is_begun {
                    device.replace(999);
                }
            }
        }
    }

    /// Until it rests, or is killed after so many actions.
    fn run_engine(&mut self, mut actions: usize) {
        let mut world = self.world();
        for _ in 0..REST {
            let turn = next(&self.rollout, &world, self.clock);
            if turn.actions.is_empty() {
                return self.check_withdrawn();
            }
            for action in turn.actions {
                if actions == 0 {
                    return;
                }
                actions -= 1;
                let touched = match &action {
                    Action::Command(_) => None,
                    Action::Wish { target, .. } | Action::Withdraw { target } => Some(*target),
                };
                self.act(action);
                let device = self.devices.iter().find(|device| Some(device.target) == touched);
                world.targets.extend(device.map(|device| (device.target, device.view.clone())));
                world.seen = self.position;
            }
        }
        panic!("the engine does not come to rest: {:?}", next(&self.rollout, &world, self.clock));
    }

    pub(crate) fn engine_acts(&mut self) {
        self.run_engine(usize::MAX);
    }

    pub(crate) fn engines_act(&mut self, chance: &mut Chance) {
        if self.stale.is_none() || chance.one_in(3) {
            self.stale = Some((self.rollout.clone(), self.world_of_another(chance), self.clock));
        }
        let killed_after = if chance.one_in(5) { chance.below(4) as usize } else { usize::MAX };
        self.run_engine(killed_after);
        if let Some((rollout, world, then)) = self.stale.clone().filter(|_| chance.one_in(2)) {
            // it acts on what it knew, at a time between then and now
            let when = then + (self.clock - then) / 2;
            self.run_stale(rollout, world, when);
        }
    }

    /// An engine that does not read on: it takes its own commands for done, whatever the stream says.
    fn run_stale(&mut self, mut rollout: Rollout, mut world: World, when: DateTime<Utc>) {
        for _ in 0..8 {
            for action in next(&rollout, &world, when).actions {
                match &action {
                    Action::Command(command) => {
                        let believed = rollout.decide(command).unwrap_or_default();
                        believed.iter().for_each(|event| rollout.evolve(event));
                    }
                    Action::Wish { target, .. } | Action::Withdraw { target } => _ = world.targets.remove(target),
                }
                self.act(action);
            }
        }
    }

    /// As it is seen by a hub that has not heard of some targets.
    fn world_of_another(&self, chance: &mut Chance) -> World {
        let mut world = self.world();
        for view in world.targets.values_mut().filter(|_| chance.one_in(2)) {
            view.presence = Presence::Never;
        }
        world
    }

    /// What a halt or an abort has left in flight is what an agent has begun: nobody comes back weeks later and installs it.
    fn check_withdrawn(&self) {
        if !matches!(self.rollout.phase, Phase::Halted | Phase::Aborted) {
            return;
        }
        for device in self.devices.iter().filter(|device| self.rollout.members.contains_key(&device.target)) {
            let waits = device.view.wish.as_ref().is_some_and(|wish| !wish.is_begun && wish.replaced_by.is_none());
            assert!(!waits, "{} still has a wish of the {} rollout", device.target, self.rollout.phase);
        }
    }

    pub(crate) fn devices_act(&mut self, chance: &mut Chance) {
        let (storms, clock) = (self.storms, self.clock);
        for device in self.devices.iter_mut().filter(|device| !device.view.is_gone) {
            device.act(storms, &version(5), chance, clock);
        }
    }

    pub(crate) fn something_happens(&mut self, chance: &mut Chance) {
        let clock = self.clock;
        let index = chance.below(self.devices.len() as u64) as usize;
        let reason = || "a person says so".to_owned();
        let stamp = self.stamp();
        match chance.below(60) {
            0..8 => {
                let hours = *chance.pick(&[1, 1, 2, 5, 24, 24 * 20]);
                self.devices[index].silent_until = Some(clock + TimeDelta::hours(hours));
            }
            8 => self.devices[index].view.is_gone = true,
            9 | 10 => {
                let refusal = Refusal { code: "entitlement.suspended", text: "the license is suspended".to_owned() };
                let view = &mut self.devices[index].view;
                view.refusal = if view.refusal.is_none() { Some(refusal) } else { None };
            }
            11 => {
                self.devices[index].replace(500);
                self.devices[index].running = version(chance.below(5));
            }
            12 => {
                let number = 100 + self.devices.len() as u64;
                self.devices.push(Device::new(number, chance, clock));
            }
            13 => _ = self.execute(&RolloutCommand::Pause { reason: reason(), stamp }),
            14..22 => _ = self.execute(&RolloutCommand::Resume { reason: reason(), stamp }),
            22 if chance.one_in(4) => {
                let cause = HaltCause::Person { reason: reason() };
                self.execute(&RolloutCommand::Halt { cause, stamp });
            }
            23 => {
                if let Some(limits) = &self.rollout.limits {
                    let in_flight = Amount::Count(1 + chance.below(6) as u32);
                    let limits = Limits { in_flight, ..limits.clone() };
                    self.execute(&RolloutCommand::Adjust { limits, by: None, stamp });
                }
            }
            24 => _ = self.skip_wave(),
            25 | 26 => self.approve(),
            27 => self.listening_since = clock,
            28 => {
                // a switch between the hub and everybody
                for device in &mut self.devices {
                    device.silent_until = Some(clock + TimeDelta::minutes(90));
                }
            }
            29 if chance.one_in(30) => _ = self.execute(&RolloutCommand::Abort { reason: reason(), stamp }),
            30 if chance.one_in(20) => {
                self.catalog.0.entry(version(5)).or_default().revoked = Some("cve".to_owned());
            }
            // a clock that goes back
            31 => self.clock -= TimeDelta::minutes(10),
            _ => {}
        }
    }

    fn skip_wave(&mut self) -> bool {
        let Some(wave) = self.rollout.current_wave() else { return false };
        let (reason, stamp) = ("a person says so".to_owned(), self.stamp());
        match self.rollout.waves[wave].is_opened() {
            true => self.execute(&RolloutCommand::SkipWave { wave: wave as u32 + 1, reason, stamp }),
            false => false,
        }
    }

    fn approve(&mut self) {
        let Some(digest) = self.rollout.digest() else { return };
        for stage in 0..=self.rollout.waves.len() as u32 {
            let (by, role, at) = (MemberId(id(6)), VendorRole::Owner, self.clock);
            self.execute(&RolloutCommand::Approve { stage, digest, by, role, at });
        }
    }

    /// Everything works from now on.
    pub(crate) fn calm_down(&mut self) {
        self.storms = false;
        self.stale = None;
        for device in &mut self.devices {
            device.silent_until = None;
            device.is_frail = false;
            device.view.refusal = None;
        }
    }

    /// What a person does who reads why it waits.
    pub(crate) fn operator_helps(&mut self) {
        let stamp = self.stamp();
        match self.rollout.phase {
            Phase::Paused | Phase::Halted if self.catalog.0[&version(5)].revoked.is_some() => {
                self.execute(&RolloutCommand::Abort { reason: "revoked".to_owned(), stamp });
            }
            Phase::Paused | Phase::Halted => {
                self.execute(&RolloutCommand::Resume { reason: "seen".to_owned(), stamp });
            }
            _ => {}
        }
        self.approve();
        let wave = self.rollout.current_wave();
        let is_stuck = wave.is_some_and(|wave| {
            let holds = &self.rollout.waves[wave].holds;
            holds.iter().any(|hold| hold.starts_with("gate."))
        });
        if is_stuck {
            self.skip_wave();
        }
    }

    /// Also what was withdrawn has come home.
    pub(crate) fn is_over(&self) -> bool {
        self.rollout.phase.is_final() && next(&self.rollout, &self.world(), self.clock).actions.is_empty()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.rollout.phase
    }

    pub(crate) fn status(&self) -> String {
        let waves: Vec<_> = self.rollout.waves.iter().map(|wave| (wave.phase, wave.tally, &wave.holds)).collect();
        format!("{} {waves:?} {:?}", self.rollout.phase, self.oracle.events.iter().rev().take(5).collect::<Vec<_>>())
    }

    pub(crate) fn check_the_end(&self, seed: u64) {
        for (target, member) in &self.rollout.members {
            assert!(matches!(member.state, MemberState::Settled(_)), "seed {seed}: {target} has no class");
        }
        let folded = Rollout::fold(&self.oracle.events);
        assert_eq!(format!("{:?}", folded.members), format!("{:?}", self.rollout.members));
    }
}
