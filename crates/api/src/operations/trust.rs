//! "Only signed by these keys": asked of each image of a release when it is published.

use distr_domain::application::Application;
use distr_domain::ids::{ApplicationId, OrganizationId};
use distr_domain::release::{ReleaseArtifact, ReleaseContent};
use distr_domain::trust::{ImageSignature, ReleaseTrust, SigningPolicy, TrustedKey};
use distr_signature::{Claim, PublicKey, verify};

use super::attachments;
use crate::error::ApiError;
use crate::hub::Hub;

const MAX_KEYS: usize = 20;
const MAX_PEM: usize = 8 * 1024;
/// A signature goes into the log and to each agent; an honest one has some hundred bytes.
const MAX_SIGNATURE: usize = 64 * 1024;

/// A policy of keys that can be used.
pub fn policy(keys: Vec<TrustedKey>) -> Result<SigningPolicy, ApiError> {
    if keys.len() > MAX_KEYS {
        return Err(ApiError::BadInput(format!("{} keys are too many; use at most {MAX_KEYS}", keys.len())));
    }
    if let Some(key) = keys.iter().find(|key| key.pem.len() > MAX_PEM) {
        return Err(ApiError::BadInput(format!("key \"{}\" has more than {MAX_PEM} bytes", key.name)));
    }
    public_keys(&keys)?;
    Ok(SigningPolicy { keys })
}

pub fn public_keys(keys: &[TrustedKey]) -> Result<Vec<PublicKey>, ApiError> {
    let keys: Result<_, _> = keys.iter().map(PublicKey::parse).collect();
    keys.map_err(|error| ApiError::BadInput(error.to_string()))
}

/// What the release is published with; nothing if its application trusts everything.
pub async fn of_release(
    hub: &Hub,
    organization: OrganizationId,
    application: ApplicationId,
    content: &ReleaseContent,
) -> Result<Option<ReleaseTrust>, ApiError> {
    let SigningPolicy { keys } = super::load::<Application>(hub, application.0).await?.signing_policy;
    if keys.is_empty() {
        return Ok(None);
    }
    let public = public_keys(&keys)?;
    let mut signatures: Vec<ImageSignature> = vec![];
    for artifact in &content.artifacts {
        let is_known =
            |known: &ImageSignature| (&known.repository, &known.digest) == (&artifact.repository, &artifact.digest);
        if !signatures.iter().any(is_known) {
            signatures.push(signature(hub, organization, artifact, &public).await?);
        }
    }
    Ok(Some(ReleaseTrust { keys, signatures }))
}

async fn signature(
    hub: &Hub,
    organization: OrganizationId,
    artifact: &ReleaseArtifact,
    keys: &[PublicKey],
) -> Result<ImageSignature, ApiError> {
    let ReleaseArtifact { service, repository, digest, .. } = artifact;
    let attached = attachments::of_image(hub, organization, repository, digest).await?;
    let layers = attached.into_iter().flat_map(|attachment| attachment.signed);
    let readable = layers.filter(|layer| layer.content.len() <= MAX_SIGNATURE);
    let (layers, claims): (Vec<_>, Vec<_>) =
        readable.filter_map(|layer| Claim::read(&layer).map(|claim| (layer, claim))).unzip();
    match verify(digest, &claims, keys) {
        Ok((key, index)) => Ok(ImageSignature {
            repository: repository.clone(),
            digest: digest.clone(),
            key: key.name.clone(),
            layer: layers.into_iter().nth(index).expect("a layer for each claim"),
        }),
        Err(reason) => Err(ApiError::Rejected {
            code: "release.unverified_image",
            message: format!("service \"{service}\": image {repository}@{digest} may not be released: {reason}"),
        }),
    }
}
