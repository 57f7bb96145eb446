//! Whether a release is well: pure, from the services that were asked for and the containers that are there. Success is
//! health that was observed, never an exit code of a tool.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::containers::{Container, Probe, State};
use crate::model::{Healthcheck, Model};

/// A container that the engine restarted this often will not recover.
const RESTARTS: u64 = 3;
const SHORTEST_LIMIT: Duration = Duration::from_secs(60);
const LONGEST_LIMIT: Duration = Duration::from_secs(3600);
/// Nothing says how long a job takes, such as one that brings a database up to date.
const JOB_LIMIT: Duration = Duration::from_secs(900);

/// What has to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    pub generation: u64,
    pub services: BTreeMap<String, usize>,
    pub jobs: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Healthy,
    /// not yet, and why
    Pending(String),
    Unhealthy(Illness),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Illness {
    pub service: String,
    /// the id
    pub container: String,
    pub why: String,
    /// it runs, and its next health check may say otherwise
    pub may_recover: bool,
}

impl Expectation {
    pub fn of(model: &Model, generation: u64) -> Self {
        let services = model.services.iter().map(|(name, service)| (name.clone(), service.replicas())).collect();
        Self { generation, services, jobs: model.jobs() }
    }
}

/// `restarts` holds how often each container had been restarted when the wait began.
pub fn judge(expected: &Expectation, containers: &[&Container], restarts: &BTreeMap<String, u64>) -> Verdict {
    let mut pending = None;
    for (service, &count) in &expected.services {
        let own: Vec<_> = containers
            .iter()
            .filter(|container| &container.service == service && container.generation == Some(expected.generation))
            .collect();
        if own.len() < count {
            pending.get_or_insert_with(|| format!("service {service} has {} of {count} containers", own.len()));
        }
        for container in own {
            let before = restarts.get(&container.id).copied().unwrap_or_default();
            let ends = expected.jobs.contains(service);
            match of_container(container, ends, container.restarts.saturating_sub(before)) {
                Verdict::Healthy => {}
                Verdict::Pending(why) => drop(pending.get_or_insert(why)),
                Verdict::Unhealthy(illness) => return Verdict::Unhealthy(illness),
            }
        }
    }
    pending.map_or(Verdict::Healthy, Verdict::Pending)
}

fn of_container(container: &Container, ends: bool, restarts: u64) -> Verdict {
    let Container { service, exit_code, .. } = container;
    let may_recover = container.state == State::Running && restarts < RESTARTS;
    let (service_name, id) = (service.clone(), container.id.clone());
    let ill = |why| Verdict::Unhealthy(Illness { service: service_name, container: id, why, may_recover });
    if restarts >= RESTARTS {
        // of one that runs at the moment, the code is not that of its last end
        let code = if container.state == State::Running { String::new() } else { format!(" ({})", container.end()) };
        return ill(format!("service {service} was restarted {restarts} times{code}"));
    }
    match (container.state, container.probe) {
        (State::Exited, _) if ends && *exit_code == Some(0) => Verdict::Healthy,
        (State::Running, _) if ends => Verdict::Pending(format!("service {service} has not ended")),
        (State::Exited, _) if *exit_code == Some(0) => ill(format!(
            "service {service} ended (exit code 0); a job that runs to its end is one that another service depends on with the \
             condition service_completed_successfully"
        )),
        (State::Exited | State::Dead, _) => ill(format!("service {service} ended ({})", container.end())),
        (State::Running, Some(Probe::Unhealthy)) => {
            ill(format!("service {service} is unhealthy{}", container.why_ill()))
        }
        (State::Running, Some(Probe::Starting)) => {
            Verdict::Pending(format!("service {service} is not healthy yet{}", container.why_ill()))
        }
        (State::Running, Some(Probe::Healthy) | None) => Verdict::Healthy,
        (State::Created, _) => Verdict::Pending(format!("service {service} is not started")),
        (State::Restarting, _) => Verdict::Pending(format!("service {service} restarts ({})", container.end())),
        (State::Paused, _) => Verdict::Pending(format!("service {service} is paused")),
    }
}

/// How long a release may take: the health checks and jobs along the longest chain of dependencies, each check with its retries.
pub fn limit(model: &Model) -> Duration {
    let (mut known, jobs) = (BTreeMap::new(), model.jobs());
    let longest = model.services.keys().map(|service| chain((model, &jobs), service, &mut known)).max();
    let longest = longest.unwrap_or_default();
    longest.clamp(SHORTEST_LIMIT, LONGEST_LIMIT)
}

fn chain<'a>(
    (model, jobs): (&'a Model, &BTreeSet<String>),
    name: &'a str,
    known: &mut BTreeMap<&'a str, Duration>,
) -> Duration {
    if let Some(duration) = known.get(name) {
        return *duration;
    }
    let Some(service) = model.services.get(name) else { return Duration::ZERO };
    // a circle ends here; compose refuses it anyway
    known.insert(name, Duration::ZERO);
    let before = service.depends_on.keys().map(|dependency| chain((model, jobs), dependency, known)).max();
    let own = match jobs.contains(name) {
        true => JOB_LIMIT,
        false => service.healthcheck.as_ref().map_or(Duration::ZERO, of_check),
    };
    let total = before.unwrap_or_default() + own;
    known.insert(name, total);
    total
}

/// The time until the engine says "unhealthy" at the latest, with its defaults, and some slack.
fn of_check(check: &Healthcheck) -> Duration {
    if check.disable {
        return Duration::ZERO;
    }
    let seconds = |value: Option<Duration>, default: u64| value.unwrap_or(Duration::from_secs(default));
    let once = seconds(check.interval, 30) + seconds(check.timeout, 30);
    seconds(check.start_period, 0) + once * check.retries.unwrap_or(3) + Duration::from_secs(10)
}

#[cfg(test)]
mod tests;
