//! The repositories of the registry, for the vendor.

mod keeping;

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::artifact as domain;
use distr_domain::names::RepositoryPath;
use distr_domain::permission::Permission;
use distr_domain::quota::Quota;
use distr_projections::artifact::{self, RepositoryRow, TagRow};
use distr_projections::repository::{self, RepositorySettingsRow};
use distr_registry::Changing;

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, read};
use super::guard::May;
use super::loader::{BytesOf, failed};
use super::scalar::{Digest, Pattern, Repository, Tag};
use crate::failure::Failure;

pub(super) use keeping::RepositoryMutation;
use keeping::{RetentionInput, RetentionPlan, RetentionRules};

pub(super) struct ArtifactRepository(pub RepositoryRow);

/// Who may pull from a repository.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Visibility")]
pub enum Visibility {
    /// The vendor pulls, and whom a license entitles.
    Private,
    /// Everybody pulls, without signing in.
    Public,
}

/// Bytes of all that is there, until a collection lets it go: what was uploaded and mounted, and manifests.
#[derive(SimpleObject)]
pub(super) struct RegistryUsage {
    /// The bytes of all blobs, each counted once.
    pub bytes: u64,
    /// The most that may be there; nothing, if there is no such limit.
    pub quota: Option<u64>,
}

/// A tag, and where it points.
#[derive(SimpleObject)]
pub(super) struct RepositoryTag {
    /// The tag.
    name: Tag,
    /// The digest that it points to.
    digest: Digest,
    /// The time at which it came to point there.
    moved_at: DateTime<Utc>,
}

impl From<TagRow> for RepositoryTag {
    fn from(row: TagRow) -> Self {
        Self { name: row.name.into(), digest: row.digest.into(), moved_at: row.moved_at }
    }
}

/// A repository of the registry: its tags, its settings, and what it holds.
#[Object]
impl ArtifactRepository {
    /// The name within the organization.
    async fn name(&self) -> Repository {
        self.0.repository.clone().into()
    }

    /// How many manifests it holds.
    async fn manifests(&self) -> u64 {
        self.0.manifests
    }

    /// Who may pull from it.
    async fn visibility(&self) -> Visibility {
        self.0.visibility.into()
    }

    /// The time of the newest push.
    async fn last_pushed_at(&self) -> DateTime<Utc> {
        self.0.last_pushed_at
    }

    /// What it holds, in bytes.
    async fn usage(&self, ctx: &Context<'_>) -> Result<RegistryUsage> {
        let key = BytesOf { organization: ctx.organization()?, repository: self.0.repository.clone() };
        let bytes = ctx.loader().load_one(key).await.map_err(failed)?;
        Ok(RegistryUsage { bytes: bytes.unwrap_or(0), quota: self.0.quota.map(Quota::bytes) })
    }

    /// The tags that may move although its tags are immutable; nothing, if they are not.
    async fn immutable_except(&self, ctx: &Context<'_>) -> Result<Option<Vec<Pattern>>> {
        let except = self.settings(ctx).await?.and_then(|settings| settings.immutable);
        Ok(except.map(|except| except.into_iter().map(Pattern::from).collect()))
    }

    /// The rules by which it lets go of tags and manifests, if it has any.
    async fn retention(&self, ctx: &Context<'_>) -> Result<Option<RetentionRules>> {
        Ok(self.settings(ctx).await?.and_then(|settings| settings.retention).map(RetentionRules::from))
    }

    /// What would go now by these rules, or by its own. Nothing is changed.
    async fn retention_plan(&self, ctx: &Context<'_>, rules: Option<RetentionInput>) -> Result<RetentionPlan> {
        let rules = match rules {
            Some(rules) => Some(rules.into()),
            None => self.settings(ctx).await?.and_then(|settings| settings.retention),
        };
        let holding = repository::holding(&read(ctx).await?, ctx.organization()?, &self.0.repository).await;
        let plan = rules.unwrap_or_default().plan(&holding.map_err(Failure::from)?, ctx.hub().commands.now());
        Ok(plan.into())
    }

    /// Its tags, by name.
    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<RepositoryTag>> {
        let repositories = [self.0.repository.clone()];
        let tags = artifact::tags_of(&read(ctx).await?, ctx.organization()?, &repositories).await;
        Ok(tags.map_err(Failure::from)?.into_iter().map(RepositoryTag::from).collect())
    }
}

impl ArtifactRepository {
    async fn settings(&self, ctx: &Context<'_>) -> Result<Option<RepositorySettingsRow>, Failure> {
        let settings = repository::settings(&read(ctx).await?, ctx.organization()?, &self.0.repository).await;
        Ok(settings?)
    }
}

#[derive(Default)]
pub(super) struct ArtifactQuery;

#[Object]
impl ArtifactQuery {
    /// One that something was pushed to; none for a customer's member, who sees artifacts through releases, or for a token
    /// that is for others.
    #[graphql(guard = "May(Permission::ReadCatalog)")]
    async fn repository(&self, ctx: &Context<'_>, name: Repository) -> Result<Option<ArtifactRepository>> {
        if ctx.caller()?.check_repository(&name.0).is_err() {
            return Ok(None);
        }
        let row = artifact::find_repository(&read(ctx).await?, ctx.scope()?, &name.0).await;
        Ok(row.map_err(Failure::from)?.map(ArtifactRepository))
    }

    /// By name, those that the caller's token is for; none for a customer's member, who sees artifacts through releases.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "cost(first, child_complexity)")]
    async fn repositories(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, ArtifactRepository>> {
        let caller = ctx.caller()?;
        let paging = paging(first, after)?;
        let page = artifact::repositories(&read(ctx).await?, caller.scope(), caller.repositories(), &paging).await;
        Ok(connection(page.map_err(Failure::from)?, ArtifactRepository))
    }
}

/// What became of a deletion in the registry.
#[derive(SimpleObject)]
pub(super) struct ArtifactPayload {
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct ArtifactMutation;

#[Object]
impl ArtifactMutation {
    /// Deletes a tag; the manifest stays.
    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn artifact_delete_tag(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        tag: Tag,
    ) -> Result<ArtifactPayload> {
        let changed = changing(ctx, &repository.0)?.delete_tag(&tag.0).await;
        Ok(ArtifactPayload { outcome: Outcome::from(changed.map_err(Failure::from)?) })
    }

    /// With every tag that points to it. What a release names stays until the release is revoked.
    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn artifact_delete_manifest(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        digest: Digest,
    ) -> Result<ArtifactPayload> {
        let changed = changing(ctx, &repository.0)?.delete_manifest(&digest.0).await;
        Ok(ArtifactPayload { outcome: Outcome::from(changed.map_err(Failure::from)?) })
    }
}

/// A change of the repository by the caller.
fn changing<'a>(ctx: &Context<'a>, repository: &'a RepositoryPath) -> Result<Changing<'a>, Failure> {
    ctx.caller()?.check_repository(repository)?;
    let hub = ctx.hub();
    let context = hub.commands.context(&ctx.cause()?);
    Ok(Changing {
        log: hub.commands.log.as_ref(),
        pool: &hub.models.pool,
        shown: &hub.models.progress.core,
        repository,
        context,
    })
}
