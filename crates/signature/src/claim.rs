//! What a signed layer claims: something of these digests, under these signatures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::oci::Digest;
use distr_domain::trust::SignedLayer;
use serde::Deserialize;

use crate::dsse::{BUNDLE, DSSE, Envelope, Statement};
use crate::key::PublicKey;

/// The payload of a container signature; the signature itself is an annotation of the layer.
pub const SIMPLE_SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// The predicate that stands for nothing but the signature itself.
const SIGNATURE_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";

pub struct Claim {
    pub subjects: Vec<Digest>,
    /// of an attestation; a plain signature has none
    pub predicate_type: Option<String>,
    /// what a bundle says of its key
    pub key_hint: Option<String>,
    message: Vec<u8>,
    signatures: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
struct SimpleSigning {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    image: Image,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Image {
    #[serde(rename = "docker-manifest-digest")]
    digest: Digest,
}

/// Whether a layer of this type may hold a claim.
pub fn is_signed(media_type: &str) -> bool {
    media_type == SIMPLE_SIGNING || media_type == DSSE || media_type.starts_with(BUNDLE)
}

impl Claim {
    /// Nothing if the layer is none of the known kinds, or damaged.
    pub fn read(layer: &SignedLayer) -> Option<Self> {
        if layer.media_type == SIMPLE_SIGNING {
            return Self::of_simple_signing(layer);
        }
        let (envelope, key_hint) = Envelope::read(layer)?;
        Some(Self { key_hint, ..Self::of_envelope(&envelope)? })
    }

    fn of_simple_signing(layer: &SignedLayer) -> Option<Self> {
        let payload: SimpleSigning = serde_json::from_str(&layer.content).ok()?;
        let signature = STANDARD.decode(layer.signature.as_deref()?).ok()?;
        let is_container = ["cosign container image signature", "atomic container signature"];
        is_container.contains(&payload.critical.kind.as_str()).then(|| Self {
            subjects: vec![payload.critical.image.digest],
            predicate_type: None,
            key_hint: None,
            message: layer.content.clone().into_bytes(),
            signatures: vec![signature],
        })
    }

    fn of_envelope(envelope: &Envelope) -> Option<Self> {
        let payload = envelope.is_in_toto().then(|| envelope.payload())??;
        let statement: Statement = serde_json::from_slice(&payload).ok()?;
        statement.is_known().then(|| Self {
            subjects: statement.subjects(),
            predicate_type: Some(statement.predicate_type).filter(|kind| kind != SIGNATURE_PREDICATE),
            key_hint: None,
            message: envelope.message(&payload),
            signatures: envelope.signatures(),
        })
    }

    /// Whether it is a signature of the image itself, not an attestation about it.
    pub fn is_signature(&self) -> bool {
        self.predicate_type.is_none()
    }

    /// Which of these keys signed it.
    pub fn signer<'k>(&self, keys: &'k [PublicKey]) -> Option<&'k PublicKey> {
        keys.iter().find(|key| self.signatures.iter().any(|signature| key.verifies(&self.message, signature)))
    }
}
