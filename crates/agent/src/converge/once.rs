//! One complete pass, for `--once` and for tests: everything is tried once and waited for.

use std::collections::BTreeMap;

use distr_domain::agent::{DesiredState, ErrorCategory, ReportedError};
use distr_domain::ids::DeploymentId;

use crate::converge::Converger;
use crate::fault::Failure;
use crate::runtime::Runtime;

/// How a deployment stands after the pass.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// as desired
    Done,
    /// the generation was given up
    Failed(ReportedError),
    /// it did not work now, and may later
    Troubled(ReportedError),
}

impl<R: Runtime> Converger<R> {
    pub async fn settle(&mut self, desired: &DesiredState) -> Result<BTreeMap<DeploymentId, Settled>, Failure> {
        // what went wrong in an earlier pass is tried again, once
        self.retries.clear();
        loop {
            self.hold_back();
            self.pass(desired).await?;
            if self.live.is_empty() {
                break;
            }
            self.progress().await;
        }
        let settled = |wanted: &distr_domain::agent::DesiredDeployment| (wanted.deployment, self.settled(wanted));
        Ok(desired.deployments.iter().map(settled).collect())
    }

    /// A backoff lasts to the end of the pass.
    fn hold_back(&mut self) {
        for retry in self.retries.values_mut() {
            retry.not_before = tokio::time::Instant::now() + std::time::Duration::from_secs(3600);
        }
    }

    fn settled(&self, wanted: &distr_domain::agent::DesiredDeployment) -> Settled {
        let record = self.memory.get(&wanted.deployment);
        if let (Some(record), Some(version)) = (record, wanted.instruction.version())
            && let Some(error) = record.failure(wanted.generation, version)
        {
            return Settled::Failed(error.clone());
        }
        match self.troubles.get(&wanted.deployment) {
            Some(trouble) => Settled::Troubled(trouble.clone()),
            None if self.is_fulfilled(wanted.deployment, wanted.generation, &wanted.instruction) => Settled::Done,
            None => Settled::Troubled(ReportedError {
                category: ErrorCategory::Internal,
                text: "nothing was done".to_owned(),
            }),
        }
    }
}
