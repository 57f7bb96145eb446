//! What was made of a target's reports so far: kept in memory, and on disk as of the last report that said something new.
//! What came since said the same, so nothing is lost with the process.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use distr_domain::agent::{DeploymentReport, Report};
use distr_domain::deployment::{Deployment, Pace, Pulse, ReportTime};
use distr_domain::ids::DeploymentId;
use distr_domain::tally::Tally;
use distr_eventlog::{Executed, Kept};
use distr_projections::Lease;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use super::looks::Looks;
use crate::failure::Failure;
use crate::policy::Interrupted;

/// A stream of so many events is kept between two reports rather than read again.
const LONG: u64 = 100;

#[derive(Debug, Default)]
pub(super) struct Observed {
    tally: Option<Tally>,
    pulses: BTreeMap<DeploymentId, Pulse>,
    /// the long ones, in memory alone
    streams: BTreeMap<DeploymentId, Kept<Deployment>>,
    pub(super) looks: Looks,
}

/// A report that a rule has to hear of.
pub(super) struct Heard {
    pub(super) pace: Pace,
    fingerprint: u64,
}

impl Observed {
    pub(super) async fn load(pool: &Pool, target: Uuid) -> Result<Self, Failure> {
        let client = pool.get().await?;
        let statement = client.prepare_cached(include_str!("load.sql")).await?;
        let row = client.query_opt(&statement, &[&target]).await?;
        Ok(row.map_or_else(Self::default, |row| {
            let (Json(tally), Json(pulses)) = (row.get(0), row.get(1));
            Self { tally: Some(tally), pulses, ..Self::default() }
        }))
    }

    /// As long as this hub moves the policy.
    pub(super) async fn store(&self, pool: &Pool, target: Uuid, lease: &Lease) -> Result<(), Interrupted> {
        let client = pool.get().await.map_err(Failure::from)?;
        let statement = client.prepare_cached(include_str!("store.sql")).await.map_err(Failure::from)?;
        let (name, owner, epoch) = (lease.name(), lease.owner(), lease.epoch());
        let row: [&(dyn ToSql + Sync); 6] = [&target, &Json(&self.tally), &Json(&self.pulses), &name, &owner, &epoch];
        match client.execute(&statement, &row).await.map_err(Failure::from)? {
            1 => Ok(()),
            _ => Err(Interrupted::TakenOver),
        }
    }

    /// It was seen, or is older than what was.
    pub(super) fn knows(&self, report: &Report) -> bool {
        self.tally.as_ref().is_some_and(|tally| tally.knows(report))
    }

    /// It has to be remembered for longer than this process.
    pub(super) fn is_first_of_its_incarnation(&self, report: &Report) -> bool {
        self.tally.as_ref().is_none_or(|tally| tally.last.boot != report.boot)
    }

    /// Nothing if no rule has to hear of it.
    pub(super) fn hear(&self, report: &DeploymentReport, time: ReportTime) -> Option<Heard> {
        let fingerprint = fingerprint(report);
        let pulse = self.pulses.get(&report.deployment);
        let pace = pulse.unwrap_or(&Pulse::default()).hear(report, fingerprint, time)?;
        Some(Heard { pace, fingerprint })
    }

    /// The deployment's stream, as far as it was kept.
    pub(super) fn stream(&mut self, deployment: DeploymentId) -> Kept<Deployment> {
        self.streams.remove(&deployment).unwrap_or_default()
    }

    pub(super) fn heard(
        &mut self,
        report: &DeploymentReport,
        heard: Heard,
        time: ReportTime,
        executed: Executed<Deployment>,
    ) {
        let outcome = (!executed.events.is_empty(), executed.state.is_flapping);
        self.pulses.entry(report.deployment).or_default().heard(report, heard.fingerprint, time, outcome);
        if executed.revision.is_some_and(|revision| revision >= LONG) {
            self.streams.insert(report.deployment, executed.into());
        }
    }

    /// What is not spoken of any more is forgotten, unless it changed a short time ago, for that makes a difference to what
    /// comes next.
    pub(super) fn count(&mut self, report: &Report, received: DateTime<Utc>) {
        match &mut self.tally {
            Some(tally) => {
                tally.count(report);
            }
            None => self.tally = Some(Tally::of(report)),
        }
        let is_named = |id: &DeploymentId| report.deployments.iter().any(|deployment| deployment.deployment == *id);
        self.pulses.retain(|deployment, pulse| !pulse.is_settled(received) || is_named(deployment));
        self.streams.retain(|deployment, _| self.pulses.contains_key(deployment));
    }
}

/// The same for the same words in every version of the hub: it is on disk.
fn fingerprint(report: &DeploymentReport) -> u64 {
    let words = serde_json::to_vec(report).expect("a report was JSON before");
    let hash = digest(&SHA256, &words);
    let (first, _) = hash.as_ref().split_first_chunk().expect("a hash of 32 bytes");
    u64::from_be_bytes(*first)
}
