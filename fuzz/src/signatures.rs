//! What is attached to images, and the keys that vendors give.

use distr_domain::oci::Digest;
use distr_domain::trust::{SignedLayer, TrustedKey};
use distr_signature::{BUNDLE, Claim, DSSE, PublicKey, SIMPLE_SIGNING, kind_of_predicate, kind_of_type, verify};

const TRUSTED: &str = include_str!("../../crates/signature/tests/cosign/key.pub");

/// A layer or a key. A layer's first line is the signature of its annotation, or empty.
pub fn signature(bytes: &[u8]) {
    let Some(text) = crate::text(bytes) else { return };
    let _ = kind_of_type(text);
    let _ = key(text);
    let Some((annotation, content)) = text.split_once('\n') else { return };
    let trusted = [key(TRUSTED).expect("a key of cosign's")];
    for media_type in [SIMPLE_SIGNING, DSSE, BUNDLE] {
        let layer = SignedLayer {
            media_type: media_type.to_owned(),
            signature: Some(annotation.to_owned()).filter(|text| !text.is_empty()),
            content: content.to_owned(),
        };
        let Some(claim) = Claim::read(&layer) else { continue };
        claim.predicate_type.as_deref().map(kind_of_predicate);
        // nobody signed the digest of zeros with this key
        let other: Digest = format!("sha256:{}", "0".repeat(64)).parse().expect("a digest");
        assert!(verify(&other, &[claim], &trusted).is_err());
    }
}

fn key(pem: &str) -> Option<PublicKey> {
    let name = "ci".parse().expect("a name");
    PublicKey::parse(&TrustedKey { name, pem: pem.to_owned() }).ok()
}
