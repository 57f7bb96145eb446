//! What is said of a deployment: pure, from what is wanted, what runs, what is remembered, and what is being done.

use distr_domain::agent::{
    DeploymentReport, DesiredDeployment, ErrorCategory, Health, Instruction, ReportedError, Step,
};

use crate::memory::Record;
use crate::observe::{Observed, Seen};
use crate::printed::Output;
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

pub fn report<H, B>(
    wanted: &DesiredDeployment,
    observed: &Observed<H>,
    record: Option<&Record<H, B>>,
    progress: &Progress,
) -> DeploymentReport {
    let seen = observed.deployments.get(&wanted.deployment).filter(|_| record.is_some());
    let (step, failure) = standing(wanted, record, progress);
    let steady = matches!(step, Step::Applied | Step::Failed);
    let found = seen.filter(|_| steady).and_then(|seen| seen.drift.clone());
    let drift = progress.repairing.clone().or(found);
    let (health, ill) = match health(seen, drift.as_deref()) {
        // what is replaced comes and goes
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
        running: seen.and_then(|seen| seen.running.clone()),
        health,
        // a name of what changed may be a value
        drift: drift.map(|drift| redactor(wanted).clean(&drift)),
        error: failure.or(trouble).or(illness),
    }
}

/// The same when the runtime does not answer: what runs is not known.
pub fn blind<H, B>(
    wanted: &DesiredDeployment,
    record: Option<&Record<H, B>>,
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
fn standing<H, B>(
    wanted: &DesiredDeployment,
    record: Option<&Record<H, B>>,
    progress: &Progress,
) -> (Step, Option<ReportedError>) {
    match step(wanted, record) {
        Step::Failed if progress.applying => (Step::Switching, None),
        Step::Failed => (Step::Failed, record.and_then(|record| failure(wanted, record))),
        step => (step, None),
    }
}

fn step<H, B>(wanted: &DesiredDeployment, record: Option<&Record<H, B>>) -> Step {
    let Some(record) = record else { return Step::Pending };
    match (&wanted.instruction, wanted.instruction.version()) {
        (Instruction::Remove { .. }, _) if record.removed == Some(wanted.generation) => Step::Removed,
        (_, Some(version)) if record.has_settled(wanted.generation, version) => {
            if record.has_applied(wanted.generation, version) { Step::Applied } else { Step::Failed }
        }
        (_, version) => record.begun(wanted.generation, version).unwrap_or(Step::Pending),
    }
}

fn failure<H, B>(wanted: &DesiredDeployment, record: &Record<H, B>) -> Option<ReportedError> {
    record.failure(wanted.generation, wanted.instruction.version()?).cloned()
}

fn health<H>(seen: Option<&Seen<H>>, drift: Option<&str>) -> (Health, Option<String>) {
    match (drift, seen) {
        (Some(drift), _) => (Health::Fail, Some(drift.to_owned())),
        (None, Some(seen)) => (seen.health, seen.illness.clone()),
        (None, None) => (Health::Unknown, None),
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
