//! Applications. A customer's member sees those that a license of its customer names.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::application::{Application as Decider, ApplicationCommand};
use distr_domain::ids::ApplicationId;
use distr_domain::permission::Permission;
use distr_projections::application::{self, ApplicationRow};

use super::application_policy::{FeatureTags, SignedParts, SigningKey, SigningPolicyChange};
use super::as_of::Moment;
use super::channel::{self, Channel};
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, line, lines, read, read_catalog, searched};
use super::guard::{May, MayEverywhere};
use super::label::{self, Label};
use super::loader::{Of, failed};
use super::picture::Picture;
use super::release::{self, Release};
use super::scalar::{Link, Name};
use crate::failure::Failure;

pub(super) struct Application(pub ApplicationRow);

/// An application: a product of the vendor, with its releases, its channels and its signing policy.
#[Object]
impl Application {
    /// The id, a UUID, which follows from the organization's id and the name.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The name, unique in the organization; it never changes.
    async fn name(&self) -> Name {
        self.0.name.clone().into()
    }

    /// The name that people see.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// The description by the vendor, for people; it may be empty.
    async fn description(&self) -> &str {
        &self.0.description
    }

    /// The category: what kind of product it is; it may be empty.
    async fn category(&self) -> &str {
        &self.0.metadata.category
    }

    /// The link to the product's own page; null if there is none.
    async fn homepage(&self) -> Option<Link> {
        self.0.metadata.homepage.clone().map(Link::from)
    }

    /// The link by which its users find help; null if there is none.
    async fn support(&self) -> Option<Link> {
        self.0.metadata.support.clone().map(Link::from)
    }

    /// The link to its documentation; null if there is none.
    async fn documentation(&self) -> Option<Link> {
        self.0.metadata.documentation.clone().map(Link::from)
    }

    /// The labels, by their words.
    async fn labels(&self) -> Vec<Label> {
        label::list(&self.0.metadata.labels)
    }

    /// The icon; null if there is none.
    async fn icon(&self) -> Option<Picture> {
        self.0.icon.as_ref().map(Picture::from)
    }

    /// The only keys whose signatures let an image or a whole release through; empty if any release goes.
    async fn signing_keys(&self) -> Vec<SigningKey> {
        self.0.signing_keys.iter().map(SigningKey::from).collect()
    }

    /// The parts of a release that one of these keys must have signed; without keys, nothing is demanded.
    async fn signing_requires(&self) -> SignedParts {
        self.0.signed_parts.into()
    }

    /// The changes of the signing policy, the newest first, at most 50; older ones are in the log. The list is for the
    /// vendor's members, and empty for others.
    async fn signing_policy_changes(&self, ctx: &Context<'_>) -> Result<Vec<SigningPolicyChange>> {
        Ok(match ctx.scope()?.customer {
            Some(_) => vec![],
            None => self.0.signing_changes.iter().map(SigningPolicyChange::from).collect(),
        })
    }

    /// The tags that features open by themselves, in those repositories that the caller's token is for. The list is
    /// empty for a customer's member, whose licenses name the features.
    async fn feature_tags(&self, ctx: &Context<'_>) -> Result<Vec<FeatureTags>> {
        let caller = ctx.caller()?;
        let of_vendor = caller.scope().customer.is_none();
        let shown =
            self.0.feature_tags.iter().filter(|of| of_vendor && caller.check_repository(&of.repository).is_ok());
        Ok(shown.cloned().map(FeatureTags::from).collect())
    }

    /// The time at which the application was created.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The channels that the caller may see, by name.
    async fn channels(&self, ctx: &Context<'_>) -> Result<Vec<Channel>> {
        Ok(channel::of_application(ctx, self.0.id).await?)
    }

    /// The releases, the newest version first. A customer's member sees no drafts.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn releases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A part of the version, of 1 to 100 characters; capitals make no difference.")] search: Option<
            String,
        >,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, Release>> {
        Ok(release::of_application(ctx, self.0.id, search, paging(first, after)?).await?)
    }
}

pub(super) async fn load(ctx: &Context<'_>, name: &Name) -> Result<Application, Failure> {
    let id = ApplicationId::of(ctx.organization()?, &name.0);
    let row = application::find(&read_catalog(ctx).await?.0, ctx.scope()?, id).await?;
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
    /// The application with this name.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn application(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] name: Name,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Application> {
        Ok(load(ctx, &name).await?)
    }

    /// The applications of the organization, by name. A customer's member sees those that a license of its customer
    /// names.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "cost(first, child_complexity)")]
    async fn applications(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "A part of the name or of the display name, of 1 to 100 characters; capitals make no difference."
        )]
        search: Option<String>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Connection<String, Application>> {
        let (search, paging) = (searched(search)?, paging(first, after)?);
        let page = application::list(&*read(ctx).await?, ctx.scope()?, search.as_deref(), &paging).await;
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
        #[graphql(desc = "The name of the application, unique in the organization; it never changes.")] name: Name,
        #[graphql(desc = "The name that people see, of 1 to 200 characters; the name itself if left out.")]
        display_name: Option<String>,
        #[graphql(desc = "The description for people, of up to 2 000 characters; empty if left out.")]
        description: Option<String>,
    ) -> Result<ApplicationPayload> {
        let id = ApplicationId::of(ctx.organization()?, &name.0);
        let command = ApplicationCommand::Create {
            name: name.0.clone(),
            display_name: line("displayName", display_name.unwrap_or_else(|| name.0.to_string()), 200)?,
            description: optional_text("description", description)?,
        };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ApplicationPayload { application: load(ctx, &name).await?, outcome })
    }

    /// Changes what people read about an application: the name that they see, and the description.
    #[graphql(guard = "MayEverywhere(Permission::Publish)")]
    async fn application_describe(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the application.")] name: Name,
        #[graphql(desc = "The name that people see, of 1 to 200 characters.")] display_name: String,
        #[graphql(desc = "The description for people, of up to 2 000 characters; empty if left out.")]
        description: Option<String>,
    ) -> Result<ApplicationPayload> {
        let id = ApplicationId::of(ctx.organization()?, &name.0);
        let command = ApplicationCommand::Describe {
            display_name: line("displayName", display_name, 200)?,
            description: optional_text("description", description)?,
        };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ApplicationPayload { application: load(ctx, &name).await?, outcome })
    }
}

fn optional_text(field: &str, value: Option<String>) -> Result<String, Failure> {
    match value.filter(|value| !value.trim().is_empty()) {
        Some(value) => lines(field, value, 2_000),
        None => Ok(String::new()),
    }
}
