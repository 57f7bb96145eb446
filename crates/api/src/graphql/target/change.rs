//! What changes a target: its registration, the enrolment of its agent, its labels, its namespaces, its end.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::TargetId;
use distr_domain::names::Slug;
use distr_domain::permission::Permission;
use distr_domain::target as domain;

use super::{Runtime, Target, id, load, roles};
use crate::failure::Failure;
use crate::graphql::context::{ContextExt, Outcome, execute, lines};
use crate::graphql::customer;
use crate::graphql::guard::May;
use crate::graphql::label::{self, LabelInput};
use crate::graphql::scalar::Name;
use crate::operations::cluster::{Installation, NoAgentImage};
use crate::operations::deploy::asked_by;
use crate::operations::enrolment::{self, Way};

/// The way to install the agent, with a token that is shown this once.
#[derive(SimpleObject)]
pub(in crate::graphql) struct Enrolment {
    /// The one-time token, which is shown here and never again.
    token: String,
    /// The time at which the token is void.
    expires_at: DateTime<Utc>,
    /// The one command for the target's shell, or for a shell with a kubectl for the cluster; the token is in no URL.
    command: String,
}

impl From<enrolment::Enrolment> for Enrolment {
    fn from(offer: enrolment::Enrolment) -> Self {
        Self { token: offer.token, expires_at: offer.expires_at, command: offer.command }
    }
}

/// The target after the change.
#[derive(SimpleObject)]
pub(in crate::graphql) struct TargetPayload {
    /// The target.
    target: Target,
    /// The way for an agent to enrol; null if the mutation gave none.
    enrolment: Option<Enrolment>,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(in crate::graphql) struct TargetMutation;

#[Object]
impl TargetMutation {
    /// Registers a target and offers its enrolment. A token needs the scope ADMIN for it, as the agent's credential
    /// outlives the token.
    #[graphql(guard = "May(Permission::ManageTargets)")]
    async fn target_register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target, unique for the customer.")] name: Name,
        #[graphql(
            default_with = "Runtime::Docker",
            desc = "The runtime with which the agent runs software; a Docker engine if left out."
        )]
        runtime: Runtime,
        #[graphql(
            default,
            desc = "The namespaces of a cluster in which releases may be installed, 50 at most, the one for whoever names \
                    none first. A cluster needs one."
        )]
        namespaces: Vec<Name>,
    ) -> Result<TargetPayload> {
        ctx.caller()?.check_may_hand_out("registering a target")?;
        if runtime == Runtime::Kubernetes && ctx.hub().settings.kubernetes_agent_image.is_none() {
            return Err(Failure::rejected(NoAgentImage).into());
        }
        let customer_id = ctx.customer_named(customer.as_ref().map(|name| &name.0))?;
        if let Some(customer) = &customer {
            customer::load(ctx, customer).await?;
        }
        let id = TargetId::of(customer_id, &name.0);
        let namespaces: Vec<Slug> = namespaces.into_iter().map(|name| name.0).collect();
        if runtime == Runtime::Kubernetes {
            // before anything is registered: what no Role can hold is refused
            roles(ctx, (customer_id, id), &namespaces).await?;
        }
        let command = domain::TargetCommand::Register {
            customer: customer_id,
            name: name.0.clone(),
            runtime: runtime.into(),
            namespaces,
        };
        let cause = ctx.cause()?;
        ctx.hub().commands.execute::<domain::Target>(&cause, id.0, &command).await?;
        offer(ctx, id, &name).await
    }

    /// Sets the namespaces of a cluster in which releases may be installed. What runs in one that is left out stays
    /// there.
    #[graphql(guard = "May(Permission::ManageTargets)")]
    async fn target_set_namespaces(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] name: Name,
        #[graphql(desc = "The namespaces, 1 to 50, the one for whoever names none first.")] namespaces: Vec<Name>,
    ) -> Result<TargetPayload> {
        let id = id(ctx, customer.as_ref(), &name)?;
        load(ctx, id, &name).await?;
        let namespaces = namespaces.into_iter().map(|name| name.0).collect();
        let command = domain::TargetCommand::SetNamespaces { namespaces };
        let outcome = execute::<domain::Target>(ctx, id.0, command).await?;
        Ok(TargetPayload { target: load(ctx, id, &name).await?, enrolment: None, outcome })
    }

    /// Makes a new one-time token for an agent. A token that was given out before and not used no longer works. The use
    /// of the new token replaces the agent. A caller with a token needs its scope ADMIN, and the offer ends with that token.
    #[graphql(guard = "May(Permission::ManageTargets)")]
    async fn target_offer_enrolment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] name: Name,
    ) -> Result<TargetPayload> {
        ctx.caller()?.check_may_hand_out("offering an enrolment")?;
        let id = id(ctx, customer.as_ref(), &name)?;
        load(ctx, id, &name).await?;
        offer(ctx, id, &name).await
    }

    /// Sets the labels of a target: a vendor's member the vendor's, a customer's member the customer's. What is left out is
    /// there no more, and the labels of the other side stay.
    #[graphql(guard = "May(Permission::ManageTargets)")]
    async fn target_set_labels(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] name: Name,
        #[graphql(desc = "The labels, 32 at most.")] labels: Vec<LabelInput>,
    ) -> Result<TargetPayload> {
        let id = id(ctx, customer.as_ref(), &name)?;
        load(ctx, id, &name).await?;
        let command = domain::TargetCommand::Label { by: asked_by(ctx.scope()?), labels: label::read(labels)? };
        let executed = ctx.hub().commands.execute::<domain::Target>(&ctx.cause()?, id.0, &command).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(TargetPayload { target: load(ctx, id, &name).await?, enrolment: None, outcome })
    }

    /// Retires a target. The retirement is for ever: the agent is locked out, and what runs there goes on running.
    #[graphql(guard = "May(Permission::ManageTargets)")]
    async fn target_retire(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] name: Name,
        #[graphql(desc = "The reason for the change, of 1 to 500 characters.")] reason: String,
    ) -> Result<TargetPayload> {
        let id = id(ctx, customer.as_ref(), &name)?;
        load(ctx, id, &name).await?;
        let reason = lines("reason", reason, 500)?;
        let executed = enrolment::retire(ctx.hub().identities(), &ctx.cause()?, id, reason).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(TargetPayload { target: load(ctx, id, &name).await?, enrolment: None, outcome })
    }
}

async fn offer(ctx: &Context<'_>, id: TargetId, name: &Name) -> Result<TargetPayload> {
    let (caller, cause) = (ctx.caller()?, ctx.cause()?);
    let hub = ctx.hub();
    let target = load(ctx, id, name).await?;
    let public_url = &hub.settings.public_url;
    let of_cluster;
    let way = match target.0.runtime {
        domain::Runtime::Docker => Way::Shell { public_url },
        domain::Runtime::Kubernetes => {
            let image = hub.settings.kubernetes_agent_image.as_deref();
            let image = image.ok_or_else(|| Failure::rejected(NoAgentImage))?;
            of_cluster = roles(ctx, (target.0.customer, id), &target.0.namespaces).await?;
            Way::Cluster(Installation { hub: public_url, image, target: &target.0, roles: &of_cluster })
        }
    };
    let (offer, executed) = enrolment::offer(hub.identities(), &way, (caller, &cause), id).await?;
    let outcome = Outcome::of(ctx, &executed);
    Ok(TargetPayload { target: load(ctx, id, name).await?, enrolment: Some(offer.into()), outcome })
}
