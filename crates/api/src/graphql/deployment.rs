//! Deployments: what is asked for on a target, and how it stands.

mod change;
mod standing;

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Json, Object, Result, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use distr_domain::decider::Category;
use distr_domain::deployment as domain;
use distr_domain::fleet;
use distr_domain::ids::{ApplicationId, DeploymentId, ReleaseId, TargetId};
use distr_domain::permission::Permission;
use distr_projections::Scope;
use distr_projections::deployment::{self, DeploymentRow};
use distr_projections::heartbeat::HeartbeatRow;
use distr_projections::target::TargetRow;
use futures_util::{Stream, StreamExt};
use serde_json::Value;

pub(super) use self::change::DeploymentMutation;
pub(super) use self::standing::ErrorCategory;
use self::standing::{DataRemoval, DeploymentError, DeploymentPhase, DeploymentStep, Health};
use super::application::{self, Application};
use super::as_of::Moment;
use super::channel;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, read};
use super::error_code::told;
use super::guard::May;
use super::loader::{DeploymentsOf, HeartbeatOf, Of, failed};
use super::release::Release;
use super::rollout::{self, RolloutHold};
use super::scalar::{BigInt, Name, Version};
use super::target::{self, Target, TargetState};
use crate::failure::Failure;
use crate::feed::{Changed, watch};

pub(super) struct Deployment(pub DeploymentRow);

/// One variable of a deployment's configuration.
#[derive(SimpleObject)]
pub(super) struct ConfigEntry {
    /// The name of the variable.
    key: String,
    /// The value of the variable; a secret is shown by its name alone: `${secret:NAME}`.
    value: String,
}

/// A deployment: an application on a target, with what is desired there and what runs.
#[Object]
impl Deployment {
    /// The id, a UUID, which follows from the target's id and the application's.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The application.
    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    /// The target.
    async fn target(&self, ctx: &Context<'_>) -> Result<Target> {
        Ok(target::load_nested(ctx, self.0.target).await?)
    }

    /// The generation: the number of the desired state.
    async fn generation(&self) -> BigInt {
        self.0.generation.into()
    }

    /// The version that was asked for last.
    async fn desired_version(&self) -> Version {
        self.0.desired.version.clone().into()
    }

    /// The release that was asked for last.
    async fn release(&self, ctx: &Context<'_>) -> Result<Release> {
        let id = ReleaseId::of(self.0.application, &self.0.desired.version);
        let row = ctx.loader().load_one(Of { organization: self.0.organization, id }).await.map_err(failed)?;
        Ok(row.map(Release).ok_or_else(|| Failure::not_found("release", &self.0.desired.version))?)
    }

    /// The handling of the volumes when the application is taken off the target; null unless that was asked for. The
    /// phase says whether the removal is held or done.
    async fn removal(&self) -> Option<DataRemoval> {
        self.0.removal.map(DataRemoval::from)
    }

    /// The channel by which the version was asked for last; null if the version itself was named, and for a customer's member
    /// who may not see the channel any more. A channel that moved on since leaves the version as it is.
    async fn channel(&self, ctx: &Context<'_>) -> Result<Option<Name>> {
        let Some(name) = &self.0.desired.channel else { return Ok(None) };
        let is_shown = match ctx.scope()?.customer {
            None => true,
            Some(_) => channel::is_shown(ctx, self.0.application, name).await?,
        };
        Ok(is_shown.then(|| name.clone().into()))
    }

    /// The id of the license whose seat the deployment uses, a UUID.
    async fn license_id(&self) -> ID {
        self.0.desired.license.0.into()
    }

    /// The values of the chart beside those that the variables set, as an object; null on a Docker host.
    async fn values(&self) -> Option<Json<Value>> {
        let desired = &self.0.desired;
        desired.namespace.as_ref().map(|_| Json(Value::Object(desired.values.clone())))
    }

    /// The namespace of the cluster; null on a Docker host.
    async fn namespace(&self) -> Option<Name> {
        self.0.desired.namespace.clone().map(Name)
    }

    /// The variables of the package, by name. The values may name secrets, and hold none.
    async fn config(&self) -> Vec<ConfigEntry> {
        let entries = self.0.desired.config.iter();
        entries.map(|(key, value)| ConfigEntry { key: key.clone(), value: value.clone() }).collect()
    }

    /// The state at this moment: that of the target if nothing is heard of it, else how the application stands there.
    async fn state(&self, ctx: &Context<'_>) -> Result<TargetState> {
        let heard = self.heartbeat(ctx).await?.and_then(|heartbeat| heartbeat.heard_at);
        let hub = ctx.hub();
        Ok(fleet::target_state(heard, [self.0.phase], hub.settings.silence, ctx.now()).into())
    }

    /// The phase on the way to the desired state.
    async fn phase(&self) -> DeploymentPhase {
        self.0.phase.into()
    }

    /// The step that the agent has reached with this generation; null before it reported one.
    async fn step(&self) -> Option<DeploymentStep> {
        self.0.step.map(DeploymentStep::from)
    }

    /// The version that really runs, whatever was asked for; null if none is known to run.
    async fn running_version(&self, ctx: &Context<'_>) -> Result<Option<Version>> {
        // after a restore an agent runs what this hub does not know of
        let reports = self.heartbeat(ctx).await?.map(|heartbeat| heartbeat.deployments).unwrap_or_default();
        let report = reports.into_iter().find(|report| report.deployment == self.0.id);
        let unknown = report.and_then(|report| report.running).filter(|of| of.generation > self.0.generation);
        let known = || self.0.running_version.clone();
        Ok(unknown.map(|running| running.version).or_else(known).map(Version))
    }

    /// The health, as the newest heartbeat says.
    async fn health(&self, ctx: &Context<'_>) -> Result<Health> {
        let reports = self.heartbeat(ctx).await?.map(|heartbeat| heartbeat.deployments).unwrap_or_default();
        let report = reports.into_iter().find(|report| report.deployment == self.0.id);
        Ok(report.map_or(Health::Unknown, |report| report.health.into()))
    }

    /// The reasons for which open rollouts do not start on the deployment now, the strongest of each first; empty if none waits for it. Null as
    /// of a moment that is past, of which this is not kept.
    #[graphql(complexity = "20 + child_complexity")]
    async fn holds(&self, ctx: &Context<'_>) -> Result<Option<Vec<RolloutHold>>> {
        Ok(rollout::of_deployment(ctx, &self.0).await?)
    }

    /// The drift: what was changed by hand and is not repaired yet; null if there is none.
    async fn drift(&self) -> Option<&str> {
        self.0.drift.as_deref()
    }

    /// The error that happened last, if the newest generation failed, is unhealthy or is held, or if the agent could not
    /// go on with it and tries again by itself: then the phase is the one before. Null otherwise.
    async fn error(&self) -> Option<DeploymentError> {
        let text = self.0.error.clone()?;
        Some(DeploymentError { category: self.0.error_category.map(ErrorCategory::from), text })
    }

    /// Whether what the agent reports changes too often for each change to become a fact: after twenty, one in three minutes
    /// does, until it has been quiet for a quarter of an hour. What is shown is at most so old.
    async fn is_flapping(&self) -> bool {
        self.0.flapping
    }

    /// The time of the newest change.
    async fn changed_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    /// The time at which a release was first asked for.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

impl Deployment {
    async fn heartbeat(&self, ctx: &Context<'_>) -> Result<Option<HeartbeatRow>, Failure> {
        let key = HeartbeatOf(Of { organization: self.0.organization, id: self.0.target });
        ctx.loader().load_one(key).await.map_err(failed)
    }
}

/// Without those that were removed.
pub(super) async fn rows_of_target(ctx: &Context<'_>, target: &TargetRow) -> Result<Vec<DeploymentRow>, Failure> {
    let key = DeploymentsOf(Of { organization: target.organization, id: target.id });
    let rows = ctx.loader().load_one(key).await.map_err(failed)?.unwrap_or_default();
    Ok(rows.into_iter().filter(|row| row.phase != domain::Phase::Removed).collect())
}

struct Named {
    id: DeploymentId,
    target: TargetId,
    name: String,
}

fn named(ctx: &Context<'_>, customer: Option<&Name>, target: &Name, application: &Name) -> Result<Named, Failure> {
    let target_id = target::id(ctx, customer, target)?;
    let application_id = ApplicationId::of(ctx.organization()?, &application.0);
    Ok(Named {
        id: DeploymentId::of(target_id, application_id),
        target: target_id,
        name: format!("{} on {}", application.0, target.0),
    })
}

async fn load(ctx: &Context<'_>, named: &Named) -> Result<Deployment, Failure> {
    let row = deployment::find(&*read(ctx).await?, ctx.scope()?, named.id).await?;
    row.map(Deployment).ok_or_else(|| Failure::not_found("deployment", &named.name))
}

#[derive(Default)]
pub(super) struct DeploymentQuery;

#[Object]
impl DeploymentQuery {
    /// The deployment of an application on a target.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn deployment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] target: Name,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Deployment> {
        Ok(load(ctx, &named(ctx, customer.as_ref(), &target, &application)?).await?)
    }

    /// The deployments on all targets that the caller may see, in the order of their ids, without those that were
    /// removed.
    #[graphql(guard = "May(Permission::ReadFleet)", complexity = "cost(first, child_complexity)")]
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Connection<String, Deployment>> {
        let page = deployment::list(&*read(ctx).await?, ctx.scope()?, None, &paging(first, after)?).await;
        Ok(connection(page.map_err(Failure::from)?, Deployment))
    }
}

#[derive(Default)]
pub(super) struct DeploymentSubscription;

#[Subscription]
impl DeploymentSubscription {
    /// Each deployment that the caller may see, whenever it changed.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn deployment_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<Name>,
        #[graphql(
            desc = "The name of the target; all targets if left out. The vendor's members name the customer with it."
        )]
        target: Option<Name>,
    ) -> Result<impl Stream<Item = Result<Deployment>>> {
        let scope = ctx.scope()?;
        let of = target.map(|name| target::id(ctx, customer.as_ref(), &name)).transpose()?;
        let customer = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let scope = Scope { customer: customer.or(scope.customer), ..scope };
        Ok(watch(ctx.hub().feed.clone(), scope.organization, move |feed, change| async move {
            if change.what != Changed::Fact(Category::Deployment) {
                return Ok(None);
            }
            let row = feed.deployment(scope, DeploymentId(change.id)).await?;
            Ok(row.filter(|row| of.is_none_or(|of| row.target == of)).map(Deployment))
        })
        .map(told))
    }
}
