//! What happens to targets, as it happens.

use async_graphql::{Context, Result, Subscription};
use distr_domain::decider::Category;
use distr_domain::ids::{DeploymentId, TargetId};
use distr_domain::permission::Permission;
use distr_projections::Scope;
use distr_projections::target::TargetRow;
use futures_util::{Stream, StreamExt};

use super::super::context::ContextExt;
use super::super::error_code::told;
use super::super::guard::May;
use super::super::scalar::Name;
use super::Target;
use crate::feed::{Change, Changed, Feed, Watched, watch};

#[derive(Default)]
pub(in crate::graphql) struct TargetSubscription;

#[Subscription]
impl TargetSubscription {
    /// Each target of the fleet, whenever something about it changed: a heartbeat, a deployment, an enrolment.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn target_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<Name>,
        #[graphql(desc = "The name of the target; all targets if left out.")] name: Option<Name>,
    ) -> Result<impl Stream<Item = Result<Target>>> {
        let scope = ctx.scope()?;
        let customer = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let scope = Scope { customer: customer.or(scope.customer), ..scope };
        Ok(watch(ctx.hub().feed.clone(), scope.organization, move |feed, change| {
            let name = name.clone();
            async move {
                let row = changed_target(&feed, scope, change).await?;
                let row = row.filter(|row| name.as_ref().is_none_or(|name| row.name == name.0));
                Ok(row.map(Target))
            }
        })
        .map(told))
    }
}

async fn changed_target(feed: &Feed, scope: Scope, change: Change) -> Watched<TargetRow> {
    let id = match change.what {
        Changed::Heartbeat | Changed::Fact(Category::Target) => TargetId(change.id),
        Changed::Fact(Category::Deployment) => match feed.deployment(scope, DeploymentId(change.id)).await? {
            Some(deployment) => deployment.target,
            None => return Ok(None),
        },
        Changed::Fact(_) => return Ok(None),
    };
    feed.target(scope, id).await
}
