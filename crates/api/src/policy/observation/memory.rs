//! What was made of a target's reports so far: kept in memory, and on disk as of the last report that said something new.
//! What came since said the same, so nothing is lost with the process.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use distr_domain::agent::{DeploymentReport, Report};
use distr_domain::ids::DeploymentId;
use distr_domain::tally::Tally;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::error::ApiError;
use crate::hub::Hub;

#[derive(Debug, Default)]
pub(super) struct Observed {
    tally: Option<Tally>,
    /// A fingerprint of what was last said of each deployment.
    said: BTreeMap<DeploymentId, u64>,
}

impl Observed {
    pub(super) async fn load(hub: &Hub, target: Uuid) -> Result<Self, ApiError> {
        let client = hub.ops.get().await?;
        let statement = client.prepare_cached("SELECT tally, said FROM observed WHERE target = $1").await?;
        let row = client.query_opt(&statement, &[&target]).await?;
        Ok(row.map_or_else(Self::default, |row| {
            let (Json(tally), Json(said)) = (row.get(0), row.get(1));
            Self { tally: Some(tally), said }
        }))
    }

    pub(super) async fn store(&self, hub: &Hub, target: Uuid) -> Result<(), ApiError> {
        let client = hub.ops.get().await?;
        let sql = "INSERT INTO observed (target, tally, said) VALUES ($1, $2, $3)
             ON CONFLICT (target) DO UPDATE SET tally = excluded.tally, said = excluded.said";
        let statement = client.prepare_cached(sql).await?;
        client.execute(&statement, &[&target, &Json(&self.tally), &Json(&self.said)]).await?;
        Ok(())
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
