//! Deployments: what is asked for on a target, and how it stands.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, Subscription};
use chrono::{DateTime, Utc};
use distr_domain::agent;
use distr_domain::decider::Category;
use distr_domain::deployment as domain;
use distr_domain::ids::{ApplicationId, DeploymentId, TargetId};
use distr_domain::permission::Permission;
use distr_projections::Scope;
use distr_projections::deployment::{self, DeploymentRow};
use distr_projections::target::TargetRow;
use futures_util::Stream;

use super::application::{self, Application};
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, read};
use super::guard::May;
use super::loader::{DeploymentsOf, HeartbeatOf, Of, failed};
use super::scalar::{Name, Version};
use super::target::{self, Target};
use crate::changes::Changed;
use crate::error::ApiError;
use crate::operations::deploy::{self, Deploy, Wanted};
use crate::operations::watch;

pub(super) struct Deployment(pub DeploymentRow);

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Phase")]
pub enum DeploymentPhase {
    Absent,
    Progressing,
    Healthy,
    Unhealthy,
    Failed,
    Removing,
    Removed,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::Step")]
pub enum DeploymentStep {
    Pending,
    Pulling,
    Proving,
    Switching,
    Applied,
    Failed,
    Removing,
    Removed,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::Health")]
pub enum Health {
    Ok,
    Warn,
    Fail,
    Unknown,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::ErrorCategory")]
pub enum ErrorCategory {
    Network,
    Entitlement,
    Config,
    Runtime,
    Unhealthy,
    Resources,
    Internal,
}

/// What happens to the volumes when a deployment is removed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "agent::DataRemoval")]
pub enum DataRemoval {
    Keep,
    Remove,
}

#[derive(SimpleObject)]
pub(super) struct DeploymentError {
    /// nothing if the agent did not say
    category: Option<ErrorCategory>,
    text: String,
}

#[derive(SimpleObject)]
pub(super) struct ConfigEntry {
    key: String,
    /// a secret is shown by its name alone: `${secret:NAME}`
    value: String,
}

#[derive(InputObject)]
pub(super) struct ConfigEntryInput {
    key: String,
    /// may name secrets of the customer: `${secret:NAME}`
    value: String,
}

#[Object]
impl Deployment {
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    async fn target(&self, ctx: &Context<'_>) -> Result<Target> {
        Ok(target::load_nested(ctx, self.0.target).await?)
    }

    /// The number of its desired state.
    async fn generation(&self) -> u64 {
        self.0.generation
    }

    async fn desired_version(&self) -> Version {
        self.0.desired.version.clone().into()
    }

    async fn license_id(&self) -> ID {
        self.0.desired.license.0.into()
    }

    async fn config(&self) -> Vec<ConfigEntry> {
        let entries = self.0.desired.config.iter();
        entries.map(|(key, value)| ConfigEntry { key: key.clone(), value: value.clone() }).collect()
    }

    async fn phase(&self) -> DeploymentPhase {
        self.0.phase.into()
    }

    /// How far the agent is with this generation.
    async fn step(&self) -> Option<DeploymentStep> {
        self.0.step.map(DeploymentStep::from)
    }

    /// What really runs, whatever was asked for.
    async fn running_version(&self) -> Option<Version> {
        self.0.running_version.clone().map(Version)
    }

    /// As the newest heartbeat says.
    async fn health(&self, ctx: &Context<'_>) -> Result<Health> {
        let key = HeartbeatOf(Of { organization: self.0.organization, id: self.0.target });
        let heartbeat = ctx.loader().load_one(key).await.map_err(failed)?;
        let reports = heartbeat.map(|heartbeat| heartbeat.deployments).unwrap_or_default();
        let report = reports.into_iter().find(|report| report.deployment == self.0.id);
        Ok(report.map_or(Health::Unknown, |report| report.health.into()))
    }

    /// What was changed by hand and is not repaired yet.
    async fn drift(&self) -> Option<&str> {
        self.0.drift.as_deref()
    }

    async fn error(&self) -> Option<DeploymentError> {
        let text = self.0.error.clone()?;
        Some(DeploymentError { category: self.0.error_category.map(ErrorCategory::from), text })
    }

    async fn changed_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// Without those that were removed.
pub(super) async fn rows_of_target(ctx: &Context<'_>, target: &TargetRow) -> Result<Vec<DeploymentRow>, ApiError> {
    let key = DeploymentsOf(Of { organization: target.organization, id: target.id });
    let rows = ctx.loader().load_one(key).await.map_err(failed)?.unwrap_or_default();
    Ok(rows.into_iter().filter(|row| row.phase != domain::Phase::Removed).collect())
}

struct Named {
    id: DeploymentId,
    target: TargetId,
    name: String,
}

fn named(ctx: &Context<'_>, customer: Option<&Name>, target: &Name, application: &Name) -> Result<Named, ApiError> {
    let target_id = target::id(ctx, customer, target)?;
    let application_id = ApplicationId::of(ctx.organization()?, &application.0);
    Ok(Named {
        id: DeploymentId::of(target_id, application_id),
        target: target_id,
        name: format!("{} on {}", application.0, target.0),
    })
}

async fn load(ctx: &Context<'_>, named: &Named) -> Result<Deployment, ApiError> {
    let row = deployment::find(&read(ctx).await?, ctx.scope()?, named.id).await?;
    row.map(Deployment).ok_or_else(|| ApiError::not_found("deployment", &named.name))
}

#[derive(Default)]
pub(super) struct DeploymentQuery;

#[Object]
impl DeploymentQuery {
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn deployment(
        &self,
        ctx: &Context<'_>,
        customer: Option<Name>,
        target: Name,
        application: Name,
    ) -> Result<Deployment> {
        Ok(load(ctx, &named(ctx, customer.as_ref(), &target, &application)?).await?)
    }

    /// All that is asked for, everywhere.
    #[graphql(guard = "May(Permission::ReadFleet)", complexity = "cost(first, child_complexity)")]
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, Deployment>> {
        let page = deployment::list(&read(ctx).await?, ctx.scope()?, None, &paging(first, after)?).await;
        Ok(connection(page.map_err(ApiError::from)?, Deployment))
    }
}

#[derive(SimpleObject)]
pub(super) struct DeploymentPayload {
    deployment: Deployment,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct DeploymentMutation;

#[Object]
impl DeploymentMutation {
    /// Asks for a release of an application on a target: a version, or where a channel stands now. Refused unless a
    /// license of the customer entitles to it now and has a seat. Config that is left out stays as it is.
    #[graphql(guard = "May(Permission::Deploy)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn deployment_set_release(
        &self,
        ctx: &Context<'_>,
        customer: Option<Name>,
        target: Name,
        application: Name,
        version: Option<Version>,
        channel: Option<Name>,
        config: Option<Vec<ConfigEntryInput>>,
    ) -> Result<DeploymentPayload> {
        let named = named(ctx, customer.as_ref(), &target, &application)?;
        let wanted = match (version, channel) {
            (Some(version), None) => Wanted::Version(version.0),
            (None, Some(channel)) => Wanted::Channel(channel.0),
            _ => return Err(ApiError::BadInput("name a version or a channel, one of both".into()).into()),
        };
        let config = config.map(|entries| entries.into_iter().map(|entry| (entry.key, entry.value)).collect());
        let deploy = Deploy {
            scope: ctx.scope()?,
            target: named.target,
            target_name: target.0,
            application: application.0,
            wanted,
            config,
        };
        let executed = deploy::set_release(ctx.hub(), &ctx.cause()?, &ctx.request(), deploy).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(DeploymentPayload { deployment: load(ctx, &named).await?, outcome })
    }

    /// Takes the application off the target. Its volumes stay unless their removal is asked for.
    #[graphql(guard = "May(Permission::Deploy)")]
    async fn deployment_remove(
        &self,
        ctx: &Context<'_>,
        customer: Option<Name>,
        target: Name,
        application: Name,
        #[graphql(default_with = "DataRemoval::Keep")] data: DataRemoval,
    ) -> Result<DeploymentPayload> {
        let named = named(ctx, customer.as_ref(), &target, &application)?;
        load(ctx, &named).await?;
        let command = domain::DeploymentCommand::Remove { data: data.into() };
        let executed = ctx.hub().execute::<domain::Deployment>(&ctx.cause()?, named.id.0, &command).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(DeploymentPayload { deployment: load(ctx, &named).await?, outcome })
    }
}

#[derive(Default)]
pub(super) struct DeploymentSubscription;

#[Subscription]
impl DeploymentSubscription {
    /// Each deployment, whenever it changed; of one target if it is named.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn deployment_changed(
        &self,
        ctx: &Context<'_>,
        customer: Option<Name>,
        target: Option<Name>,
    ) -> Result<impl Stream<Item = Result<Deployment>>> {
        let scope = ctx.scope()?;
        let of = target.map(|name| target::id(ctx, customer.as_ref(), &name)).transpose()?;
        let customer = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let scope = Scope { customer: customer.or(scope.customer), ..scope };
        Ok(watch(ctx.hub().clone(), scope.organization, move |hub, change| async move {
            if change.what != Changed::Fact(Category::Deployment) {
                return Ok(None);
            }
            let row = hub.shown.deployment(scope, DeploymentId(change.id)).await?;
            Ok(row.filter(|row| of.is_none_or(|of| row.target == of)).map(Deployment))
        }))
    }
}
