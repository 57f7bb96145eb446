//! Releases of an application that trusts some keys only.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_agent::converge::Settled;
use distr_domain::agent::{ErrorCategory, PinnedImage, RunInstruction, Step, Trust};
use distr_domain::trust::{SignedLayer, SignedParts, TrustedKey};

use crate::site::{Site, of};

struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        Self(Ed25519KeyPair::generate().unwrap())
    }

    fn key(&self) -> TrustedKey {
        // SubjectPublicKeyInfo of RFC 8410
        let prefix = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];
        let der = [&prefix[..], self.0.public_key().as_ref()].concat();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----", STANDARD.encode(der));
        TrustedKey { name: "vendor".parse().unwrap(), pem }
    }

    fn sign(&self, image: &PinnedImage) -> SignedLayer {
        let content = serde_json::json!({ "critical": {
            "identity": { "docker-reference": image.repository },
            "image": { "docker-manifest-digest": image.digest },
            "type": "cosign container image signature",
        } });
        let content = content.to_string();
        let signature = Some(STANDARD.encode(self.0.sign(content.as_bytes())));
        SignedLayer { media_type: "application/vnd.dev.cosign.simplesigning.v1+json".into(), signature, content }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_a_trusted_key_signed_takes_the_old_releases_place() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let (vendor, stranger) = (Signer::new(), Signer::new());
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    let run = |version: &str, image: &PinnedImage, signature: Option<SignedLayer>| {
        let image = PinnedImage { signature, ..image.clone() };
        let trust = Some(Trust { keys: vec![vendor.key()], requires: SignedParts::Images });
        RunInstruction { trust, ..site.run(version, &image, &site.good()) }
    };
    let first = site.wants(1, run("1.0.0", &old, Some(vendor.sign(&old))));
    assert_eq!(agent.settle(&first).await, Settled::Done);
    agent.reports();

    for (generation, signature, reason) in [
        (2, None, "it is not signed"),
        (3, Some(stranger.sign(&new)), "it is signed by an unknown key, and by none of \"vendor\""),
        (4, Some(vendor.sign(&old)), "is of another image"),
    ] {
        let desired = site.wants(generation, run("1.1.0", &new, signature));
        let Settled::Failed(error) = agent.settle(&desired).await else { panic!("{reason}: it is given up") };
        assert_eq!(error.category, ErrorCategory::Entitlement);
        assert!(error.text.contains("service web") && error.text.contains(reason), "{}", error.text);
        assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    }
    let reports = of(&agent.reports(), site.deployment);
    assert!(!reports.iter().any(|report| matches!(report.step, Step::Proving | Step::Switching)));

    let good = site.wants(5, run("1.1.0", &new, Some(vendor.sign(&new))));
    assert_eq!(agent.settle(&good).await, Settled::Done);
    assert_eq!(site.page().await.as_deref(), Some("1.1.0"));
}
