//! Rollout policies: the rules that rollouts go by, by name. A rollout keeps a copy of its own.

pub(super) mod rules;
mod windows;

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::RolloutPolicyId;
use distr_domain::permission::Permission;
use distr_domain::rollout_policy::{RolloutPolicy as Decider, RolloutPolicyCommand};
use distr_projections::rollout_policy::{self, RolloutPolicyRow};

use self::rules::RolloutRules;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, read};
use super::guard::May;
use super::scalar::Name;
use crate::failure::Failure;

pub(super) struct RolloutPolicy(pub RolloutPolicyRow);

/// A rollout policy: the rules that rollouts go by, by name. A rollout keeps a copy, so that a later change changes no rollout that is open.
#[Object]
impl RolloutPolicy {
    /// The id, a UUID, which follows from the organization's id and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique in the organization.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The rules.
    async fn rules(&self) -> RolloutRules {
        (&self.0.policy).into()
    }

    /// The time of the newest change.
    async fn changed_at(&self) -> DateTime<Utc> {
        self.0.changed_at
    }

    /// The time at which the policy was set first.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

fn id(ctx: &Context<'_>, name: &Name) -> Result<RolloutPolicyId, Failure> {
    Ok(RolloutPolicyId::of(ctx.organization()?, &name.0))
}

pub(super) async fn load(ctx: &Context<'_>, name: &Name) -> Result<RolloutPolicy, Failure> {
    let row = rollout_policy::find(&*read(ctx).await?, ctx.scope()?, id(ctx, name)?).await?;
    row.map(RolloutPolicy).ok_or_else(|| Failure::not_found("rollout policy", &name.0))
}

#[derive(Default)]
pub(super) struct RolloutPolicyQuery;

#[Object]
impl RolloutPolicyQuery {
    /// The rollout policy with this name.
    #[graphql(guard = "May(Permission::ReadRolloutPlans)")]
    async fn rollout_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the policy.")] name: Name,
    ) -> Result<RolloutPolicy> {
        Ok(load(ctx, &name).await?)
    }

    /// The rollout policies of the organization, by name.
    #[graphql(guard = "May(Permission::ReadRolloutPlans)", complexity = "cost(first, child_complexity)")]
    async fn rollout_policies(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, RolloutPolicy>> {
        let page = rollout_policy::list(&*read(ctx).await?, ctx.scope()?, &paging(first, after)?).await;
        Ok(connection(page.map_err(Failure::from)?, RolloutPolicy))
    }
}

/// The rollout policy after the change.
#[derive(SimpleObject)]
pub(super) struct RolloutPolicyPayload {
    /// The policy.
    rollout_policy: RolloutPolicy,
    #[graphql(flatten)]
    outcome: Outcome,
}

/// The outcome of the removal of a rollout policy.
#[derive(SimpleObject)]
pub(super) struct RolloutPolicyRemovePayload {
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct RolloutPolicyMutation;

#[Object]
impl RolloutPolicyMutation {
    /// Sets the rules of a rollout policy as a whole, and makes the policy if there is none with the name.
    #[graphql(guard = "May(Permission::ManageRolloutPolicies)")]
    async fn rollout_policy_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the policy, unique in the organization.")] name: Name,
        #[graphql(desc = "The rules.")] policy: RolloutRules,
    ) -> Result<RolloutPolicyPayload> {
        let policy = Box::new(policy.try_into()?);
        let command = RolloutPolicyCommand::Set { name: name.0.clone(), policy };
        let outcome = execute::<Decider>(ctx, id(ctx, &name)?.0, command).await?;
        Ok(RolloutPolicyPayload { rollout_policy: load(ctx, &name).await?, outcome })
    }

    /// Removes a rollout policy. Rollouts that were started by it have their copies, and go on.
    #[graphql(guard = "May(Permission::ManageRolloutPolicies)")]
    async fn rollout_policy_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the policy.")] name: Name,
    ) -> Result<RolloutPolicyRemovePayload> {
        let outcome = execute::<Decider>(ctx, id(ctx, &name)?.0, RolloutPolicyCommand::Remove).await?;
        Ok(RolloutPolicyRemovePayload { outcome })
    }
}
