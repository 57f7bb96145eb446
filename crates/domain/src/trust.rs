//! What a signing policy trusts, and the signatures that a release was published with. Text only: what a signature is worth
//! is computed elsewhere.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::names::{RepositoryPath, Slug};
use crate::oci::Digest;

/// A public key by the name that people know it by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrustedKey {
    pub name: Slug,
    /// SubjectPublicKeyInfo (RFC 5280) as PEM
    pub pem: String,
}

/// "Only signed by one of these keys." Without keys, anything goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SigningPolicy {
    pub keys: Vec<TrustedKey>,
    #[serde(default, skip_serializing_if = "SignedParts::is_images")]
    pub requires: SignedParts,
}

/// What one of the trusted keys must have signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedParts {
    /// each image by itself; the compose file is not signed
    #[default]
    Images,
    /// the release as a whole: the compose file with the digest of each image
    Release,
    ImagesAndRelease,
}

impl SignedParts {
    pub const fn images(self) -> bool {
        matches!(self, Self::Images | Self::ImagesAndRelease)
    }

    pub const fn release(self) -> bool {
        matches!(self, Self::Release | Self::ImagesAndRelease)
    }

    fn is_images(&self) -> bool {
        *self == Self::Images
    }
}

impl SigningPolicy {
    /// A name that stands for two keys.
    pub fn ambiguous(&self) -> Option<&Slug> {
        let mut seen = BTreeSet::new();
        self.keys.iter().map(|key| &key.name).find(|name| !seen.insert(*name))
    }

    /// Whether it demands anything.
    pub fn is_in_force(&self) -> bool {
        !self.keys.is_empty()
    }
}

/// What a release is checked against, from its publishing on: the policy as it was then, and what of the release one of its
/// keys had signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseTrust {
    pub keys: Vec<TrustedKey>,
    /// of each image, if the policy required that
    pub signatures: Vec<ImageSignature>,
    #[serde(default, skip_serializing_if = "SignedParts::is_images")]
    pub requires: SignedParts,
}

impl ReleaseTrust {
    pub fn signature_of(&self, repository: &RepositoryPath, digest: &Digest) -> Option<&ImageSignature> {
        self.signatures.iter().find(|of| (&of.repository, &of.digest) == (repository, digest))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSignature {
    pub repository: RepositoryPath,
    pub digest: Digest,
    /// the name of the key that signed
    pub key: Slug,
    pub layer: SignedLayer,
}

/// A signature of a release as a whole: of its compose file, the digest of each image, application, version and organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSignature {
    /// the name of the application's key that made it; absent if the application trusted no keys when it came
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Slug>,
    /// what exactly that key signed; absent with `key`, and in signatures that were kept before it was noted
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<VerifiedSignature>,
    /// a sigstore bundle or a DSSE envelope around an in-toto statement
    pub layer: SignedLayer,
}

/// Two signatures of one key over the same bytes say the same, whatever their own bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedSignature {
    /// SHA-256 of the public key's DER, in base64
    pub key_id: String,
    /// of the statement that was signed
    pub payload: Digest,
}

/// They travel to each agent.
pub const MAX_SIGNATURES: usize = 8;

impl ReleaseSignature {
    /// Whether the other one says nothing that this one does not.
    pub fn covers(&self, other: &Self) -> bool {
        match (&self.verified, &other.verified) {
            (Some(own), Some(other)) => own == other,
            (_, None) => self.layer == other.layer,
            (None, Some(_)) => false,
        }
    }

    /// Whether it may be kept beside these: one that no key is known for takes no room from one of a key.
    pub fn has_room_in(&self, kept: &[Self]) -> bool {
        self.key.is_some() || kept.len() < MAX_SIGNATURES || kept.iter().any(|before| before.key.is_none())
    }

    /// Keeps one more of a release. If there are as many as there may be, the oldest that no key was known for gives way,
    /// or else the oldest.
    pub fn keep(self, kept: &mut Vec<Self>) {
        if self.verified.is_some() {
            kept.retain(|before| before.key.is_some() || before.layer != self.layer);
        }
        if kept.len() >= MAX_SIGNATURES {
            let unverified = kept.iter().position(|before| before.key.is_none());
            kept.remove(unverified.unwrap_or_default());
        }
        kept.push(self);
    }
}

/// One layer of an attached manifest, as far as signatures go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedLayer {
    pub media_type: String,
    /// base64, from the layer's annotation, where the scheme puts it there
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// the layer's bytes, which are text in all schemes
    pub content: String,
}
