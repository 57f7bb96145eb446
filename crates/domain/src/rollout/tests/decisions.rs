//! What the stream of a rollout accepts and refuses, whoever asks.

use super::*;
use crate::decider::Decider;
use crate::permission::VendorRole;
use crate::rejection::Rejection;
use crate::rollout::gate::{Away, GateRule};
use crate::rollout::place::Boundary;
use crate::rollout::policy::{Approval, LabelLimit};

/// Ten targets, of which five are in the first wave, which is open.
fn open() -> Life {
    let mut life = Life::of(policy(vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)]), world(10));
    life.rest();
    life
}

#[track_caller]
fn refused(rollout: &Rollout, command: &RolloutCommand, code: &str) {
    let refusal = rollout.decide(command).expect_err("it is refused");
    assert_eq!(refusal.code(), code, "{refusal}");
}

fn release(wave: u32, targets: &[TargetId]) -> RolloutCommand {
    let start = |target: &TargetId| Start { target: *target, hop: v("1.4.0"), attempt: 1, bytes: 0 };
    RolloutCommand::Release { wave, starts: targets.iter().map(start).collect(), stamp: stamp(1) }
}

fn settle(class: Class, targets: Vec<TargetId>) -> RolloutCommand {
    RolloutCommand::Settle { class, reason: String::new(), targets, away: vec![], stamp: stamp(1) }
}

/// Members of a wave that wait.
fn waiting(life: &Life, wave: usize) -> Vec<TargetId> {
    life.rollout.waves[wave].waiting.values().copied().collect()
}

#[test]
fn no_engine_gets_more_into_flight_than_the_limit() {
    let life = open();
    assert_eq!(life.in_flight().len(), 2);
    refused(&life.rollout, &release(1, &waiting(&life, 0)[..1]), "rollout.over_limit");
    let again = life.rollout.decide(&release(1, &life.in_flight()));
    assert_eq!(again, Ok(vec![]), "the same start again is none");
}

#[test]
fn shares_of_customers_and_labels_are_limits_too() {
    let of_policy = |limits: Limits| Policy { limits, ..policy(vec![wave("all", Selector::Rest)]) };
    let mut life = Life::of(of_policy(Limits { per_customer: Some(1), ..limits(5) }), world(10));
    life.rest();
    assert_eq!(life.in_flight().len(), 1);
    refused(&life.rollout, &release(1, &waiting(&life, 0)[..1]), "rollout.over_limit");
    let mut regions = world(10);
    for (index, view) in regions.targets.values_mut().enumerate() {
        view.labels = labels(&[("region", if index % 2 == 0 { "eu" } else { "us" })]);
    }
    let per_label = Some(LabelLimit { label: "region".parse().unwrap(), most: 2 });
    let mut life = Life::of(of_policy(Limits { per_label, ..limits(9) }), regions);
    life.rest();
    assert_eq!(life.in_flight().len(), 4);
    let rate = Limits { starts_per_minute: Some(3), ..limits(9) };
    let mut life = Life::of(of_policy(rate), world(10));
    life.rest();
    assert_eq!(life.in_flight().len(), 3);
    refused(
        &life.rollout,
        &RolloutCommand::Release {
            wave: 1,
            starts: vec![Start { target: waiting(&life, 0)[0], hop: v("1.4.0"), attempt: 1, bytes: 0 }],
            stamp: stamp(0),
        },
        "rollout.over_limit",
    );
    life.later(1);
    assert_eq!(life.in_flight().len(), 6);
}

#[test]
fn a_lower_limit_takes_nothing_back_and_starts_nothing() {
    let mut life = open();
    life.execute(RolloutCommand::Adjust { limits: limits(1), by: None, stamp: stamp(1) });
    let [first, second] = life.in_flight()[..] else { panic!("two in flight") };
    life.says(first, Outcome::Healthy);
    life.rest();
    assert_eq!(life.in_flight(), [second]);
    refused(&life.rollout, &RolloutCommand::Adjust { limits: limits(0), by: None, stamp: stamp(1) }, "policy.no_limit");
}

#[test]
fn a_later_wave_never_starts_first() {
    let life = open();
    refused(&life.rollout, &release(2, &waiting(&life, 1)[..1]), "rollout.wave_closed");
    refused(&life.rollout, &RolloutCommand::OpenWave { wave: 2, stamp: stamp(1) }, "rollout.wave_closed");
    refused(
        &life.rollout,
        &RolloutCommand::SkipWave { wave: 2, reason: "x".into(), stamp: stamp(1) },
        "rollout.wave_closed",
    );
    let away = Away::default();
    refused(&life.rollout, &RolloutCommand::Pass { wave: 1, away, stamp: stamp(1) }, "rollout.gate_not_met");
    // a target of another wave is no start of this one
    assert_eq!(life.rollout.decide(&release(1, &waiting(&life, 1)[..1])), Ok(vec![]));
}

#[test]
fn a_failure_too_many_halts_with_the_same_append() {
    let mut life = open();
    let [first, second] = life.in_flight()[..] else { panic!("two in flight") };
    let events = life.execute(settle(Class::Failed, vec![first]));
    let [RolloutEvent::TargetsSettled { .. }, RolloutEvent::RolloutHalted { cause, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert!(matches!(cause, HaltCause::Gate { rule: GateRule::MaxFailures, wave: 1, .. }));
    refused(&life.rollout, &release(1, &waiting(&life, 0)[..1]), "rollout.halted");
    refused(&life.rollout, &RolloutCommand::OpenWave { wave: 1, stamp: stamp(1) }, "rollout.halted");
    // the outcome of what was in flight is still taken in, and halts no second time
    assert_eq!(life.execute(settle(Class::Failed, vec![second])).len(), 1);
    assert_eq!(life.execute(settle(Class::Failed, vec![second])).len(), 0);
}

#[test]
fn a_resume_does_not_halt_again_without_news() {
    let mut life = open();
    let [first, second] = life.in_flight()[..] else { panic!("two in flight") };
    life.execute(settle(Class::Lost, vec![first]));
    let events = life.execute(RolloutCommand::Resume { reason: "seen".into(), stamp: stamp(2) });
    assert!(matches!(&events[..], [RolloutEvent::RolloutResumed { acknowledged: 1, .. }]), "{events:?}");
    // success of the others, and the late one of the lost target, halt nothing
    life.execute(settle(Class::Succeeded, vec![second]));
    let amend =
        |to| RolloutCommand::Amend { to, reason: "late".into(), targets: vec![first], away: vec![], stamp: stamp(3) };
    life.execute(amend(Class::Succeeded));
    assert_eq!(life.rollout.phase, Phase::Running);
    // that success turning into a failure is news, although the loss was acknowledged
    life.execute(amend(Class::Failed));
    assert_eq!(life.rollout.phase, Phase::Halted);
}

#[test]
fn late_success_never_unhalts() {
    let mut life = open();
    let first = life.in_flight()[0];
    life.execute(settle(Class::Lost, vec![first]));
    life.execute(RolloutCommand::Amend {
        to: Class::Succeeded,
        reason: "late".into(),
        targets: vec![first],
        away: vec![],
        stamp: stamp(9),
    });
    assert_eq!((life.rollout.phase, life.rollout.total().succeeded), (Phase::Halted, 1));
    let refusal = RolloutCommand::Amend {
        to: Class::Lost,
        reason: String::new(),
        targets: vec![first],
        away: vec![],
        stamp: stamp(9),
    };
    refused(&life.rollout, &refusal, "rollout.no_amendment");
}

#[test]
fn time_in_a_stream_never_goes_back() {
    let mut life = open();
    life.execute(RolloutCommand::Pause { reason: "lunch".into(), stamp: stamp(100) });
    let events = life.execute(RolloutCommand::Resume { reason: "back".into(), stamp: stamp(50) });
    assert!(matches!(&events[..], [RolloutEvent::RolloutResumed { stamp: then, .. }] if *then == stamp(100)));
}

fn approved_by(count: u32) -> Option<Approval> {
    Some(Approval { roles: [VendorRole::Owner].into(), count, within_hours: Some(1) })
}

fn approve(life: &Life, stage: u32, by: u128, role: VendorRole, minute: i64) -> RolloutCommand {
    let (digest, by, at) = (life.rollout.digest().unwrap(), MemberId(Uuid::from_u128(by)), at(minute));
    RolloutCommand::Approve { stage, digest, by, role, at }
}

#[test]
fn a_start_needs_its_approvals_of_this_very_plan_by_others() {
    let asks = Policy { approve: approved_by(2), ..policy(vec![wave("all", Selector::Rest)]) };
    let mut life = Life::of(asks, world(4));
    assert_eq!(life.rest(), [], "nobody has approved");
    refused(&life.rollout, &approve(&life, 0, 5, VendorRole::Owner, 0), "rollout.own_approval");
    refused(&life.rollout, &approve(&life, 0, 6, VendorRole::Support, 0), "rollout.approver_role");
    refused(&life.rollout, &approve(&life, 1, 6, VendorRole::Owner, 0), "rollout.no_approval_needed");
    let (by, digest) = (MemberId(Uuid::from_u128(6)), PlanDigest(Uuid::max()));
    let stale = RolloutCommand::Approve { stage: 0, digest, by, role: VendorRole::Owner, at: at(0) };
    refused(&life.rollout, &stale, "rollout.approval_stale");
    life.execute(approve(&life, 0, 6, VendorRole::Owner, 0));
    assert_eq!(life.execute(approve(&life, 0, 6, VendorRole::Owner, 0)), [], "one person is one approval");
    assert_eq!(life.rest(), []);
    life.execute(approve(&life, 0, 7, VendorRole::Owner, 59));
    life.now = 60;
    assert_eq!(life.rest(), [], "the first approval is an hour old");
    life.execute(approve(&life, 0, 6, VendorRole::Owner, 60));
    life.rest();
    assert_eq!(life.rollout.phase, Phase::Running);
}

#[test]
fn an_approval_counts_for_some_time() {
    let never = Approval { within_hours: Some(0), ..approved_by(2).unwrap() };
    let asks = Policy { approve: Some(never), ..policy(vec![wave("all", Selector::Rest)]) };
    assert_eq!(asks.check().unwrap_err().code(), "policy.zero");
}

#[test]
fn so_many_approve_a_stage_and_no_more() {
    let asks = |count| Policy { approve: approved_by(count), ..policy(vec![wave("all", Selector::Rest)]) };
    assert_eq!(asks(20).check(), Ok(()));
    assert_eq!(asks(21).check().unwrap_err().code(), "policy.too_many_approvers");
}

#[test]
fn an_approval_lapses_when_its_giver_may_not_give_it_any_longer() {
    let second = WavePolicy { approve: approved_by(2), ..wave("all", Selector::Rest) };
    let asks = Policy { approve: approved_by(2), ..policy(vec![wave("half", Selector::Percent(50)), second]) };
    let mut life = Life::of(asks, world(4));
    let member = |number| MemberId(Uuid::from_u128(number));
    for (stage, by) in [(0, 6), (0, 7), (2, 7), (2, 8)] {
        life.execute(approve(&life, stage, by, VendorRole::Owner, 0));
    }
    // one has left, one has another role, and of the third nothing is known
    life.world.approvers = [(member(6), None), (member(7), Some(VendorRole::Support))].into();
    life.rest();
    assert_eq!(life.rollout.phase, Phase::Planned, "nobody is left who approves the start");
    let left: Vec<_> = life.rollout.approvals.iter().map(|approved| (approved.stage, approved.by)).collect();
    assert_eq!(left, [(2, member(8))]);
    let lapse = RolloutCommand::LapseApprovals { standing: life.world.approvers.clone(), stamp: stamp(1) };
    assert_eq!(life.execute(lapse), [], "they lapse once");

    life.world.approvers.clear();
    life.execute(approve(&life, 0, 9, VendorRole::Owner, 1));
    life.execute(approve(&life, 0, 10, VendorRole::Owner, 1));
    life.rest();
    assert_eq!(life.rollout.phase, Phase::Running);
    life.world.approvers = [(member(9), None)].into();
    let approvals = life.rollout.approvals.clone();
    life.rest();
    assert_eq!(life.rollout.approvals, approvals, "what has begun by them has begun");
}

/// Policies that were stored before there was a limit.
#[test]
fn an_approval_may_count_for_longer_than_there_is_time() {
    let approve = Approval { within_hours: Some(u32::MAX), ..approved_by(2).unwrap() };
    let plan = Life::of(Policy { approve: approved_by(2), ..policy(vec![wave("all", Selector::Rest)]) }, world(4));
    let mut rollout = plan.rollout.clone();
    rollout.plan.as_mut().unwrap().policy.approve = Some(approve);
    let by = MemberId(Uuid::from_u128(6));
    rollout.approvals.push(Approved { stage: 0, by, role: VendorRole::Owner, at: at(0) });
    assert_eq!(rollout.missing_approvals(0, at(1)), 1);
}

#[test]
fn a_skipped_wave_needs_its_approval_all_the_same() {
    let second = WavePolicy { approve: approved_by(1), ..wave("all", Selector::Rest) };
    let mut life = Life::of(policy(vec![wave("half", Selector::Percent(50)), second]), world(4));
    life.rest();
    let skip = |wave| RolloutCommand::SkipWave { wave, reason: "no time".into(), stamp: stamp(1) };
    life.execute(skip(1));
    refused(&life.rollout, &skip(2), "rollout.not_approved");
    life.execute(approve(&life, 2, 6, VendorRole::Owner, 1));
    life.execute(skip(2));
}

#[test]
fn whoever_cannot_approve_raises_no_limit_above_the_plans() {
    let adjust = |of: Limits, by| RolloutCommand::Adjust { limits: of, by, stamp: stamp(1) };
    let by = |member, role| Some((MemberId(Uuid::from_u128(member)), role));
    let free = Life::of(policy(vec![wave("all", Selector::Rest)]), world(4));
    assert!(free.rollout.decide(&adjust(limits(100), None)).is_ok(), "nobody approves anything");
    let bound = Limits { per_customer: Some(2), ..limits(2) };
    let asks = Policy { approve: approved_by(1), limits: bound.clone(), ..policy(vec![wave("all", Selector::Rest)]) };
    let mut life = Life::of(asks, world(4));
    let more = Limits { in_flight: Amount::Count(3), ..bound.clone() };
    // whoever planned it, whoever approves nothing, and a robot
    for nobody in [by(5, VendorRole::Owner), by(6, VendorRole::Publisher), None] {
        for above in [more.clone(), Limits { per_customer: None, ..bound.clone() }, limits(1)] {
            refused(&life.rollout, &adjust(above, nobody), "rollout.limits_approved");
        }
        let percent = Limits { in_flight: Amount::Percent(1), ..bound.clone() };
        refused(&life.rollout, &adjust(percent, nobody), "rollout.limits_approved");
    }
    life.execute(adjust(Limits { in_flight: Amount::Count(1), ..bound.clone() }, by(5, VendorRole::Owner)));
    life.execute(adjust(bound.clone(), None));
    life.execute(adjust(more.clone(), by(6, VendorRole::Owner)));

    // nor those of its way back, which waits for no approval
    let back = Planned {
        overseers: life.rollout.plan.as_ref().unwrap().approvers(),
        ..plan_of(Policy { limits: bound, ..policy(vec![wave("all", Selector::Rest)]) })
    };
    let mut back = Life::of_plan(back, world(4));
    refused(&back.rollout, &adjust(more.clone(), by(5, VendorRole::Owner)), "rollout.limits_approved");
    back.execute(adjust(more, by(6, VendorRole::Owner)));
}

#[test]
fn a_refusal_leaves_a_halt() {
    let mut waves = vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)];
    waves[1].approve = approved_by(1);
    let mut life = Life::of(policy(waves), world(4));
    life.rest();
    let cause = HaltCause::Person { reason: "smoke".into() };
    life.execute(RolloutCommand::Halt { cause, stamp: stamp(1) });
    let by = MemberId(Uuid::from_u128(6));
    life.execute(RolloutCommand::RefuseApproval { stage: 2, by, reason: "smoke".into(), at: at(2) });
    assert_eq!(life.rollout.phase, Phase::Halted);
}

#[test]
fn a_plan_that_changed_is_approved_anew() {
    let asks = Policy { approve: approved_by(1), ..policy(vec![wave("all", Selector::Rest)]) };
    let mut life = Life::of(asks, world(4));
    life.execute(approve(&life, 0, 6, VendorRole::Owner, 0));
    life.view(target(1)).is_gone = true;
    assert_eq!(life.rest(), []);
    let drafted = draft(life.rollout.plan.as_ref().unwrap(), &life.world);
    let start = RolloutCommand::Start {
        digest: drafted.digest,
        boundaries: drafted.boundaries,
        zones: String::new(),
        stamp: stamp(1),
    };
    refused(&life.rollout, &start, "rollout.plan_changed");
    let anew = Planned { digest: drafted.digest, members: 3, ..life.rollout.plan.clone().unwrap() };
    life.execute(RolloutCommand::Plan { plan: Box::new(anew), begins: None, stamp: stamp(1) });
    assert_eq!(life.rest(), [], "the approval was of the plan before");
    life.execute(approve(&life, 0, 6, VendorRole::Owner, 2));
    life.rest();
    assert_eq!(life.rollout.phase, Phase::Running);
}

#[test]
fn whoever_planned_it_once_approves_nothing_of_it() {
    let asks = Policy { approve: approved_by(1), ..policy(vec![wave("all", Selector::Rest)]) };
    let mut life = Life::of(asks, world(4));
    let plan = life.rollout.plan.clone().unwrap();
    let by = |member, version: &str| {
        let plan = Planned { by: Some(MemberId(Uuid::from_u128(member))), version: v(version), ..plan.clone() };
        RolloutCommand::Plan { plan: Box::new(plan), begins: None, stamp: stamp(0) }
    };
    assert_eq!(life.rollout.decide(&by(6, "1.4.0")), Ok(vec![]), "the same plan is not another's");
    life.execute(by(6, "1.5.0"));
    for planner in [5, 6] {
        refused(&life.rollout, &approve(&life, 0, planner, VendorRole::Owner, 0), "rollout.own_approval");
    }
    life.execute(approve(&life, 0, 7, VendorRole::Owner, 0));
}

#[test]
fn a_refused_approval_pauses_until_somebody_resumes() {
    let mut waves = vec![wave("half", Selector::Percent(50)), wave("all", Selector::Rest)];
    waves[1].approve = approved_by(1);
    let mut life = Life::of(policy(waves), world(4));
    life.all_goes_well();
    life.later(10);
    assert_eq!(life.rollout.current_wave(), Some(1));
    let by = MemberId(Uuid::from_u128(6));
    let refuse = |stage| RolloutCommand::RefuseApproval { stage, by, reason: "not now".into(), at: at(11) };
    refused(&life.rollout, &refuse(1), "rollout.no_approval_needed");
    life.execute(refuse(2));
    assert_eq!(life.rollout.decide(&refuse(2)), Ok(vec![]), "the same is told once");
    life.execute(approve(&life, 2, 7, VendorRole::Owner, 12));
    assert_eq!((life.later(2), life.rollout.phase), (vec![], Phase::Paused));
    // on second thoughts, while it is paused
    assert_eq!(life.execute(refuse(2)).len(), 1);
    assert_eq!(life.rollout.missing_approvals(2, at(12)), 1);
    life.execute(RolloutCommand::Resume { reason: "talked".into(), stamp: stamp(13) });
    assert_eq!((life.later(2), life.rollout.phase), (vec![], Phase::Running));
    life.execute(approve(&life, 2, 7, VendorRole::Owner, 14));
    life.rest();
    assert_eq!(life.in_flight().len(), 2);
}

#[test]
fn what_has_ended_stays_as_it_is() {
    let mut life = open();
    life.execute(RolloutCommand::Abort { reason: "1.4.1 is out".into(), stamp: stamp(1) });
    let cancelled =
        life.rollout.members.values().filter(|member| member.state == MemberState::Settled(Class::Cancelled));
    assert_eq!(cancelled.count(), 10);
    assert_eq!(life.rollout.decide(&RolloutCommand::Abort { reason: "again".into(), stamp: stamp(2) }), Ok(vec![]));
    refused(&life.rollout, &RolloutCommand::Resume { reason: "x".into(), stamp: stamp(2) }, "rollout.final");
    let plan = Box::new(Planned { members: 1, version: v("1.5.0"), ..life.rollout.plan.clone().unwrap() });
    refused(&life.rollout, &RolloutCommand::Plan { plan, begins: None, stamp: stamp(2) }, "rollout.exists");
}

#[test]
fn a_rollout_to_nobody_is_none() {
    let plan = Box::new(plan_of(policy(vec![wave("all", Selector::Rest)])));
    refused(
        &Rollout::default(),
        &RolloutCommand::Plan { plan: plan.clone(), begins: None, stamp: stamp(0) },
        "rollout.empty",
    );
    refused(&Rollout::default(), &RolloutCommand::Pause { reason: "x".into(), stamp: stamp(0) }, "rollout.not_found");
    let plan = Box::new(Planned { members: 1, policy: policy(vec![]), ..*plan });
    refused(&Rollout::default(), &RolloutCommand::Plan { plan, begins: None, stamp: stamp(0) }, "policy.waves");
}

#[test]
fn a_plan_that_waits_for_nothing_starts_with_the_same_command() {
    let plan = Planned { members: 1, ..plan_of(policy(vec![wave("all", Selector::Rest)])) };
    let phase = |plan: Planned, begins: bool| {
        let begins = begins.then(|| Beginning { boundaries: vec![Boundary::Rest], zones: "2026b".into() });
        let command = RolloutCommand::Plan { plan: Box::new(plan), begins, stamp: stamp(1) };
        let mut rollout = Rollout::default();
        let events = rollout.decide(&command).unwrap();
        events.iter().for_each(|event| rollout.evolve(event));
        rollout.phase
    };
    assert_eq!(phase(plan.clone(), true), Phase::Running);
    assert_eq!(phase(plan.clone(), false), Phase::Planned);
    let later = Planned { not_before: Some(at(2)), ..plan.clone() };
    assert_eq!(phase(later, true), Phase::Planned);
    let approve = Some(Approval { roles: [VendorRole::Owner].into(), count: 1, within_hours: None });
    let approved = Planned { policy: Policy { approve, ..plan.policy.clone() }, ..plan };
    assert_eq!(phase(approved, true), Phase::Planned);
}
