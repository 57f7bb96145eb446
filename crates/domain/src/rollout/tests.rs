//! What the tests of rollouts share, and the tests of placement and of plans.

mod decisions;
mod looks;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::engine::{Action, next};
use super::place::{Placeable, boundaries, wave_of};
use super::plan::{Draft, Warning, draft};
use super::policy::{Amount, Gate, KeepTogether, Limits, OnHalt, Policy, Selector, WavePolicy};
use super::world::{Outcome, Presence, TargetView, World};
use super::*;
use crate::ids::{ApplicationId, CustomerId, MemberId, TargetId};
use crate::label::Labels;
use crate::upgrade_path::{Catalog, PathRules, Running};
use crate::version::Version;

fn at(minute: i64) -> DateTime<Utc> {
    "2026-12-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minute)
}

fn stamp(minute: i64) -> Stamp {
    Stamp { seen: 0, at: at(minute) }
}

fn target(number: u128) -> TargetId {
    TargetId(Uuid::from_u128(number))
}

fn v(text: &str) -> Version {
    text.parse().unwrap()
}

fn labels(pairs: &[(&str, &str)]) -> Labels {
    pairs.iter().map(|(key, value)| (key.parse().unwrap(), value.parse().unwrap())).collect()
}

fn wave(name: &str, select: Selector) -> WavePolicy {
    WavePolicy { name: name.parse().unwrap(), select, soak_minutes: 10, approve: None }
}

fn limits(in_flight: u32) -> Limits {
    let in_flight = Amount::Count(in_flight);
    Limits { in_flight, per_customer: None, per_label: None, starts_per_minute: None, egress: None }
}

/// Tolerates nothing.
fn policy(waves: Vec<WavePolicy>) -> Policy {
    Policy {
        waves,
        limits: limits(2),
        gate: Gate { max_failures: Some(0), ..Gate::default() },
        timeout_minutes: 60,
        unhealthy_grace_minutes: 5,
        retries: 0,
        lead_minutes: 5,
        on_halt: OnHalt::Withdraw,
        tail_days: 30,
        approve: None,
        windows: None,
        keep_together: None,
        sticky: false,
        closed: false,
    }
}

fn plan_of(policy: Policy) -> Planned {
    Planned {
        application: ApplicationId(Uuid::from_u128(1)),
        name: "1-4-0".parse().unwrap(),
        version: v("1.4.0"),
        kind: Kind::Upgrade,
        policy,
        scope: Scope::default(),
        seed: Uuid::from_u128(77),
        members: 0,
        digest: PlanDigest(Uuid::nil()),
        by: Some(MemberId(Uuid::from_u128(5))),
        not_before: None,
        overseers: BTreeSet::new(),
    }
}

fn view(running: &str) -> TargetView {
    TargetView {
        customer: CustomerId(Uuid::from_u128(1)),
        labels: Labels::new(),
        is_gone: false,
        presence: Presence::Fresh,
        running: Running::Version(v(running)),
        previous: None,
        wish: None,
        is_busy: false,
        refusal: None,
        windows: vec![],
        claim: None,
    }
}

fn world(count: u128) -> World {
    World {
        targets: (1..=count).map(|number| (target(number), view("1.0.0"))).collect(),
        catalog: Catalog([(v("1.0.0"), PathRules::default()), (v("1.4.0"), PathRules::default())].into()),
        ..World::default()
    }
}

/// A rollout, the world, and an engine that does what is to be done.
struct Life {
    rollout: Rollout,
    events: Vec<RolloutEvent>,
    world: World,
    /// minutes
    now: i64,
}

impl Life {
    fn of(policy: Policy, world: World) -> Self {
        Self::of_plan(plan_of(policy), world)
    }

    fn of_plan(mut plan: Planned, world: World) -> Self {
        let drafted = draft(&plan, &world);
        (plan.members, plan.digest) = (drafted.members(), drafted.digest);
        let mut life = Self { rollout: Rollout::default(), events: vec![], world, now: 0 };
        life.execute(RolloutCommand::Plan { plan: Box::new(plan), begins: None, stamp: stamp(0) });
        life
    }

    /// Also says what was added.
    fn execute(&mut self, command: RolloutCommand) -> Vec<RolloutEvent> {
        let events = self.rollout.decide(&command).unwrap_or_else(|refusal| panic!("{refusal}: {command:?}"));
        events.iter().for_each(|event| self.rollout.evolve(event));
        self.events.extend(events.iter().cloned());
        events
    }

    /// The engine works until it rests. Wishes are made and not begun; what is withdrawn is gone.
    fn rest(&mut self) -> Vec<RolloutEvent> {
        let before = self.events.len();
        for _ in 0..1000 {
            let turn = next(&self.rollout, &self.world, at(self.now));
            if turn.actions.is_empty() {
                return self.events[before..].to_vec();
            }
            for action in turn.actions {
                match action {
                    Action::Command(command) => drop(self.execute(command)),
                    Action::Wish { target, hop, attempt } => {
                        let (is_begun, replaced_by, outcome) = (false, None, Outcome::Open);
                        let wish = world::Wish { hop, attempt, is_begun, replaced_by, outcome };
                        self.view(target).wish = Some(wish);
                    }
                    Action::Withdraw { target } => {
                        self.view(target).wish.as_mut().expect("a wish").replaced_by = Some(99);
                    }
                }
            }
        }
        panic!("the engine does not rest")
    }

    fn later(&mut self, minutes: i64) -> Vec<RolloutEvent> {
        self.now += minutes;
        self.rest()
    }

    fn view(&mut self, target: TargetId) -> &mut TargetView {
        self.world.targets.get_mut(&target).expect("a target")
    }

    fn in_flight(&self) -> Vec<TargetId> {
        self.rollout.members.keys().copied().filter(|target| self.rollout.is_in_flight(*target)).collect()
    }

    /// What the agent says of the wish.
    fn says(&mut self, target: TargetId, outcome: Outcome) {
        let view = self.view(target);
        let wish = view.wish.as_mut().expect("a wish");
        wish.is_begun = true;
        if outcome == Outcome::Healthy {
            view.running = Running::Version(wish.hop.clone());
        }
        wish.outcome = outcome;
    }

    /// All that are in flight become healthy, again and again, without a soak of the last wave.
    fn all_goes_well(&mut self) {
        for _ in 0..1000 {
            self.rest();
            match self.in_flight() {
                targets if targets.is_empty() => return,
                targets => targets.into_iter().for_each(|target| self.says(target, Outcome::Healthy)),
            }
        }
    }
}

fn failed() -> Outcome {
    Outcome::Failed { is_transient: false, reason: "it never became healthy".into() }
}

fn placeables(targets: &[(TargetId, Labels)]) -> impl Iterator<Item = Placeable<'_>> {
    let customer = |target: &TargetId| CustomerId(Uuid::from_u128(target.0.as_u128() % 3));
    targets.iter().map(move |(target, labels)| Placeable { target: *target, customer: customer(target), labels })
}

fn members() -> impl Strategy<Value = Vec<(TargetId, Labels)>> {
    let early = any::<bool>().prop_map(|early| if early { labels(&[("ring", "early")]) } else { Labels::new() });
    prop::collection::btree_map(0..10_000_u128, early, 0..80)
        .prop_map(|members| members.into_iter().map(|(number, labels)| (target(number), labels)).collect())
}

fn waves() -> impl Strategy<Value = Vec<WavePolicy>> {
    (1..60_u32, 1..20_u32, any::<bool>(), any::<bool>()).prop_map(|(percent, count, labelled, rest)| {
        let early = wave("early", Selector::Labels(labels(&[("ring", "early")])));
        let sized = [wave("count", Selector::Count(count)), wave("percent", Selector::Percent(percent))];
        let rest = rest.then(|| wave("rest", Selector::Rest));
        labelled.then_some(early).into_iter().chain(sized).chain(rest).collect()
    })
}

proptest! {
    /// Each target is in one wave or in none, and in none only if no wave takes the rest.
    #[test]
    fn waves_partition_the_members(members in members(), waves in waves(), seed in any::<u128>()) {
        let (policy, seed) = (policy(waves), Uuid::from_u128(seed));
        let boundaries = boundaries(&policy, seed, placeables(&members));
        let takes_rest = policy.waves.last().is_some_and(|wave| wave.select == Selector::Rest);
        for of in placeables(&members) {
            let wave = wave_of(&policy, seed, &boundaries, of);
            prop_assert!(wave.is_some() || !takes_rest);
        }
    }

    /// Whoever is asked in whatever order, and whoever joins or leaves afterwards: the others stay where they are.
    #[test]
    fn placement_is_stable(members in members(), waves in waves(), seed in any::<u128>(), left in any::<u64>()) {
        let (policy, seed) = (policy(waves), Uuid::from_u128(seed));
        let frozen = boundaries(&policy, seed, placeables(&members));
        let mut turned = members.clone();
        turned.reverse();
        turned.rotate_left(members.len() / 3);
        prop_assert_eq!(&boundaries(&policy, seed, placeables(&turned)), &frozen);
        let place = |members: &[(TargetId, Labels)]| -> BTreeMap<TargetId, Option<usize>> {
            placeables(members).map(|of| (of.target, wave_of(&policy, seed, &frozen, of))).collect()
        };
        let before = place(&members);
        let mut changed: Vec<_> = members.iter().enumerate().filter(|(index, _)| left >> (index % 64) & 1 == 0).map(|(_, member)| member.clone()).collect();
        changed.extend((20_000..20_010).map(|number| (target(number), Labels::new())));
        for (target, wave) in place(&changed) {
            if let Some(before) = before.get(&target) {
                prop_assert_eq!(*before, wave);
            }
        }
    }

    /// So far are as many as the share says, rounded up; each wave gets somebody while anybody is left.
    #[test]
    fn percent_waves_are_cumulative_and_exact(all in 0..300_usize, one in 1..50_u32, two in 50..100_u32, seed in any::<u128>()) {
        let waves = vec![wave("one", Selector::Percent(one)), wave("two", Selector::Percent(two)), wave("rest", Selector::Rest)];
        let (policy, seed) = (policy(waves), Uuid::from_u128(seed));
        let members: Vec<_> = (0..all as u128).map(|number| (target(number), Labels::new())).collect();
        let boundaries = boundaries(&policy, seed, placeables(&members));
        let mut counts = [0; 3];
        placeables(&members).for_each(|of| counts[wave_of(&policy, seed, &boundaries, of).unwrap()] += 1);
        let first = (one as usize * all).div_ceil(100);
        let second = (two as usize * all).div_ceil(100).max(first + 1).min(all);
        prop_assert_eq!(counts, [first, second - first, all - second]);
    }

    /// Whoever is kept together is in one wave.
    #[test]
    fn customers_are_kept_together(members in members(), seed in any::<u128>()) {
        let sized = vec![wave("some", Selector::Percent(30)), wave("rest", Selector::Rest)];
        let policy = Policy { keep_together: Some(KeepTogether::Customer), ..policy(sized) };
        let seed = Uuid::from_u128(seed);
        let boundaries = boundaries(&policy, seed, placeables(&members));
        let mut waves = BTreeMap::new();
        for of in placeables(&members) {
            let wave = wave_of(&policy, seed, &boundaries, of);
            prop_assert_eq!(*waves.entry(of.customer).or_insert(wave), wave);
        }
    }

    /// The members, their waves and their first hops are those of the preview.
    #[test]
    fn the_preview_is_the_execution(count in 1..40_u128, waves in waves(), seed in any::<u128>()) {
        let mut world = world(count);
        for (target, view) in &mut world.targets {
            if target.0.as_u128() % 3 == 0 {
                view.labels = labels(&[("ring", "early")]);
            }
        }
        world.catalog.0.insert(v("1.2.0"), PathRules { required: Some("schema".into()), ..PathRules::default() });
        let plan = Planned { seed: Uuid::from_u128(seed), ..plan_of(policy(waves)) };
        let preview = draft(&plan, &world);
        let (members, digest) = (preview.members(), preview.digest);
        prop_assume!(members > 0);
        let mut life = Life { rollout: Rollout::default(), events: vec![], world, now: 0 };
        life.execute(RolloutCommand::Plan { plan: Box::new(Planned { members, digest, ..plan }), begins: None, stamp: stamp(0) });
        for _ in 0..200 {
            life.all_goes_well();
            if life.rollout.phase.is_final() {
                break;
            }
            life.now += 10;
        }
        prop_assert_eq!(life.rollout.phase, Phase::Completed);
        let mut happened: Vec<Vec<(TargetId, Version)>> = vec![vec![]; preview.waves.len()];
        for event in &life.events {
            if let RolloutEvent::TargetsReleased { wave, targets, .. } = event {
                for start in targets.iter().filter(|start| start.hop == v("1.2.0")) {
                    happened[*wave as usize - 1].push((start.target, start.hop.clone()));
                }
            }
        }
        let planned: Vec<Vec<_>> = preview.waves.into_iter().map(|wave| {
            wave.into_iter().map(|(target, hop)| (target, hop.unwrap())).collect()
        }).collect();
        prop_assert_eq!(&happened, &planned);
        let sizes: Vec<_> = life.rollout.waves.iter().map(|wave| wave.tally.succeeded as usize).collect();
        prop_assert_eq!(sizes, planned.iter().map(Vec::len).collect::<Vec<_>>());
    }
}

fn drafted(waves: Vec<WavePolicy>, world: &World) -> Draft {
    draft(&plan_of(policy(waves)), world)
}

#[test]
fn a_plan_says_who_is_left_out_and_what_passes_too_easily() {
    let early = Selector::Labels(labels(&[("ring", "early")]));
    let plan = drafted(vec![wave("early", early), wave("half", Selector::Percent(50))], &world(10));
    assert_eq!((plan.members(), plan.unmatched.len()), (5, 5));
    let name = |name: &str| name.parse().unwrap();
    assert_eq!(plan.warnings, [Warning::EmptyWave { wave: name("early") }, Warning::Unmatched { count: 5 }]);
    let plan = drafted(vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)], &world(10));
    assert_eq!(plan.warnings, [Warning::OneSuccess { wave: name("half") }]);
}

#[test]
fn a_plan_has_another_digest_when_somebody_leaves_and_the_same_when_somebody_is_silent() {
    let waves = || vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)];
    let before = drafted(waves(), &world(10)).digest;
    let mut silent = world(10);
    silent.targets.get_mut(&target(3)).unwrap().presence = Presence::Never;
    assert_eq!(drafted(waves(), &silent).digest, before);
    let mut gone = world(10);
    gone.targets.get_mut(&target(3)).unwrap().is_gone = true;
    assert_ne!(drafted(waves(), &gone).digest, before);
    let mut elsewhere = world(10);
    elsewhere.catalog.0.insert(v("1.2.0"), PathRules { required: Some("schema".into()), ..PathRules::default() });
    assert_ne!(drafted(waves(), &elsewhere).digest, before);
    // whoever approves has looked at the time and at the scope, too
    let plan = || plan_of(policy(waves()));
    let later = Planned { not_before: Some(stamp(60).at), ..plan() };
    assert_ne!(draft(&later, &world(10)).digest, before);
    let customers = world(10).targets.values().map(|view| view.customer).collect();
    let narrower = Planned { scope: Scope { customers, ..Scope::default() }, ..plan() };
    assert_eq!(draft(&narrower, &world(10)).members(), draft(&plan(), &world(10)).members());
    assert_ne!(draft(&narrower, &world(10)).digest, before);
}
