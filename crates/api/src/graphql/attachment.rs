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
use super::scalar::{BigInt, Digest, Name, RepositoryName, Tag};
use crate::failure::Failure;
use crate::operations::attachments::{self, Attachment as Found, Budget, Verified};
use crate::operations::trust::public_keys;

/// The kind of an attachment of an artifact, told by its media types.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Kind")]
pub enum AttachmentKind {
    /// A signature of cosign, in any of its forms.
    Signature,
    /// An SBOM, in SPDX or CycloneDX.
    Sbom,
    /// A provenance: how the artifact was built.
    Provenance,
    /// An attestation: another signed statement.
    Attestation,
    /// An attachment of any other kind.
    Other,
}

/// An attachment of an artifact: a signature, an attestation, an SBOM.
#[derive(SimpleObject)]
pub(super) struct Attachment {
    /// The kind of the attachment.
    kind: AttachmentKind,
    /// The digest of the attached manifest.
    digest: Digest,
    /// The size in bytes of the attached manifest and what it names. The size is that of the manifest alone if the
    /// request read enough before it.
    size: BigInt,
    /// The media type of the attached manifest.
    media_type: String,
    /// The artifact type that the attached manifest names; null if it names none.
    artifact_type: Option<String>,
    /// The predicate type of a signed statement; null if there is none.
    predicate_type: Option<String>,
    /// The tag by which the manifest is attached, in cosign's older scheme; null for others, which have the image as
    /// their subject.
    tag: Option<Tag>,
    /// The fingerprints of the public keys, SHA-256 in base64: those that verified the attachment, or else what it says
    /// of its key.
    signed_by: Vec<String>,
    /// True if a key that the application trusts signed the attachment; null if it is not signed or no key is trusted.
    verified: Option<bool>,
    /// True if everything of the attachment that may be signed was looked at. The value is false if the attachment is
    /// damaged or too large. The value is also false if the request read as much of attachments as one may, 8 MiB; a
    /// request for fewer reads them.
    readable: bool,
    /// The time at which the attached manifest was pushed.
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
            let rows = application::by_ids(&*read(ctx).await?, organization, &[id]).await?;
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
        size: BigInt(manifest.blobs.iter().fold(manifest.size, |size, blob| size.saturating_add(blob.size))),
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
    /// The attachments of an image or another artifact, verified with the keys that an application trusts, if one is
    /// named. Attachments by the tags of cosign's older scheme come first, then what may bear a signature, then all
    /// else, each the oldest first. A page has 50 attachments, or as many as `first` says, and the first page also
    /// those of the tags. The list is empty for a customer's member, who sees attachments through releases.
    #[graphql(guard = "May(Permission::ReadCatalog)", complexity = "20 + cost(first, child_complexity)")]
    async fn attachments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the repository within the organization.")] repository: RepositoryName,
        #[graphql(desc = "The digest of the manifest.")] digest: Digest,
        #[graphql(
            desc = "The name of the application whose trusted keys verify the attachments; nothing is verified if left \
                    out."
        )]
        application: Option<Name>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The digest of the last attachment of the page before; the first page if left out.")]
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
