use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::trust::TrustedKey;
use serde_json::{Value, json};

use super::*;
use crate::{IN_TOTO, MAX_SIGNATURES, envelope_layer, pre_authentication};

const PAYLOAD: &[u8] = b"{}";

fn public(pair: &Ed25519KeyPair) -> PublicKey {
    let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
    let der = STANDARD.encode([&prefix[..], pair.public_key().as_ref()].concat());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n");
    PublicKey::parse(&TrustedKey { name: "release".parse().unwrap(), pem }).unwrap()
}

fn envelope(signatures: &[&[u8]], more: Value) -> SignedLayer {
    let signatures: Vec<Value> = signatures.iter().map(|bytes| json!({ "sig": STANDARD.encode(bytes) })).collect();
    let mut envelope = json!({ "payloadType": IN_TOTO, "payload": STANDARD.encode(PAYLOAD), "signatures": signatures });
    envelope.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    envelope_layer(&envelope.to_string()).unwrap()
}

#[test]
fn variants_of_one_signature_are_one() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let keys = [public(&pair)];
    let good = pair.sign(&pre_authentication(IN_TOTO, PAYLOAD));
    let good = good.as_ref();
    let plain = Canonical::read(&envelope(&[good], json!({})), &keys).unwrap();
    assert_eq!(plain.signer.map(PublicKey::id), Some(keys[0].id()));
    for variant in [
        envelope(&[good], json!({ "n": 1, "more": "x".repeat(1000) })),
        envelope(&[b"junk", good], json!({})),
        envelope(&[good, good, b"junk"], json!({})),
        bundle(PAYLOAD, "another hint", good),
    ] {
        let read = Canonical::read(&variant, &keys).unwrap();
        assert_eq!((read.layer, read.payload), (plain.layer.clone(), plain.payload.clone()));
    }
    // and it is read again
    assert!(Canonical::read(&plain.layer, &keys).unwrap().signer.is_some());
}

#[test]
fn an_unknown_signature_keeps_nothing_but_itself() {
    let read = |more| Canonical::read(&envelope(&[b"a"], more), &[]).unwrap();
    let (plain, padded) = (read(json!({})), read(json!({ "n": 1 })));
    assert!(plain.signer.is_none());
    assert_eq!(plain.layer, padded.layer);
    assert!(Canonical::read(&envelope(&[], json!({})), &[]).is_none());
}

#[test]
fn few_signatures_are_looked_at() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let keys = [public(&pair)];
    let good = pair.sign(&pre_authentication(IN_TOTO, PAYLOAD));
    let mut signatures: Vec<&[u8]> = vec![b"junk"; MAX_SIGNATURES];
    signatures.push(good.as_ref());
    let layer = envelope(&signatures, json!({}));
    assert_eq!(signature_count(&layer), MAX_SIGNATURES + 1);
    assert!(Canonical::read(&layer, &keys).unwrap().signer.is_none());
}
