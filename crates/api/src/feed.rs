//! Subscriptions by notify, then query: the log says what changed, the read models what it is now. A change that thousands
//! watch is read once for all of them, and each looks whether it is in its own scope.

mod changes;

use std::collections::HashMap;
use std::sync::Arc;

use deadpool_postgres::Pool;
use distr_domain::ids::{DeploymentId, OrganizationId, TargetId};
use distr_eventlog::{EventLog, Page, Position, ReadError, Selection, subscribe_all};
use distr_postgres::BatchedLookup;
use distr_projections::Scope;
use distr_projections::deployment::{self, DeploymentRow};
use distr_projections::target::{self, TargetRow};
use futures_util::Stream;
use tokio::sync::broadcast::error::RecvError;

use crate::failure::Failure;

pub use changes::{Change, Changed, Changes};

pub type Watched<T> = Result<Option<T>, Failure>;

/// What comes to one who watches.
pub enum Delivery<T> {
    Changed(Result<T, Failure>),
    /// So many changes were missed, because they were taken too slowly.
    Missed(u64),
}

/// The changes, and what is shown of them now.
pub struct Feed {
    changes: Changes,
    log: Arc<dyn EventLog>,
    targets: BatchedLookup<(OrganizationId, TargetId), TargetRow>,
    deployments: BatchedLookup<(OrganizationId, DeploymentId), DeploymentRow>,
}

impl Feed {
    pub fn start(changes: Changes, log: Arc<dyn EventLog>, read: &Pool) -> Self {
        let (of_targets, of_deployments) = (read.clone(), read.clone());
        Self {
            changes,
            log,
            targets: BatchedLookup::start(move |keys| targets(of_targets.clone(), keys)),
            deployments: BatchedLookup::start(move |keys| deployments(of_deployments.clone(), keys)),
        }
    }

    /// The log itself, from a position on.
    pub fn events(&self, after: Position, selection: Selection) -> impl Stream<Item = Result<Page, ReadError>> + use<> {
        subscribe_all(self.log.clone(), after, selection)
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
pub fn watch<T, F, L>(feed: Arc<Feed>, organization: OrganizationId, load: L) -> impl Stream<Item = Delivery<T>>
where
    L: Fn(Arc<Feed>, Change) -> F,
    F: Future<Output = Watched<T>>,
{
    let receiver = feed.changes.subscribe();
    futures_util::stream::unfold((receiver, feed, load), move |(mut receiver, feed, load)| async move {
        loop {
            let item = match receiver.recv().await {
                Ok(change) if change.organization != organization => continue,
                Ok(change) => load(feed.clone(), change).await.transpose().map(Delivery::Changed),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(missed)) => Some(Delivery::Missed(missed)),
            };
            if let Some(item) = item {
                return Some((item, (receiver, feed, load)));
            }
        }
    })
}
