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
}

impl SigningPolicy {
    /// A name that stands for two keys.
    pub fn ambiguous(&self) -> Option<&Slug> {
        let mut seen = BTreeSet::new();
        self.keys.iter().map(|key| &key.name).find(|name| !seen.insert(*name))
    }
}

/// What a release's images are checked against, from its publishing on: the policy's keys as they were then, and for each
/// image a signature that one of them made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseTrust {
    pub keys: Vec<TrustedKey>,
    pub signatures: Vec<ImageSignature>,
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
