use distr_agent::status::{self, Progress, blind};
use distr_domain::agent::{
    DataRemoval, DeploymentReport, DesiredDeployment, ErrorCategory, Health, ReportedError, RunningRelease, Step,
};

use super::observed;
use crate::containers::{Container, Probe, ProbeFailure, State};
use crate::fixture::*;
use crate::record::Record;

fn report(
    wanted: &DesiredDeployment,
    containers: &[Container],
    record: Option<&Record>,
    progress: &Progress,
) -> DeploymentReport {
    let memory = record.cloned().map(memory).unwrap_or_default();
    let seen = observed(&desired(std::slice::from_ref(wanted)), containers, &memory);
    status::report(wanted, &seen, record, progress)
}

fn said(generation: u64, containers: &[Container], record: Option<Record>) -> DeploymentReport {
    report(&wanted(generation), containers, record.as_ref(), &Progress::default())
}

fn release(generation: u64) -> Option<RunningRelease> {
    Some(RunningRelease { generation, version: format!("1.{generation}.0").parse().unwrap() })
}

#[test]
fn the_step_is_what_is_remembered() {
    let begun = |step| Record { attempt: attempt(4, step), ..applied_record(3) };
    for (record, step) in [
        (None, Step::Pending),
        (Some(applied_record(3)), Step::Pending),
        (Some(begun(Step::Proving)), Step::Proving),
        (Some(Record { attempt: attempt(3, Step::Proving), ..record() }), Step::Pending),
        (Some(applied_record(4)), Step::Applied),
        (Some(Record { failed: failed(4), ..applied_record(3) }), Step::Failed),
    ] {
        assert_eq!(said(4, &[], record.clone()).step, step, "{record:?}");
    }
    let removal = wanted_removed(5, DataRemoval::Keep);
    let removed = Record { removed: Some(5), ..record() };
    assert_eq!(report(&removal, &[], Some(&removed), &Progress::default()).step, Step::Removed);
}

#[test]
fn what_was_given_up_is_said_when_what_ran_before_runs_again() {
    let record = Record { failed: failed(4), ..applied_record(3) };
    let going_back = Progress { applying: true, ..Progress::default() };
    let said = report(&wanted(4), &[container("web", 4)], Some(&record), &going_back);
    assert_eq!((said.step, said.error), (Step::Switching, None));
}

#[test]
fn a_failed_generation_is_said_with_its_reason_and_what_runs_instead() {
    let record = Record { failed: failed(4), ..applied_record(3) };
    let said = said(4, &[container("web", 3)], Some(record));
    assert_eq!((said.generation, said.running, said.health), (4, release(3), Health::Ok));
    assert_eq!(said.error, failed(4).map(|failed| failed.error));
}

#[test]
fn of_a_mixture_what_runs_is_the_most_or_the_older() {
    let running = |containers: &[Container]| said(4, containers, Some(applied_record(3))).running;
    let stopped = Container { state: State::Exited, ..container("db", 3) };
    assert_eq!(running(&[container("web", 3), container("db", 4)]), release(3));
    assert_eq!(running(&[container("web", 3), container("db", 4), container("x", 4)]), release(4));
    assert_eq!(running(&[stopped]), None);
}

#[test]
fn health_is_that_of_the_worst_container() {
    let of = |change: fn(&mut Container)| {
        let (web, mut db) = (container("web", 4), container("db", 4));
        change(&mut db);
        let record = Record { applied: Some(applied(4, &["db", "web"])), ..record() };
        let said = said(4, &[web, db], Some(record));
        (said.health, said.error.map(|error| error.text).unwrap_or_default())
    };
    assert_eq!(of(|_| {}), (Health::Ok, String::new()));
    assert_eq!(of(|db| db.probe = None), (Health::Ok, String::new()));
    assert_eq!(of(|db| db.probe = Some(Probe::Starting)), (Health::Unknown, String::new()));
    let unhealthy = of(|db| (db.probe, db.probe_output) = (Some(Probe::Unhealthy), "refused".to_owned()));
    assert_eq!(unhealthy, (Health::Fail, "service db is unhealthy: refused".to_owned()));
    let silent = of(|db| (db.probe, db.probe_failure) = (Some(Probe::Unhealthy), Some(ProbeFailure::Exit(7))));
    assert_eq!(silent, (Health::Fail, "service db is unhealthy: its health check ended with exit code 7".to_owned()));
    let ended = of(|db| (db.state, db.exit_code, db.is_out_of_memory) = (State::Exited, Some(137), true));
    assert_eq!(
        ended,
        (Health::Fail, "service db: container db-1 is stopped (exit code 137, its memory was used up)".to_owned())
    );
    let restarting = of(|db| (db.state, db.exit_code) = (State::Restarting, Some(1)));
    assert_eq!(restarting, (Health::Fail, "service db restarts again and again (exit code 1)".to_owned()));
    let runs_between_two_crashes = of(|db| (db.is_looping, db.exit_code) = (true, Some(1)));
    assert_eq!(runs_between_two_crashes, restarting);
}

#[test]
fn drift_is_said_until_the_repair_has_ended() {
    let drift = "service web: container was removed";
    assert_eq!(said(4, &[], Some(applied_record(4))).drift.as_deref(), Some(drift));
    let progress = Progress { repairing: Some(drift.to_owned()), ..Progress::default() };
    let repairing = report(&wanted(4), &[container("web", 4)], Some(&applied_record(4)), &progress);
    assert_eq!((repairing.step, repairing.drift.as_deref()), (Step::Applied, Some(drift)));
    assert_eq!(said(4, &[container("web", 4)], Some(applied_record(4))).drift, None);
}

#[test]
fn while_it_switches_nothing_is_said_against_its_health() {
    let created = Container { state: State::Created, ..container("web", 4) };
    let switching = Record { attempt: attempt(4, Step::Switching), ..applied_record(3) };
    assert_eq!(said(4, &[created], Some(switching)).health, Health::Unknown);
}

#[test]
fn an_engine_that_does_not_answer_is_not_why_a_generation_was_given_up() {
    let silent = ReportedError { category: ErrorCategory::Runtime, text: "the engine does not answer".to_owned() };
    let given_up = Record { failed: failed(4), ..applied_record(3) };
    let own = given_up.failed.as_ref().map(|failed| failed.error.clone());
    let said = |progress: &Progress| blind(&wanted(4), Some(&given_up), progress, &silent);
    let (ended, going_back) = (said(&Progress::default()), said(&Progress { applying: true, ..Progress::default() }));
    assert_eq!((ended.step, ended.error), (Step::Failed, own));
    assert_eq!((going_back.step, going_back.error), (Step::Switching, Some(silent)));
}
