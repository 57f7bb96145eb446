//! Rollouts: a release, taken to many targets in waves; how each stands, and why it waits.

mod change;
mod hold;
mod member;
mod plan;
mod wave;

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::{ApplicationId, RolloutId};
use distr_domain::permission::Permission;
use distr_domain::rollout as domain;
use distr_projections::rollout::{self, RolloutRow};
use distr_projections::rollout_target::{self, Wanted};

pub(super) use self::change::RolloutMutation;
pub(super) use self::hold::{RolloutHold, of_deployment};
use self::member::{RolloutMember, RolloutMemberState};
pub(super) use self::plan::RolloutPlanQuery;
use self::wave::RolloutWave;
use super::application::{self, Application};
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, read};
use super::customer::{self, Customer};
use super::guard::May;
use super::label::{self, Label};
use super::loader::{CountsOf, LookAt, Of, failed};
use super::rollout_policy::rules::{RolloutLimits, RolloutRules};
use super::scalar::{Name, PlanDigest, Version};
use crate::failure::Failure;
use crate::operations::rollout_look::Look;

pub(super) struct Rollout(pub RolloutRow);

/// The kind of a rollout: what it is for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Kind")]
pub enum RolloutKind {
    /// The targets come to a newer release.
    Upgrade,
    /// The targets come to a release that mends a weakness.
    Security,
    /// Each target goes back to what it ran before.
    Rollback,
}

/// The state of a rollout.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RolloutState {
    /// The rollout waits for approvals, or for its time.
    Planned,
    /// The waves open one after the other.
    Running,
    /// Nothing starts; what is in flight finishes.
    Paused,
    /// The rollout is paused, and what nobody has begun goes back.
    Halted,
    /// All waves have passed; targets that come back still start.
    Tailing,
    /// The rollout is over: each target has its outcome.
    Completed,
    /// The rollout was ended by somebody.
    Aborted,
    /// A newer rollout took over all targets that were left.
    Superseded,
}

impl From<domain::Phase> for RolloutState {
    fn from(phase: domain::Phase) -> Self {
        use domain::Phase;
        match phase {
            Phase::Missing | Phase::Planned => Self::Planned,
            Phase::Running => Self::Running,
            Phase::Paused => Self::Paused,
            Phase::Halted => Self::Halted,
            Phase::Tailing => Self::Tailing,
            Phase::Completed => Self::Completed,
            Phase::Aborted => Self::Aborted,
            Phase::Superseded => Self::Superseded,
        }
    }
}

/// The scope of a rollout: whom it is for. Empty lists narrow nothing.
#[derive(SimpleObject)]
struct RolloutScope {
    /// The customers whose targets are in it; those of all if the list is empty.
    customers: Vec<Customer>,
    /// The labels that a target must have: all of them.
    labels: Vec<Label>,
}

/// An approval of a rollout.
#[derive(SimpleObject)]
struct RolloutApproval {
    /// The stage that was approved: 0 for the start, and the number of a wave for its opening.
    stage: u32,
    /// The id of the member who approved, a UUID.
    by: ID,
    /// The time of the approval.
    at: DateTime<Utc>,
}

/// A rollout: a release, taken to many targets in waves. A customer sees the rollouts that have a target of its own, and of them its own
/// targets alone.
#[Object]
impl Rollout {
    /// The id, a UUID, which follows from the application's id and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique in the application.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The application.
    async fn application(&self, ctx: &Context<'_>) -> Result<Application> {
        Ok(application::load_nested(ctx, self.0.application).await?)
    }

    /// The version to which the targets come; of a rollback, the one that they leave.
    async fn version(&self) -> Version {
        self.0.version.clone().into()
    }

    /// The kind.
    async fn kind(&self) -> RolloutKind {
        self.0.kind.into()
    }

    /// The state.
    async fn state(&self) -> RolloutState {
        self.0.phase.into()
    }

    /// The reason for which the rollout was halted last, as a sentence; null if it never was, and for a customer's members.
    async fn halted_because(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let cause = self.0.halted_by.as_ref().filter(|_| ctx.scope().is_ok_and(|scope| scope.customer.is_none()));
        Ok(cause.map(hold::sentence_of_halt))
    }

    /// The reason that somebody gave last, to pause, halt, resume or abort the rollout, or to refuse an approval; null if nobody did, and for a
    /// customer's members.
    async fn reason(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.of_the_vendor(ctx)?.and_then(|row| row.reason.as_deref()))
    }

    /// The waves, in the order in which they open. A customer's members see those that have a target of their own.
    async fn waves(&self, ctx: &Context<'_>) -> Result<Vec<RolloutWave>> {
        let scope = ctx.scope()?;
        let key = CountsOf { scope, rollout: self.0.id };
        let counts = ctx.loader().load_one(key).await.map_err(failed)?.unwrap_or_default();
        Ok(wave::of(&self.0, &counts, scope.customer.is_some()))
    }

    /// The targets of the rollout, by wave, then in an order that stays. They are placed when the rollout starts.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of the wave whose targets are listed; those of all waves if left out.")]
        wave: Option<u32>,
        #[graphql(desc = "The state of the targets that are listed; any state if left out.")] state: Option<
            RolloutMemberState,
        >,
        #[graphql(desc = "The code of a hold: only targets that wait for it are listed. All if left out.")]
        hold: Option<String>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RolloutMember>> {
        let targets = match hold {
            Some(code) => Some(self.look(ctx).await?.held_by(&code)),
            None => None,
        };
        let wanted = Wanted { wave, state: state.map(Into::into), targets };
        let paging = paging(first, after)?;
        let page = rollout_target::list(&*read(ctx).await?, ctx.scope()?, self.0.id, wanted, &paging).await;
        Ok(connection(page.map_err(Failure::from)?, RolloutMember))
    }

    /// The reasons for which the rollout stands still now, the strongest first; empty if nothing holds it, and for a customer's members.
    #[graphql(complexity = "200 + child_complexity")]
    async fn holds(&self, ctx: &Context<'_>) -> Result<Vec<RolloutHold>> {
        match self.of_the_vendor(ctx)? {
            Some(row) if row.ended_at.is_none() => {
                Ok(self.look(ctx).await?.standstill().iter().map(RolloutHold::from).collect())
            }
            _ => Ok(vec![]),
        }
    }

    /// The rules that the rollout goes by, as they were when it was planned; null for a customer's members.
    async fn policy(&self, ctx: &Context<'_>) -> Result<Option<RolloutRules>> {
        Ok(self.of_the_vendor(ctx)?.map(|row| (&row.plan.policy).into()))
    }

    /// The limits, as they were adjusted last; null for a customer's members.
    async fn limits(&self, ctx: &Context<'_>) -> Result<Option<RolloutLimits>> {
        Ok(self.of_the_vendor(ctx)?.map(|row| (&row.limits).into()))
    }

    /// The scope; null for a customer's members.
    async fn scope(&self, ctx: &Context<'_>) -> Result<Option<RolloutScope>> {
        let Some(row) = self.of_the_vendor(ctx)? else { return Ok(None) };
        let mut customers = vec![];
        for id in &row.plan.scope.customers {
            customers.push(customer::load_nested(ctx, *id).await?);
        }
        Ok(Some(RolloutScope { customers, labels: label::list(&row.plan.scope.labels) }))
    }

    /// The digest of the plan, which approvals name; null for a customer's members.
    async fn digest(&self, ctx: &Context<'_>) -> Result<Option<PlanDigest>> {
        Ok(self.of_the_vendor(ctx)?.map(|row| row.plan.digest.into()))
    }

    /// The approvals of the plan, in their order; empty for a customer's members.
    async fn approvals(&self, ctx: &Context<'_>) -> Result<Vec<RolloutApproval>> {
        let approvals = self.of_the_vendor(ctx)?.map(|row| row.approvals.as_slice()).unwrap_or_default();
        let approval = |of: &domain::Approved| RolloutApproval { stage: of.stage, by: of.by.0.into(), at: of.at };
        Ok(approvals.iter().map(approval).collect())
    }

    /// The actor who planned the rollout: `member:<id>` or `robot:<id>`; null for a customer's members.
    async fn planned_by(&self, ctx: &Context<'_>) -> Result<Option<&str>> {
        Ok(self.of_the_vendor(ctx)?.map(|row| row.planned_by.as_str()))
    }

    /// The time at which the plan was made.
    async fn planned_at(&self) -> DateTime<Utc> {
        self.0.planned_at
    }

    /// The time before which the rollout does not start; null if it waits for none.
    async fn not_before(&self) -> Option<DateTime<Utc>> {
        self.0.plan.not_before
    }

    /// The time at which the rollout started; null if it has not.
    async fn started_at(&self) -> Option<DateTime<Utc>> {
        self.0.started_at
    }

    /// The time at which the rollout ended; null if it is open.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
}

impl Rollout {
    /// For the vendor's members alone: what concerns all customers.
    fn of_the_vendor(&self, ctx: &Context<'_>) -> Result<Option<&RolloutRow>, Failure> {
        Ok(ctx.scope()?.customer.is_none().then_some(&self.0))
    }

    async fn look(&self, ctx: &Context<'_>) -> Result<Arc<Look>, Failure> {
        hold::look(ctx, LookAt(Of { organization: self.0.organization, id: self.0.id })).await
    }
}

fn id(ctx: &Context<'_>, application: &Name, name: &Name) -> Result<RolloutId, Failure> {
    Ok(RolloutId::of(ApplicationId::of(ctx.organization()?, &application.0), &name.0))
}

async fn load(ctx: &Context<'_>, application: &Name, name: &Name) -> Result<Rollout, Failure> {
    let row = rollout::find(&*read(ctx).await?, ctx.scope()?, id(ctx, application, name)?).await?;
    row.map(Rollout).ok_or_else(|| Failure::not_found("rollout", format!("{}/{}", application.0, name.0)))
}

#[derive(Default)]
pub(super) struct RolloutQuery;

#[Object]
impl RolloutQuery {
    /// The rollout of an application with this name.
    #[graphql(guard = "May(Permission::ReadFleet)")]
    async fn rollout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The name of the rollout.")] name: Name,
    ) -> Result<Rollout> {
        Ok(load(ctx, &application, &name).await?)
    }

    /// The rollouts that the caller may see, the newest first.
    #[graphql(guard = "May(Permission::ReadFleet)", complexity = "cost(first, child_complexity)")]
    async fn rollouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application; all applications if left out.")] application: Option<Name>,
        #[graphql(desc = "Whether the rollouts are open that are listed, or have ended; both if left out.")]
        open: Option<bool>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, Rollout>> {
        let organization = ctx.organization()?;
        let of = application.map(|name| ApplicationId::of(organization, &name.0));
        let page = rollout::list(&*read(ctx).await?, ctx.scope()?, of, open, &paging(first, after)?).await;
        Ok(connection(page.map_err(Failure::from)?, Rollout))
    }
}
