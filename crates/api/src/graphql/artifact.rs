//! The repositories of the registry, for the vendor.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::artifact::{self as domain, Artifact as Decider, ArtifactCommand};
use distr_domain::ids::ArtifactId;
use distr_domain::permission::Permission;
use distr_projections::artifact::{self, RepositoryRow, TagRow};

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, read};
use super::guard::May;
use super::scalar::{Digest, Repository, Tag};
use crate::error::ApiError;

pub(super) struct ArtifactRepository(pub RepositoryRow);

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Visibility")]
pub enum Visibility {
    /// The vendor pulls, and whom a license entitles.
    Private,
    /// Everybody pulls, without signing in.
    Public,
}

#[derive(SimpleObject)]
pub(super) struct RepositoryTag {
    name: Tag,
    digest: Digest,
    moved_at: DateTime<Utc>,
}

impl From<TagRow> for RepositoryTag {
    fn from(row: TagRow) -> Self {
        Self { name: row.name.into(), digest: row.digest.into(), moved_at: row.moved_at }
    }
}

#[Object]
impl ArtifactRepository {
    async fn name(&self) -> Repository {
        self.0.repository.clone().into()
    }

    /// How many manifests it holds.
    async fn manifests(&self) -> u64 {
        self.0.manifests
    }

    async fn visibility(&self) -> Visibility {
        self.0.visibility.into()
    }

    async fn last_pushed_at(&self) -> DateTime<Utc> {
        self.0.last_pushed_at
    }

    async fn tags(&self, ctx: &Context<'_>) -> Result<Vec<RepositoryTag>> {
        let repositories = [self.0.repository.clone()];
        let tags = artifact::tags_of(&read(ctx).await?, ctx.organization()?, &repositories).await;
        Ok(tags.map_err(ApiError::from)?.into_iter().map(RepositoryTag::from).collect())
    }
}

#[derive(Default)]
pub(super) struct ArtifactQuery;

#[Object]
impl ArtifactQuery {
    /// By name; none for a customer's member, who sees artifacts through releases.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "cost(first, child_complexity)")]
    async fn repositories(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, ArtifactRepository>> {
        let page = artifact::repositories(&read(ctx).await?, ctx.scope()?, &paging(first, after)?).await;
        Ok(connection(page.map_err(ApiError::from)?, ArtifactRepository))
    }
}

#[derive(SimpleObject)]
pub(super) struct ArtifactPayload {
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct ArtifactMutation;

#[Object]
impl ArtifactMutation {
    /// Says who may pull from a repository, also before the first push.
    #[graphql(guard = "May(Permission::Publish)")]
    async fn repository_set_visibility(
        &self,
        ctx: &Context<'_>,
        name: Repository,
        visibility: Visibility,
    ) -> Result<ArtifactPayload> {
        ctx.caller()?.check_repository(&name.0)?;
        let id = ArtifactId::of(ctx.organization()?, &name.0);
        let command = ArtifactCommand::SetVisibility { repository: name.0, visibility: visibility.into() };
        let outcome = execute::<Decider>(ctx, id.0, command).await?;
        Ok(ArtifactPayload { outcome })
    }

    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn artifact_delete_tag(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        tag: Tag,
    ) -> Result<ArtifactPayload> {
        ctx.caller()?.check_repository(&repository.0)?;
        let id = ArtifactId::of(ctx.organization()?, &repository.0);
        let outcome = execute::<Decider>(ctx, id.0, ArtifactCommand::DeleteTag { tag: tag.0 }).await?;
        Ok(ArtifactPayload { outcome })
    }

    /// With every tag that points to it.
    #[graphql(guard = "May(Permission::DeleteArtifacts)")]
    async fn artifact_delete_manifest(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        digest: Digest,
    ) -> Result<ArtifactPayload> {
        ctx.caller()?.check_repository(&repository.0)?;
        let id = ArtifactId::of(ctx.organization()?, &repository.0);
        let outcome = execute::<Decider>(ctx, id.0, ArtifactCommand::DeleteManifest { digest: digest.0 }).await?;
        Ok(ArtifactPayload { outcome })
    }
}
