//! What is attached to an image, shown with it.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::ApplicationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci;
use distr_domain::permission::Permission;
use distr_projections::application;
use distr_signature::{Kind, PublicKey};

use super::connection::{cost, paging};
use super::context::{ContextExt, read};
use super::guard::May;
use super::scalar::{Digest, Name, Repository, Tag};
use crate::failure::Failure;
use crate::operations::attachments::{self, Attachment as Found, Budget, Verified};
use crate::operations::trust::public_keys;

/// What an attachment of an artifact is, told by its media types.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum AttachmentKind {
    /// A signature of cosign, in any of its forms.
    Signature,
    /// SPDX, CycloneDX
    Sbom,
    /// how it was built
    Provenance,
    /// another signed statement
    Attestation,
    /// Anything else.
    Other,
}

/// Something that is attached to an artifact: a signature, an attestation, an SBOM.
#[derive(SimpleObject)]
pub(super) struct Attachment {
    /// What it is.
    kind: AttachmentKind,
    /// The digest of its manifest.
    digest: Digest,
    /// of the attached manifest and what it names, in bytes; of the manifest alone if the request read enough before it
    size: u64,
    /// The media type of its manifest.
    media_type: String,
    /// The artifact type that it names, if it names one.
    artifact_type: Option<String>,
    /// of a signed statement
    predicate_type: Option<String>,
    /// by which it is attached, in the older scheme; others have the image as their subject
    tag: Option<Tag>,
    /// SHA-256 of the public keys in base64: those that verified it, or else what it says of its key
    signed_by: Vec<String>,
    /// Whether a key that the application trusts signed it; nothing if it is not signed or no key is trusted.
    verified: Option<bool>,
    /// Whether all that it may have signed was looked at. False if it is damaged or too large, or if the request read as much of
    /// attachments as one may, 8 MiB: ask for fewer.
    readable: bool,
    /// The time of its push.
    pushed_at: DateTime<Utc>,
}

/// A page, with the keys that the application trusts now; without one, nothing is known to be good or bad.
pub(super) async fn of_image(
    ctx: &Context<'_>,
    (repository, image): (&RepositoryPath, &oci::Digest),
    application: Option<ApplicationId>,
    (first, after): (Option<u16>, Option<oci::Digest>),
) -> Result<Vec<Attachment>, Failure> {
    let organization = ctx.organization()?;
    let keys = match application {
        Some(id) => {
            let rows = application::by_ids(&read(ctx).await?, organization, &[id]).await?;
            public_keys(&rows.first().map(|row| row.signing_keys.clone()).unwrap_or_default())?
        }
        None => vec![],
    };
    let subject = attachments::Subject { organization, repository, digest: image };
    let page = (paging(first, None)?.first, after);
    let budget = ctx.data_unchecked::<Budget>();
    attachments::page(&ctx.hub().artifacts, subject, page, budget, |found| shown(found, image, &keys)).await
}

fn shown(found: Found, image: &oci::Digest, keys: &[PublicKey]) -> Attachment {
    let (verified, signed_by) = found.signers(image, keys);
    let (kind, predicate_type) = (found.kind().into(), found.predicate_type());
    let manifest = found.manifest;
    Attachment {
        kind,
        readable: found.is_read,
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
    /// What is attached to an image or another artifact: by the tags of cosign's older scheme, then what may bear a signature,
    /// then all else, each the oldest first; verified with the keys that an application trusts, if one is named. `after`: the
    /// digest of the last one of the page before; a page has 50, or as many as `first` says, and on the first one those of the
    /// tags. None for a customer's member, who sees them through releases.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "20 + cost(first, child_complexity)")]
    async fn attachments(
        &self,
        ctx: &Context<'_>,
        repository: Repository,
        digest: Digest,
        application: Option<Name>,
        first: Option<u16>,
        after: Option<Digest>,
    ) -> Result<Vec<Attachment>> {
        if ctx.scope()?.customer.is_some() {
            return Ok(vec![]);
        }
        ctx.caller()?.check_repository(&repository.0)?;
        let organization = ctx.organization()?;
        let application = application.map(|name| ApplicationId::of(organization, &name.0));
        let page = (first, after.map(|digest| digest.0));
        Ok(of_image(ctx, (&repository.0, &digest.0), application, page).await?)
    }
}
