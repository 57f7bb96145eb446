//! The repositories of the registry, for the vendor.

mod keeping;
mod tag;

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::artifact as domain;
use distr_domain::names::RepositoryPath;
use distr_domain::permission::Permission;
use distr_projections::artifact::{self, RepositoryRow};
use distr_projections::repository::{self, RepositorySettingsRow};
use distr_registry::Changing;

use super::as_of::Moment;
use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, read, reason_if_any};
use super::guard::May;
use super::loader::{BytesOf, failed};
use super::scalar::{BigInt, Digest, Pattern, RepositoryName, Tag};
use crate::failure::Failure;

pub(super) use keeping::RepositoryMutation;
use keeping::{RetentionInput, RetentionPlan, RetentionRules};
use tag::RepositoryTag;

/// The most tags that are asked for by name.
const MAX_ONLY: usize = 100;

pub(super) struct Repository(pub RepositoryRow);

/// The visibility of a repository: who may pull from it.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Visibility")]
pub enum Visibility {
    /// A private repository: the vendor pulls from it, and those whom a license entitles.
    Private,
    /// A public repository: everybody pulls from it, without signing in.
    Public,
}

/// The usage of the registry: blobs that were uploaded or mounted, and manifests, until a collection removes them.
#[derive(SimpleObject)]
pub(super) struct RegistryUsage {
    /// The bytes of all blobs and manifests, each counted once.
    pub bytes: BigInt,
    /// The quota: the most bytes that may be there; null if there is no such limit.
    pub quota: Option<BigInt>,
}

/// A repository of the registry: its tags, its settings, and what it holds.
#[Object]
impl Repository {
    /// The name within the organization.
    async fn name(&self) -> RepositoryName {
        self.0.repository.clone().into()
    }

    /// The number of manifests that the repository holds.
    async fn manifests(&self) -> BigInt {
        self.0.manifests.into()
    }

    /// The visibility: who may pull from the repository.
    async fn visibility(&self) -> Visibility {
        self.0.visibility.into()
    }

    /// The time of the newest push.
    async fn last_pushed_at(&self) -> DateTime<Utc> {
        self.0.last_pushed_at
    }

    /// The bytes that the repository holds, and its quota.
    async fn usage(&self, ctx: &Context<'_>) -> Result<RegistryUsage> {
        let key = BytesOf { organization: ctx.organization()?, repository: self.0.repository.clone() };
        let bytes = ctx.loader().load_one(key).await.map_err(failed)?;
        Ok(RegistryUsage { bytes: bytes.unwrap_or(0).into(), quota: self.0.quota.map(|quota| quota.bytes().into()) })
    }

    /// The patterns of the tags that may move although the tags are immutable; null if the tags are not immutable.
    async fn immutable_except(&self, ctx: &Context<'_>) -> Result<Option<Vec<Pattern>>> {
        let except = self.settings(ctx).await?.and_then(|settings| settings.immutable);
        Ok(except.map(|except| except.into_iter().map(Pattern::from).collect()))
    }

    /// The retention rules, which say what tags and manifests the repository keeps; null if there are none.
    async fn retention(&self, ctx: &Context<'_>) -> Result<Option<RetentionRules>> {
        Ok(self.settings(ctx).await?.and_then(|settings| settings.retention).map(RetentionRules::from))
    }

    /// The tags and manifests that would be removed now, by the given rules or by the repository's own. The field
    /// changes nothing.
    async fn retention_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The retention rules to try; the repository's own rules if left out.")] rules: Option<
            RetentionInput,
        >,
    ) -> Result<RetentionPlan> {
        let rules = match rules {
            Some(rules) => Some(rules.into()),
            None => self.settings(ctx).await?.and_then(|settings| settings.retention),
        };
        let holding = repository::holding(&*read(ctx).await?, ctx.organization()?, &self.0.repository).await;
        let plan = rules.unwrap_or_default().plan(&holding.map_err(Failure::from)?, ctx.now());
        Ok(plan.into())
    }

    /// The tags of the repository, by name.
    async fn tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The names of the only tags in the list, 100 at most; all tags if left out.")] only: Option<
            Vec<Tag>,
        >,
    ) -> Result<Vec<RepositoryTag>> {
        if let Some(only) = only.as_ref().filter(|only| only.len() > MAX_ONLY) {
            return Err(Failure::BadInput(format!("only names {} tags; at most {MAX_ONLY}", only.len())).into());
        }
        let repositories = [self.0.repository.clone()];
        let tags = artifact::tags_of(&*read(ctx).await?, ctx.organization()?, &repositories).await;
        let mut tags = tags.map_err(Failure::from)?;
        if let Some(only) = only {
            tags.retain(|tag| only.iter().any(|wanted| wanted.0 == tag.name));
        }
        Ok(tags.into_iter().map(RepositoryTag).collect())
    }
}

impl Repository {
    async fn settings(&self, ctx: &Context<'_>) -> Result<Option<RepositorySettingsRow>, Failure> {
        let settings = repository::settings(&*read(ctx).await?, ctx.organization()?, &self.0.repository).await;
        Ok(settings?)
    }
}

#[derive(Default)]
pub(super) struct RepositoryQuery;

#[Object]
impl RepositoryQuery {
    /// The repository with this name; null if nothing was pushed to it. The answer is also null for a customer's
    /// member, who sees artifacts through releases, and for a token that is for other repositories.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn repository(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
        #[graphql(
            name = "asOf",
            desc = "The moment as of which the answer is; now if left out. Each root field of a document names the same one."
        )]
        _as_of: Option<Moment>,
    ) -> Result<Option<Repository>> {
        if ctx.caller()?.check_repository(&name.0).is_err() {
            return Ok(None);
        }
        Ok(find(ctx, &name.0).await?)
    }

    /// The repositories of the organization that the caller's token is for, by name. The list is empty for a customer's
    /// member, who sees artifacts through releases.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "cost(first, child_complexity)")]
    async fn repositories(
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
    ) -> Result<Connection<String, Repository>> {
        let caller = ctx.caller()?;
        let paging = paging(first, after)?;
        let page = artifact::repositories(&*read(ctx).await?, caller.scope(), caller.repositories(), &paging).await;
        Ok(connection(page.map_err(Failure::from)?, Repository))
    }
}

#[derive(Default)]
pub(super) struct ContentMutation;

#[Object]
impl ContentMutation {
    /// Deletes a tag; the manifest stays.
    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn tag_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] repository: RepositoryName,
        #[graphql(desc = "The tag to delete.")] tag: Tag,
        #[graphql(desc = "The reason, of 1 to 500 characters; it may be left out.")] reason: Option<String>,
    ) -> Result<RepositoryPayload> {
        let changed = changing(ctx, &repository.0, reason)?.delete_tag(&tag.0).await;
        payload(ctx, &repository.0, changed.map_err(Failure::from)?.into()).await
    }

    /// Deletes all tags and manifests of the repository; nothing of it if a release names one of them or a tag is
    /// immutable. Its settings stay.
    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn repository_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] name: RepositoryName,
        #[graphql(desc = "The reason, of 1 to 500 characters; it may be left out.")] reason: Option<String>,
    ) -> Result<RepositoryPayload> {
        let changed = changing(ctx, &name.0, reason)?.delete_all().await;
        payload(ctx, &name.0, changed.map_err(Failure::from)?.into()).await
    }

    /// Deletes a manifest with every tag that points to it. A manifest that a release names stays until the release is
    /// revoked, and one that an index lists until the index is deleted.
    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn manifest_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] repository: RepositoryName,
        #[graphql(desc = "The digest of the manifest.")] digest: Digest,
        #[graphql(desc = "The reason, of 1 to 500 characters; it may be left out.")] reason: Option<String>,
    ) -> Result<RepositoryPayload> {
        let changed = changing(ctx, &repository.0, reason)?.delete_manifest(&digest.0).await;
        payload(ctx, &repository.0, changed.map_err(Failure::from)?.into()).await
    }
}

/// The repository after the change.
#[derive(SimpleObject)]
pub(super) struct RepositoryPayload {
    /// The repository; null if nothing was pushed to it yet.
    repository: Option<Repository>,
    #[graphql(flatten)]
    outcome: Outcome,
}

async fn payload(ctx: &Context<'_>, repository: &RepositoryPath, outcome: Outcome) -> Result<RepositoryPayload> {
    Ok(RepositoryPayload { repository: find(ctx, repository).await?, outcome })
}

async fn find(ctx: &Context<'_>, repository: &RepositoryPath) -> Result<Option<Repository>, Failure> {
    Ok(artifact::find_repository(&*read(ctx).await?, ctx.scope()?, repository).await?.map(Repository))
}

/// A change of the repository by the caller.
fn changing<'a>(
    ctx: &Context<'a>,
    repository: &'a RepositoryPath,
    reason: Option<String>,
) -> Result<Changing<'a>, Failure> {
    ctx.caller()?.check_repository(repository)?;
    let hub = ctx.hub();
    let context = hub.commands.context(&ctx.cause()?);
    Ok(Changing {
        log: hub.commands.log.as_ref(),
        pool: &hub.models.pool,
        shown: &hub.models.progress.core,
        repository,
        context,
        reason: reason_if_any(reason)?,
    })
}
