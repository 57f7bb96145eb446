//! Targets, as a fleet shows them: state, last heartbeat, what really runs.

mod change;
mod watched;

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::agent;
use distr_domain::fleet;
use distr_domain::ids::{CustomerId, TargetId};
use distr_domain::names::Slug;
use distr_domain::permission::Permission;
use distr_domain::target as domain;
use distr_projections::heartbeat::HeartbeatRow;
use distr_projections::target::{self, TargetRow};

use super::as_of::Moment;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, read};
use super::customer::{self, Customer};
use super::deployment::{self, Deployment};
use super::fleet::{SortOrder, TargetFilter, TargetSort};
use super::guard::May;
use super::heartbeat;
use super::label::{self, Label};
use super::loader::{HeartbeatOf, Of, failed};
use super::scalar::Name;
use crate::failure::Failure;
use crate::models;
use crate::operations::cluster;

pub(super) use change::TargetMutation;
pub(super) use watched::TargetSubscription;

pub(super) struct Target(pub TargetRow);

/// What an agent says of the place that it works in. What it may not ask for is null or empty.
#[derive(SimpleObject)]
pub(super) struct TargetFacts {
    /// The version of the container engine or of Kubernetes, in its own words, such as `27.5.1` or `v1.31.2`.
    runtime_version: Option<String>,
    /// The platforms of the machines as `operating system/architecture`, such as `linux/amd64`, each once.
    platforms: Vec<String>,
    /// The number of machines.
    nodes: Option<u32>,
}

impl From<agent::TargetFacts> for TargetFacts {
    fn from(facts: agent::TargetFacts) -> Self {
        let agent::TargetFacts { runtime_version, platforms, nodes } = facts;
        Self { runtime_version, platforms, nodes }
    }
}

/// The runtime with which an agent runs software.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Runtime")]
pub enum Runtime {
    /// A Docker engine with compose.
    Docker,
    /// A Kubernetes cluster, on which Helm installs charts.
    Kubernetes,
}

/// The state of a target at this moment.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "fleet::TargetState")]
pub enum TargetState {
    /// The target was heard from, and all that was asked for runs healthily.
    Ok,
    /// The target was heard from, and is on the way to what was asked for.
    Progressing,
    /// The target was heard from, and its host holds something: its own policy refuses it, or somebody there has to
    /// agree.
    Held,
    /// The target was heard from, and something failed or is unhealthy.
    Failed,
    /// The target missed a few heartbeats: what is shown may be old.
    Stale,
    /// The target missed so many heartbeats that it counts as away.
    Offline,
    /// The target was never heard from.
    Unknown,
}

impl Target {
    async fn heartbeat(&self, ctx: &Context<'_>) -> Result<Option<HeartbeatRow>, Failure> {
        let key = HeartbeatOf(Of { organization: self.0.organization, id: self.0.id });
        ctx.loader().load_one(key).await.map_err(failed)
    }

    /// What the newest report said; of a moment that is past, nobody knows it.
    async fn report(&self, ctx: &Context<'_>) -> Result<Option<HeartbeatRow>, Failure> {
        match models::moment() {
            Some(_) => Ok(None),
            None => self.heartbeat(ctx).await,
        }
    }

    async fn next_state(&self, ctx: &Context<'_>) -> Result<Option<(DateTime<Utc>, fleet::TargetState)>, Failure> {
        let heard = self.heartbeat(ctx).await?.and_then(|heartbeat| heartbeat.heard_at);
        Ok(fleet::next_state(heard, ctx.hub().settings.silence, ctx.now()))
    }
}

/// A target: one machine of a customer, with its agent.
#[Object]
impl Target {
    /// The id, a UUID, which follows from the customer's id and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique for the customer.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The customer whose machine it is.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Customer> {
        Ok(customer::load_nested(ctx, self.0.customer).await?)
    }

    /// The runtime with which the agent runs software.
    async fn runtime(&self) -> Runtime {
        self.0.runtime.into()
    }

    /// The namespaces of a cluster in which releases may be installed, the one for whoever names none first; empty for a
    /// Docker host.
    async fn namespaces(&self) -> Vec<Name> {
        self.0.namespaces.iter().cloned().map(Name).collect()
    }

    /// The Roles that the agent of a cluster needs in its namespaces, as YAML for kubectl: for the releases that run there, and for
    /// the newest of each application that its customer may have. Null for a Docker host.
    #[graphql(complexity = 2_000)]
    async fn roles(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        match self.0.runtime {
            domain::Runtime::Docker => Ok(None),
            domain::Runtime::Kubernetes => {
                Ok(Some(roles(ctx, (self.0.customer, self.0.id), &self.0.namespaces).await?))
            }
        }
    }

    /// The state at this moment.
    async fn state(&self, ctx: &Context<'_>) -> Result<TargetState> {
        let heard = self.heartbeat(ctx).await?.and_then(|heartbeat| heartbeat.heard_at);
        let deployments = deployment::rows_of_target(ctx, &self.0).await?;
        let phases = deployments.iter().map(|deployment| deployment.phase);
        let hub = ctx.hub();
        Ok(fleet::target_state(heard, phases, hub.settings.silence, ctx.now()).into())
    }

    /// The time at which the state changes if nothing is heard of the target until then; null if silence changes nothing.
    async fn state_until(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.next_state(ctx).await?.map(|(at, _)| at))
    }

    /// The state from `stateUntil` on if nothing is heard of the target until then; null if silence changes nothing.
    async fn state_then(&self, ctx: &Context<'_>) -> Result<Option<TargetState>> {
        Ok(self.next_state(ctx).await?.map(|(_, state)| state.into()))
    }

    /// The time at which the hub last received a report of the present state from the agent, by the hub's clock.
    /// Reports that come later, of a time when the agent could not reach the hub, do not count. The time is null before
    /// the first such report. As of a moment it is that of the last report by then, as exact as the hour.
    async fn last_heartbeat_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.heartbeat(ctx).await?.and_then(|heartbeat| heartbeat.heard_at))
    }

    /// The newest report, with the agent's own time; null before the first report, and as of a moment: what reports said is not kept.
    async fn last_report(&self, ctx: &Context<'_>) -> Result<Option<heartbeat::LastReport>> {
        Ok(self.report(ctx).await?.map(heartbeat::LastReport))
    }

    /// The number of reports that the agent made, by the hour of the agent's clock, the latest hour first. Each report
    /// counts once, whenever it came.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn heartbeats(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, heartbeat::HeartbeatHour>> {
        heartbeat::of_target(ctx, self.0.id, first, after).await
    }

    /// The version of the agent, as it reported it last; null before the first report, and as of a moment.
    async fn agent_version(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.report(ctx).await?.map(|report| report.agent_version))
    }

    /// What the agent says of the place that it works in; null before its first report, from agents of earlier versions, and as of a moment.
    async fn facts(&self, ctx: &Context<'_>) -> Result<Option<TargetFacts>> {
        let facts = self.report(ctx).await?.and_then(|report| report.facts);
        Ok(facts.map(TargetFacts::from))
    }

    /// The deployments on the target, without those that were removed.
    async fn deployments(&self, ctx: &Context<'_>) -> Result<Vec<Deployment>> {
        let rows = deployment::rows_of_target(ctx, &self.0).await?;
        Ok(rows.into_iter().map(Deployment).collect())
    }

    /// The time at which the agent enrolled; null before that.
    async fn enrolled_at(&self) -> Option<DateTime<Utc>> {
        self.0.enrolled_at
    }

    /// The time until which the enrolment token that was given out last may be used; null if there is none to use.
    async fn enrolment_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.enrolment_expires_at
    }

    /// The time at which the target was retired; null while it is in use.
    async fn retired_at(&self) -> Option<DateTime<Utc>> {
        self.0.retired_at
    }

    /// The labels that the vendor gave the target, by their words.
    async fn labels(&self) -> Vec<Label> {
        label::list(&self.0.labels)
    }

    /// The labels that the customer gave the target, by their words.
    async fn customer_labels(&self) -> Vec<Label> {
        label::list(&self.0.customer_labels)
    }

    /// The time at which the target was registered.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// What the agent of a cluster may do in these namespaces of it.
async fn roles(
    ctx: &Context<'_>,
    (customer, target): (CustomerId, TargetId),
    namespaces: &[Slug],
) -> Result<String, Failure> {
    let hub = ctx.hub();
    let of = (ctx.organization()?, customer, target);
    let rights = cluster::rights(&hub.models, of, ctx.now()).await?;
    cluster::roles(namespaces, &rights)
}

async fn load(ctx: &Context<'_>, id: TargetId, name: &Name) -> Result<Target, Failure> {
    let row = target::find(&*read(ctx).await?, ctx.scope()?, id).await?;
    row.map(Target).ok_or_else(|| Failure::not_found("target", &name.0))
}

pub(super) fn id(ctx: &Context<'_>, customer: Option<&Name>, name: &Name) -> Result<TargetId, Failure> {
    Ok(TargetId::of(ctx.customer_named(customer.map(|name| &name.0))?, &name.0))
}

/// The target of something that the caller may see.
pub(super) async fn load_nested(ctx: &Context<'_>, id: TargetId) -> Result<Target, Failure> {
    let key = Of { organization: ctx.organization()?, id };
    let row = ctx.loader().load_one(key).await.map_err(failed)?;
    row.map(Target).ok_or_else(|| Failure::not_found("target", id))
}

#[derive(Default)]
pub(super) struct TargetQuery;

#[Object]
impl TargetQuery {
    /// The target of a customer with this name.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn target(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] name: Name,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Target> {
        Ok(load(ctx, id(ctx, customer.as_ref(), &name)?, &name).await?)
    }

    /// The fleet: the targets of all customers that the caller may see, or of one, without the retired. The targets
    /// are in the order of their names, unless another sort is asked for; a cursor is for the sort that gave it out.
    #[graphql(guard = "May(Permission::ReadFleet)", complexity = "cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn targets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer; all customers that the caller may see if left out.")]
        customer: Option<Name>,
        #[graphql(desc = "The filter; all targets if left out.")] filter: Option<TargetFilter>,
        #[graphql(default_with = "TargetSort::Name", desc = "The sort: by what the targets are put in order.")]
        sort: TargetSort,
        #[graphql(default_with = "SortOrder::Ascending", desc = "The order: from the first to the last, or back.")]
        order: SortOrder,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Connection<String, Target>> {
        let of = customer.map(|name| ctx.customer_named(Some(&name.0))).transpose()?;
        let (client, paging) = (read(ctx).await?, paging(first, after)?);
        let page = match (filter, (sort, order)) {
            (None, (TargetSort::Name, SortOrder::Ascending)) => target::list(&client, ctx.scope()?, of, &paging).await,
            (Some(filter), (TargetSort::Name, SortOrder::Ascending)) => {
                target::list_filtered(&client, ctx.scope()?, &filter.narrow(ctx, of)?, &paging).await
            }
            (filter, (sort, order)) => {
                let filter = filter.unwrap_or_default().narrow(ctx, of)?;
                let by = (sort.into(), order == SortOrder::Descending);
                target::list_sorted(&client, ctx.scope()?, &filter, by, &paging).await
            }
        };
        Ok(connection(page.map_err(Failure::from)?, Target))
    }
}
