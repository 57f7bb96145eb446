//! What this hub knows to be in the log of each target's reports, so that one that is sent again is not stored again. Only
//! what is surely there counts as known; what another hub stored meanwhile may be stored twice, and the read models and
//! the policy count it once.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use deadpool_postgres::Pool;
use distr_domain::agent::Report;
use distr_domain::ids::TargetId;
use distr_domain::tally::Tally;
use distr_projections::heartbeat;

use crate::auth::AgentCaller;
use crate::failure::Failure;

#[derive(Default)]
pub struct Tallies {
    of_target: Mutex<HashMap<TargetId, Tally>>,
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
        let mut of_target = self.of_target.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = match (of_target.remove(&target).or(known), reports) {
            (Some(tally), _) => tally,
            (None, [first, ..]) => Tally::of(first),
            (None, []) => return,
        };
        let tally = of_target.entry(target).insert_entry(tally).into_mut();
        for report in reports {
            tally.count(report);
        }
    }

    fn remembered(&self, target: TargetId) -> Option<Tally> {
        self.of_target.lock().unwrap_or_else(PoisonError::into_inner).get(&target).cloned()
    }
}
