//! What was made of a target's reports so far: kept in memory, and on disk as of the last report that said something new.
//! What came since said the same, so nothing is lost with the process.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use deadpool_postgres::Pool;
use distr_domain::agent::{DeploymentReport, Report};
use distr_domain::ids::DeploymentId;
use distr_domain::tally::Tally;
use distr_projections::Lease;
use tokio_postgres::types::{Json, ToSql};
use uuid::Uuid;

use crate::failure::Failure;
use crate::policy::Interrupted;

#[derive(Debug, Default)]
pub(super) struct Observed {
    tally: Option<Tally>,
    /// A fingerprint of what was last said of each deployment.
    said: BTreeMap<DeploymentId, u64>,
}

impl Observed {
    pub(super) async fn load(pool: &Pool, target: Uuid) -> Result<Self, Failure> {
        let client = pool.get().await?;
        let statement = client.prepare_cached("SELECT tally, said FROM observed WHERE target = $1").await?;
        let row = client.query_opt(&statement, &[&target]).await?;
        Ok(row.map_or_else(Self::default, |row| {
            let (Json(tally), Json(said)) = (row.get(0), row.get(1));
            Self { tally: Some(tally), said }
        }))
    }

    /// As long as this hub moves the policy.
    pub(super) async fn store(&self, pool: &Pool, target: Uuid, lease: &Lease) -> Result<(), Interrupted> {
        let client = pool.get().await.map_err(Failure::from)?;
        let statement = client.prepare_cached(include_str!("store.sql")).await.map_err(Failure::from)?;
        let (name, owner, epoch) = (lease.name(), lease.owner(), lease.epoch());
        let row: [&(dyn ToSql + Sync); 6] = [&target, &Json(&self.tally), &Json(&self.said), &name, &owner, &epoch];
        match client.execute(&statement, &row).await.map_err(Failure::from)? {
            1 => Ok(()),
            _ => Err(Interrupted::TakenOver),
        }
    }

    /// It was seen, or is older than what was.
    pub(super) fn knows(&self, report: &Report) -> bool {
        self.tally.as_ref().is_some_and(|tally| tally.knows(report))
    }

    /// Whether it has to be remembered for longer than this process: it says something, or begins an incarnation.
    pub(super) fn is_news(&self, report: &Report) -> bool {
        let known_boot = self.tally.as_ref().is_some_and(|tally| tally.last.boot == report.boot);
        !known_boot || report.deployments.iter().any(|deployment| self.is_new(deployment))
    }

    pub(super) fn is_new(&self, deployment: &DeploymentReport) -> bool {
        self.said.get(&deployment.deployment) != Some(&fingerprint(deployment))
    }

    pub(super) fn take(&mut self, report: &Report) {
        match &mut self.tally {
            Some(tally) => {
                tally.count(report);
            }
            None => self.tally = Some(Tally::of(report)),
        }
        let said = report.deployments.iter().map(|deployment| (deployment.deployment, fingerprint(deployment)));
        self.said = said.collect();
    }
}

/// The same for the same words in every version of the hub: it is on disk.
fn fingerprint(report: &DeploymentReport) -> u64 {
    let words = serde_json::to_vec(report).expect("a report was JSON before");
    let hash = digest(&SHA256, &words);
    let (first, _) = hash.as_ref().split_first_chunk().expect("a hash of 32 bytes");
    u64::from_be_bytes(*first)
}
