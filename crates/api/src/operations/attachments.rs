//! What is attached to an image: by referrers (OCI distribution specification 1.1, section "Listing Referrers"), and by the
//! older scheme of tags, `sha256-<hex>.sig`, `.att`, `.sbom`.

use std::collections::BTreeMap;

use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Descriptor, Digest, Tag};
use distr_domain::trust::SignedLayer;
use distr_projections::artifact::{self, ManifestRow};
use distr_signature::{Claim, Kind, PublicKey, is_signed, kind_of_predicate, kind_of_type};
use futures_util::TryStreamExt;
use serde::Deserialize;

use crate::error::ApiError;
use crate::hub::Hub;

/// A signed layer that is larger is an attestation whose statement nobody reads here.
const MAX_LAYER: u64 = 1024 * 1024;
/// Where the tag scheme keeps a layer's signature.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

pub struct Attachment {
    pub manifest: ManifestRow,
    /// of the tag scheme
    pub tag: Option<Tag>,
    pub signed: Vec<SignedLayer>,
    /// what the layers say that are not read
    types: Vec<String>,
}

/// Whether a trusted key signed an attachment's claim of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verified {
    Yes,
    No,
    /// it is not signed, or no key is trusted
    Unknown,
}

/// The parts of a manifest that the read models do not keep.
#[derive(Deserialize)]
struct Annotated {
    #[serde(default)]
    layers: Vec<AnnotatedLayer>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnnotatedLayer {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// In the order in which they were pushed.
pub async fn of_image(
    hub: &Hub,
    organization: OrganizationId,
    repository: &RepositoryPath,
    image: &Digest,
) -> Result<Vec<Attachment>, ApiError> {
    let attached = artifact::attached(&hub.read().await?, organization, repository, image).await?;
    let mut attachments = Vec::with_capacity(attached.len());
    for found in attached {
        attachments.push(read(hub, found.manifest, found.tag).await?);
    }
    Ok(attachments)
}

impl Attachment {
    pub fn claims(&self) -> Vec<Claim> {
        self.signed.iter().filter_map(Claim::read).collect()
    }

    pub fn predicate_type(&self) -> Option<String> {
        self.claims().into_iter().find_map(|claim| claim.predicate_type)
    }

    pub fn kind(&self) -> Kind {
        let claims = self.claims();
        match claims.first() {
            Some(claim) if claim.is_signature() => Kind::Signature,
            Some(claim) => claim.predicate_type.as_deref().map_or(Kind::Attestation, kind_of_predicate),
            None => {
                let kinds = self.types.iter().map(|media_type| kind_of_type(media_type));
                kinds.into_iter().find(|kind| *kind != Kind::Other).unwrap_or(Kind::Other)
            }
        }
    }

    /// By whom its claims of `image` are signed: a trusted key's name, or what the signature says of its key.
    pub fn signers(&self, image: &Digest, keys: &[PublicKey]) -> (Verified, Vec<String>) {
        let claims = self.claims();
        let of_image = claims.iter().filter(|claim| claim.subjects.contains(image));
        let trusted: Vec<String> =
            of_image.filter_map(|claim| claim.signer(keys)).map(|key| key.id().to_owned()).collect();
        match (trusted.is_empty(), claims.is_empty() || keys.is_empty()) {
            (false, _) => (Verified::Yes, trusted),
            (true, true) => (Verified::Unknown, claims.into_iter().filter_map(|claim| claim.key_hint).collect()),
            (true, false) => (Verified::No, claims.into_iter().filter_map(|claim| claim.key_hint).collect()),
        }
    }
}

async fn read(hub: &Hub, manifest: ManifestRow, tag: Option<Tag>) -> Result<Attachment, ApiError> {
    let mut types: Vec<String> = manifest.artifact_type.iter().cloned().collect();
    types.extend(manifest.blobs.iter().map(|blob| blob.media_type.clone()));
    let readable = |blob: &Descriptor| is_signed(&blob.media_type) && blob.size <= MAX_LAYER;
    if !manifest.blobs.iter().any(readable) {
        return Ok(Attachment { manifest, tag, signed: vec![], types });
    }
    let bytes = text(hub, &manifest.digest, manifest.size).await?;
    let annotated: Annotated = serde_json::from_str(&bytes).map_err(ApiError::fault)?;
    // an in-toto layer may say what it is without being read
    types.extend(annotated.annotations.get("in-toto.io/predicate-type").cloned());
    let mut signed = vec![];
    for layer in annotated.layers {
        let Some(blob) = manifest.blobs.iter().find(|blob| blob.digest == layer.digest).filter(|blob| readable(blob))
        else {
            continue;
        };
        let content = text(hub, &layer.digest, blob.size).await?;
        let signature = layer.annotations.get(SIGNATURE).filter(|text| !text.is_empty()).cloned();
        signed.push(SignedLayer { media_type: layer.media_type, signature, content });
    }
    Ok(Attachment { manifest, tag, signed, types })
}

async fn text(hub: &Hub, digest: &Digest, size: u64) -> Result<String, ApiError> {
    let stream = hub.blobs.read(digest, 0..size).await.map_err(ApiError::fault)?;
    let parts: Vec<_> = stream.try_collect().await.map_err(ApiError::fault)?;
    // signatures are text in all schemes; what is not is none
    Ok(String::from_utf8(parts.concat()).unwrap_or_default())
}
