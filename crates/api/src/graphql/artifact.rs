//! The repositories of the registry, for the vendor.

use async_graphql::connection::Connection;
use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::artifact::{Artifact as Decider, ArtifactCommand};
use distr_domain::ids::ArtifactId;
use distr_domain::permission::Permission;
use distr_projections::artifact::{self, RepositoryRow, TagRow};

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, execute, read};
use super::guard::May;
use super::scalar::{Digest, Repository, Tag};
use crate::error::ApiError;

pub(super) struct ArtifactRepository(pub RepositoryRow);

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
    #[graphql(guard = "May(Permission::PushArtifacts)")]
    async fn artifact_delete_tag(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        tag: Tag,
    ) -> Result<ArtifactPayload> {
        let id = ArtifactId::of(ctx.organization()?, &repository.0);
        let outcome = execute::<Decider>(ctx, id.0, ArtifactCommand::DeleteTag { tag: tag.0 }).await?;
        Ok(ArtifactPayload { outcome })
    }

    /// With every tag that points to it.
    #[graphql(guard = "May(Permission::PushArtifacts)")]
    async fn artifact_delete_manifest(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        digest: Digest,
    ) -> Result<ArtifactPayload> {
        let id = ArtifactId::of(ctx.organization()?, &repository.0);
        let outcome = execute::<Decider>(ctx, id.0, ArtifactCommand::DeleteManifest { digest: digest.0 }).await?;
        Ok(ArtifactPayload { outcome })
    }
}
