//! What agent and hub say to each other over `/agent/v1`: enrolment, reports, desired state. JSON; times are the agent's
//! own unless said otherwise. An unknown field is ignored, so that either side may be newer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{CredentialId, DeploymentId, TargetId};
use crate::names::Slug;
use crate::oci::Digest;
use crate::version::Version;

/// `POST /agent/v1/enrol`, with the one-time token as the bearer token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub agent_version: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolResponse {
    pub target: TargetId,
    pub credential: CredentialId,
    /// The agent's bearer token from now on, and its password at the registry. Shown once.
    pub secret: String,
}

/// `POST /agent/v1/credential`: the answer's secret replaces the one that was used to ask.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RotateResponse {
    pub credential: CredentialId,
    pub secret: String,
}

/// `POST /agent/v1/heartbeats`: reports, oldest first, and the etag of the desired state that the agent holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeartbeatRequest {
    pub reports: Vec<Report>,
    #[serde(default)]
    pub desired_etag: Option<String>,
}

/// The answer leaves when the reports are durable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeartbeatResponse {
    /// how many reports are stored
    pub accepted: usize,
    /// only if the agent's is stale; nothing here means that nothing changed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<DesiredState>,
    /// seconds until the next heartbeat
    pub interval: u32,
}

/// What an agent says of its target at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub id: Uuid,
    /// one per start of the agent; with `sequence` it orders the reports
    pub boot: Uuid,
    pub sequence: u64,
    pub at: DateTime<Utc>,
    pub agent_version: String,
    pub deployments: Vec<DeploymentReport>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentReport {
    pub deployment: DeploymentId,
    /// the newest generation of desired state that the agent knows
    pub generation: u64,
    pub step: Step,
    /// what really runs, whatever was asked for
    #[serde(default)]
    pub running: Option<RunningRelease>,
    pub health: Health,
    /// what somebody changed by hand; absent when all is as applied
    #[serde(default)]
    pub drift: Option<String>,
    #[serde(default)]
    pub error: Option<ReportedError>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningRelease {
    pub generation: u64,
    pub version: Version,
}

/// How far the agent is with the newest generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// known, not begun
    Pending,
    Pulling,
    /// the new release runs beside the old one until it is healthy
    Proving,
    /// the new release takes the old one's place
    Switching,
    /// done: this generation runs
    Applied,
    /// given up: what ran before runs again, or nothing does
    Failed,
    Removing,
    Removed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    Ok,
    /// runs, and something about it is wrong
    Warn,
    Fail,
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedError {
    pub category: ErrorCategory,
    /// at most 2 000 characters, without secrets
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCategory {
    /// the hub, the registry or the network between
    Network,
    /// the registry refused: no license, no such artifact
    Entitlement,
    /// the compose file or its configuration
    Config,
    /// the container engine
    Runtime,
    /// it started and never became healthy
    Unhealthy,
    /// disk, memory, ports
    Resources,
    Internal,
}

/// All that an agent has to bring about. What is not listed is not touched: removal is always said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesiredState {
    /// changes when anything below changes
    pub etag: String,
    /// `host[:port]` of the registry
    pub registry: String,
    pub deployments: Vec<DesiredDeployment>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DesiredDeployment {
    pub deployment: DeploymentId,
    /// the application's name: the compose project and the folder are named by it
    pub application: Slug,
    pub generation: u64,
    #[serde(flatten)]
    pub instruction: Instruction,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    Run(RunInstruction),
    /// Takes the containers and networks away; the volumes only if asked for by name.
    Remove {
        data: DataRemoval,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInstruction {
    pub version: Version,
    /// the vendor's compose file, byte for byte
    pub compose: String,
    /// the image of each service of this registry; the agent pins it over the compose file's
    pub images: Vec<PinnedImage>,
    /// compose profiles: the features of the license
    pub profiles: Vec<Slug>,
    /// interpolation variables; secrets are resolved
    pub config: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PinnedImage {
    pub service: String,
    /// `organization/path`, without the registry's host
    pub repository: String,
    pub digest: Digest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRemoval {
    Keep,
    Remove,
}

/// What an agent's refused request says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentError {
    /// stable, for programs
    pub code: String,
    /// a sentence, for people
    pub message: String,
}
