//! What is said of a deployment: pure, from what is wanted, what runs, what is remembered, and what is being done.

use distr_domain::agent::{
    DeploymentReport, DesiredDeployment, ErrorCategory, Health, Instruction, ReportedError, Step,
};

use crate::drift;
use crate::memory::Record;
use crate::observe::{Container, Observed, Probe, State, running};
use crate::policy::Output;
use crate::redact::Redactor;

/// What the converger knows of a deployment beside the record.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// what the repair that runs now was begun for
    pub repairing: Option<String>,
    /// why the last try ended; it will be tried again
    pub trouble: Option<ReportedError>,
    /// an apply is at work: what it gave up is not put right yet
    pub applying: bool,
}

pub fn report(
    wanted: &DesiredDeployment,
    observed: &Observed,
    record: Option<&Record>,
    progress: &Progress,
) -> DeploymentReport {
    let containers = record.map(|record| observed.of_project(&record.project)).unwrap_or_default();
    let applied = record.and_then(|record| record.applied.as_ref());
    let (step, failure) = standing(wanted, record, progress);
    let steady = matches!(step, Step::Applied | Step::Failed);
    let found = applied.filter(|_| steady).and_then(|applied| drift::find(applied, &containers));
    let drift = progress.repairing.clone().or(found);
    let (health, ill) = match health(record, &containers, drift.as_deref()) {
        // containers come and go
        (Health::Fail, _) if step == Step::Switching => (Health::Unknown, None),
        health => health,
    };
    let illness = ill
        .filter(|_| step == Step::Applied)
        .map(|text| ReportedError { category: ErrorCategory::Unhealthy, text: redactor(wanted).clean(&text) });
    // what the host held is over when a step begins
    let is_told = |trouble: &&ReportedError| trouble.category != ErrorCategory::Policy || step == Step::Pending;
    let trouble = progress.trouble.as_ref().filter(is_told).cloned();
    DeploymentReport {
        deployment: wanted.deployment,
        generation: wanted.generation,
        step,
        running: running(&containers),
        health,
        // a container's name may be a value
        drift: drift.map(|drift| redactor(wanted).clean(&drift)),
        error: failure.or(trouble).or(illness),
    }
}

/// The same when the engine does not answer: what runs is not known.
pub fn blind(
    wanted: &DesiredDeployment,
    record: Option<&Record>,
    progress: &Progress,
    trouble: &ReportedError,
) -> DeploymentReport {
    let (step, failure) = standing(wanted, record, progress);
    DeploymentReport {
        deployment: wanted.deployment,
        generation: wanted.generation,
        step,
        running: None,
        health: Health::Unknown,
        drift: None,
        error: failure.or_else(|| Some(trouble.clone())),
    }
}

/// How far it is, and why it was given up, if it was.
fn standing(wanted: &DesiredDeployment, record: Option<&Record>, progress: &Progress) -> (Step, Option<ReportedError>) {
    match step(wanted, record) {
        Step::Failed if progress.applying => (Step::Switching, None),
        Step::Failed => (Step::Failed, record.and_then(|record| failure(wanted, record))),
        step => (step, None),
    }
}

fn step(wanted: &DesiredDeployment, record: Option<&Record>) -> Step {
    let Some(record) = record else { return Step::Pending };
    match (&wanted.instruction, wanted.instruction.version()) {
        (Instruction::Remove { .. }, _) if record.removed == Some(wanted.generation) => Step::Removed,
        (_, Some(version)) if record.has_settled(wanted.generation, version) => {
            if record.has_applied(wanted.generation, version) { Step::Applied } else { Step::Failed }
        }
        (_, version) => record.begun(wanted.generation, version).unwrap_or(Step::Pending),
    }
}

fn failure(wanted: &DesiredDeployment, record: &Record) -> Option<ReportedError> {
    record.failure(wanted.generation, wanted.instruction.version()?).cloned()
}

fn health(record: Option<&Record>, containers: &[&Container], drift: Option<&str>) -> (Health, Option<String>) {
    let Some(record) = record else { return (Health::Unknown, None) };
    if record.applied.is_none() && containers.is_empty() {
        return (Health::Unknown, None);
    }
    if let Some(drift) = drift {
        return (Health::Fail, Some(drift.to_owned()));
    }
    let jobs = record.applied.as_ref().map(|applied| &applied.jobs);
    let mut worst = (Health::Ok, None);
    for container in containers.iter().filter(|container| !jobs.is_some_and(|jobs| jobs.contains(&container.service))) {
        match of_container(container) {
            (Health::Fail, text) => return (Health::Fail, Some(text)),
            (Health::Unknown, _) => worst = (Health::Unknown, None),
            _ => {}
        }
    }
    worst
}

fn of_container(container: &Container) -> (Health, String) {
    let Container { service, .. } = container;
    let loops =
        || (Health::Fail, format!("service {service} restarts again and again (exit code {})", container.exit_code));
    match (container.state, container.probe) {
        (State::Running, _) if container.is_looping => loops(),
        (State::Running, Some(Probe::Unhealthy)) => {
            let said = Some(&container.probe_output).filter(|said| !said.is_empty());
            (
                Health::Fail,
                format!("service {service} is unhealthy{}", said.map(|said| format!(": {said}")).unwrap_or_default()),
            )
        }
        (State::Running, Some(Probe::Starting)) => (Health::Unknown, String::new()),
        (State::Running, Some(Probe::Healthy) | None) => (Health::Ok, String::new()),
        (State::Restarting, _) => loops(),
        (state, _) => (Health::Fail, format!("service {service} is {state:?}").to_lowercase()),
    }
}

fn redactor(wanted: &DesiredDeployment) -> Redactor {
    match &wanted.instruction {
        Instruction::Run(run) => Redactor::new(run.config.values().map(String::as_str), Output::Errors),
        Instruction::RunChart(run) => Redactor::new(run.secrets.values().map(String::as_str), Output::Errors),
        Instruction::Remove { .. } | Instruction::Unknown => Redactor::default(),
    }
}

#[cfg(test)]
mod tests;
