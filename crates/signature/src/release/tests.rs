use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::trust::TrustedKey;
use proptest::prelude::*;

use super::*;
use crate::{IN_TOTO, bundle, pre_authentication};

const COMPOSE: &str = "services:\n  web:\n    image: registry.example/acme/web:1.4.0\n";

/// All that a signature of a whole release binds.
#[derive(Debug, Clone)]
struct Release {
    organization: String,
    application: String,
    version: String,
    compose: String,
    services: Vec<(String, String, String)>,
}

fn release() -> Release {
    let image = |service: &str, digit: &str| (service.to_owned(), format!("acme/{service}"), digit.repeat(64));
    Release {
        organization: "acme".into(),
        application: "hello".into(),
        version: "1.4.0".into(),
        compose: COMPOSE.into(),
        services: vec![image("web", "a"), image("worker", "b")],
    }
}

fn statement(release: &Release) -> ReleaseStatement {
    let Release { organization, application, version, compose, services } = release;
    let names = (organization.parse().unwrap(), application.parse().unwrap(), version.parse().unwrap());
    let services = services.iter().map(|(service, repository, hex)| {
        (service.clone(), repository.clone(), format!("sha256:{hex}").parse().unwrap())
    });
    ReleaseStatement::new((&names.0, &names.1, &names.2), compose, services)
}

struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        Self(Ed25519KeyPair::generate().unwrap())
    }

    fn key(&self) -> PublicKey {
        let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        let der = [&prefix[..], self.0.public_key().as_ref()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
        PublicKey::parse(&TrustedKey { name: "release".parse().unwrap(), pem }).unwrap()
    }

    fn sign(&self, release: &Release) -> SignedLayer {
        self.sign_json(&statement(release).to_json(), IN_TOTO)
    }

    fn sign_json(&self, json: &str, payload_type: &str) -> SignedLayer {
        let signature = self.0.sign(&pre_authentication(payload_type, json.as_bytes()));
        let layer = bundle(json.as_bytes(), self.key().id(), signature.as_ref());
        SignedLayer { content: layer.content.replace(IN_TOTO, payload_type), ..layer }
    }
}

#[test]
fn a_release_is_verified_by_the_key_that_signed_it() {
    let signer = Signer::new();
    let (key, layer) = (signer.key(), signer.sign(&release()));
    let keys = [key];
    assert_eq!(
        verify_release(&statement(&release()), std::slice::from_ref(&layer), &keys).unwrap().name.as_str(),
        "release"
    );
    let strangers = [Signer::new().key()];
    let unknown = ReleaseUnverified::UnknownKey { trusted: "\"release\"".into() };
    assert_eq!(verify_release(&statement(&release()), &[layer], &strangers).unwrap_err(), unknown);
    assert_eq!(verify_release(&statement(&release()), &[], &keys).unwrap_err(), ReleaseUnverified::Unsigned);
}

#[test]
fn the_order_of_services_and_subjects_says_nothing() {
    let signer = Signer::new();
    let mut other = release();
    other.services.reverse();
    assert!(verify_release(&statement(&other), &[signer.sign(&release())], &[signer.key()]).is_ok());
}

#[test]
fn the_nearest_reason_is_told() {
    let signer = Signer::new();
    let keys = [signer.key()];
    let told = |signed: Release| {
        let layers = [Signer::new().sign(&release()), signer.sign(&signed)];
        verify_release(&statement(&release()), &layers, &keys).unwrap_err().to_string()
    };
    let of = |difference: &str| format!("what key \"release\" signed is something else: {difference}");
    let other = Release { application: "tools".into(), ..release() };
    assert_eq!(told(other), of("application \"tools\", not \"hello\""));
    let other = Release { organization: "evil".into(), ..release() };
    assert_eq!(told(other), of("organization \"evil\", not \"acme\""));
    let other = Release { compose: format!("{COMPOSE}\n"), ..release() };
    assert_eq!(told(other), of("the compose file has other bytes than the signed one"));
    let mut other = release();
    other.services.pop();
    assert_eq!(told(other), of("service worker is not in it"));
}

#[test]
fn another_kind_of_statement_is_no_signature_of_a_release() {
    let signer = Signer::new();
    let json = statement(&release()).to_json();
    let verified = |layer| verify_release(&statement(&release()), &[layer], &[signer.key()]).map(|_| ());
    assert_eq!(verified(signer.sign_json(&json, IN_TOTO)), Ok(()));
    for layer in [
        signer.sign_json(&json, "application/json"),
        signer.sign_json(&json.replace(PREDICATE, "urn:distr:release:v2"), IN_TOTO),
        signer.sign_json(&json.replace("Statement/v1", "Statement/v2"), IN_TOTO),
        // two readers may take it for two statements
        signer.sign_json(&json.replace("\"web\":", "\"web\":\"evil\",\"web\":"), IN_TOTO),
        signer.sign_json(&json.replacen("\"sha256\":", "\"sha256\":\"00\",\"sha256\":", 1), IN_TOTO),
    ] {
        assert_eq!(verified(layer), Err(ReleaseUnverified::Unsigned));
    }
}

#[test]
fn a_service_that_is_named_twice_is_another_release() {
    let signer = Signer::new();
    let mut twice = release();
    twice.services.insert(0, ("web".into(), "acme/web".into(), "c".repeat(64)));
    let signatures = [signer.sign(&release())];
    assert!(verify_release(&statement(&twice), &signatures, &[signer.key()]).is_err());
}

/// Swaps one byte of one thing that the signature binds.
fn changed(mut release: Release, field: usize, at: usize) -> Release {
    let swap = |text: &mut String, with: [char; 2]| {
        let at = at % text.len();
        let new = if text[at..].starts_with(with[0]) { with[1] } else { with[0] };
        text.replace_range(at..=at, &new.to_string());
    };
    let services = release.services.len();
    match field {
        0 => swap(&mut release.organization, ['x', 'y']),
        1 => swap(&mut release.application, ['x', 'y']),
        2 => release.version = format!("1.4.{}", at + 1),
        3 => swap(&mut release.compose, ['x', 'y']),
        4 => swap(&mut release.services[at % services].0, ['x', 'y']),
        5 => swap(&mut release.services[at % services].1, ['x', 'y']),
        _ => swap(&mut release.services[at % services].2, ['1', '2']),
    }
    release
}

proptest! {
    #[test]
    fn a_release_that_differs_in_one_byte_is_refused(field in 0_usize..7, at in 0_usize..1_000) {
        let signer = Signer::new();
        let (keys, signatures) = ([signer.key()], [signer.sign(&release())]);
        let refused = verify_release(&statement(&changed(release(), field, at)), &signatures, &keys);
        prop_assert!(matches!(refused, Err(ReleaseUnverified::Other { .. })), "{refused:?}");
    }

    #[test]
    fn a_signature_or_key_that_differs_in_one_byte_verifies_nothing(at in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let signer = Signer::new();
        let layer = signer.sign(&release());
        let mut content = layer.content.clone().into_bytes();
        // the key hint is for people
        let begin = layer.content.find("dsseEnvelope").unwrap();
        let at = begin + at.index(content.len() - begin);
        content[at] ^= flip;
        let Ok(content) = String::from_utf8(content) else { return Ok(()) };
        let keys = [signer.key()];
        let verified = verify_release(&statement(&release()), &[SignedLayer { content, ..layer }], &keys);
        prop_assert!(verified.is_err());
    }
}
