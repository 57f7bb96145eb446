use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::trust::{SignedLayer, TrustedKey};

use super::*;
use crate::{BUNDLE, DSSE, SIMPLE_SIGNING};

const SUBJECT: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";

fn subject() -> Digest {
    SUBJECT.parse().unwrap()
}

fn other() -> Digest {
    format!("sha256:{}", "0".repeat(64)).parse().unwrap()
}

fn key(name: &str, pem: &str) -> PublicKey {
    PublicKey::parse(&TrustedKey { name: name.parse().unwrap(), pem: pem.to_owned() }).unwrap()
}

fn cosigns() -> [PublicKey; 1] {
    [key("cosign", include_str!("../../tests/cosign/key.pub"))]
}

fn strangers() -> [PublicKey; 2] {
    [
        key("rsa", include_str!("../../tests/cosign/rsa.pub")),
        key("ed25519", include_str!("../../tests/cosign/ed25519.pub")),
    ]
}

fn layer(media_type: &str, content: &str, signature: Option<&str>) -> SignedLayer {
    SignedLayer {
        media_type: media_type.to_owned(),
        signature: signature.map(str::to_owned),
        content: content.to_owned(),
    }
}

fn bundle() -> SignedLayer {
    layer(&format!("{BUNDLE}.v0.3+json"), include_str!("../../tests/cosign/bundle.json"), None)
}

fn simple() -> SignedLayer {
    let signature = include_str!("../../tests/cosign/payload.sig");
    layer(SIMPLE_SIGNING, include_str!("../../tests/cosign/payload.json"), Some(signature))
}

fn attestation() -> SignedLayer {
    layer(DSSE, include_str!("../../tests/cosign/attestation.json"), None)
}

fn claims(layers: &[SignedLayer]) -> Vec<Claim> {
    layers.iter().filter_map(Claim::read).collect()
}

fn signer(layers: &[SignedLayer], keys: &[PublicKey]) -> Result<String, Unverified> {
    verify(&subject(), &claims(layers), keys).map(|(key, _)| key.name.to_string())
}

#[test]
fn what_both_cosigns_signed_is_verified_by_their_key_alone() {
    for layer in [bundle(), simple()] {
        assert_eq!(signer(std::slice::from_ref(&layer), &cosigns()).unwrap(), "cosign");
        let trusted = "\"rsa\", \"ed25519\"".to_owned();
        assert_eq!(signer(&[layer], &strangers()).unwrap_err(), Unverified::UnknownKey { trusted });
    }
}

#[test]
fn a_bundle_names_its_key() {
    let claim = Claim::read(&bundle()).unwrap();
    assert_eq!(claim.key_hint.as_deref(), Some(cosigns()[0].id()));
}

#[test]
fn an_attestation_is_signed_but_is_no_signature() {
    let claim = Claim::read(&attestation()).unwrap();
    assert_eq!(claim.predicate_type.as_deref(), Some("https://spdx.dev/Document"));
    assert!(claim.signer(&cosigns()).is_some());
    assert_eq!(claim.subjects, [subject()]);
    assert_eq!(signer(&[attestation()], &cosigns()).unwrap_err(), Unverified::Unsigned);
}

#[test]
fn a_signature_of_another_image_is_told_apart() {
    let error = verify(&other(), &claims(&[attestation(), bundle()]), &cosigns()).unwrap_err();
    assert_eq!(error, Unverified::OtherDigest { key: "cosign".into(), signed: subject() });
    assert_eq!(verify(&other(), &[], &cosigns()).unwrap_err(), Unverified::Unsigned);
}

#[test]
fn a_changed_payload_is_not_what_was_signed() {
    let mut changed = simple();
    changed.content = changed.content.replace(SUBJECT, other().as_str());
    assert!(matches!(verify(&other(), &claims(&[changed]), &cosigns()), Err(Unverified::UnknownKey { .. })));
    let mut swapped = bundle();
    let payload = STANDARD.encode(format!(
        "{{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{{\"digest\":{{\"sha256\":\"{}\"}}}}],\"predicateType\":\"https://sigstore.dev/cosign/sign/v1\"}}",
        other().hex()
    ));
    let begin = swapped.content.find("\"payload\":\"").unwrap() + 11;
    let end = begin + swapped.content[begin..].find('"').unwrap();
    swapped.content.replace_range(begin..end, &payload);
    assert!(matches!(verify(&other(), &claims(&[swapped]), &cosigns()), Err(Unverified::UnknownKey { .. })));
}

#[test]
fn a_good_signature_counts_beside_others() {
    let damaged = SignedLayer { content: "{".into(), ..bundle() };
    let mut foreign = simple();
    foreign.signature = Some(STANDARD.encode(b"nonsense"));
    let keys: Vec<PublicKey> = strangers().into_iter().chain(cosigns()).collect();
    assert_eq!(signer(&[damaged, foreign, attestation(), simple()], &keys).unwrap(), "cosign");
}

#[test]
fn a_statement_that_two_readers_may_read_differently_says_nothing() {
    let pair = Ed25519KeyPair::generate().unwrap();
    let keys =
        [key("ed", &pem(&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0], pair.public_key().as_ref()))];
    let statement = format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],"predicateType":"https://sigstore.dev/cosign/sign/v1"}}"#,
        subject().hex()
    );
    let signed = |statement: &str, payload_type: &str| {
        let signature = STANDARD.encode(pair.sign(&crate::pre_authentication(payload_type, statement.as_bytes())));
        let payload = STANDARD.encode(statement);
        let envelope = format!(
            r#"{{"payloadType":"{payload_type}","payload":"{payload}","signatures":[{{"sig":"{signature}"}}]}}"#
        );
        signer(&[layer(DSSE, &envelope, None)], &keys)
    };
    assert_eq!(signed(&statement, crate::IN_TOTO).unwrap(), "ed");
    let zeros = other().hex().to_owned();
    for odd in [
        statement.replace(r#"{"sha256":"#, &format!(r#"{{"sha256":"{zeros}","sha256":"#)),
        statement.replace(r#""subject":"#, r#""subject":[],"subject":"#),
        statement.replace(r#""_type":"https://in-toto.io/Statement/v1","#, ""),
        statement.replace("Statement/v1", "Statement/v2"),
    ] {
        assert_eq!(signed(&odd, crate::IN_TOTO).unwrap_err(), Unverified::Unsigned, "{odd}");
    }
    assert_eq!(signed(&statement, "text/plain").unwrap_err(), Unverified::Unsigned);
}

#[test]
fn of_two_reasons_the_nearer_is_told() {
    let unknown = Unverified::UnknownKey { trusted: "\"ci\"".into() };
    let another = Unverified::OtherDigest { key: "ci".into(), signed: other() };
    assert_eq!(Unverified::Unsigned.or_nearer(unknown.clone()), unknown);
    assert_eq!(unknown.clone().or_nearer(another.clone()), another);
    assert_eq!(another.clone().or_nearer(unknown.clone()), another);
    assert_eq!(unknown.clone().or_nearer(Unverified::Unsigned), unknown);
}

fn pem(prefix: &[u8], public: &[u8]) -> String {
    let der = [prefix, public].concat();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der))
}

#[test]
fn fresh_keys_of_both_curves_sign_and_verify() {
    let payload = include_str!("../../tests/cosign/payload.json");
    let ed = Ed25519KeyPair::generate().unwrap();
    let ed_pem = pem(&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0], ed.public_key().as_ref());
    let signature = STANDARD.encode(ed.sign(payload.as_bytes()));
    assert_eq!(signer(&[layer(SIMPLE_SIGNING, payload, Some(&signature))], &[key("ed", &ed_pem)]).unwrap(), "ed");

    let ec = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let prefix = [
        0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7,
        3, 0x42, 0,
    ];
    let ec_pem = pem(&prefix, ec.public_key().as_ref());
    let signature = STANDARD.encode(ec.sign(&SystemRandom::new(), payload.as_bytes()).unwrap());
    assert_eq!(signer(&[layer(SIMPLE_SIGNING, payload, Some(&signature))], &[key("ec", &ec_pem)]).unwrap(), "ec");
}
