//! What changes a deployment: a release is asked for, or its removal.

use std::collections::BTreeMap;

use async_graphql::{Context, InputObject, Json, Object, Result, SimpleObject};
use distr_domain::deployment as domain;
use distr_domain::permission::Permission;
use serde_json::{Map, Value};

use super::standing::DataRemoval;
use super::{Deployment, load, named};
use crate::failure::Failure;
use crate::graphql::context::{ContextExt, Outcome, reason_if_any};
use crate::graphql::guard::May;
use crate::graphql::scalar::{Name, Version};
use crate::graphql::target;
use crate::operations::deploy::{self, AskedFor, Deploy, Wanted};

/// One variable of a deployment's configuration.
#[derive(InputObject)]
pub(super) struct ConfigEntryInput {
    /// The name of the variable: letters, digits and `_`, not a digit first.
    key: String,
    /// The value of the variable, which may name secrets of the customer: `${secret:NAME}`.
    value: String,
}

/// The deployment after the change.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DeploymentPayload {
    /// The deployment.
    deployment: Deployment,
    #[graphql(flatten)]
    outcome: Outcome,
}

/// The deployment after a release was asked for.
#[derive(SimpleObject)]
pub(in crate::graphql) struct DeploymentSetReleasePayload {
    /// The deployment.
    deployment: Deployment,
    /// The warnings about the release that was asked for, such as that it is deprecated.
    warnings: Vec<String>,
    #[graphql(flatten)]
    outcome: Outcome,
}

/// A variable that is named twice means one thing to one reader and another to the next.
fn by_name(entries: Vec<ConfigEntryInput>) -> Result<BTreeMap<String, String>, Failure> {
    let mut config = BTreeMap::new();
    for ConfigEntryInput { key, value } in entries {
        if config.contains_key(&key) {
            return Err(Failure::BadInput(format!("the configuration names {key:?} twice; name it once")));
        }
        config.insert(key, value);
    }
    Ok(config)
}

#[derive(Default)]
pub(in crate::graphql) struct DeploymentMutation;

#[Object]
impl DeploymentMutation {
    /// Asks for a release of an application on a target: a version, or the release that a channel points to now. The
    /// request is refused unless a license of the customer entitles to the release now and has a seat, and unless the release
    /// may follow the one that runs: no required release between them is passed over.
    #[graphql(guard = "May(Permission::Deploy)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the GraphQL field")]
    async fn deployment_set_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] target: Name,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(desc = "The version of the release. A version or a channel is named, not both.")] version: Option<
            Version,
        >,
        #[graphql(
            desc = "The name of the channel that points to the release now. A version or a channel is named, not both."
        )]
        channel: Option<Name>,
        #[graphql(
            desc = "The variables of the package, in the place of all before; they stay as they are if left out."
        )]
        config: Option<Vec<ConfigEntryInput>>,
        #[graphql(
            desc = "The values of the chart beside those that the variables set, an object of up to 64 KiB, in the place of \
                    all before; they stay as they are if left out. Only a cluster has values."
        )]
        values: Option<Json<Map<String, Value>>>,
        #[graphql(
            desc = "The namespace of the cluster, one of the target's; the one that the deployment is in if left out, and for \
                    a new deployment the target's first. Only a cluster has namespaces."
        )]
        namespace: Option<Name>,
        #[graphql(
            default = false,
            desc = "Whether the release may be older than the one that runs; false if left out. It needs a reason. No release \
                    of no return is gone back from."
        )]
        allow_downgrade: bool,
        #[graphql(desc = "The reason for a downgrade, of 1 to 500 characters; left out for every other change.")]
        reason: Option<String>,
    ) -> Result<DeploymentSetReleasePayload> {
        let named = named(ctx, customer.as_ref(), &target, &application)?;
        let wanted = match (version, channel) {
            (Some(version), None) => Wanted::Version(version.0),
            (None, Some(channel)) => Wanted::Channel(channel.0),
            _ => return Err(Failure::BadInput("name a version or a channel, one of both".into()).into()),
        };
        let config = config.map(by_name).transpose()?;
        let downgrade = match (allow_downgrade, reason_if_any(reason)?) {
            (true, None) => return Err(Failure::BadInput("a downgrade needs a reason; say why".into()).into()),
            (false, Some(_)) => {
                let why = "a reason belongs to a downgrade; allow it, or leave the reason out";
                return Err(Failure::BadInput(why.into()).into());
            }
            (_, reason) => reason,
        };
        let deploy = Deploy {
            scope: ctx.scope()?,
            target: named.target,
            target_name: target.0,
            application: application.0,
            wanted,
            config,
            values: values.map(|values| values.0),
            namespace: namespace.map(|name| name.0),
            downgrade,
            origin: None,
        };
        let AskedFor { executed, warnings } =
            ctx.hub().deploying().set_release(&ctx.cause()?, &ctx.request(), deploy).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(DeploymentSetReleasePayload { deployment: load(ctx, &named).await?, warnings, outcome })
    }

    /// Takes the application off the target. The volumes stay unless their removal is asked for.
    #[graphql(guard = "May(Permission::Deploy)")]
    async fn deployment_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer, which a customer's member may leave out.")] customer: Option<Name>,
        #[graphql(desc = "The name of the target.")] target: Name,
        #[graphql(desc = "The name of the application.")] application: Name,
        #[graphql(
            default_with = "DataRemoval::Keep",
            desc = "The handling of the volumes, which stay on the host if left out."
        )]
        data: DataRemoval,
        #[graphql(desc = "The reason, of 1 to 500 characters; it may be left out.")] reason: Option<String>,
    ) -> Result<DeploymentPayload> {
        let (named, reason) = (named(ctx, customer.as_ref(), &target, &application)?, reason_if_any(reason)?);
        let gone = load(ctx, &named).await?.0.phase == domain::Phase::Removed;
        if gone && data == DataRemoval::Remove && target::load_nested(ctx, named.target).await?.0.retired_at.is_some() {
            let why = format!("target {} is retired; no agent is there any more to remove the data", target.0);
            return Err(Failure::BadInput(why).into());
        }
        let asked_by = deploy::asked_by(ctx.scope()?);
        let organization = ctx.organization()?;
        let heard = deploy::heard(&ctx.hub().models, organization, named.target, named.id).await?;
        let command = domain::DeploymentCommand::Remove { data: data.into(), asked_by, reason, heard };
        let executed = ctx.hub().commands.execute::<domain::Deployment>(&ctx.cause()?, named.id.0, &command).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(DeploymentPayload { deployment: load(ctx, &named).await?, outcome })
    }
}
