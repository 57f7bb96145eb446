//! A deployment: an application on a target. Its desired state is numbered by generation; what agents observe becomes a
//! fact only when it changes something.

mod observation;
mod pulse;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::agent::{AskedBy, DataRemoval, DeploymentReport, ErrorCategory, Step};
use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::{ApplicationId, CustomerId, LicenseId, RolloutId, TargetId};
use crate::names::Slug;
use crate::rejection::Rejection;
use crate::version::Version;

/// What somebody asked for, and the license that allowed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    pub customer: CustomerId,
    pub target: TargetId,
    pub application: ApplicationId,
    pub version: Version,
    pub license: LicenseId,
    /// what the license gave at that moment; what runs keeps them when the license ends
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<Slug>,
    /// interpolation variables of the compose file; a value may name a secret as `${secret:NAME}`
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// values of the chart beside those that the configuration sets
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    /// the namespace of the cluster
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<Slug>,
    /// when each secret that the configuration names was set last: with another value it is another wish
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, DateTime<Utc>>,
    /// the host may want to agree to what the vendor asks for
    #[serde(default, skip_serializing_if = "AskedBy::is_vendor")]
    pub asked_by: AskedBy,
    /// the channel that pointed to the version then; none if the version itself was named
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Slug>,
}

impl Desired {
    /// Whether nothing else is to run than before. The channel that led there makes no difference.
    fn is_same_as(&self, known: &Self) -> bool {
        self.asked_by == known.asked_by && self.runs_as(known)
    }

    /// The same, whoever asks for it.
    fn runs_as(&self, known: &Self) -> bool {
        let asked_alike = Self { asked_by: self.asked_by, channel: self.channel.clone(), ..known.clone() };
        asked_alike == *self
    }
}

/// The rollout that asked for a generation, and which of its tries of the release that was, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub rollout: RolloutId,
    pub attempt: u32,
}

#[expect(
    clippy::large_enum_variant,
    reason = "few are held at a time, and a box would be in the way of all who read a wish"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum DeploymentEvent {
    /// Somebody, a channel's promotion or a rollout wishes for a release on the target.
    DesiredReleaseSet {
        generation: u64,
        desired: Desired,
        /// why it may be older than what runs
        #[serde(default, skip_serializing_if = "Option::is_none")]
        downgrade: Option<String>,
        /// the rollout that asked for it, if none of its people did
        #[serde(default, skip_serializing_if = "Option::is_none")]
        origin: Option<Origin>,
    },
    /// Somebody wishes for the application's end on the target.
    RemovalRequested {
        generation: u64,
        data: DataRemoval,
        #[serde(default, skip_serializing_if = "AskedBy::is_vendor")]
        asked_by: AskedBy,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The host's policy does not allow the generation, or somebody there has to agree first. Nothing of it was done.
    DeploymentHeld { generation: u64, reason: String, observed_at: DateTime<Utc> },
    /// The agent began a step of the generation.
    DeploymentStepped { generation: u64, step: Step, observed_at: DateTime<Utc> },
    /// The agent cannot go on with a step, or cannot see what runs, for a reason that is not the release's; it tries again
    /// by itself.
    DeploymentRetrying {
        generation: u64,
        step: Step,
        category: ErrorCategory,
        reason: String,
        observed_at: DateTime<Utc>,
    },
    /// The agent saw the release run, and well.
    DeploymentHealthy { generation: u64, version: Version, observed_at: DateTime<Utc> },
    /// What runs is no longer healthy.
    DeploymentUnhealthy { generation: u64, reason: String, observed_at: DateTime<Utc> },
    /// The generation was given up; `running` is what runs instead.
    DeploymentFailed {
        generation: u64,
        category: ErrorCategory,
        reason: String,
        running: Option<Version>,
        observed_at: DateTime<Utc>,
    },
    /// What is observed changes too often for each change to be a fact; from now on a few are.
    DeploymentFlapping { generation: u64, observed_at: DateTime<Utc> },
    /// It flaps no longer.
    DeploymentSteady { generation: u64, observed_at: DateTime<Utc> },
    /// What runs is no longer what was applied.
    DriftDetected { generation: u64, detail: String, observed_at: DateTime<Utc> },
    /// What runs is again what was applied.
    DriftRepaired { generation: u64, observed_at: DateTime<Utc> },
    /// The agent took the application away.
    DeploymentRemoved { generation: u64, observed_at: DateTime<Utc> },
}
use DeploymentEvent::*;
use observation::Retry;
pub use pulse::{Pace, Pulse, ReportTime};

#[derive(Debug, Clone, PartialEq)]
pub enum DeploymentCommand {
    SetDesired {
        desired: Desired,
        /// the newest generation that the agent spoke of; 0 if it spoke of none
        heard: u64,
        /// why it may be older than what runs
        downgrade: Option<String>,
        /// the rollout that asks for it
        origin: Option<Origin>,
    },
    Remove {
        data: DataRemoval,
        asked_by: AskedBy,
        reason: Option<String>,
        /// the same
        heard: u64,
    },
    /// An observation by the agent of a target, at its own time.
    Observe { target: TargetId, report: DeploymentReport, at: DateTime<Utc>, pace: Pace },
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeploymentRejection {
    #[error("there is no such deployment")]
    NotFound,
    #[error("the deployment is being removed; wait until it is gone, then deploy again")]
    BeingRemoved,
    #[error("the deployment is in namespace {:?} and stays there; remove it first, or name that one", .namespace.as_str())]
    NamespaceFixed { namespace: Slug },
    #[error(
        "the data there is of \"{running}\", which is newer than \"{wanted}\": to go back, allow the downgrade and say why"
    )]
    Downgrade { running: Version, wanted: Version },
}

impl Rejection for DeploymentRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "deployment.not_found",
            Self::BeingRemoved => "deployment.being_removed",
            Self::NamespaceFixed { .. } => "deployment.namespace_fixed",
            Self::Downgrade { .. } => "deployment.downgrade",
        }
    }
}

/// Generations that a restore may have lost of one deployment, at most.
const MOST_LOST: u64 = 1_000_000;

/// How the newest generation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    #[default]
    Absent,
    Progressing,
    Healthy,
    Unhealthy,
    Failed,
    /// the target's host does not let it begin
    Held,
    Removing,
    Removed,
}

#[derive(Debug, Default)]
pub struct Deployment {
    pub generation: u64,
    pub desired: Option<Desired>,
    /// what runs, as far as an agent has said it
    pub running: Option<Version>,
    /// what ran last on the data that is there
    ran: Option<Version>,
    pub phase: Phase,
    /// of the newest generation
    pub origin: Option<Origin>,
    step: Option<Step>,
    drifted: bool,
    /// the newest generation is a removal
    removal: Option<(DataRemoval, AskedBy)>,
    /// nothing of it runs any more, whatever else is asked for
    gone: bool,
    /// why the host holds it
    held: Option<String>,
    retrying: Option<Retry>,
    /// not every change of what is observed is a fact
    pub is_flapping: bool,
}

impl Deployment {
    /// The license whose seat it needs.
    pub fn license_in_use(&self) -> Option<LicenseId> {
        let desired = self.desired.as_ref().filter(|_| !self.gone)?;
        Some(desired.license)
    }

    /// What runs; where nothing does, what ran last on the data that is still there. Nothing if there is no data of it.
    pub fn data_of(&self) -> Option<&Version> {
        self.running.as_ref().or(self.ran.as_ref())
    }

    /// Whether a release may be asked for.
    pub fn check_wanted(&self) -> Result<(), DeploymentRejection> {
        match self.phase {
            Phase::Removing => Err(DeploymentRejection::BeingRemoved),
            _ => Ok(()),
        }
    }

    /// The number of the next generation. After a restore the agent may know newer ones than the log: what is asked for now has to be
    /// newer than those. Numbers out of reason are nobody's.
    fn next_generation(&self, heard: u64) -> u64 {
        let is_believed = heard <= self.generation.saturating_add(MOST_LOST);
        self.generation.max(if is_believed { heard } else { 0 }) + 1
    }

    fn set_desired(
        &self,
        desired: &Desired,
        heard: u64,
        downgrade: Option<&String>,
        origin: Option<Origin>,
    ) -> Result<Vec<DeploymentEvent>, DeploymentRejection> {
        self.check_wanted()?;
        self.check_namespace(desired)?;
        // what a rollout asks for is a generation of its own, whose outcome is the rollout's; what a person asks for is not, if it is known
        let is_known = origin.is_none_or(|origin| self.origin == Some(origin));
        let same = is_known && self.desired.as_ref().is_some_and(|known| desired.runs_as(known));
        let same_asker_too = is_known && self.desired.as_ref().is_some_and(|known| desired.is_same_as(known));
        match self.phase {
            // the same again after a failure is a retry
            Phase::Progressing | Phase::Healthy | Phase::Unhealthy if same => Ok(vec![]),
            // the host goes on by itself; only the customer, whom it asks for nothing, makes a difference
            Phase::Held if self.removal.is_none() && same_asker_too => Ok(vec![]),
            _ => {
                let older = self.data_of().filter(|running| desired.version < **running);
                if let (Some(running), None) = (older, downgrade) {
                    let (running, wanted) = (running.clone(), desired.version.clone());
                    return Err(DeploymentRejection::Downgrade { running, wanted });
                }
                let downgrade = older.and(downgrade).cloned();
                let generation = self.next_generation(heard);
                Ok(vec![DesiredReleaseSet { generation, desired: desired.clone(), downgrade, origin }])
            }
        }
    }

    /// What was installed stays where it is: in another namespace it would be a second one.
    fn check_namespace(&self, desired: &Desired) -> Result<(), DeploymentRejection> {
        let known = self.desired.as_ref().filter(|_| !matches!(self.phase, Phase::Absent | Phase::Removed));
        match known.and_then(|known| known.namespace.clone()) {
            Some(namespace) if desired.namespace.as_ref() != Some(&namespace) => {
                Err(DeploymentRejection::NamespaceFixed { namespace })
            }
            _ => Ok(()),
        }
    }

    fn settle(&mut self, phase: Phase) {
        self.phase = phase;
        self.held = None;
        self.retrying = None;
    }

    /// Something is being done, so that nothing holds it.
    fn go_on(&mut self, step: Step) {
        self.step = Some(step);
        self.held = None;
        if self.phase == Phase::Held {
            self.phase = if self.removal.is_some() { Phase::Removing } else { Phase::Progressing };
        }
    }
}

impl DomainEvent for DeploymentEvent {
    fn schema_version(&self) -> u16 {
        match self {
            // hubs that know no clusters leave it to newer ones
            DesiredReleaseSet { desired, .. } if desired.namespace.is_some() => 3,
            _ => 1,
        }
    }
}

impl Decider for Deployment {
    const CATEGORY: Category = Category::Deployment;
    type Command = DeploymentCommand;
    type Event = DeploymentEvent;
    type Rejection = DeploymentRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, self.phase) {
            (DeploymentCommand::SetDesired { desired, heard, downgrade, origin }, _) => {
                self.set_desired(desired, *heard, downgrade.as_ref(), *origin)
            }
            (DeploymentCommand::Remove { .. }, Phase::Absent) => Err(DeploymentRejection::NotFound),
            // data that was to be kept may be given up later
            (DeploymentCommand::Remove { data, .. }, Phase::Removing | Phase::Removed)
                if *data == DataRemoval::Keep || self.removal.is_some_and(|(data, _)| data == DataRemoval::Remove) =>
            {
                Ok(vec![])
            }
            (DeploymentCommand::Remove { data, asked_by, .. }, Phase::Held)
                if self.removal == Some((*data, *asked_by)) =>
            {
                Ok(vec![])
            }
            (DeploymentCommand::Remove { data, asked_by, reason, heard }, _) => {
                let (generation, reason) = (self.next_generation(*heard), reason.clone());
                Ok(vec![RemovalRequested { generation, data: *data, asked_by: *asked_by, reason }])
            }
            (DeploymentCommand::Observe { target, report, at, pace }, _) => {
                // an agent speaks of its own target's deployments alone
                let is_its_own = self.desired.as_ref().is_some_and(|desired| desired.target == *target);
                Ok(if is_its_own { self.observe(report, *at, *pace) } else { vec![] })
            }
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            DesiredReleaseSet { generation, desired, origin, .. } => {
                *self = Self {
                    generation: *generation,
                    origin: *origin,
                    desired: Some(desired.clone()),
                    running: self.running.take(),
                    ran: self.ran.take(),
                    phase: Phase::Progressing,
                    ..Self::default()
                };
            }
            RemovalRequested { generation, data, asked_by, .. } => {
                self.generation = *generation;
                self.origin = None;
                self.phase = Phase::Removing;
                self.step = None;
                self.removal = Some((*data, *asked_by));
                self.held = None;
                self.retrying = None;
                self.is_flapping = false;
            }
            DeploymentHeld { reason, .. } => {
                self.phase = Phase::Held;
                self.step = None;
                self.held = Some(reason.clone());
                self.retrying = None;
            }
            DeploymentStepped { step, .. } => {
                self.go_on(*step);
                self.retrying = None;
            }
            DeploymentRetrying { step, category, reason, .. } => {
                self.go_on(*step);
                self.retrying = Some(Retry { step: *step, category: *category, reason: reason.clone() });
            }
            DeploymentHealthy { version, .. } => {
                self.running = Some(version.clone());
                self.ran = Some(version.clone());
                self.settle(Phase::Healthy);
            }
            DeploymentUnhealthy { .. } => self.settle(Phase::Unhealthy),
            DeploymentFailed { running, .. } => {
                self.running = running.clone();
                self.settle(Phase::Failed);
            }
            DeploymentFlapping { .. } => self.is_flapping = true,
            DeploymentSteady { .. } => self.is_flapping = false,
            DriftDetected { .. } => self.drifted = true,
            DriftRepaired { .. } => self.drifted = false,
            DeploymentRemoved { .. } => {
                self.gone = true;
                self.running = None;
                if matches!(self.removal, Some((DataRemoval::Remove, _))) {
                    self.ran = None;
                }
                self.settle(Phase::Removed);
            }
        }
    }
}

#[cfg(test)]
mod tests;
