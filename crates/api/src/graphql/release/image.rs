//! Images of a release, and whatever is attached to them.

use async_graphql::{Context, Object, Result};
use distr_domain::ids::ApplicationId;
use distr_domain::release as domain;
use distr_domain::trust::ReleaseTrust;

use super::package::PackageKind;
use crate::graphql::attachment::{self, Attachment};
use crate::graphql::scalar::{Digest, Name, RepositoryName, Tag};

pub(in crate::graphql) struct ReleaseImage {
    pub(super) image: domain::ReleaseImage,
    pub(super) application: ApplicationId,
    pub(super) trust: Option<ReleaseTrust>,
}

/// An image that a release runs, pinned to its digest.
#[Object]
impl ReleaseImage {
    /// The kind of the package that runs the image.
    async fn package(&self) -> PackageKind {
        self.image.package.into()
    }

    /// The service of the compose file that runs the image; of a chart the first object, as `Deployment/web/nginx`, or `chart`
    /// for the chart itself.
    async fn service(&self) -> &str {
        &self.image.service
    }

    /// The repository that the image is pulled from.
    async fn repository(&self) -> RepositoryName {
        self.image.repository.clone().into()
    }

    /// The digest of the image that runs.
    async fn digest(&self) -> Digest {
        self.image.digest.clone().into()
    }

    /// The tag that the package named when the release was published; null if it named none.
    async fn tag(&self) -> Option<Tag> {
        self.image.tag.clone().map(Tag)
    }

    /// The feature that a license must include to have the image; null if none is needed.
    async fn feature(&self) -> Option<Name> {
        self.image.feature.clone().map(Name)
    }

    /// The name of the key whose signature the image was published with; null if the application trusted every image
    /// then.
    async fn signed_by(&self) -> Option<Name> {
        let signature = self.trust.as_ref()?.signature_of(&self.image.repository, &self.image.digest)?;
        Some(signature.key.clone().into())
    }

    /// The signatures, SBOMs, provenance and whatever else refers to the image, verified with the keys that the
    /// application trusts now. The list is the first page of the query `attachments`.
    #[graphql(complexity = "20 + 20 * child_complexity")]
    async fn attachments(&self, ctx: &Context<'_>) -> Result<Vec<Attachment>> {
        let domain::ReleaseImage { repository, digest, .. } = &self.image;
        Ok(attachment::of_image(ctx, (repository, digest), Some(self.application), (None, None)).await?)
    }
}
