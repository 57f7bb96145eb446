//! What agent and hub say to each other over `/agent/v1`: enrolment, reports, desired state. JSON; times are the agent's
//! own unless said otherwise. An unknown field is ignored, so that either side may be newer.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::ids::{CredentialId, DeploymentId, TargetId};
use crate::names::Slug;
use crate::oci::Digest;
use crate::release::{ChartLock, ChartSettings, PackageFile};
use crate::trust::{SignedLayer, SignedParts, TrustedKey};
use crate::version::Version;

/// `POST /agent/v1/enrol`, with the one-time token as the bearer token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolRequest {
    pub agent_version: String,
    /// A random text that only this agent knows. Whoever shows the token again with the same one has lost the answer, and
    /// gets another; whoever shows it with another or none is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnrolResponse {
    pub target: TargetId,
    pub credential: CredentialId,
    /// The agent's bearer token from now on, and its password at the registry. Shown once.
    pub secret: String,
}

/// `POST /agent/v1/credential`: a new secret. The one that was used to ask lets in until the new one was first used, but
/// not for longer than a day; who lost the answer asks again with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RotateResponse {
    pub credential: CredentialId,
    pub secret: String,
}

/// `POST /agent/v1/pull-credential`: what a cluster's nodes pull images with, which opens nothing but the registry. Those before it
/// stay good until their own end, eight at once; all end with the agent's credential that asked for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullCredentialResponse {
    pub username: String,
    pub secret: String,
    /// From then on it pulls what runs on the target already, and a week later nothing.
    pub expires_at: DateTime<Utc>,
}

/// `POST /agent/v1/heartbeats`: reports, oldest first, and the etag of the desired state that the agent holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeartbeatRequest {
    pub reports: Vec<Report>,
    #[serde(default)]
    pub desired_etag: Option<String>,
    /// when this was sent; from it the hub learns how far the agent's clock is off
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// how many more reports wait in the agent's journal, newer than these
    #[serde(default)]
    pub behind: u64,
}

/// The answer leaves when the reports are durable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeartbeatResponse {
    /// how many reports are stored, now or since an earlier request
    pub accepted: usize,
    /// how many of them were stored since an earlier request, and so were passed over
    #[serde(default)]
    pub repeated: usize,
    /// the newest report that was known of this target before this request
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<ReportMark>,
    /// only if the agent's is stale; nothing here means that nothing changed
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired: Option<DesiredState>,
    /// seconds until the next heartbeat
    pub interval: u32,
    /// the credential is old: ask for a new one
    #[serde(default, skip_serializing_if = "is_false")]
    pub rotate: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// Which report it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportMark {
    pub id: Uuid,
    pub boot: Uuid,
    pub sequence: u64,
}

/// What an agent says of its target at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub id: Uuid,
    /// the agent's incarnation: a new one with each start, and when it finds that it was set back to an earlier state
    pub boot: Uuid,
    /// orders the reports of an incarnation, whatever the clock says; grows from 1, with gaps
    pub sequence: u64,
    pub at: DateTime<Utc>,
    pub agent_version: String,
    /// where the agent works, as far as it knows
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<TargetFacts>,
    pub deployments: Vec<DeploymentReport>,
    /// what is wrong with the agent itself
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ReportedError>,
    /// reports before this one that will never come
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// how it came; the hub sets it on the last report of each request
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
}

impl Report {
    pub fn mark(&self) -> ReportMark {
        ReportMark { id: self.id, boot: self.boot, sequence: self.sequence }
    }
}

/// What an agent knows of the place that it works in. What it may not ask for, or an agent of an earlier version did not, is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFacts {
    /// the version of the container engine or of Kubernetes, in its own words: `27.5.1`, `v1.31.2`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_version: Option<String>,
    /// `operating system/architecture` of the machines, such as `linux/amd64`: each once, in order
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// the number of machines
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
}

/// Reports that a full journal had to let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    pub reports: u64,
    /// when the first of them was made
    pub from: DateTime<Utc>,
    /// when the last of them was made
    pub to: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// by the agent's clock, at sending
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<DateTime<Utc>>,
    /// how many newer reports the agent still held
    #[serde(default)]
    pub behind: u64,
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

/// How far the agent is with the newest generation: of two that are passed on the way, the later is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// the host's own policy, or whoever has to agree there: nothing is wrong with the release
    Policy,
    Internal,
    /// one that a newer agent knows
    #[serde(other)]
    Unknown,
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
    /// who asked, for the host's policy and its owner; absent: the vendor
    #[serde(default, skip_serializing_if = "AskedBy::is_vendor")]
    pub asked_by: AskedBy,
    #[serde(flatten)]
    pub instruction: Instruction,
}

/// Whose member asked for a generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AskedBy {
    #[default]
    Vendor,
    /// of the customer whose target it is
    Customer,
}

impl AskedBy {
    pub fn is_vendor(&self) -> bool {
        *self == Self::Vendor
    }
}

#[expect(clippy::large_enum_variant, reason = "nearly all instructions are to run something")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "instruction", rename_all = "snake_case")]
pub enum Instruction {
    Run(RunInstruction),
    /// For agents of clusters.
    RunChart(RunChartInstruction),
    /// Takes the containers and networks away; the volumes only if asked for by name.
    Remove {
        data: DataRemoval,
    },
    /// one that newer agents know
    #[serde(other)]
    Unknown,
}

impl Instruction {
    /// The version that is to run.
    pub fn version(&self) -> Option<&Version> {
        match self {
            Self::Run(run) => Some(&run.version),
            Self::RunChart(run) => Some(&run.version),
            Self::Remove { .. } | Self::Unknown => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunInstruction {
    pub version: Version,
    /// the vendor's compose file, byte for byte
    pub compose: String,
    /// the files that the release ships beside it
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PackageFile>,
    /// the image of each service of this registry; the agent pins it over the compose file's
    pub images: Vec<PinnedImage>,
    /// what the images must be verified with before anything of them runs; absent: any image goes
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// of the release as a whole: sigstore bundles or DSSE envelopes around an in-toto statement
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignedLayer>,
    /// compose profiles: the features of the license
    pub profiles: Vec<Slug>,
    /// interpolation variables; secrets are resolved
    pub config: BTreeMap<String, String>,
}

/// A chart to be installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunChartInstruction {
    pub version: Version,
    pub chart: ChartSource,
    /// what the chart may run, and which kinds of objects it has
    pub lock: ChartLock,
    /// what its author says of its health, its fields and the way back
    #[serde(default)]
    pub settings: ChartSettings,
    /// the namespace to install it in; absent: the agent's first
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Slug>,
    /// all values beside the chart's own, but for the names of Secrets and the registry, which the agent puts in
    #[serde(default)]
    pub values: Map<String, Value>,
    /// what goes into Secrets, by the names of the configuration's variables; resolved
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// the chart and all images of this registry that the lock names, with their signatures
    pub images: Vec<PinnedImage>,
    /// what the images must be verified with before anything of them runs; absent: any image goes
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
    /// of the release as a whole: sigstore bundles or DSSE envelopes around an in-toto statement
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<SignedLayer>,
    /// of the license
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Slug>,
}

/// Where a chart lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChartSource {
    /// `organization/path`, without the registry's host
    pub repository: String,
    /// of its manifest
    pub digest: Digest,
    /// of the archive
    pub archive: Digest,
    /// of the archive, in bytes
    pub size: u64,
    pub name: String,
    pub version: String,
}

/// The keys that the release trusts, and what one of them must have signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trust {
    pub keys: Vec<TrustedKey>,
    /// the images, if it does not say
    #[serde(default)]
    pub requires: SignedParts,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PinnedImage {
    pub service: String,
    /// `organization/path`, without the registry's host
    pub repository: String,
    pub digest: Digest,
    /// of one of the trusted keys
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<SignedLayer>,
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
