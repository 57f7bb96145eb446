//! Reads one container of the engine's answer. One that is not of a compose project, or was started by `compose run`, is
//! none of ours.

use bollard::models::{
    ContainerInspectResponse, ContainerState, ContainerStateStatusEnum as Status, Health, HealthStatusEnum,
};

use crate::containers::{Container, DEPLOYMENT_LABEL, GENERATION_LABEL, Probe, ProbeFailure, RELEASE_LABEL, State};

pub(super) fn read(found: ContainerInspectResponse) -> Option<Container> {
    let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let label = |name: &str| labels.get(name).cloned();
    if label("com.docker.compose.oneoff").as_deref() == Some("True") {
        return None;
    }
    let state = found.state.unwrap_or_default();
    let health = state.health.clone().unwrap_or_default();
    Some(Container {
        id: found.id?,
        name: found.name?.trim_start_matches('/').to_owned(),
        project: label("com.docker.compose.project")?,
        service: label("com.docker.compose.service").unwrap_or_default(),
        config_hash: label("com.docker.compose.config-hash"),
        deployment: label(DEPLOYMENT_LABEL).and_then(|text| text.parse().ok()),
        generation: label(GENERATION_LABEL).and_then(|text| text.parse().ok()),
        version: label(RELEASE_LABEL).and_then(|text| text.parse().ok()),
        image: found.image.unwrap_or_default(),
        state: run_state(&state)?,
        probe: probe(&health),
        probe_failure: probe_failure(&health),
        probe_output: last_output(health),
        exit_code: Some(state.exit_code.unwrap_or_default()),
        is_out_of_memory: state.oom_killed.unwrap_or_default(),
        restarts: found.restart_count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default(),
        // told by whoever looks again and again
        is_looping: false,
        started_at: state.started_at.unwrap_or_default(),
    })
}

/// Nothing for a container that is being removed: it is as good as gone.
fn run_state(state: &ContainerState) -> Option<State> {
    match state.status? {
        Status::CREATED | Status::EMPTY => Some(State::Created),
        Status::RUNNING | Status::STOPPING => Some(State::Running),
        Status::PAUSED => Some(State::Paused),
        Status::RESTARTING => Some(State::Restarting),
        Status::EXITED => Some(State::Exited),
        Status::DEAD => Some(State::Dead),
        Status::REMOVING => None,
    }
}

fn probe(health: &Health) -> Option<Probe> {
    match health.status? {
        HealthStatusEnum::STARTING => Some(Probe::Starting),
        HealthStatusEnum::HEALTHY => Some(Probe::Healthy),
        HealthStatusEnum::UNHEALTHY => Some(Probe::Unhealthy),
        HealthStatusEnum::EMPTY | HealthStatusEnum::NONE => None,
    }
}

/// Of the last check. What the engine says in the place of an output begins with words of its own.
fn probe_failure(health: &Health) -> Option<ProbeFailure> {
    let last = health.log.as_ref()?.last()?;
    let said = last.output.as_deref().unwrap_or_default();
    match last.exit_code.unwrap_or_default() {
        0 => None,
        _ if said.starts_with("Health check exceeded timeout") => Some(ProbeFailure::TimedOut),
        _ if said.starts_with("OCI runtime exec failed") => Some(ProbeFailure::NotRun),
        code => Some(ProbeFailure::Exit(code)),
    }
}

fn last_output(health: Health) -> String {
    let last = health.log.and_then(|mut log| log.pop());
    let output = last.and_then(|result| result.output).unwrap_or_default();
    output.trim().chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use bollard::models::HealthcheckResult;

    use super::*;

    #[test]
    fn a_health_check_fails_in_one_of_three_ways() {
        let failure = |exit_code, output: &str| {
            let result = |exit_code, output: &str| HealthcheckResult {
                exit_code: Some(exit_code),
                output: Some(output.to_owned()),
                ..HealthcheckResult::default()
            };
            let log = Some(vec![result(9, "before"), result(exit_code, output)]);
            probe_failure(&Health { log, ..Health::default() })
        };
        assert_eq!(failure(0, "fine"), None);
        assert_eq!(failure(1, "refused"), Some(ProbeFailure::Exit(1)));
        assert_eq!(failure(-1, "Health check exceeded timeout (2s)"), Some(ProbeFailure::TimedOut));
        let not_run = "OCI runtime exec failed: exec failed: unable to start container process: exec: \"curl\": …";
        assert_eq!(failure(-1, not_run), Some(ProbeFailure::NotRun));
        assert_eq!(probe_failure(&Health::default()), None);
    }
}
