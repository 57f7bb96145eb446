//! DSSE envelopes (secure-systems-lab/dsse, protocol 1.0) around in-toto statements (in-toto/attestation, 0.1 and 1).

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::oci::Digest;
use distr_domain::trust::SignedLayer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// The types of in-toto statements, as cosign 2 and cosign 3 write them.
const STATEMENTS: [&str; 2] = ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"];
/// An envelope's signatures that are looked at.
pub const MAX_SIGNATURES: usize = 8;
/// The media type of a DSSE envelope by itself.
pub const DSSE: &str = "application/vnd.dsse.envelope.v1+json";
/// The media type of a sigstore bundle, without the version that follows in one of two ways: `.v0.3+json`, `+json;version=0.1`.
pub const BUNDLE: &str = "application/vnd.dev.sigstore.bundle";
/// The payload type of in-toto statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    payload_type: String,
    payload: String,
    #[serde(default)]
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
struct Signature {
    sig: String,
}

/// A sigstore bundle (0.1 to 0.3) as far as keys and envelopes go.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    #[serde(default)]
    media_type: String,
    #[serde(default)]
    verification_material: Material,
    dsse_envelope: Option<Envelope>,
}

#[derive(Serialize, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Material {
    public_key: Option<Hint>,
}

#[derive(Serialize, Deserialize)]
struct Hint {
    #[serde(default)]
    hint: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    #[serde(rename = "_type")]
    statement_type: String,
    #[serde(default)]
    subject: Vec<Subject>,
    pub(crate) predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default, deserialize_with = "each_once")]
    digest: BTreeMap<String, String>,
}

/// A key that stands twice in a statement means one thing to one reader and another to the next: such a statement says nothing.
pub(crate) fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Once;
    impl<'de> Visitor<'de> for Once {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut seen = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if seen.contains_key(&key) {
                    return Err(A::Error::custom(format!("{key:?} stands there twice")));
                }
                seen.insert(key, value);
            }
            Ok(seen)
        }
    }
    deserializer.deserialize_map(Once)
}

/// The bytes that are signed of a payload: the pre-authentication encoding of DSSE.
pub fn pre_authentication(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    message
}

/// A sigstore bundle 0.3 around an in-toto statement that a key signed, as cosign 3 writes it. `key_id` is
/// `PublicKey::id`; `signature` is of `pre_authentication(IN_TOTO, statement)`.
pub fn bundle(statement: &[u8], key_id: &str, signature: &[u8]) -> SignedLayer {
    rewritten(statement, Some(key_id), &[signature])
}

/// A bundle if it is said of which key, or else a bare envelope.
pub(crate) fn rewritten<S: AsRef<[u8]>>(statement: &[u8], key_id: Option<&str>, signatures: &[S]) -> SignedLayer {
    let envelope = Envelope {
        payload_type: IN_TOTO.to_owned(),
        payload: STANDARD.encode(statement),
        signatures: signatures.iter().map(|signature| Signature { sig: STANDARD.encode(signature) }).collect(),
    };
    let Some(key_id) = key_id else {
        let content = serde_json::to_string(&envelope).expect("texts are JSON");
        return SignedLayer { media_type: DSSE.to_owned(), signature: None, content };
    };
    let media_type = format!("{BUNDLE}.v0.3+json");
    let bundle = Bundle {
        media_type: media_type.clone(),
        verification_material: Material { public_key: Some(Hint { hint: key_id.to_owned() }) },
        dsse_envelope: Some(envelope),
    };
    let content = serde_json::to_string(&bundle).expect("texts are JSON");
    SignedLayer { media_type, signature: None, content }
}

/// An envelope by its text: what tells a bundle from a bare one is the media type that it says itself. Nothing if it is no
/// JSON object.
pub fn envelope_layer(text: &str) -> Option<SignedLayer> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Named {
        #[serde(default)]
        media_type: String,
    }
    let content = text.trim().to_owned();
    let Named { media_type } = serde_json::from_str(&content).ok()?;
    let media_type = if media_type.starts_with(BUNDLE) { media_type } else { DSSE.to_owned() };
    Some(SignedLayer { media_type, signature: None, content })
}

impl Envelope {
    /// The envelope of a layer of one of both media types, and what its bundle says of the key.
    pub(crate) fn read(layer: &SignedLayer) -> Option<(Self, Option<String>)> {
        if layer.media_type == DSSE {
            return Some((serde_json::from_str(&layer.content).ok()?, None));
        }
        if !layer.media_type.starts_with(BUNDLE) {
            return None;
        }
        let bundle: Bundle = serde_json::from_str(&layer.content).ok()?;
        let hint = bundle.verification_material.public_key.map(|key| key.hint).filter(|hint| !hint.is_empty());
        Some((bundle.dsse_envelope?, hint))
    }

    pub(crate) fn is_in_toto(&self) -> bool {
        self.payload_type == IN_TOTO
    }

    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.payload).ok()
    }

    /// What was signed: the pre-authentication encoding.
    pub(crate) fn message(&self, payload: &[u8]) -> Vec<u8> {
        pre_authentication(&self.payload_type, payload)
    }

    pub(crate) fn count(&self) -> usize {
        self.signatures.len()
    }

    /// The first few: each costs a computation with each key.
    pub(crate) fn signatures(&self) -> Vec<Vec<u8>> {
        self.signatures
            .iter()
            .take(MAX_SIGNATURES)
            .filter_map(|signature| STANDARD.decode(&signature.sig).ok())
            .collect()
    }
}

impl Statement {
    pub(crate) fn is_known(&self) -> bool {
        STATEMENTS.contains(&self.statement_type.as_str())
    }

    pub(crate) fn subjects(&self) -> Vec<Digest> {
        let digests = self.subject.iter().flat_map(|subject| &subject.digest);
        digests.filter_map(|(algorithm, hex)| format!("{algorithm}:{hex}").parse().ok()).collect()
    }
}
