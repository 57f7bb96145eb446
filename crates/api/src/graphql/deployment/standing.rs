//! How a deployment stands, in words of the schema.

use async_graphql::{Enum, SimpleObject};
use distr_domain::agent;
use distr_domain::deployment as domain;

/// The phase of a deployment on its way to the desired state.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Phase")]
pub enum DeploymentPhase {
    /// No release was ever asked for.
    Absent,
    /// The agent has the newest generation still to bring about.
    Progressing,
    /// The desired release runs and is healthy.
    Healthy,
    /// The desired release runs and is not healthy.
    Unhealthy,
    /// The newest generation was given up; what ran before may run again.
    Failed,
    /// The target's host does not let the generation begin: its policy refuses it, or somebody there has to agree. The
    /// release is not at fault; it goes on by itself when the host lets it.
    Held,
    /// The removal of the deployment was asked for.
    Removing,
    /// The agent has removed the deployment.
    Removed,
}

/// The step that the agent has reached with the newest generation.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::Step")]
pub enum DeploymentStep {
    /// The agent has not begun.
    Pending,
    /// Images are being pulled.
    Pulling,
    /// The release runs beside the old one, to show that it becomes healthy.
    Proving,
    /// The release takes the old one's place.
    Switching,
    /// The generation runs.
    Applied,
    /// The generation was given up; what ran before runs again, or nothing does.
    Failed,
    /// The deployment is being removed.
    Removing,
    /// The deployment is removed.
    Removed,
}

/// The health of a deployment: what its services say of themselves, taken together.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::Health")]
pub enum Health {
    /// The deployment runs, and nothing is wrong with it.
    Ok,
    /// The deployment runs, and something about it is wrong.
    Warn,
    /// The deployment does not do its work.
    Fail,
    /// No report has come yet.
    Unknown,
}

/// The category of an error: what kind of trouble it is, and so who can do something about it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::ErrorCategory")]
pub enum ErrorCategory {
    /// The network: something could not be reached.
    Network,
    /// The license, or the signing policy, does not let the release run.
    Entitlement,
    /// The compose file or the configuration does not fit.
    Config,
    /// The container engine refused or failed.
    Runtime,
    /// The release did not become healthy in time.
    Unhealthy,
    /// The host has too little disk, memory or other room.
    Resources,
    /// The host's own policy refuses the release, or somebody there has to agree.
    Policy,
    /// The agent failed in a way that it does not know.
    Internal,
    /// A category that only a newer agent knows.
    Unknown,
}

/// The handling of the volumes when a deployment is removed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::DataRemoval")]
pub enum DataRemoval {
    /// The volumes stay on the host.
    Keep,
    /// The volumes are removed with the deployment.
    Remove,
}

/// The error of a deployment: what went wrong.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DeploymentError {
    /// The category of the error; null if the agent did not say.
    pub(super) category: Option<ErrorCategory>,
    /// The text of the error: the agent's sentence.
    pub(super) text: String,
}
