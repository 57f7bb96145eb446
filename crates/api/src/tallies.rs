//! What this hub knows to be in the log of each target's reports, so that one that is sent again is not stored again. Only
//! what is surely there counts as known; what another hub stored meanwhile may be stored twice, and the read models and
//! the policy count it once.

use std::time::Duration;

use deadpool_postgres::Pool;
use distr_domain::agent::Report;
use distr_domain::ids::TargetId;
use distr_domain::tally::Tally;
use distr_projections::heartbeat;
use moka::ops::compute::Op;
use moka::sync::Cache;

use crate::auth::AgentCaller;
use crate::failure::Failure;

/// What nobody reported to for so long is read again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

pub struct Tallies {
    of_target: Cache<TargetId, Tally>,
}

impl Default for Tallies {
    fn default() -> Self {
        Self { of_target: Cache::builder().time_to_idle(FORGOTTEN_AFTER).build() }
    }
}

impl Tallies {
    /// Nothing if nothing was heard of the target yet, as far as this hub knows.
    pub async fn known(&self, read: &Pool, agent: &AgentCaller) -> Result<Option<Tally>, Failure> {
        if let Some(tally) = self.remembered(agent.target) {
            return Ok(Some(tally));
        }
        let rows = heartbeat::of_targets(&read.get().await?, agent.organization, &[agent.target]).await?;
        Ok(rows.into_iter().next().map(|row| row.tally))
    }

    /// Takes note of reports that are in the log, given what was known before.
    pub fn stored(&self, target: TargetId, known: Option<Tally>, reports: &[Report]) {
        self.of_target.entry(target).and_compute_with(|remembered| {
            let tally = match (remembered.map(|entry| entry.into_value()).or(known), reports) {
                (Some(tally), _) => tally,
                (None, [first, ..]) => Tally::of(first),
                (None, []) => return Op::Nop,
            };
            Op::Put(reports.iter().fold(tally, |mut tally, report| {
                tally.count(report);
                tally
            }))
        });
    }

    fn remembered(&self, target: TargetId) -> Option<Tally> {
        self.of_target.get(&target)
    }
}
