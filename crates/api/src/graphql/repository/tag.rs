//! Tags of a repository: where each points, how much that is, and what needs it.

use async_graphql::{Context, Object, Result};
use chrono::{DateTime, Utc};
use distr_projections::artifact::TagRow;

use crate::graphql::context::ContextExt;
use crate::graphql::loader::{ManifestOf, NamersOf, Of, SizeOf, failed};
use crate::graphql::release::Release;
use crate::graphql::scalar::{BigInt, Digest, Tag};
use crate::operations::attachments::{Budget, Subject};
use crate::operations::platforms;

pub(super) struct RepositoryTag(pub(super) TagRow);

impl RepositoryTag {
    fn manifest(&self) -> ManifestOf {
        let TagRow { organization, repository, digest, .. } = &self.0;
        ManifestOf { organization: *organization, repository: repository.clone(), digest: digest.clone() }
    }
}

/// A tag of a repository, and the digest that it points to.
#[Object]
impl RepositoryTag {
    /// The name of the tag.
    async fn name(&self) -> Tag {
        self.0.name.clone().into()
    }

    /// The digest that it points to.
    async fn digest(&self) -> Digest {
        self.0.digest.clone().into()
    }

    /// The size in bytes of the manifest and the blobs that it names; for an index, with those of the manifests that it
    /// lists. The size is null if the manifest is not there.
    async fn size(&self, ctx: &Context<'_>) -> Result<Option<BigInt>> {
        let bytes = ctx.loader().load_one(SizeOf(self.manifest())).await.map_err(failed)?;
        Ok(bytes.map(BigInt))
    }

    /// The platforms of the image, such as `linux/arm64`, by name. The list is null if what the tag points to says none, or
    /// if a request reads more than 8 MiB of such things.
    #[graphql(complexity = 10)]
    async fn platforms(&self, ctx: &Context<'_>) -> Result<Option<Vec<String>>> {
        let TagRow { organization, repository, digest, .. } = &self.0;
        let subject = Subject { organization: *organization, repository, digest };
        Ok(platforms::of(&ctx.hub().artifacts, subject, ctx.data_unchecked::<Budget>()).await?)
    }

    /// The releases that name the digest, drafts and the revoked included. The list is empty if none does.
    async fn releases(&self, ctx: &Context<'_>) -> Result<Vec<Release>> {
        let ids = ctx.loader().load_one(NamersOf(self.manifest())).await.map_err(failed)?.unwrap_or_default();
        let keys = ids.into_iter().map(|id| Of { organization: self.0.organization, id });
        let keys: Vec<_> = keys.collect();
        let mut rows = ctx.loader().load_many(keys.iter().copied()).await.map_err(failed)?;
        Ok(keys.iter().filter_map(|key| rows.remove(key)).map(Release).collect())
    }

    /// The time at which the tag came to point to the digest.
    async fn moved_at(&self) -> DateTime<Utc> {
        self.0.moved_at
    }
}
