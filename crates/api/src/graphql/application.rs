//! Applications. A customer's member sees those that a license of its customer names.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::application::{Application as Decider, ApplicationCommand};
use distr_domain::ids::ApplicationId;
use distr_domain::permission::Permission;
use distr_projections::application::{self, ApplicationRow};

use super::application_policy::{FeatureTags, SignedParts, SigningKey, SigningPolicyChange};
use super::channel::{self, Channel};
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, read, text};
use super::guard::{May, MayEverywhere};
use super::loader::{Of, failed};
use super::release::{self, Release};
use super::scalar::Name;
use crate::failure::Failure;

pub(super) struct Application(pub ApplicationRow);

/// A product of the vendor: releases, channels, and who must have signed them.
#[Object]
impl Application {
    /// The id, which follows from the organization's and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique in the organization; it never changes.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// For people.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// What the vendor says of it; may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The only keys whose signatures let an image into a release; none: any image goes.
    async fn signing_keys(&self) -> Vec<SigningKey> {
        self.0.signing_keys.iter().map(SigningKey::from).collect()
    }

    /// What one of these keys must have signed of a release. Without keys it says nothing.
    async fn signing_requires(&self) -> SignedParts {
        self.0.signed_parts.into()
    }

    /// The changes of the signing policy, the newest first, at most 50; older ones are in the log. For the vendor's members.
    async fn signing_policy_changes(&self, ctx: &Context<'_>) -> Result<Vec<SigningPolicyChange>> {
        Ok(match ctx.scope()?.customer {
            Some(_) => vec![],
            None => self.0.signing_changes.iter().map(SigningPolicyChange::from).collect(),
        })
    }

    /// The tags that features open by themselves, in those repositories that the caller's token is for; none for a
    /// customer's member, whose licenses name the features.
    async fn feature_tags(&self, ctx: &Context<'_>) -> Result<Vec<FeatureTags>> {
        let caller = ctx.caller()?;
        let of_vendor = caller.scope().customer.is_none();
        let shown =
            self.0.feature_tags.iter().filter(|of| of_vendor && caller.check_repository(&of.repository).is_ok());
        Ok(shown.cloned().map(FeatureTags::from).collect())
    }

    /// The time at which it was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// By name.
    async fn channels(&self, ctx: &Context<'_>) -> Result<Vec<Channel>> {
        Ok(channel::of_application(ctx, self.0.id).await?)
    }

    /// The newest version first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, Release>> {
        Ok(release::of_application(ctx, self.0.id, paging(first, after)?).await?)
    }
}

pub(super) async fn load(ctx: &Context<'_>, name: &Name) -> Result<Application, Failure> {
    let id = ApplicationId::of(ctx.organization()?, &name.0);
    let row = application::find(&read(ctx).await?, ctx.scope()?, id).await?;
    row.map(Application).ok_or_else(|| Failure::not_found("application", &name.0))
}

/// The application of something that the caller may see.
pub(super) async fn load_nested(ctx: &Context<'_>, id: ApplicationId) -> Result<Application, Failure> {
    let key = Of { organization: ctx.organization()?, id };
    let row = ctx.loader().load_one(key).await.map_err(failed)?;
    row.map(Application).ok_or_else(|| Failure::not_found("application", id))
}

#[derive(Default)]
pub(super) struct ApplicationQuery;

#[Object]
impl ApplicationQuery {
    /// One application.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn application(&self, ctx: &Context<'_>, name: Name) -> Result<Application> {
        Ok(load(ctx, &name).await?)
    }

    /// By name.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "cost(first, child_complexity)")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, Application>> {
        let page = application::list(&read(ctx).await?, ctx.scope()?, &paging(first, after)?).await;
        Ok(connection(page.map_err(Failure::from)?, Application))
    }
}

/// The application after the change.
#[derive(SimpleObject)]
pub(super) struct ApplicationPayload {
    /// The application.
    pub(super) application: Application,
    #[graphql(flatten)]
    pub(super) outcome: Outcome,
}

#[derive(Default)]
pub(super) struct ApplicationMutation;

#[Object]
impl ApplicationMutation {
    /// Creates an application.
    #[graphql(guard = "MayEverywhere(Permission::Publish)")]
    async fn application_create(
        &self,
        ctx: &Context<'_>,
        name: Name,
        display_name: Option<String>,
        description: Option<String>,
    ) -> Result<ApplicationPayload> {
        let id = ApplicationId::of(ctx.organization()?, &name.0);
        let command = ApplicationCommand::Create {
            name: name.0.clone(),
            display_name: text("displayName", display_name.unwrap_or_else(|| name.0.to_string()), 200)?,
            description: optional_text("description", description)?,
        };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ApplicationPayload { application: load(ctx, &name).await?, outcome })
    }

    /// Says what people read about it; nothing given means an empty description.
    #[graphql(guard = "MayEverywhere(Permission::Publish)")]
    async fn application_describe(
        &self,
        ctx: &Context<'_>,
        name: Name,
        display_name: String,
        description: Option<String>,
    ) -> Result<ApplicationPayload> {
        let id = ApplicationId::of(ctx.organization()?, &name.0);
        let command = ApplicationCommand::Describe {
            display_name: text("displayName", display_name, 200)?,
            description: optional_text("description", description)?,
        };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ApplicationPayload { application: load(ctx, &name).await?, outcome })
    }
}

fn optional_text(field: &str, value: Option<String>) -> Result<String, Failure> {
    match value.filter(|value| !value.trim().is_empty()) {
        Some(value) => text(field, value, 2_000),
        None => Ok(String::new()),
    }
}
