//! The plan: from what is wanted, what runs and what is remembered, the next action for each deployment, at most one.
//! Pure. It leaves no choice to the executor, and knows neither time nor what is being worked on: the converger holds an
//! action back while another runs or a pause is due.
//!
//! What is not listed as desired gets no action, ever.

use distr_domain::agent::{DataRemoval, DesiredDeployment, DesiredState, Instruction, Step};
use distr_domain::ids::DeploymentId;
use distr_domain::version::Version;

use crate::memory::{Memory, Record};
use crate::observe::{Observed, Seen};

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
    /// Clear away what a try left beside it.
    ClearLeftovers,
    Remove(DataRemoval),
}

/// Where an apply begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    Start,
    /// the release was proven; the agent ended while it switched
    Switch,
}

pub fn plan<H, B>(desired: &DesiredState, observed: &Observed<H>, memory: &Memory<H, B>) -> Vec<Action> {
    let next = |wanted: &DesiredDeployment| {
        let (record, seen) = (memory.get(&wanted.deployment), observed.deployments.get(&wanted.deployment));
        let kind = match (&wanted.instruction, wanted.instruction.version()) {
            (Instruction::Remove { data }, _) => remove(wanted.generation, *data, record),
            (_, Some(version)) => run((wanted.generation, version), seen, record),
            // the executor says that it is too old for it
            (_, None) => Some(Kind::Apply(Resume::Start)),
        };
        kind.map(|kind| Action { deployment: wanted.deployment, generation: wanted.generation, kind })
    };
    desired.deployments.iter().filter_map(next).collect()
}

fn run<H, B>(
    (generation, version): (u64, &Version),
    seen: Option<&Seen<H>>,
    record: Option<&Record<H, B>>,
) -> Option<Kind> {
    let Some(record) = record else { return Some(Kind::Apply(Resume::Start)) };
    let repair = || Some(Kind::Repair { drift: seen?.drift.clone()? });
    if !record.has_settled(generation, version) {
        // while the host holds what is wanted, what runs is looked after: that may be for long
        let held = (record.held == Some(generation)).then(repair).flatten();
        return Some(held.unwrap_or(Kind::Apply(resume(generation, version, record))));
    }
    let seen = seen?;
    if seen.has_leftovers {
        return Some(Kind::ClearLeftovers);
    }
    match &record.applied {
        Some(_) => repair(),
        None => seen.is_there.then_some(Kind::TakeDown),
    }
}

fn resume<H, B>(generation: u64, version: &Version, record: &Record<H, B>) -> Resume {
    match record.begun(generation, Some(version)) {
        Some(Step::Switching) => Resume::Switch,
        _ => Resume::Start,
    }
}

fn remove<H, B>(generation: u64, data: DataRemoval, record: Option<&Record<H, B>>) -> Option<Kind> {
    match record.and_then(|record| record.removed) {
        Some(removed) if removed == generation => None,
        _ => Some(Kind::Remove(data)),
    }
}

#[cfg(test)]
mod tests;
