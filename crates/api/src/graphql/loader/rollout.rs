//! What is asked of rollouts: their counts, where targets wait, and a look at what is now, one for each rollout of a request.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader as DataLoad;
use distr_domain::ids::{RolloutId, TargetId};
use distr_projections::Scope;
use distr_projections::rollout_target::{self, Waiting, WaveCount};

use super::{BatchFailure, Loader, Of, by_organization};
use crate::operations::rollout_look::Look;

/// The counts of a rollout's waves, of the members in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct CountsOf {
    pub scope: Scope,
    pub rollout: RolloutId,
}

/// The open rollouts in which a target waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct WaitingOf(pub Of<TargetId>);

/// A look at a rollout as it stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct LookAt(pub Of<RolloutId>);

impl DataLoad<CountsOf> for Loader {
    type Value = Vec<WaveCount>;
    type Error = BatchFailure;

    async fn load(&self, keys: &[CountsOf]) -> Result<HashMap<CountsOf, Self::Value>, Self::Error> {
        let client = self.client().await?;
        let mut scopes: HashMap<Scope, Vec<RolloutId>> = HashMap::new();
        for key in keys {
            scopes.entry(key.scope).or_default().push(key.rollout);
        }
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for (scope, rollouts) in scopes {
            for count in rollout_target::counts(&client, scope, &rollouts).await? {
                found.entry(CountsOf { scope, rollout: count.rollout }).or_default().push(count);
            }
        }
        Ok(found)
    }
}

impl DataLoad<WaitingOf> for Loader {
    type Value = Vec<Waiting>;
    type Error = BatchFailure;

    async fn load(&self, keys: &[WaitingOf]) -> Result<HashMap<WaitingOf, Self::Value>, Self::Error> {
        let client = self.client().await?;
        let mut found: HashMap<_, Vec<_>> = HashMap::new();
        for (organization, targets) in by_organization(keys.iter().map(|key| key.0)) {
            for waiting in rollout_target::waiting(&client, organization, &targets).await? {
                found.entry(WaitingOf(Of { organization, id: waiting.target })).or_default().push(waiting);
            }
        }
        Ok(found)
    }
}

impl DataLoad<LookAt> for Loader {
    type Value = Arc<Look>;
    type Error = BatchFailure;

    /// One after the other: each needs a connection, and holds what it read.
    async fn load(&self, keys: &[LookAt]) -> Result<HashMap<LookAt, Arc<Look>>, Self::Error> {
        let (log, worlds) = (self.hub.commands.log.as_ref(), self.hub.worlds());
        let mut found = HashMap::new();
        for key in keys {
            let LookAt(Of { organization, id }) = *key;
            found.insert(*key, Arc::new(Look::at(log, &worlds, organization, id).await?));
        }
        Ok(found)
    }
}
