//! What is attached to an image, shown with it.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::ApplicationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci;
use distr_domain::permission::Permission;
use distr_projections::application;
use distr_signature::{Kind, PublicKey};

use super::context::{ContextExt, read};
use super::guard::May;
use super::scalar::{Digest, Name, Repository, Tag};
use crate::error::ApiError;
use crate::operations::attachments::{self, Attachment as Found, Verified};
use crate::operations::trust::public_keys;

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum AttachmentKind {
    Signature,
    /// SPDX, CycloneDX
    Sbom,
    /// how it was built
    Provenance,
    /// another signed statement
    Attestation,
    Other,
}

#[derive(SimpleObject)]
pub(super) struct Attachment {
    kind: AttachmentKind,
    digest: Digest,
    /// of the attached manifest and what it names, in bytes
    size: u64,
    media_type: String,
    artifact_type: Option<String>,
    /// of a signed statement
    predicate_type: Option<String>,
    /// by which it is attached, in the older scheme; others have the image as their subject
    tag: Option<Tag>,
    /// SHA-256 of the public keys in base64: those that verified it, or else what it says of its key
    signed_by: Vec<String>,
    /// Whether a key that the application trusts signed it; nothing if it is not signed or no key is trusted.
    verified: Option<bool>,
    pushed_at: DateTime<Utc>,
}

/// With the keys that the application trusts now; without one, nothing is known to be good or bad.
pub(super) async fn of_image(
    ctx: &Context<'_>,
    repository: &RepositoryPath,
    image: &oci::Digest,
    application: Option<ApplicationId>,
) -> Result<Vec<Attachment>, ApiError> {
    let organization = ctx.organization()?;
    let keys = match application {
        Some(id) => {
            let rows = application::by_ids(&read(ctx).await?, organization, &[id]).await?;
            public_keys(&rows.first().map(|row| row.signing_keys.clone()).unwrap_or_default())?
        }
        None => vec![],
    };
    let found = attachments::of_image(ctx.hub(), organization, repository, image).await?;
    Ok(found.into_iter().map(|found| shown(found, image, &keys)).collect())
}

fn shown(found: Found, image: &oci::Digest, keys: &[PublicKey]) -> Attachment {
    let (verified, signed_by) = found.signers(image, keys);
    let (kind, predicate_type) = (found.kind().into(), found.predicate_type());
    let manifest = found.manifest;
    Attachment {
        kind,
        size: manifest.size + manifest.blobs.iter().map(|blob| blob.size).sum::<u64>(),
        digest: manifest.digest.into(),
        media_type: manifest.media_type,
        artifact_type: manifest.artifact_type,
        predicate_type,
        tag: found.tag.map(Tag),
        signed_by,
        verified: match verified {
            Verified::Yes => Some(true),
            Verified::No => Some(false),
            Verified::Unknown => None,
        },
        pushed_at: manifest.pushed_at,
    }
}

#[derive(Default)]
pub(super) struct AttachmentQuery;

#[Object]
impl AttachmentQuery {
    /// What is attached to an image or another artifact, the oldest first; verified with the keys that an application
    /// trusts, if one is named. None for a customer's member, who sees them through releases.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "20 + 20 * child_complexity")]
    async fn attachments(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        digest: Digest,
        application: Option<Name>,
    ) -> Result<Vec<Attachment>> {
        if ctx.scope()?.customer.is_some() {
            return Ok(vec![]);
        }
        let organization = ctx.organization()?;
        let application = application.map(|name| ApplicationId::of(organization, &name.0));
        Ok(of_image(ctx, &repository.0, &digest.0, application).await?)
    }
}
