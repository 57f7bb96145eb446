use uuid::Uuid;

use super::*;
use crate::agent::{ReportedError, RunningRelease};
use crate::decider::given::given;
use crate::ids::DeploymentId;

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
    }
}

fn set(generation: u64, version: &str) -> DeploymentEvent {
    DesiredReleaseSet { generation, desired: desired(version) }
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
    DeploymentCommand::Observe { report, at: at() }
}

#[test]
fn each_wish_has_the_next_generation() {
    given::<Deployment>([]).when(DeploymentCommand::SetDesired(desired("1.0.0"))).then([set(1, "1.0.0")]);
    given::<Deployment>([set(1, "1.0.0"), healthy(1, "1.0.0")])
        .when(DeploymentCommand::SetDesired(desired("1.1.0")))
        .then([set(2, "1.1.0")]);
}

#[test]
fn the_same_wish_again_changes_nothing_unless_it_failed() {
    let again = DeploymentCommand::SetDesired(desired("1.0.0"));
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
        .when(DeploymentCommand::Remove { data: DataRemoval::Keep })
        .then([RemovalRequested { generation: 2, data: DataRemoval::Keep }]);
    let removed = DeploymentReport { running: None, health: Health::Unknown, ..report(2, Step::Removed) };
    given::<Deployment>([set(1, "1.0.0"), RemovalRequested { generation: 2, data: DataRemoval::Keep }])
        .when(observe(removed))
        .then([DeploymentRemoved { generation: 2, observed_at: at() }]);
}

#[test]
fn nothing_is_deployed_into_a_removal() {
    given::<Deployment>([set(1, "1.0.0"), RemovalRequested { generation: 2, data: DataRemoval::Keep }])
        .when(DeploymentCommand::SetDesired(desired("1.0.0")))
        .then_rejected(DeploymentRejection::BeingRemoved);
}
