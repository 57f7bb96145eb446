//! What is attached to an image: by referrers (OCI distribution specification 1.1, section "Listing Referrers"), and by the
//! older scheme of tags, `sha256-<hex>.sig`, `.att`, `.sbom`.

use std::collections::{BTreeMap, HashSet};

use distr_domain::ids::OrganizationId;
use distr_domain::names::RepositoryPath;
use distr_domain::oci::{Descriptor, Digest, Tag};
use distr_domain::trust::SignedLayer;
use distr_projections::artifact::{self, AttachedPage, AttachedRow, ManifestRow};
use distr_signature::{Claim, Kind, PublicKey, is_signed, kind_of_predicate, kind_of_type};
use futures_util::TryStreamExt;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::failure::Failure;
use crate::models::Artifacts;

pub mod search;

/// A signature goes into the log and to each agent; an honest one has some hundred bytes. Also in `attachment_rank` of the
/// read models.
pub const MAX_SIGNATURE: u64 = 64 * 1024;
/// A signed layer that is larger is an attestation whose statement nobody reads here; so is what comes after such an amount of
/// smaller ones.
const MAX_LAYER: u64 = 1024 * 1024;
/// Bytes that one request reads of attachments.
const MAX_BYTES: u64 = 8 * 1024 * 1024;
/// What an attachment and a layer take of that at least: each costs some questions, however small it is.
const MIN_BYTES: u64 = 4 * 1024;
/// Where the tag scheme keeps a layer's signature.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// A manifest that something may be attached to.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub organization: OrganizationId,
    pub repository: &'a RepositoryPath,
    pub digest: &'a Digest,
}

pub struct Attachment {
    pub manifest: ManifestRow,
    /// of the tag scheme
    pub tag: Option<Tag>,
    pub signed: Vec<SignedLayer>,
    /// whether `signed` holds all that may be signed
    pub is_read: bool,
    /// what the layers say that are not read
    types: Vec<String>,
}

/// What one request may still read of attachments, over all of its fields, which read one after the other.
pub struct Budget(Mutex<u64>);

impl Default for Budget {
    fn default() -> Self {
        Self(Mutex::new(MAX_BYTES))
    }
}

impl Budget {
    /// Whether there was as much left.
    pub(super) async fn spend(&self, bytes: u64) -> bool {
        spend(&mut *self.0.lock().await, bytes)
    }
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

/// One page of what is attached, each as `show` makes it: nothing else of an attachment stays in memory.
pub async fn page<T>(
    artifacts: &Artifacts,
    subject: Subject<'_>,
    (first, after): (u16, Option<Digest>),
    budget: &Budget,
    show: impl Fn(Attachment) -> T,
) -> Result<Vec<T>, Failure> {
    let mut left = budget.0.lock().await;
    let page = AttachedPage { first, after, max_bytes: *left };
    let mut shown = vec![];
    for found in attached(artifacts, subject, &page).await? {
        shown.push(show(read(artifacts, found, MAX_LAYER, &mut left).await?));
    }
    Ok(shown)
}

async fn attached(
    artifacts: &Artifacts,
    subject: Subject<'_>,
    page: &AttachedPage,
) -> Result<Vec<AttachedRow>, Failure> {
    let Subject { organization, repository, digest } = subject;
    Ok(artifact::attached(&*artifacts.models.client().await?, organization, repository, digest, page).await?)
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

/// An attachment that is damaged, lies about its sizes or is too large is there all the same, unread: whoever may push must
/// not hide the others with it.
async fn read(
    artifacts: &Artifacts,
    found: AttachedRow,
    max_layer: u64,
    left: &mut u64,
) -> Result<Attachment, Failure> {
    let AttachedRow { manifest, tag, is_whole, .. } = found;
    let mut types: Vec<String> = manifest.artifact_type.iter().cloned().collect();
    types.extend(manifest.blobs.iter().map(|blob| blob.media_type.clone()));
    let unread = |manifest, types, is_read| Attachment { manifest, tag: tag.clone(), signed: vec![], is_read, types };
    let signed: Vec<&Descriptor> = manifest.blobs.iter().filter(|blob| is_signed(&blob.media_type)).collect();
    let sizes = signed.iter().map(|blob| blob.size).filter(|size| *size <= max_layer);
    let readable: u64 = sizes.map(|size| size.max(MIN_BYTES)).sum();
    let is_affordable = spend(left, manifest.size.saturating_add(readable.min(MAX_LAYER)));
    if readable == 0 || !is_affordable {
        let is_read = is_whole && signed.is_empty();
        return Ok(unread(manifest, types, is_read));
    }
    let text = text(artifacts, &manifest.digest, manifest.size).await?;
    let Some(annotated) = text.and_then(|text| serde_json::from_str::<Annotated>(&text).ok()) else {
        return Ok(unread(manifest, types, false));
    };
    // an in-toto layer may say what it is without being read
    types.extend(annotated.annotations.get("in-toto.io/predicate-type").cloned());
    let (signed, is_read) = layers(artifacts, &manifest, annotated.layers, max_layer).await?;
    Ok(Attachment { manifest, tag, signed, is_read, types })
}

/// The signed layers of a manifest that are no larger than `max_layer`, and whether that is all.
async fn layers(
    artifacts: &Artifacts,
    manifest: &ManifestRow,
    layers: Vec<AnnotatedLayer>,
    max_layer: u64,
) -> Result<(Vec<SignedLayer>, bool), Failure> {
    let held = held(artifacts, manifest, &layers).await?;
    let (mut signed, mut is_all, mut left) = (vec![], true, MAX_LAYER);
    for layer in layers {
        let blob = manifest.blobs.iter().find(|blob| blob.digest == layer.digest);
        let Some(blob) = blob.filter(|blob| is_signed(&blob.media_type)) else { continue };
        let is_readable = held.contains(&blob.digest) && blob.size <= max_layer && spend(&mut left, blob.size);
        let content = match is_readable {
            true => text(artifacts, &layer.digest, blob.size).await?,
            false => None,
        };
        let Some(content) = content else {
            is_all = false;
            continue;
        };
        let signature = layer.annotations.get(SIGNATURE).filter(|text| !text.is_empty()).cloned();
        signed.push(SignedLayer { media_type: layer.media_type, signature, content });
    }
    Ok((signed, is_all))
}

/// Whether there was as much left; if not, there is nothing any more.
fn spend(left: &mut u64, bytes: u64) -> bool {
    let rest = left.checked_sub(bytes.max(MIN_BYTES));
    *left = rest.unwrap_or_default();
    rest.is_some()
}

/// Which of the layers the manifest's repository holds: what a manifest merely names is not read.
async fn held(
    artifacts: &Artifacts,
    manifest: &ManifestRow,
    layers: &[AnnotatedLayer],
) -> Result<HashSet<Digest>, Failure> {
    let digests: Vec<Digest> = layers.iter().map(|layer| layer.digest.clone()).collect();
    let client = artifacts.models.client().await?;
    let held = distr_registry::held_blobs(&client, manifest.organization, &manifest.repository, &digests).await;
    held.map_err(Failure::fault)
}

/// Whether the manifest's repository holds the blob.
pub(super) async fn held_alone(
    artifacts: &Artifacts,
    manifest: &ManifestRow,
    digest: &Digest,
) -> Result<bool, Failure> {
    let client = artifacts.models.client().await?;
    let digests = std::slice::from_ref(digest);
    let held = distr_registry::held_blobs(&client, manifest.organization, &manifest.repository, digests).await;
    Ok(!held.map_err(Failure::fault)?.is_empty())
}

/// Nothing if the blob is not there, has another size, or is no text, as signatures are in all schemes.
pub(super) async fn text(artifacts: &Artifacts, digest: &Digest, size: u64) -> Result<Option<String>, Failure> {
    let bytes = bytes(artifacts, digest, size).await?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
}

/// Nothing if the blob is not there, or has another size.
pub(super) async fn bytes(artifacts: &Artifacts, digest: &Digest, size: u64) -> Result<Option<Vec<u8>>, Failure> {
    let opened = artifacts.blobs.open(digest).await.map_err(Failure::fault)?;
    let Some(opened) = opened.filter(|opened| opened.size() == size) else { return Ok(None) };
    let stream = opened.read(0..size).await.map_err(Failure::fault)?;
    let parts: Vec<_> = stream.try_collect().await.map_err(Failure::fault)?;
    Ok(Some(parts.concat()))
}
