//! Heartbeats to facts: a report that says something new of a deployment becomes what the deployment's rules make of it.
//! Nearly all reports say nothing new; those are told by a memory of what was said last, without a look into the log.
//!
//! Each report counts once and in its order. One that comes again is passed over, by the tally of its target, which is on disk
//! before the checkpoint moves on.

mod memory;

use std::collections::HashMap;

use async_trait::async_trait;
use deadpool_postgres::Pool;
use distr_domain::agent::{DeploymentReport, Report};
use distr_domain::deployment::{Deployment, DeploymentCommand};
use distr_eventlog::{Actor, Entry, Selection, TelemetryKind, TelemetryRecord};
use distr_projections::Lease;
use uuid::Uuid;

use super::{Interrupted, Outcome, Policy};
use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::pause;
use memory::Observed;

const NAME: &str = "observation";

pub struct Observation {
    commands: Commands,
    /// of the table of what was observed
    pool: Pool,
    of_target: HashMap<Uuid, Observed>,
}

impl Observation {
    pub fn new(commands: Commands, pool: Pool) -> Self {
        Self { commands, pool, of_target: HashMap::new() }
    }
}

#[async_trait]
impl Policy for Observation {
    fn name(&self) -> &'static str {
        NAME
    }

    fn selection(&self) -> Selection {
        Selection::Telemetry
    }

    async fn handle(&mut self, entry: &Entry, lease: &Lease) -> Result<Outcome, Interrupted> {
        let Entry::Telemetry(recorded) = entry else { return Ok(Outcome::Passed) };
        if recorded.record.kind != TelemetryKind::Heartbeat {
            return Ok(Outcome::Passed);
        }
        let report = serde_json::from_slice(&recorded.record.payload).map_err(Interrupted::UnreadableTelemetry)?;
        let target = recorded.record.subject;
        let mut observed = match self.of_target.remove(&target) {
            Some(observed) => observed,
            None => Observed::load(&self.pool, target).await?,
        };
        let mut outcome = Outcome::Passed;
        if observed.knows(&report) {
            // no more than what was said already
        } else if observed.is_news(&report) {
            for deployment in report.deployments.iter().filter(|deployment| observed.is_new(deployment)) {
                observe(&self.commands, &recorded.record, &report, deployment).await?;
            }
            observed.take(&report);
            observed.store(&self.pool, target, lease).await?;
            outcome = Outcome::Acted;
        } else {
            observed.take(&report);
        }
        self.of_target.insert(target, observed);
        Ok(outcome)
    }

    /// What another hub did meanwhile is on disk.
    fn begin(&mut self) {
        self.of_target.clear();
    }
}

/// The ids follow from the report, so that handing it over again has no second effect.
async fn observe(
    commands: &Commands,
    record: &TelemetryRecord,
    report: &Report,
    deployment: &DeploymentReport,
) -> Result<(), Failure> {
    let state = commands.load::<Deployment>(deployment.deployment.0).await?;
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
    pause::at("observation.read").await;
    super::command::<Deployment>(commands, NAME, &cause, deployment.deployment.0, &command).await?;
    pause::at("observation.appended").await;
    Ok(())
}
