//! Signatures of releases as a whole, and what the hub knows of who made them.

use async_graphql::{Enum, SimpleObject};
use distr_domain::trust as domain;

use crate::graphql::scalar::Name;

/// A signature of a release as a whole: of its compose file, the digest of each image, application, version and
/// organization.
#[derive(SimpleObject)]
pub(in crate::graphql) struct ReleaseSignature {
    /// The name of the application's key that made the signature; null if the application trusted no keys when it came.
    key: Option<Name>,
    /// The standing: what the hub found out when the signature came, and whether its key is trusted now.
    standing: SignatureStanding,
    /// The envelope: a sigstore bundle or a DSSE envelope around an in-toto statement, as JSON.
    envelope: String,
}

/// The hub's knowledge of who made a signature.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(in crate::graphql) enum SignatureStanding {
    /// A signature by a key that the application trusts now.
    Verified,
    /// A signature by a key that the application trusted when it came, and does not trust now.
    NotTrusted,
    /// A signature that nobody verified when it came, since the application trusted no keys: anybody who may publish
    /// may have made it. The standing stays so, also when its key is trusted later, until the same signature is added
    /// again with `releaseSign`. The signatures by which a release is promoted, deployed and run are verified anew each
    /// time, with the keys of the moment.
    Unverified,
}

impl ReleaseSignature {
    /// `trusted` are the ids of the keys that the application trusts now.
    pub(super) fn new(signature: &domain::ReleaseSignature, trusted: &[Option<String>]) -> Self {
        let standing = match &signature.verified {
            Some(by) if trusted.iter().flatten().any(|id| *id == by.key_id) => SignatureStanding::Verified,
            Some(_) => SignatureStanding::NotTrusted,
            None => SignatureStanding::Unverified,
        };
        Self { key: signature.key.clone().map(Name), standing, envelope: signature.layer.content.clone() }
    }
}
