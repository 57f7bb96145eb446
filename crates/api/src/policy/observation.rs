//! Heartbeats to facts: a report that says something new of a deployment becomes what the deployment's rules make of it.
//! Nearly all reports say nothing new; those are told by a memory of what was said last, without a look into the log.
//!
//! Each report counts once and in its order. One that comes again is passed over, by the tally of its target, which is on disk
//! before the checkpoint moves on. Targets do not wait for each other.

mod looks;
mod memory;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Pool;
use distr_domain::agent::{DeploymentReport, Report};
use distr_domain::deployment::{Deployment, DeploymentCommand, Pace, ReportTime};
use distr_domain::ids::TargetId;
use distr_eventlog::{Actor, Entry, Executed, Kept, Selection, TelemetryKind, TelemetryRecord};
use distr_projections::Lease;
use moka::sync::Cache;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Interrupted, Outcome, Policy};
use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::pause;
use memory::Observed;

const NAME: &str = "observation";

/// A target that nobody heard of for so long is read again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

pub struct Observation {
    commands: Commands,
    /// of the table of what was observed
    pool: Pool,
    /// locked by the one lane that each target has
    of_target: Cache<Uuid, Arc<Mutex<Observed>>>,
}

impl Observation {
    pub fn new(commands: Commands, pool: Pool) -> Self {
        Self { commands, pool, of_target: Cache::builder().time_to_idle(FORGOTTEN_AFTER).build() }
    }

    async fn observed(&self, target: Uuid) -> Result<Arc<Mutex<Observed>>, Failure> {
        if let Some(observed) = self.of_target.get(&target) {
            return Ok(observed);
        }
        let observed = Arc::new(Mutex::new(Observed::load(&self.pool, target).await?));
        self.of_target.insert(target, observed.clone());
        Ok(observed)
    }

    async fn take(&self, observed: &mut Observed, record: &TelemetryRecord, lease: &Lease) -> Result<(), Interrupted> {
        let report: Report = serde_json::from_slice(&record.payload).map_err(Interrupted::UnreadableTelemetry)?;
        if observed.knows(&report) {
            return Ok(());
        }
        let mut is_news = observed.is_first_of_its_incarnation(&report);
        let time = ReportTime::of(&report, record.recorded_at);
        for deployment in &report.deployments {
            let Some(heard) = observed.hear(deployment, time) else { continue };
            if !observed.looks.may_look(record.recorded_at) {
                continue;
            }
            let kept = observed.stream(deployment.deployment);
            let executed = self.observe(record, &report, deployment, heard.pace, kept).await?;
            let is_fact = executed.as_ref().is_some_and(|executed| !executed.events.is_empty());
            if !is_fact {
                observed.looks.was_in_vain();
            }
            is_news |= is_fact;
            if let Some(executed) = executed {
                observed.heard(deployment, heard, time, executed);
            }
        }
        observed.count(&report, record.recorded_at);
        if is_news {
            observed.store(&self.pool, record.subject, lease).await?;
        }
        Ok(())
    }

    /// The ids follow from the report, so that handing it over again has no second effect.
    async fn observe(
        &self,
        record: &TelemetryRecord,
        report: &Report,
        deployment: &DeploymentReport,
        pace: Pace,
        kept: Kept<Deployment>,
    ) -> Result<Option<Executed<Deployment>>, Failure> {
        let cause = Cause {
            organization: record.organization,
            actor: Actor::Policy(NAME.into()),
            causation: Some(report.id),
            correlation: report.id,
            command: Uuid::new_v5(&report.id, deployment.deployment.0.as_bytes()),
        };
        let target = TargetId(record.subject);
        let command = DeploymentCommand::Observe { target, report: deployment.clone(), at: report.at, pace };
        pause::at("observation.heard").await;
        let stream = deployment.deployment.0;
        let executed = super::command(&self.commands, NAME, &cause, stream, kept, &command).await?;
        pause::at("observation.appended").await;
        Ok(executed)
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

    fn lane(&self, entry: &Entry) -> Uuid {
        match entry {
            Entry::Telemetry(recorded) => recorded.record.subject,
            Entry::Fact(event) => event.stream.id,
        }
    }

    async fn handle(&self, entry: &Entry, lease: &Lease) -> Result<Outcome, Interrupted> {
        if let Entry::Telemetry(recorded) = entry
            && recorded.record.kind == TelemetryKind::Heartbeat
        {
            let target = recorded.record.subject;
            let observed = self.observed(target).await?;
            let taken = self.take(&mut *observed.lock().await, &recorded.record, lease).await;
            if taken.is_err() {
                // what is on disk holds
                self.of_target.invalidate(&target);
            }
            taken?;
        }
        Ok(Outcome::Passed)
    }

    /// What another hub did meanwhile is on disk.
    fn begin(&mut self) {
        self.of_target.invalidate_all();
    }
}
