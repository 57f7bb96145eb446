//! What the engine makes of what it sees.

use super::*;
use crate::ids::RolloutId;
use crate::rejection::Rejection;
use crate::rollout::engine::why;
use crate::rollout::replay::{Breach, Replay};
use crate::rollout::world::{Claim, Refusal};
use crate::window::{Day, Window, Windows};

/// All in one wave.
fn one_wave(policy_of: impl FnOnce(Policy) -> Policy, world: World) -> Life {
    let mut life = Life::of(policy_of(policy(vec![wave("all", Selector::Rest)])), world);
    life.rest();
    life
}

fn classes(life: &Life, class: Class) -> usize {
    life.rollout.members.values().filter(|member| member.state == MemberState::Settled(class)).count()
}

fn codes(life: &Life, number: u128) -> Vec<&'static str> {
    why(&life.rollout, &life.world, target(number), at(life.now)).iter().map(Rejection::code).collect()
}

#[test]
fn waves_open_soak_and_pass_one_after_the_other() {
    let mut life = Life::of(policy(vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)]), world(6));
    life.all_goes_well();
    assert_eq!((life.rollout.current_wave(), classes(&life, Class::Succeeded)), (Some(0), 3));
    assert_eq!(life.rollout.waves[0].holds, ["wave.soaking".to_owned()].into());
    life.later(9);
    assert_eq!(life.rollout.current_wave(), Some(0), "it soaks");
    life.later(1);
    assert_eq!((life.rollout.current_wave(), life.in_flight().len()), (Some(1), 2));
    life.all_goes_well();
    life.later(10);
    assert_eq!((life.rollout.phase, classes(&life, Class::Succeeded)), (Phase::Completed, 6));
}

#[test]
fn offline_before_release_never_counts() {
    let mut sleepy = world(3);
    let silent = Presence::Silent { since: at(-100), noticed: at(-90) };
    sleepy.targets.get_mut(&target(2)).unwrap().presence = silent;
    let mut life = one_wave(|policy| policy, sleepy);
    assert_eq!(codes(&life, 2)[0], "target.offline");
    life.all_goes_well();
    life.later(10);
    assert_eq!(life.rollout.phase, Phase::Tailing, "it waits for nobody, and stays open for those who return");
    life.later(60 * 24);
    life.view(target(2)).presence = Presence::Fresh;
    life.rest();
    assert_eq!(life.in_flight(), [target(2)]);
    life.all_goes_well();
    assert_eq!((life.rollout.phase, classes(&life, Class::Succeeded)), (Phase::Completed, 3));
}

#[test]
fn who_never_returns_is_unreached_at_the_end_of_the_tail() {
    let mut sleepy = world(2);
    sleepy.targets.get_mut(&target(2)).unwrap().presence = Presence::Never;
    sleepy.targets.get_mut(&target(1)).unwrap().refusal =
        Some(Refusal { code: "entitlement.expired", text: "the license expired".into() });
    let mut life = one_wave(|policy| policy, sleepy);
    life.later(10);
    assert_eq!(life.rollout.phase, Phase::Tailing);
    let turn = next(&life.rollout, &life.world, at(life.now));
    assert_eq!(turn.next_wake, Some(at(10 + 30 * 24 * 60)));
    life.later(30 * 24 * 60);
    assert_eq!(life.rollout.phase, Phase::Completed);
    assert_eq!((classes(&life, Class::Unreached), classes(&life, Class::Skipped)), (1, 1));
}

#[test]
fn no_outcome_in_time_is_a_loss_and_a_late_success_amends_it() {
    let mut life = one_wave(|policy| policy, world(3));
    let [first, second] = life.in_flight()[..] else { panic!("two in flight") };
    // the agent has begun it before it falls silent
    life.says(first, Outcome::Open);
    life.says(second, Outcome::Healthy);
    life.later(59);
    assert_eq!((classes(&life, Class::Lost), life.rollout.phase), (0, Phase::Running));
    let wake = next(&life.rollout, &life.world, at(59)).next_wake;
    assert_eq!(wake, Some(at(60)));
    life.later(1);
    assert_eq!((classes(&life, Class::Lost), life.rollout.phase), (1, Phase::Halted));
    life.says(first, Outcome::Healthy);
    life.rest();
    assert_eq!((classes(&life, Class::Lost), life.rollout.phase), (0, Phase::Halted), "late success never un-halts");
}

#[test]
fn the_hubs_own_absence_is_nobodys_loss() {
    let mut life = one_wave(|policy| policy, world(2));
    life.now = 300;
    life.world.listening_since = at(290);
    life.rest();
    assert_eq!(classes(&life, Class::Lost), 0);
    life.later(50);
    assert_eq!(classes(&life, Class::Lost), 2);
}

#[test]
fn when_most_fall_silent_at_once_the_hub_doubts_itself() {
    let mut life = one_wave(|policy| policy, world(8));
    let silent = |life: &mut Life, numbers: std::ops::RangeInclusive<u128>| {
        for number in numbers {
            life.view(target(number)).presence = Presence::Silent { since: at(50), noticed: at(58) };
        }
    };
    silent(&mut life, 1..=5);
    life.now = 60;
    life.rest();
    assert_eq!((classes(&life, Class::Lost), life.rollout.phase), (0, Phase::Running));
    let waits = life.rollout.waves[0].waiting.values().next().unwrap().0.as_u128();
    assert_eq!(codes(&life, waits)[0], "hub.suspect");
    life.later(4);
    assert_eq!(classes(&life, Class::Lost), 2);
}

#[test]
fn a_halt_withdraws_what_nobody_has_begun_and_keeps_what_somebody_has() {
    let mut life = one_wave(|policy| Policy { limits: limits(3), ..policy }, world(5));
    let [first, second, third] = life.in_flight()[..] else { panic!("three in flight") };
    life.says(second, Outcome::Open);
    life.says(first, failed());
    life.rest();
    assert_eq!((life.rollout.phase, life.in_flight()), (Phase::Halted, vec![second]));
    assert_eq!(life.view(third).wish.as_ref().unwrap().replaced_by, Some(99));
    assert_eq!(codes(&life, third.0.as_u128()), ["rollout.halted"]);
    life.says(second, Outcome::Healthy);
    life.execute(RolloutCommand::Resume { reason: "known".into(), stamp: stamp(1) });
    life.all_goes_well();
    assert_eq!((classes(&life, Class::Succeeded), classes(&life, Class::Failed)), (4, 1));
    let again = life.events.iter().filter_map(|event| match event {
        RolloutEvent::TargetsReleased { targets, .. } => targets.iter().find(|start| start.target == third),
        _ => None,
    });
    assert_eq!(again.map(|start| start.attempt).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_canary_that_failed_is_left_by_a_skip_alone() {
    let waves = vec![wave("one", Selector::Count(1)), wave("all", Selector::Rest)];
    let mut life = Life::of(policy(waves), world(4));
    life.rest();
    let canary = life.in_flight()[0];
    life.says(canary, failed());
    life.rest();
    assert_eq!(life.rollout.phase, Phase::Halted);
    life.execute(RolloutCommand::Resume { reason: "known".into(), stamp: stamp(1) });
    life.rest();
    life.later(11);
    assert_eq!((life.rollout.phase, life.rollout.current_wave()), (Phase::Running, Some(0)));
    assert_eq!(life.rollout.waves[0].holds, ["gate.success".to_owned()].into());
    life.execute(RolloutCommand::SkipWave { wave: 1, reason: "its disk was full".into(), stamp: stamp(21) });
    life.rest();
    assert_eq!(life.in_flight().len(), 2);
    let next_one = life.in_flight()[0];
    life.says(next_one, failed());
    life.rest();
    assert_eq!(life.rollout.phase, Phase::Halted, "the next failure halts");
}

#[test]
fn a_wave_that_nobody_can_answer_for_opens_no_other() {
    let mut sleepy = world(4);
    sleepy.targets.values_mut().for_each(|view| view.presence = Presence::Never);
    let waves = vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)];
    let mut life = Life::of(policy(waves), sleepy);
    life.rest();
    life.later(10);
    assert_eq!(life.rollout.waves[0].holds, ["gate.sample".to_owned(), "target.never_heard".to_owned()].into());
    life.view(target(1)).presence = Presence::Fresh;
    life.view(target(2)).presence = Presence::Fresh;
    life.view(target(3)).presence = Presence::Fresh;
    life.all_goes_well();
    assert_eq!(life.rollout.current_wave(), Some(1));
}

#[test]
fn hops_are_taken_in_one_slot_and_count_at_the_destination() {
    let mut floors = world(3);
    for version in ["1.1.0", "1.2.0"] {
        floors.catalog.0.insert(v(version), PathRules { required: Some("schema".into()), ..PathRules::default() });
    }
    let mut life = one_wave(|policy| Policy { limits: limits(1), ..policy }, floors);
    let [first] = life.in_flight()[..] else { panic!("one in flight") };
    let hops = |life: &Life| {
        let last = life.rollout.members[&first].last.clone().unwrap();
        (last.0.to_string(), life.in_flight() == [first], classes(life, Class::Succeeded))
    };
    assert_eq!(hops(&life), ("1.1.0".to_owned(), true, 0));
    life.says(first, Outcome::Healthy);
    life.rest();
    assert_eq!(hops(&life), ("1.2.0".to_owned(), true, 0));
    life.says(first, Outcome::Healthy);
    life.rest();
    assert_eq!(hops(&life), ("1.4.0".to_owned(), true, 0));
    life.says(first, Outcome::Healthy);
    life.rest();
    assert_eq!(hops(&life), ("1.4.0".to_owned(), false, 1));
}

#[test]
fn a_hop_that_failed_for_want_of_network_is_tried_again_in_its_slot() {
    let mut life = one_wave(|policy| Policy { retries: 1, limits: limits(1), ..policy }, world(2));
    let [first] = life.in_flight()[..] else { panic!("one in flight") };
    let transient = || Outcome::Failed { is_transient: true, reason: "no route".into() };
    life.says(first, transient());
    life.rest();
    assert_eq!((life.in_flight(), life.rollout.members[&first].last.clone()), (vec![first], Some((v("1.4.0"), 2))));
    life.says(first, transient());
    life.rest();
    assert_eq!((classes(&life, Class::Failed), life.rollout.phase), (1, Phase::Halted));
}

#[test]
fn health_that_does_not_last_is_a_failure_after_the_grace() {
    let mut life = one_wave(|policy| policy, world(2));
    let [first, second] = life.in_flight()[..] else { panic!("two in flight") };
    life.says(first, Outcome::Healthy);
    life.rest();
    life.says(first, Outcome::Unhealthy { since: at(1), reason: "it fell over".into() });
    life.later(5);
    assert_eq!(classes(&life, Class::Failed), 0);
    life.later(1);
    assert_eq!((classes(&life, Class::Failed), life.rollout.phase), (1, Phase::Halted));
    assert!(life.rollout.is_in_flight(second) || life.rollout.total().waiting == 1);
}

#[test]
fn starts_wait_for_windows_and_the_clock_of_a_hop_with_them() {
    let nightly = |start: &str| Windows {
        zone: "UTC".parse().unwrap(),
        allow: vec![Window { days: [Day::Tue, Day::Wed, Day::Thu].into(), start: start.parse().unwrap(), minutes: 40 }],
        blackouts: vec![],
    };
    let mut windowed = world(1);
    windowed.targets.get_mut(&target(1)).unwrap().windows = vec![nightly("02:00")];
    // 2026-12-01 is a Tuesday
    let mut life = one_wave(|policy| policy, windowed);
    assert_eq!(codes(&life, 1), ["window.closed"]);
    assert_eq!(next(&life.rollout, &life.world, at(0)).next_wake, Some(at(120)));
    assert_eq!(life.rollout.current_wave(), Some(0), "the wave waits for it");
    life.later(156);
    assert_eq!(codes(&life, 1), ["window.too_short"]);
    life.later(24 * 60 - 36);
    assert_eq!(life.in_flight(), [target(1)]);
    life.later(24 * 60);
    assert_eq!(classes(&life, Class::Lost), 0, "40 of 60 minutes were open");
    life.later(20);
    assert_eq!(classes(&life, Class::Lost), 1);
}

#[test]
fn a_revoked_release_halts() {
    let mut life = one_wave(|policy| policy, world(3));
    life.world.catalog.0.get_mut(&v("1.4.0")).unwrap().revoked = Some("cve".into());
    life.rest();
    assert_eq!((life.rollout.phase, life.in_flight()), (Phase::Halted, vec![]));
}

#[test]
fn a_newer_rollout_takes_over_what_was_not_released() {
    let mut life = one_wave(|policy| Policy { limits: limits(1), ..policy }, world(4));
    let newer = RolloutId(Uuid::from_u128(9));
    for view in life.world.targets.values_mut() {
        view.claim = Some(Claim { rollout: newer, version: v("1.5.0"), in_flight: false });
    }
    life.rest();
    assert_eq!((classes(&life, Class::Superseded), life.rollout.total().in_flight), (3, 1));
    life.all_goes_well();
    life.later(10);
    assert_eq!((life.rollout.phase, classes(&life, Class::Succeeded)), (Phase::Completed, 1));
    // what another rollout has in flight finishes first
    let mut other = world(1);
    let claim = Claim { rollout: newer, version: v("1.3.0"), in_flight: true };
    other.targets.get_mut(&target(1)).unwrap().claim = Some(claim);
    assert_eq!(codes(&one_wave(|policy| policy, other), 1), ["target.other_rollout"]);
}

#[test]
fn a_rollout_of_which_nothing_is_left_is_superseded_whole() {
    let mut sleepy = world(2);
    sleepy.targets.values_mut().for_each(|view| view.presence = Presence::Never);
    let mut life = one_wave(|policy| policy, sleepy);
    for view in life.world.targets.values_mut() {
        view.claim = Some(Claim { rollout: RolloutId(Uuid::from_u128(9)), version: v("1.5.0"), in_flight: false });
    }
    life.rest();
    assert_eq!((life.rollout.phase, classes(&life, Class::Superseded)), (Phase::Superseded, 2));
}

#[test]
fn somebody_elses_wish_supersedes_ours() {
    let mut life = one_wave(|policy| policy, world(2));
    life.view(target(1)).wish.as_mut().unwrap().replaced_by = Some(7);
    life.rest();
    assert_eq!((classes(&life, Class::Superseded), life.rollout.phase), (1, Phase::Running));
}

#[test]
fn who_joins_late_is_placed_once_and_who_leaves_is_counted_no_more() {
    let waves = vec![wave("one", Selector::Count(1)), wave("all", Selector::Rest)];
    let mut life = Life::of(policy(waves), world(3));
    life.all_goes_well();
    life.later(10);
    for number in 4..30 {
        life.world.targets.insert(target(number), view("1.0.0"));
    }
    life.rest();
    let late = life.rollout.members.iter().filter(|(target, _)| target.0.as_u128() > 3);
    assert!(late.clone().count() == 26 && late.clone().all(|(_, member)| member.wave == 1), "wave 1 has passed");
    life.view(target(5)).is_gone = true;
    life.rest();
    assert_eq!((life.rollout.members.len(), life.rollout.total().members()), (28, 28));
}

#[test]
fn who_runs_the_release_already_is_not_waited_for() {
    let mut life = one_wave(|policy| Policy { limits: limits(1), ..policy }, world(2));
    let other = if life.in_flight() == [target(1)] { target(2) } else { target(1) };
    life.view(other).running = Running::Version(v("1.4.0"));
    life.rest();
    assert_eq!(classes(&life, Class::Skipped), 1);
}

#[test]
fn a_rollback_leads_each_target_to_what_it_ran_before() {
    let mut failed = world(3);
    for (number, previous) in [(1, Some("1.0.0")), (2, Some("1.2.0")), (3, None)] {
        let view = failed.targets.get_mut(&target(number)).unwrap();
        view.running = Running::Version(v("1.4.0"));
        view.previous = previous.map(v);
    }
    // what runs there is not of the rollout
    failed.targets.insert(target(4), TargetView { previous: Some(v("1.0.0")), ..view("1.3.0") });
    let rules = PathRules { no_return: Some("new format".into()), ..PathRules::default() };
    failed.catalog.0.insert(v("1.1.0"), rules);
    let plan = Planned { kind: Kind::Rollback, ..plan_of(policy(vec![wave("all", Selector::Rest)])) };
    let drafted = draft(&plan, &failed);
    let mut life = Life { rollout: Rollout::default(), events: vec![], world: failed, now: 0 };
    let plan = Box::new(Planned { members: drafted.members(), digest: drafted.digest, ..plan });
    life.execute(RolloutCommand::Plan { plan, begins: None, stamp: stamp(0) });
    life.all_goes_well();
    assert_eq!(life.view(target(2)).running, Running::Version(v("1.2.0")));
    assert_eq!(classes(&life, Class::RolledBack), 1);
    assert_eq!(codes(&life, 1), ["path.no_return"]);
    assert!(![3, 4].into_iter().any(|number| life.rollout.members.contains_key(&target(number))));
}

#[test]
fn a_start_waits_for_its_share_of_the_registry() {
    let mut heavy = world(3);
    heavy.bytes.insert((v("1.0.0"), v("1.4.0")), 5_000);
    let egress = |policy: Policy| Policy { limits: Limits { egress: Some(100), ..limits(9) }, ..policy };
    let mut life = one_wave(egress, heavy);
    assert_eq!(life.in_flight().len(), 1);
    let wake = next(&life.rollout, &life.world, at(0)).next_wake.unwrap();
    assert_eq!(wake, at(0) + TimeDelta::seconds(40), "6000 fit, 5000 are taken, 5000 more need 40 seconds");
    life.later(1);
    assert_eq!(life.in_flight().len(), 2);
}

#[test]
fn what_happened_is_what_the_rules_let_happen_and_what_did_not_is_found() {
    let mut life = Life::of(policy(vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)]), world(6));
    life.all_goes_well();
    life.later(10);
    life.all_goes_well();
    let replayed = |events: &[RolloutEvent]| {
        let mut replay = Replay::default();
        let breaches: Vec<Breach> = events.iter().filter_map(|event| replay.take(event)).collect();
        (breaches, replay.rollout.phase, replay.rollout.members.len())
    };
    assert_eq!(replayed(&life.events), (vec![], life.rollout.phase, 6));
    // one that starts before its wave has opened
    let released = life.events.iter().position(|event| matches!(event, RolloutEvent::TargetsReleased { wave: 2, .. }));
    let opened = life.events.iter().position(|event| matches!(event, RolloutEvent::WaveOpened { wave: 2, .. }));
    let mut other = life.events.clone();
    other.swap(released.unwrap(), opened.unwrap());
    let (breaches, ..) = replayed(&other);
    assert!(breaches.contains(&Breach::Refused(RolloutRejection::WaveClosed { wave: 2 })), "{breaches:?}");
}
