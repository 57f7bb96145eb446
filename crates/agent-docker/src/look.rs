//! From the containers to what every runtime says of a deployment: pure, with the record beside them.

use distr_agent::observe::{Observed, Seen};
use distr_domain::agent::{DesiredDeployment, DesiredState, Health};

use crate::containers::{Container, Containers, Probe, State, candidate_of, running};
use crate::record::{Handle, Memory, Record};
use crate::{drift, project};

pub(super) fn look(desired: &DesiredState, containers: &Containers, memory: &Memory) -> Observed<Handle> {
    let seen = |wanted: &DesiredDeployment| {
        let seen = match memory.get(&wanted.deployment) {
            Some(record) => see(record, containers),
            None => Seen::nothing(Handle::of(project::choose(wanted, containers))),
        };
        (wanted.deployment, seen)
    };
    Observed { deployments: desired.deployments.iter().map(seen).collect() }
}

fn see(record: &Record, containers: &Containers) -> Seen<Handle> {
    let project = &record.handle.project;
    let own = containers.of_project(project);
    let (health, illness) = health(record, &own);
    Seen {
        handle: record.handle.clone(),
        is_there: !own.is_empty(),
        has_leftovers: !containers.of_project(&candidate_of(project)).is_empty(),
        running: running(&own),
        health,
        illness,
        drift: record.applied.as_ref().and_then(|applied| drift::find(applied, &own)),
    }
}

fn health(record: &Record, containers: &[&Container]) -> (Health, Option<String>) {
    if record.applied.is_none() && containers.is_empty() {
        return (Health::Unknown, None);
    }
    let jobs = record.applied.as_ref().map(|applied| &applied.baseline.jobs);
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
    let loops = || (Health::Fail, format!("service {service} restarts again and again ({})", container.end()));
    match (container.state, container.probe) {
        (State::Running, _) if container.is_looping => loops(),
        (State::Running, Some(Probe::Unhealthy)) => {
            let said = Some(&container.probe_output).filter(|said| !said.is_empty());
            let said = said.map(|said| format!(": {said}")).unwrap_or_default();
            (Health::Fail, format!("service {service} is unhealthy{}{said}", container.why_ill()))
        }
        (State::Running, Some(Probe::Starting)) => (Health::Unknown, String::new()),
        (State::Running, Some(Probe::Healthy) | None) => (Health::Ok, String::new()),
        (State::Restarting, _) => loops(),
        (State::Exited | State::Dead, _) => (Health::Fail, format!("service {service} ended ({})", container.end())),
        (state, _) => (Health::Fail, format!("service {service} is {state:?}").to_lowercase()),
    }
}

/// The core's rules over what is seen here.
#[cfg(test)]
mod tests {
    use super::*;

    mod plan;
    mod status;

    fn observed(desired: &DesiredState, containers: &[Container], memory: &Memory) -> Observed<Handle> {
        look(desired, &Containers { list: containers.to_vec() }, memory)
    }
}
