//! What really runs, as the engine says it: the containers of compose projects, with our labels read.

use distr_domain::agent::RunningRelease;
use distr_domain::ids::DeploymentId;
use distr_domain::version::Version;

pub const DEPLOYMENT_LABEL: &str = "distr.deployment";
pub const GENERATION_LABEL: &str = "distr.generation";
pub const RELEASE_LABEL: &str = "distr.release";

/// The containers of all compose projects on this machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Containers {
    pub list: Vec<Container>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Container {
    pub id: String,
    pub name: String,
    /// compose's
    pub project: String,
    pub service: String,
    /// compose's digest of the service's definition
    pub config_hash: Option<String>,
    pub deployment: Option<DeploymentId>,
    pub generation: Option<u64>,
    pub version: Option<Version>,
    /// the image's id
    pub image: String,
    pub state: State,
    pub probe: Option<Probe>,
    /// why its last health check failed, if it did
    pub probe_failure: Option<ProbeFailure>,
    /// what the last health check printed
    pub probe_output: String,
    /// of its last end, if that was seen
    pub exit_code: Option<i64>,
    /// the kernel ended it, as its memory was used up
    pub is_out_of_memory: bool,
    pub restarts: u64,
    /// the engine restarted it again and again of late
    pub is_looping: bool,
    pub started_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Created,
    Running,
    Paused,
    Restarting,
    Exited,
    Dead,
}

/// How a health check failed, without a word of what it printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeFailure {
    Exit(i64),
    TimedOut,
    NotRun,
}

/// The state of the container's health check, if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    Starting,
    Healthy,
    Unhealthy,
}

impl Container {
    /// The end of a sentence about an illness: how its last health check failed; empty if it is not known.
    pub fn why_ill(&self) -> String {
        match self.probe_failure {
            None => String::new(),
            Some(ProbeFailure::Exit(code)) => format!(": its health check ended with exit code {code}"),
            Some(ProbeFailure::TimedOut) => ": its health check took longer than its timeout".to_owned(),
            Some(ProbeFailure::NotRun) => ": the command of its health check cannot be run in its image".to_owned(),
        }
    }

    /// How its last run ended.
    pub fn end(&self) -> String {
        let memory = if self.is_out_of_memory { ", its memory was used up" } else { "" };
        match self.exit_code {
            Some(code) => format!("exit code {code}{memory}"),
            None => format!("nobody saw how it ended{memory}"),
        }
    }
}

impl Containers {
    pub fn of_project(&self, project: &str) -> Vec<&Container> {
        self.list.iter().filter(|container| container.project == project).collect()
    }

    /// The project that holds a deployment's containers, if the agent forgot it.
    pub fn project_of(&self, deployment: DeploymentId) -> Option<&str> {
        let own = self.list.iter().filter(|container| container.deployment == Some(deployment));
        own.map(|container| container.project.as_str()).find(|project| !is_candidate(project))
    }
}

/// The project in which a release is proven; a name of ours has no underscore, so no other project is called this.
pub fn candidate_of(project: &str) -> String {
    format!("{project}_candidate")
}

fn is_candidate(project: &str) -> bool {
    project.ends_with("_candidate")
}

/// The release that most of these running containers are of; of two, the older, which is the one that was proven.
pub fn running(containers: &[&Container]) -> Option<RunningRelease> {
    let mut counts = std::collections::BTreeMap::<u64, (usize, &Version)>::new();
    for container in containers.iter().filter(|container| container.state == State::Running) {
        if let (Some(generation), Some(version)) = (container.generation, &container.version) {
            counts.entry(generation).or_insert((0, version)).0 += 1;
        }
    }
    let most = counts.values().map(|(count, _)| *count).max()?;
    let (generation, (_, version)) = counts.into_iter().find(|(_, (count, _))| *count == most)?;
    Some(RunningRelease { generation, version: version.clone() })
}
