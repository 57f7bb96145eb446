use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_domain::agent::{RunChartInstruction, RunInstruction};
use distr_domain::trust::SignedLayer;
use distr_signature::{IN_TOTO, ReleaseStatement, SignedChart, bundle, pre_authentication};
use serde_json::json;

use super::*;
use crate::fault::Blame;
use crate::fixture::run_instruction;

const SIGNED: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";
const KEY: &str = include_str!("../../../signature/tests/cosign/key.pub");
const FOREIGN: &str = include_str!("../../../signature/tests/cosign/ed25519.pub");

fn shop() -> Slug {
    "shop".parse().unwrap()
}

fn named(pem: &str) -> TrustedKey {
    TrustedKey { name: "ci".parse().unwrap(), pem: pem.to_owned() }
}

fn trust(pem: &str, requires: SignedParts) -> Option<Trust> {
    Some(Trust { keys: vec![named(pem)], requires })
}

/// As cosign 3 signed it.
fn release(digest: &str, key: &str, signed: bool) -> RunInstruction {
    let signature = SignedLayer {
        media_type: "application/vnd.dev.sigstore.bundle.v0.3+json".to_owned(),
        signature: None,
        content: include_str!("../../../signature/tests/cosign/bundle.json").to_owned(),
    };
    let image = PinnedImage {
        service: "web".to_owned(),
        repository: "acme/web".to_owned(),
        digest: digest.parse().unwrap(),
        signature: signed.then_some(signature),
    };
    RunInstruction { images: vec![image], trust: trust(key, SignedParts::Images), ..run_instruction() }
}

fn other_digest() -> String {
    format!("sha256:{}", "0".repeat(64))
}

fn check_unpinned(run: &RunInstruction) -> Result<Verified, Failure> {
    check(&HostTrust::default(), &shop(), run)
}

#[test]
fn only_what_a_trusted_key_signed_may_run() {
    let verified = check_unpinned(&release(SIGNED, KEY, true)).unwrap();
    assert!(verified.is_required());
    assert_eq!(verified.key_of(&SIGNED.parse().unwrap()).map(Slug::as_str), Some("ci"));
    assert_eq!((verified.key_of(&other_digest().parse().unwrap()), verified.signer_of_release()), (None, None));
    for (release, reason) in [
        (release(SIGNED, KEY, false), "it is not signed"),
        (release(SIGNED, FOREIGN, true), "it is signed by an unknown key, and by none of \"ci\""),
        (release(&other_digest(), KEY, true), "is of another image, sha256:f817"),
        (release(SIGNED, "no key", true), "the release trusts key \"ci\" is not a PEM file"),
    ] {
        let trouble = check_unpinned(&release).unwrap_err();
        assert!(trouble.text.contains(reason), "{}", trouble.text);
        assert_eq!((trouble.category, trouble.blame), (ErrorCategory::Entitlement, Blame::Generation));
    }
}

#[test]
fn a_release_without_a_policy_needs_no_signature() {
    let release = RunInstruction { trust: None, ..release(SIGNED, "", false) };
    assert!(!check_unpinned(&release).unwrap().is_required());
}

struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        Self(Ed25519KeyPair::generate().unwrap())
    }

    fn pem(&self) -> String {
        let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        let der = [&prefix[..], self.0.public_key().as_ref()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der))
    }

    fn pinned(&self) -> HostTrust {
        HostTrust { keys: vec![named(&self.pem())], ..HostTrust::default() }
    }

    /// The same release, signed as a whole as one of an application.
    fn sign(&self, application: &str, run: &RunInstruction) -> RunInstruction {
        let services =
            run.images.iter().map(|image| (image.service.clone(), image.repository.clone(), image.digest.clone()));
        let names = ("acme".parse().unwrap(), application.parse().unwrap());
        let statement = ReleaseStatement::new((&names.0, &names.1, &run.version), &run.compose, services);
        RunInstruction { signatures: vec![self.envelope(&statement)], ..run.clone() }
    }

    fn envelope(&self, statement: &ReleaseStatement) -> SignedLayer {
        let statement = statement.to_json();
        let signature = self.0.sign(&pre_authentication(IN_TOTO, statement.as_bytes()));
        bundle(statement.as_bytes(), "", signature.as_ref())
    }
}

fn unsigned() -> RunInstruction {
    let elsewhere = format!("sha256:{}", "e".repeat(64));
    let compose = format!("services: {{web: {{image: x}}, db: {{image: \"docker.io/db@{elsewhere}\"}}}}");
    RunInstruction { compose, trust: None, ..release(SIGNED, "", false) }
}

#[test]
fn a_release_that_a_pinned_key_signed_as_a_whole_may_run() {
    let signer = Signer::new();
    let verified = check(&signer.pinned(), &shop(), &signer.sign("shop", &unsigned())).unwrap();
    assert_eq!(verified.signer_of_release().map(Slug::as_str), Some("ci"));
    let elsewhere = format!("sha256:{}", "e".repeat(64));
    for covered in [SIGNED, &elsewhere] {
        assert!(verified.key_of(&covered.parse().unwrap()).is_some(), "{covered}");
    }
    assert_eq!(verified.key_of(&other_digest().parse().unwrap()), None);
    assert_eq!(verified.to_string(), "the release as a whole is signed by key \"ci\", pinned on this host");
}

#[test]
fn a_hub_brings_nothing_past_the_pinned_keys() {
    let (signer, hubs) = (Signer::new(), Signer::new());
    let good = signer.sign("shop", &unsigned());
    let swapped = |change: &dyn Fn(&mut RunInstruction)| {
        let mut run = good.clone();
        change(&mut run);
        run
    };
    let mut decoy = good.images[0].clone();
    decoy.digest = other_digest().parse().unwrap();
    let hubs_own = RunInstruction { trust: trust(&hubs.pem(), SignedParts::Release), ..hubs.sign("shop", &unsigned()) };
    for (what, run) in [
        ("not signed as a whole", RunInstruction { trust: None, ..unsigned() }),
        ("not signed as a whole", release(SIGNED, KEY, true)),
        ("by an unknown key", hubs_own),
        ("other bytes", swapped(&|run| run.compose.push(' '))),
        ("version \"1.4.0\", not \"9.9.9\"", swapped(&|run| run.version = "9.9.9".parse().unwrap())),
        ("web runs acme/web@sha256:f817", swapped(&|run| run.images[0].digest = other_digest().parse().unwrap())),
        ("web runs acme/web@sha256:f817", swapped(&|run| run.images.insert(0, decoy.clone()))),
        ("organization \"acme\", not \"evil\"", swapped(&|run| run.images[0].repository = "evil/web".to_owned())),
        ("application \"tools\", not \"shop\"", signer.sign("tools", &unsigned())),
        ("no image of the hub's registry", swapped(&|run| run.images.clear())),
    ] {
        let trouble = check(&signer.pinned(), &shop(), &run).unwrap_err();
        assert!(trouble.text.contains(what), "{what}: {}", trouble.text);
        assert!(trouble.text.contains("may not run here"), "{}", trouble.text);
        assert_eq!((trouble.category, trouble.blame), (ErrorCategory::Entitlement, Blame::Generation));
    }
}

#[test]
fn a_policy_for_the_whole_release_is_kept_without_pinned_keys() {
    let signer = Signer::new();
    let demanded =
        |run: &RunInstruction| RunInstruction { trust: trust(&signer.pem(), SignedParts::Release), ..run.clone() };
    assert!(check_unpinned(&demanded(&signer.sign("shop", &unsigned()))).is_ok());
    let trouble = check_unpinned(&demanded(&unsigned())).unwrap_err();
    assert_eq!(trouble.text, "shop 1.4.0 may not run here: it is not signed as a whole");
}

#[test]
fn an_old_release_is_refused_below_the_floor_of_the_host() {
    let signer = Signer::new();
    let run = signer.sign("shop", &unsigned());
    let floor =
        |version: &str| HostTrust { floors: BTreeMap::from([(shop(), version.parse().unwrap())]), ..signer.pinned() };
    assert!(check(&floor("1.4.0"), &shop(), &run).is_ok());
    let trouble = check(&floor("1.4.1"), &shop(), &run).unwrap_err();
    assert!(trouble.text.contains("shop 1.4.0 may not run here: this host takes no version below 1.4.1"));
}

fn chart() -> RunChartInstruction {
    let digest = |letter: &str| format!("sha256:{}", letter.repeat(64));
    serde_json::from_value(json!({
        "version": "1.4.0",
        "chart": {"repository": "acme/charts/shop", "digest": digest("c"), "archive": digest("b"), "size": 1,
            "name": "shop", "version": "1.0.0"},
        "lock": {"registry": "hub.example", "images": [
            {"reference": "acme/web:1", "image": {"repository": "web", "digest": digest("1")}},
            {"reference": format!("docker.io/db@{}", digest("d"))},
        ], "kinds": [], "cases": 1, "tool": "helm v4.1.4"},
        "settings": {"minutes": 5},
        "images": [{"service": "chart", "repository": "acme/charts/shop", "digest": digest("c")}],
    }))
    .unwrap()
}

#[test]
fn a_chart_is_signed_with_its_lock_and_with_all_that_the_lock_names() {
    let signer = Signer::new();
    let (acme, run) = ("acme".parse().unwrap(), chart());
    let signed = SignedChart::of(&run.chart.repository, &run.chart.digest, &run.lock, &run.settings);
    let alone = ReleaseStatement::of_chart((&acme, &shop(), &run.version), signed.clone());
    let beside = ReleaseStatement::new((&acme, &shop(), &run.version), "services: {}", []).with_chart(signed);
    for statement in [&alone, &beside] {
        let run = RunChartInstruction { signatures: vec![signer.envelope(statement)], ..chart() };
        let verified = check(&signer.pinned(), &shop(), &run).unwrap();
        for letter in ["c", "1", "d"] {
            let digest = format!("sha256:{}", letter.repeat(64)).parse().unwrap();
            assert!(verified.key_of(&digest).is_some(), "{digest}");
        }
    }
    let good = RunChartInstruction { signatures: vec![signer.envelope(&alone)], ..chart() };
    let swapped = |change: &dyn Fn(&mut RunChartInstruction)| {
        let mut run = good.clone();
        change(&mut run);
        run
    };
    let other = || other_digest().parse().unwrap();
    for (what, run) in [
        ("not signed as a whole", swapped(&|run| run.signatures.clear())),
        ("the chart is acme/charts/shop@sha256:ccc", swapped(&|run| run.chart.digest = other())),
        ("lock is another one", swapped(&|run| run.lock.images[0].image.as_mut().unwrap().digest = other())),
        ("lock is another one", swapped(&|run| run.settings.minutes = 6)),
        ("organization \"acme\", not \"evil\"", swapped(&|run| run.chart.repository = "evil/charts/shop".to_owned())),
    ] {
        let trouble = check(&signer.pinned(), &shop(), &run).unwrap_err();
        assert!(trouble.text.contains(what), "{what}: {}", trouble.text);
    }
}
