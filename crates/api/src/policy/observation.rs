//! Heartbeats to facts: a report that says something new of a deployment becomes what the deployment's rules make of it.
//! Nearly all reports say nothing new; those are told by a memory of what was said last, without a look into the log.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;
use distr_domain::agent::{DeploymentReport, Report};
use distr_domain::deployment::{Deployment, DeploymentCommand};
use distr_domain::ids::DeploymentId;
use distr_eventlog::{Actor, Entry, Selection, TelemetryKind, TelemetryRecord};
use tracing::error;
use uuid::Uuid;

use super::Policy;
use crate::error::ApiError;
use crate::hub::{Cause, Hub};

const NAME: &str = "observation";

#[derive(Default)]
pub struct Observation {
    /// A fingerprint of what was last said of each deployment. Lost with the process, and made anew at the cost of one
    /// look into the log each.
    said: HashMap<DeploymentId, u64>,
}

#[async_trait]
impl Policy for Observation {
    fn name(&self) -> &'static str {
        NAME
    }

    fn selection(&self) -> Selection {
        Selection::Telemetry
    }

    async fn handle(&mut self, hub: &Hub, entry: &Entry) -> Result<(), ApiError> {
        let Entry::Telemetry(recorded) = entry else { return Ok(()) };
        if recorded.record.kind != TelemetryKind::Heartbeat {
            return Ok(());
        }
        let report: Report = match serde_json::from_slice(&recorded.record.payload) {
            Ok(report) => report,
            Err(error) => {
                error!(position = recorded.position.0, %error, "a heartbeat in the log cannot be read; passed over");
                return Ok(());
            }
        };
        for deployment in &report.deployments {
            let print = fingerprint(deployment);
            if self.said.get(&deployment.deployment) == Some(&print) {
                continue;
            }
            observe(hub, &recorded.record, &report, deployment).await?;
            self.said.insert(deployment.deployment, print);
        }
        Ok(())
    }
}

/// The ids follow from the report, so that handing it over again has no second effect.
async fn observe(
    hub: &Hub,
    record: &TelemetryRecord,
    report: &Report,
    deployment: &DeploymentReport,
) -> Result<(), ApiError> {
    let state = super::super::operations::load::<Deployment>(hub, deployment.deployment.0).await?;
    // an agent speaks of its own target's deployments alone
    if state.desired.as_ref().is_none_or(|desired| desired.target.0 != record.subject) {
        return Ok(());
    }
    let cause = Cause {
        organization: record.organization,
        actor: Actor::Policy(NAME.into()),
        causation: Some(report.id),
        correlation: report.id,
        command: Uuid::new_v5(&report.id, deployment.deployment.0.as_bytes()),
    };
    let command = DeploymentCommand::Observe { report: deployment.clone(), at: report.at };
    hub.append::<Deployment>(&cause, deployment.deployment.0, &command).await?;
    Ok(())
}

fn fingerprint(report: &DeploymentReport) -> u64 {
    let mut hasher = DefaultHasher::new();
    report.generation.hash(&mut hasher);
    report.step.hash(&mut hasher);
    report.health.hash(&mut hasher);
    report.drift.hash(&mut hasher);
    report.running.as_ref().map(|running| (running.generation, running.version.to_string())).hash(&mut hasher);
    report.error.as_ref().map(|error| (error.category, &error.text)).hash(&mut hasher);
    hasher.finish()
}
