//! Subscriptions by notify, then query: what changed is told by the feed, what it is now is read. A change that thousands
//! watch is read once for all of them, and each looks whether it is in its own scope.

use std::collections::HashMap;
use std::sync::Arc;

use deadpool_postgres::Pool;
use distr_domain::ids::{DeploymentId, OrganizationId, TargetId};
use distr_projections::deployment::{self, DeploymentRow};
use distr_projections::target::{self, TargetRow};
use distr_projections::{Scope, Together};
use futures_util::Stream;
use tokio::sync::broadcast::error::RecvError;

use crate::changes::Change;
use crate::failure::Failure;
use crate::hub::Hub;

pub type Watched<T> = Result<Option<T>, Failure>;

/// What comes to one who watches.
pub enum Seen<T> {
    Changed(Result<T, Failure>),
    /// So many changes were missed, because they were taken too slowly.
    Missed(u64),
}

/// What changed, as the read models show it now.
pub struct Shown {
    targets: Together<(OrganizationId, TargetId), TargetRow>,
    deployments: Together<(OrganizationId, DeploymentId), DeploymentRow>,
}

impl Shown {
    pub fn start(read: &Pool) -> Self {
        let (of_targets, of_deployments) = (read.clone(), read.clone());
        Self {
            targets: Together::start(move |keys| targets(of_targets.clone(), keys)),
            deployments: Together::start(move |keys| deployments(of_deployments.clone(), keys)),
        }
    }

    /// Nothing if it is not in the scope.
    pub async fn target(&self, scope: Scope, id: TargetId) -> Watched<TargetRow> {
        let row = self.targets.find((scope.organization, id)).await?;
        Ok(row.filter(|row| scope.customer.is_none_or(|customer| row.customer == customer)))
    }

    /// Nothing if it is not in the scope.
    pub async fn deployment(&self, scope: Scope, id: DeploymentId) -> Watched<DeploymentRow> {
        let row = self.deployments.find((scope.organization, id)).await?;
        Ok(row.filter(|row| scope.customer.is_none_or(|customer| row.customer == customer)))
    }
}

type Found<I, R> = Result<HashMap<(OrganizationId, I), R>, Failure>;

async fn targets(read: Pool, keys: Vec<(OrganizationId, TargetId)>) -> Found<TargetId, TargetRow> {
    let (client, mut found) = (read.get().await?, HashMap::new());
    for (organization, ids) in by_organization(keys) {
        let rows = target::by_ids(&client, organization, &ids).await?;
        found.extend(rows.into_iter().map(|row| ((organization, row.id), row)));
    }
    Ok(found)
}

async fn deployments(read: Pool, keys: Vec<(OrganizationId, DeploymentId)>) -> Found<DeploymentId, DeploymentRow> {
    let (client, mut found) = (read.get().await?, HashMap::new());
    for (organization, ids) in by_organization(keys) {
        let rows = deployment::by_ids(&client, organization, &ids).await?;
        found.extend(rows.into_iter().map(|row| ((organization, row.id), row)));
    }
    Ok(found)
}

fn by_organization<I>(keys: Vec<(OrganizationId, I)>) -> HashMap<OrganizationId, Vec<I>> {
    let mut groups: HashMap<_, Vec<I>> = HashMap::new();
    for (organization, id) in keys {
        groups.entry(organization).or_default().push(id);
    }
    groups
}

/// Each change of the organization, as `load` shows it; what it does not show is passed over.
pub fn watch<T, F, L>(hub: Arc<Hub>, organization: OrganizationId, load: L) -> impl Stream<Item = Seen<T>>
where
    L: Fn(Arc<Hub>, Change) -> F,
    F: Future<Output = Watched<T>>,
{
    let receiver = hub.changes.subscribe();
    futures_util::stream::unfold((receiver, hub, load), move |(mut receiver, hub, load)| async move {
        loop {
            let item = match receiver.recv().await {
                Ok(change) if change.organization != organization => continue,
                Ok(change) => load(hub.clone(), change).await.transpose().map(Seen::Changed),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(missed)) => Some(Seen::Missed(missed)),
            };
            if let Some(item) = item {
                return Some((item, (receiver, hub, load)));
            }
        }
    })
}
