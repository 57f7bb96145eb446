use uuid::Uuid;

use super::*;
use crate::agent::{Health, ReportedError, RunningRelease};
use crate::decider::given::given;
use crate::ids::{DeploymentId, RolloutId};

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(100, 0).unwrap()
}

fn v(text: &str) -> Version {
    text.parse().unwrap()
}

fn desired(version: &str) -> Desired {
    Desired {
        customer: CustomerId(Uuid::nil()),
        target: TargetId(Uuid::nil()),
        application: ApplicationId(Uuid::nil()),
        version: v(version),
        license: LicenseId(Uuid::nil()),
        features: vec![],
        config: BTreeMap::new(),
        secrets: Default::default(),
        asked_by: AskedBy::Vendor,
        channel: None,
        values: Default::default(),
        namespace: None,
    }
}

fn set(generation: u64, version: &str) -> DeploymentEvent {
    DesiredReleaseSet { generation, desired: desired(version), downgrade: None, origin: None }
}

fn healthy(generation: u64, version: &str) -> DeploymentEvent {
    DeploymentHealthy { generation, version: v(version), observed_at: at() }
}

fn report(generation: u64, step: Step) -> DeploymentReport {
    DeploymentReport {
        deployment: DeploymentId(Uuid::nil()),
        generation,
        step,
        running: Some(RunningRelease { generation, version: v("1.0.0") }),
        health: Health::Ok,
        drift: None,
        error: None,
    }
}

fn observe(report: DeploymentReport) -> DeploymentCommand {
    DeploymentCommand::Observe { target: TargetId(Uuid::nil()), report, at: at(), pace: Pace::Steady }
}

#[test]
fn after_a_restore_a_wish_is_newer_than_what_the_agent_knows_and_another_release_is_not_taken_for_it() {
    let wish =
        |heard| DeploymentCommand::SetDesired { desired: desired("1.1.0"), heard, downgrade: None, origin: None };
    let runs = || given::<Deployment>([set(1, "1.0.0")]);
    runs().when(wish(0)).then([set(2, "1.1.0")]);
    runs().when(wish(7)).then([set(8, "1.1.0")]);
    runs().when(wish(u64::MAX)).then([set(2, "1.1.0")]);
    let other = RunningRelease { generation: 1, version: "9.9.9".parse().unwrap() };
    let report = DeploymentReport { running: Some(other), ..report(1, Step::Applied) };
    runs().when(observe(report)).then_nothing();
}

#[test]
fn each_wish_has_the_next_generation() {
    given::<Deployment>([])
        .when(DeploymentCommand::SetDesired { desired: desired("1.0.0"), heard: 0, downgrade: None, origin: None })
        .then([set(1, "1.0.0")]);
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0")])
        .when(DeploymentCommand::SetDesired { desired: desired("1.1.0"), heard: 0, downgrade: None, origin: None })
        .then([set(2, "1.1.0")]);
}

#[test]
fn the_same_wish_again_changes_nothing_unless_it_failed() {
    let again = DeploymentCommand::SetDesired { desired: desired("1.0.0"), heard: 0, downgrade: None, origin: None };
    given::<Deployment>([set(1, "1.0.0")]).when(again.clone()).then_nothing();
    let failed = DeploymentFailed {
        generation: 1,
        category: ErrorCategory::Unhealthy,
        reason: "never healthy".into(),
        running: None,
        observed_at: at(),
    };
    given::<Deployment>([set(1, "1.0.0"), failed]).when(again).then([set(2, "1.0.0")]);
}

#[test]
fn a_secret_with_another_value_is_another_wish() {
    let with = |seconds| {
        let secrets = [("DB".to_owned(), DateTime::from_timestamp(seconds, 0).unwrap())].into();
        Desired { secrets, ..desired("1.0.0") }
    };
    let runs = || {
        vec![DesiredReleaseSet { generation: 1, desired: with(1), downgrade: None, origin: None }, healthy(1, "1.0.0")]
    };
    given::<Deployment>(runs())
        .when(DeploymentCommand::SetDesired { desired: with(1), heard: 0, downgrade: None, origin: None })
        .then_nothing();
    given::<Deployment>(runs())
        .when(DeploymentCommand::SetDesired { desired: with(2), heard: 0, downgrade: None, origin: None })
        .then([DesiredReleaseSet { generation: 2, desired: with(2), downgrade: None, origin: None }]);
}

fn held(reason: &str) -> DeploymentEvent {
    DeploymentHeld { generation: 1, reason: reason.into(), observed_at: at() }
}

fn refused(step: Step, reason: &str) -> DeploymentCommand {
    let error = Some(ReportedError { category: ErrorCategory::Policy, text: reason.to_owned() });
    observe(DeploymentReport { error, running: None, ..report(1, step) })
}

#[test]
fn what_the_host_holds_is_no_failure_and_goes_on_by_itself() {
    given::<Deployment>([set(1, "1.0.0")]).when(refused(Step::Pending, "no socket")).then([held("no socket")]);
    given::<Deployment>([set(1, "1.0.0"), held("no socket")]).when(refused(Step::Pending, "no socket")).then_nothing();
    given::<Deployment>([set(1, "1.0.0"), held("no socket")])
        .when(refused(Step::Pending, "no devices"))
        .then([held("no devices")]);
    given::<Deployment>([set(1, "1.0.0"), held("no socket")]).when(observe(report(1, Step::Pending))).then_nothing();
    let pulling = DeploymentStepped { generation: 1, step: Step::Pulling, observed_at: at() };
    given::<Deployment>([set(1, "1.0.0"), held("no socket")])
        .when(observe(report(1, Step::Pulling)))
        .then([pulling.clone()]);
    given::<Deployment>([set(1, "1.0.0"), held("no socket"), pulling])
        .when(refused(Step::Pending, "no socket"))
        .then([held("no socket")]);
}

#[test]
fn a_customer_may_ask_for_what_waits_for_consent() {
    let waits = || given::<Deployment>([set(1, "1.0.0"), held("waits for consent")]);
    waits()
        .when(DeploymentCommand::SetDesired { desired: desired("1.0.0"), heard: 0, downgrade: None, origin: None })
        .then_nothing();
    let by_customer = Desired { asked_by: AskedBy::Customer, ..desired("1.0.0") };
    let event = DesiredReleaseSet { generation: 2, desired: by_customer.clone(), downgrade: None, origin: None };
    waits()
        .when(DeploymentCommand::SetDesired { desired: by_customer.clone(), heard: 0, downgrade: None, origin: None })
        .then([event]);
    // what runs is not deployed anew for it
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0")])
        .when(DeploymentCommand::SetDesired { desired: by_customer, heard: 0, downgrade: None, origin: None })
        .then_nothing();
}

#[test]
fn a_removal_that_the_host_holds_may_be_asked_for_otherwise() {
    let asked = |generation, data, asked_by| RemovalRequested { generation, data, asked_by, reason: None };
    let remove = |data, asked_by| DeploymentCommand::Remove { data, asked_by, reason: None, heard: 0 };
    let (keep, all) = (DataRemoval::Keep, DataRemoval::Remove);
    let events = [set(0, "1.0.0"), asked(1, all, AskedBy::Vendor), held("waits for consent")];
    given::<Deployment>(events.clone()).when(remove(all, AskedBy::Vendor)).then_nothing();
    given::<Deployment>(events.clone()).when(remove(keep, AskedBy::Vendor)).then([asked(2, keep, AskedBy::Vendor)]);
    given::<Deployment>(events.clone()).when(remove(all, AskedBy::Customer)).then([asked(2, all, AskedBy::Customer)]);
    let removing = DeploymentStepped { generation: 1, step: Step::Removing, observed_at: at() };
    let events = events.into_iter().chain([removing]).collect::<Vec<_>>();
    given::<Deployment>(events)
        .when(DeploymentCommand::SetDesired { desired: desired("1.0.0"), heard: 0, downgrade: None, origin: None })
        .then_rejected(DeploymentRejection::BeingRemoved);
}

fn tried(step: Step, category: ErrorCategory, text: &str) -> DeploymentCommand {
    let error = Some(ReportedError { category, text: text.to_owned() });
    observe(DeploymentReport { error, health: Health::Unknown, ..report(1, step) })
}

fn retrying(step: Step, category: ErrorCategory, reason: &str) -> DeploymentEvent {
    DeploymentRetrying { generation: 1, step, category, reason: reason.into(), observed_at: at() }
}

#[test]
fn what_the_agent_tries_again_is_a_fact_once_until_it_gets_further() {
    use ErrorCategory::{Network, Resources};
    let away = "no answer from 10.0.0.7:5000 at 12:01";
    let set_back = || vec![set(1, "1.0.0"), retrying(Step::Pulling, Network, away)];
    given::<Deployment>([set(1, "1.0.0")]).when(tried(Step::Pulling, Network, away)).then([retrying(
        Step::Pulling,
        Network,
        away,
    )]);
    // the next try, and its end at the same place
    given::<Deployment>(set_back()).when(observe(report(1, Step::Pending))).then_nothing();
    given::<Deployment>(set_back()).when(observe(report(1, Step::Pulling))).then_nothing();
    given::<Deployment>(set_back())
        .when(tried(Step::Pulling, Network, "no answer from 10.0.0.7:5000 at 12:02"))
        .then_nothing();
    given::<Deployment>(set_back()).when(tried(Step::Pulling, Resources, "the disk is full")).then([retrying(
        Step::Pulling,
        Resources,
        "the disk is full",
    )]);
    let further = DeploymentStepped { generation: 1, step: Step::Proving, observed_at: at() };
    given::<Deployment>(set_back()).when(observe(report(1, Step::Proving))).then([further.clone()]);
    given::<Deployment>(set_back().into_iter().chain([further]).collect::<Vec<_>>())
        .when(tried(Step::Pulling, Network, away))
        .then([retrying(Step::Pulling, Network, away)]);
    given::<Deployment>(set_back()).when(observe(report(1, Step::Applied))).then([healthy(1, "1.0.0")]);
}

#[test]
fn an_engine_that_does_not_answer_is_told_of_what_runs_and_so_is_its_return() {
    let silent = "the container engine does not answer";
    let runs = || vec![set(1, "1.0.0"), healthy(1, "1.0.0")];
    let unseen = retrying(Step::Applied, ErrorCategory::Runtime, silent);
    given::<Deployment>(runs()).when(tried(Step::Applied, ErrorCategory::Runtime, silent)).then([unseen.clone()]);
    let back = runs().into_iter().chain([unseen.clone()]).collect::<Vec<_>>();
    given::<Deployment>(back).when(observe(report(1, Step::Applied))).then([healthy(1, "1.0.0")]);
    let ill = || DeploymentUnhealthy { generation: 1, reason: "web is unhealthy".into(), observed_at: at() };
    let error = Some(ReportedError { category: ErrorCategory::Unhealthy, text: "web is unhealthy".into() });
    let still = DeploymentReport { health: Health::Fail, error, ..report(1, Step::Applied) };
    let events = runs().into_iter().chain([ill(), unseen]).collect::<Vec<_>>();
    given::<Deployment>(events).when(observe(still)).then([ill()]);
}

fn restless(report: DeploymentReport) -> DeploymentCommand {
    DeploymentCommand::Observe { target: TargetId(Uuid::nil()), report, at: at(), pace: Pace::Restless }
}

#[test]
fn what_flaps_is_said_so_beside_what_it_is_and_so_is_its_end() {
    let flaps = || DeploymentFlapping { generation: 1, observed_at: at() };
    let runs = || vec![set(1, "1.0.0"), healthy(1, "1.0.0")];
    let flapping = || runs().into_iter().chain([flaps()]).collect::<Vec<_>>();
    let ill = DeploymentUnhealthy { generation: 1, reason: "a container is not healthy".into(), observed_at: at() };
    let fails = || DeploymentReport { health: Health::Fail, ..report(1, Step::Applied) };
    given::<Deployment>(runs()).when(restless(fails())).then([flaps(), ill.clone()]);
    given::<Deployment>(flapping()).when(restless(fails())).then([ill.clone()]);
    let steady = DeploymentSteady { generation: 1, observed_at: at() };
    given::<Deployment>(flapping()).when(observe(report(1, Step::Applied))).then([steady.clone()]);
    given::<Deployment>(flapping()).when(observe(fails())).then([steady, ill]);
    let again: Vec<_> = flapping().into_iter().chain([set(2, "1.0.0")]).collect();
    assert!(!Deployment::fold(&again).is_flapping);
}

#[test]
fn an_engine_that_does_not_answer_has_repaired_nothing() {
    let drift = DriftDetected { generation: 1, detail: "web is gone".into(), observed_at: at() };
    let blind = DeploymentReport { health: Health::Unknown, ..report(1, Step::Applied) };
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0"), drift]).when(observe(blind)).then_nothing();
}

#[test]
fn a_host_that_held_it_and_cannot_begin_now_says_so() {
    given::<Deployment>([set(1, "1.0.0"), held("no socket")])
        .when(tried(Step::Pending, ErrorCategory::Resources, "the disk is full"))
        .then([retrying(Step::Pending, ErrorCategory::Resources, "the disk is full")]);
    given::<Deployment>([
        set(1, "1.0.0"),
        held("no socket"),
        retrying(Step::Pending, ErrorCategory::Resources, "the disk is full"),
    ])
    .when(refused(Step::Pending, "no socket"))
    .then([held("no socket")]);
}

#[test]
fn data_that_was_kept_may_be_removed_later() {
    let asked = |generation, data| RemovalRequested { generation, data, asked_by: AskedBy::Vendor, reason: None };
    let remove = |data| DeploymentCommand::Remove { data, asked_by: AskedBy::Vendor, reason: None, heard: 0 };
    let (keep, all) = (DataRemoval::Keep, DataRemoval::Remove);
    let removed = |generation| DeploymentRemoved { generation, observed_at: at() };
    let removing = vec![set(1, "1.0.0"), asked(2, keep)];
    let gone = removing.iter().cloned().chain([removed(2)]).collect::<Vec<_>>();
    let cleared = gone.iter().cloned().chain([asked(3, all)]).collect::<Vec<_>>();
    given::<Deployment>(removing.clone()).when(remove(keep)).then_nothing();
    given::<Deployment>(removing).when(remove(all)).then([asked(3, all)]);
    given::<Deployment>(gone.clone()).when(remove(keep)).then_nothing();
    given::<Deployment>(gone).when(remove(all)).then([asked(3, all)]);
    given::<Deployment>(cleared.clone()).when(remove(all)).then_nothing();
    given::<Deployment>(cleared.clone()).when(observe(report(3, Step::Removed))).then([removed(3)]);
    let mut state = Deployment::default();
    cleared.iter().for_each(|event| state.evolve(event));
    assert_eq!(state.license_in_use(), None, "nothing runs that needs a seat");
}

#[test]
fn an_agent_speaks_of_its_own_target_alone() {
    let (target, report) = (TargetId(Uuid::max()), report(1, Step::Applied));
    let command = DeploymentCommand::Observe { target, report, at: at(), pace: Pace::Steady };
    given::<Deployment>([set(1, "1.0.0")]).when(command).then_nothing();
}

#[test]
fn what_nobody_asked_to_remove_is_not_removed() {
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0")]).when(observe(report(1, Step::Removed))).then_nothing();
}

#[test]
fn health_becomes_a_fact_once() {
    given::<Deployment>([set(1, "1.0.0")]).when(observe(report(1, Step::Applied))).then([healthy(1, "1.0.0")]);
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0")]).when(observe(report(1, Step::Applied))).then_nothing();
}

#[test]
fn a_report_of_an_older_generation_says_nothing_about_this_one() {
    given::<Deployment>([set(1, "1.0.0"), set(2, "1.1.0")]).when(observe(report(1, Step::Applied))).then_nothing();
}

#[test]
fn a_generation_is_not_healthy_while_the_old_release_runs() {
    let old_runs = DeploymentReport {
        running: Some(RunningRelease { generation: 1, version: v("1.0.0") }),
        ..report(2, Step::Applied)
    };
    given::<Deployment>([set(1, "1.0.0"), set(2, "1.1.0")]).when(observe(old_runs)).then_nothing();
}

#[test]
fn a_failure_says_why_and_what_runs_instead() {
    let error = ReportedError { category: ErrorCategory::Unhealthy, text: "web never became healthy".into() };
    let rolled_back = DeploymentReport {
        running: Some(RunningRelease { generation: 1, version: v("1.0.0") }),
        error: Some(error),
        ..report(2, Step::Failed)
    };
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0"), set(2, "1.1.0")]).when(observe(rolled_back)).then([
        DeploymentFailed {
            generation: 2,
            category: ErrorCategory::Unhealthy,
            reason: "web never became healthy".into(),
            running: Some(v("1.0.0")),
            observed_at: at(),
        },
    ]);
}

#[test]
fn drift_is_detected_once_and_repaired_once() {
    let drifted = DeploymentReport { drift: Some("web is gone".into()), ..report(1, Step::Applied) };
    let detected = DriftDetected { generation: 1, detail: "web is gone".into(), observed_at: at() };
    let base = [set(1, "1.0.0"), healthy(1, "1.0.0")];
    given::<Deployment>(base.clone()).when(observe(drifted.clone())).then([detected.clone()]);
    let history = base.into_iter().chain([detected]);
    given::<Deployment>(history.clone()).when(observe(drifted)).then_nothing();
    given::<Deployment>(history)
        .when(observe(report(1, Step::Applied)))
        .then([DriftRepaired { generation: 1, observed_at: at() }]);
}

#[test]
fn removal_keeps_data_unless_it_is_named() {
    given::<Deployment>([set(1, "1.0.0")])
        .when(DeploymentCommand::Remove { data: DataRemoval::Keep, asked_by: AskedBy::Vendor, reason: None, heard: 0 })
        .then([RemovalRequested { generation: 2, data: DataRemoval::Keep, asked_by: AskedBy::Vendor, reason: None }]);
    let removed = DeploymentReport { running: None, health: Health::Unknown, ..report(2, Step::Removed) };
    given::<Deployment>([
        set(1, "1.0.0"),
        RemovalRequested { generation: 2, data: DataRemoval::Keep, asked_by: AskedBy::Vendor, reason: None },
    ])
    .when(observe(removed))
    .then([DeploymentRemoved { generation: 2, observed_at: at() }]);
}

#[test]
fn nothing_is_deployed_into_a_removal() {
    given::<Deployment>([
        set(1, "1.0.0"),
        RemovalRequested { generation: 2, data: DataRemoval::Keep, asked_by: AskedBy::Vendor, reason: None },
    ])
    .when(DeploymentCommand::SetDesired { desired: desired("1.0.0"), heard: 0, downgrade: None, origin: None })
    .then_rejected(DeploymentRejection::BeingRemoved);
}

#[test]
fn a_deployment_stays_in_its_namespace_until_it_is_removed() {
    let within = |version: &str, namespace: &str| {
        let namespace = Some(namespace.parse().unwrap());
        Desired { namespace, ..desired(version) }
    };
    let set = |generation, desired| DesiredReleaseSet { generation, desired, downgrade: None, origin: None };
    let ask = |desired| DeploymentCommand::SetDesired { desired, heard: 0, downgrade: None, origin: None };
    let first = set(1, within("1.0.0", "shop"));
    assert_eq!(first.schema_version(), 3);
    let fixed = DeploymentRejection::NamespaceFixed { namespace: "shop".parse().unwrap() };
    given::<Deployment>([first.clone()]).when(ask(within("1.0.0", "jobs"))).then_rejected(fixed.clone());
    given::<Deployment>([first.clone()]).when(ask(desired("1.0.0"))).then_rejected(fixed);
    given::<Deployment>([first.clone()]).when(ask(within("1.1.0", "shop"))).then([set(2, within("1.1.0", "shop"))]);
    let mut other = within("1.0.0", "shop");
    other.values.insert("replicas".to_owned(), 2.into());
    given::<Deployment>([first]).when(ask(other.clone())).then([set(2, other)]);
}

#[test]
fn what_is_older_than_what_runs_is_asked_for_with_a_reason_alone() {
    let ask = |version: &str, downgrade: Option<&str>| DeploymentCommand::SetDesired {
        desired: desired(version),
        heard: 0,
        downgrade: downgrade.map(str::to_owned),
        origin: None,
    };
    let runs = || vec![set(1, "1.1.0"), healthy(1, "1.1.0")];
    let refused = || DeploymentRejection::Downgrade { running: v("1.1.0"), wanted: v("1.0.0") };
    given::<Deployment>(runs()).when(ask("1.0.0", None)).then_rejected(refused());
    let downgrade = Some("it loses mail".to_owned());
    let back = DesiredReleaseSet { generation: 2, desired: desired("1.0.0"), downgrade, origin: None };
    given::<Deployment>(runs()).when(ask("1.0.0", Some("it loses mail"))).then([back]);
    // a reason makes no downgrade of an upgrade
    given::<Deployment>(runs()).when(ask("1.2.0", Some("why not"))).then([set(2, "1.2.0")]);
    // what was asked for and never ran is left without a word; what runs counts
    given::<Deployment>([set(1, "1.1.0")]).when(ask("1.0.0", None)).then([set(2, "1.0.0")]);
    let failed = DeploymentFailed {
        generation: 2,
        category: ErrorCategory::Unhealthy,
        reason: "never healthy".into(),
        running: Some(v("1.1.0")),
        observed_at: at(),
    };
    let back = runs().into_iter().chain([set(2, "1.2.0"), failed]).collect::<Vec<_>>();
    given::<Deployment>(back.clone()).when(ask("1.1.0", None)).then([set(3, "1.1.0")]);
    given::<Deployment>(back).when(ask("1.0.0", None)).then_rejected(refused());
    // nothing runs, and its data is there
    let failed = DeploymentFailed {
        generation: 2,
        category: ErrorCategory::Unhealthy,
        reason: "never healthy".into(),
        running: None,
        observed_at: at(),
    };
    let down = runs().into_iter().chain([set(2, "1.2.0"), failed]).collect::<Vec<_>>();
    given::<Deployment>(down).when(ask("1.0.0", None)).then_rejected(refused());
    let removed = |data| {
        let asked = RemovalRequested { generation: 2, data, asked_by: AskedBy::Vendor, reason: None };
        let removed = runs().into_iter().chain([asked, DeploymentRemoved { generation: 2, observed_at: at() }]);
        given::<Deployment>(removed.collect::<Vec<_>>()).when(ask("1.0.0", None))
    };
    removed(DataRemoval::Keep).then_rejected(refused());
    removed(DataRemoval::Remove).then([set(3, "1.0.0")]);
}

#[test]
fn what_a_rollout_asks_for_is_a_generation_of_its_own_and_a_person_changes_nothing_by_asking_for_the_same() {
    let try_of = |attempt| Some(Origin { rollout: RolloutId(Uuid::from_u128(9)), attempt });
    let ask = |origin| DeploymentCommand::SetDesired { desired: desired("1.1.0"), heard: 0, downgrade: None, origin };
    let set_by =
        |generation, origin| DesiredReleaseSet { generation, desired: desired("1.1.0"), downgrade: None, origin };
    given::<Deployment>([set(1, "1.1.0")]).when(ask(try_of(1))).then([set_by(2, try_of(1))]);
    let by_rollout = || [set(1, "1.0.0"), set_by(2, try_of(1))];
    given::<Deployment>(by_rollout()).when(ask(try_of(1))).then_nothing();
    given::<Deployment>(by_rollout()).when(ask(None)).then_nothing();
    given::<Deployment>(by_rollout()).when(ask(try_of(2))).then([set_by(3, try_of(2))]);
}
