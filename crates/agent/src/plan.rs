//! The plan: from what is wanted, what runs and what is remembered, the next action for each deployment, at most one.
//! Pure. It leaves no choice to the executor, and knows neither time nor what is being worked on: the converger holds an
//! action back while another runs or a pause is due.
//!
//! What is not listed as desired gets no action, ever.

use distr_domain::agent::{DataRemoval, DesiredDeployment, DesiredState, Instruction, Step};
use distr_domain::ids::DeploymentId;
use distr_domain::version::Version;

use crate::drift;
use crate::memory::{Memory, Record};
use crate::observe::{Observed, candidate_of};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    pub deployment: DeploymentId,
    /// the desired one
    pub generation: u64,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Bring the desired generation about.
    Apply(Resume),
    /// Put the applied generation back as it was.
    Repair {
        drift: String,
    },
    /// Stop what an install that failed left running.
    TakeDown,
    /// Clear away a candidate that nobody is proving any more.
    DropCandidate,
    Remove(DataRemoval),
}

/// Where an apply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    Start,
    /// the release was proven; the agent ended while it switched
    Switch,
}

pub fn plan(desired: &DesiredState, observed: &Observed, memory: &Memory) -> Vec<Action> {
    let next = |wanted: &DesiredDeployment| {
        let record = memory.get(&wanted.deployment);
        let kind = match (&wanted.instruction, wanted.instruction.version()) {
            (Instruction::Remove { data }, _) => remove(wanted.generation, *data, record),
            (_, Some(version)) => run((wanted.generation, version), observed, record),
            // the executor says that it is too old for it
            (_, None) => Some(Kind::Apply(Resume::Start)),
        };
        kind.map(|kind| Action { deployment: wanted.deployment, generation: wanted.generation, kind })
    };
    desired.deployments.iter().filter_map(next).collect()
}

fn run((generation, version): (u64, &Version), observed: &Observed, record: Option<&Record>) -> Option<Kind> {
    let Some(record) = record else { return Some(Kind::Apply(Resume::Start)) };
    if !record.has_settled(generation, version) {
        return Some(
            held_repair(generation, observed, record).unwrap_or(Kind::Apply(resume(generation, version, record))),
        );
    }
    if !observed.of_project(&candidate_of(&record.project)).is_empty() {
        return Some(Kind::DropCandidate);
    }
    let containers = observed.of_project(&record.project);
    match &record.applied {
        Some(applied) => drift::find(applied, &containers).map(|drift| Kind::Repair { drift }),
        None => (!containers.is_empty()).then_some(Kind::TakeDown),
    }
}

/// While the host holds what is wanted, what runs is looked after: that may be for long.
fn held_repair(generation: u64, observed: &Observed, record: &Record) -> Option<Kind> {
    let applied = record.applied.as_ref().filter(|_| record.held == Some(generation))?;
    drift::find(applied, &observed.of_project(&record.project)).map(|drift| Kind::Repair { drift })
}

fn resume(generation: u64, version: &Version, record: &Record) -> Resume {
    match record.begun(generation, Some(version)) {
        Some(Step::Switching) => Resume::Switch,
        _ => Resume::Start,
    }
}

fn remove(generation: u64, data: DataRemoval, record: Option<&Record>) -> Option<Kind> {
    match record.and_then(|record| record.removed) {
        Some(removed) if removed == generation => None,
        _ => Some(Kind::Remove(data)),
    }
}

#[cfg(test)]
mod tests;
