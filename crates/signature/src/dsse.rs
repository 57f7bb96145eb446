//! DSSE envelopes (secure-systems-lab/dsse, protocol 1.0) around in-toto statements (in-toto/attestation, 0.1 and 1).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::oci::Digest;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Envelope {
    payload_type: String,
    payload: String,
    #[serde(default)]
    signatures: Vec<Signature>,
}

#[derive(Deserialize)]
struct Signature {
    sig: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statement {
    #[serde(default)]
    subject: Vec<Subject>,
    pub(crate) predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: BTreeMap<String, String>,
}

impl Envelope {
    pub(crate) fn payload(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.payload).ok()
    }

    /// What was signed: the pre-authentication encoding.
    pub(crate) fn message(&self, payload: &[u8]) -> Vec<u8> {
        let kind = &self.payload_type;
        let mut message = format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).into_bytes();
        message.extend_from_slice(payload);
        message
    }

    pub(crate) fn signatures(&self) -> Vec<Vec<u8>> {
        self.signatures.iter().filter_map(|signature| STANDARD.decode(&signature.sig).ok()).collect()
    }
}

impl Statement {
    pub(crate) fn subjects(&self) -> Vec<Digest> {
        let digests = self.subject.iter().flat_map(|subject| &subject.digest);
        digests.filter_map(|(algorithm, hex)| format!("{algorithm}:{hex}").parse().ok()).collect()
    }
}
