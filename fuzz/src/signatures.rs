//! What is attached to images, and the keys that vendors give.

use distr_domain::oci::Digest;
use distr_domain::trust::{SignedLayer, TrustedKey};
use distr_signature::{
    BUNDLE, Claim, DSSE, PublicKey, ReleaseStatement, SIMPLE_SIGNING, bundle, kind_of_predicate, kind_of_type, verify,
    verify_release,
};

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

/// An envelope, or the statement in one.
pub fn release_signature(bytes: &[u8]) {
    let trusted = [key(TRUSTED).expect("a key of cosign's")];
    let names = ("acme".parse().expect("a name"), "1.0.0".parse().expect("a version"));
    let digest: Digest = format!("sha256:{}", "0".repeat(64)).parse().expect("a digest");
    let services = [("web".to_owned(), "acme/web".to_owned(), digest)];
    let release = ReleaseStatement::new((&names.0, &names.0, &names.1), "services: {}", services);
    let mut layers = vec![bundle(bytes, "", b"nobody's")];
    if let Some(text) = crate::text(bytes) {
        layers.extend([DSSE, BUNDLE].map(|media_type| SignedLayer {
            media_type: media_type.to_owned(),
            signature: None,
            content: text.to_owned(),
        }));
    }
    for layer in &layers {
        let Some(signed) = ReleaseStatement::read(layer) else { continue };
        assert!(signed.difference(&signed).is_none());
        assert_eq!(signed.difference(&release).is_none(), release.difference(&signed).is_none());
    }
    // nobody signed this one with this key
    assert!(verify_release(&release, &layers, &trusted).is_err());
}

fn key(pem: &str) -> Option<PublicKey> {
    let name = "ci".parse().expect("a name");
    PublicKey::parse(&TrustedKey { name, pem: pem.to_owned() }).ok()
}
