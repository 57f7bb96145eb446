//! Subscriptions by notify, then query: what changed is told by the feed, what it is now is read.

use std::sync::Arc;

use distr_domain::ids::OrganizationId;
use futures_util::Stream;
use tokio::sync::broadcast::error::RecvError;

use crate::changes::Change;
use crate::error::ApiError;
use crate::hub::Hub;

pub type Watched<T> = Result<Option<T>, ApiError>;

/// Each change of the organization, as `load` shows it; what it does not show is passed over.
pub fn watch<T, F, L>(
    hub: Arc<Hub>,
    organization: OrganizationId,
    load: L,
) -> impl Stream<Item = async_graphql::Result<T>>
where
    L: Fn(Arc<Hub>, Change) -> F,
    F: Future<Output = Watched<T>>,
{
    let receiver = hub.changes.subscribe();
    futures_util::stream::unfold((receiver, hub, load), move |(mut receiver, hub, load)| async move {
        loop {
            let item = match receiver.recv().await {
                Ok(change) if change.organization != organization => continue,
                Ok(change) => load(hub.clone(), change).await.transpose(),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(missed)) => Some(Err(ApiError::Rejected {
                    code: "subscription.resync",
                    message: format!("{missed} changes were missed; read the list again"),
                })),
            };
            if let Some(item) = item {
                return Some((item.map_err(async_graphql::Error::from), (receiver, hub, load)));
            }
        }
    })
}
