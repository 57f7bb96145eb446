//! Which release may run here, by its signatures: the rule of the agents' library, and that each image that the lock lets run is one of those
//! that were verified. The chart counts as an image, as it says what runs.

use distr_agent::fault::Failure;
use distr_agent::host_trust::HostTrust;
use distr_agent::signed::{self, Verified};
use distr_domain::agent::{ErrorCategory, RunChartInstruction};
use distr_domain::image::ImageName;
use distr_domain::names::Slug;
use distr_domain::oci::Digest;

/// What is verified of it, or why it may not run. No network, no clock.
pub fn check(host: &HostTrust, application: &Slug, run: &RunChartInstruction) -> Result<Verified, Failure> {
    let verified = signed::check(host, application, run)?;
    let unsigned: Vec<String> = all(run)
        .filter(|(_, digest)| {
            let is_signed = digest.as_ref().is_some_and(|digest| verified.key_of(digest).is_some());
            verified.is_required() && !is_signed
        })
        .map(|(name, _)| format!("{name}: no key that the release trusts signed it; the vendor must sign it"))
        .collect();
    match unsigned.is_empty() {
        true => Ok(verified),
        false => Err(Failure::bad(ErrorCategory::Entitlement, unsigned.join("; "))),
    }
}

/// The chart, and every image of its lock.
fn all(run: &RunChartInstruction) -> impl Iterator<Item = (String, Option<Digest>)> {
    let chart = (format!("chart {}", run.chart.repository), Some(run.chart.digest.clone()));
    let locked = run.lock.images.iter().map(|image| {
        let digest = match &image.image {
            Some(own) => Some(own.digest.clone()),
            None => ImageName::parse(&image.reference).ok().and_then(|name| name.digest),
        };
        (format!("image {}", image.reference), digest)
    });
    [chart].into_iter().chain(locked)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SIGNED: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";

    /// Of a vendor who signs each image, as cosign does, and whose chart has the digest of the one that was signed.
    fn release(locked: &[(&str, Option<&str>)]) -> RunChartInstruction {
        let bundle = include_str!("../../signature/tests/cosign/bundle.json");
        let signature = json!({"media_type": "application/vnd.dev.sigstore.bundle.v0.3+json", "content": bundle});
        let pem = include_str!("../../signature/tests/cosign/key.pub");
        let images: Vec<_> = locked
            .iter()
            .map(|(reference, digest)| json!({"reference": reference, "image": digest.map(|digest| json!({"repository": "web", "digest": digest}))}))
            .collect();
        serde_json::from_value(json!({
            "version": "1.4.0",
            "chart": {"repository": "acme/charts/shop", "digest": SIGNED, "archive": SIGNED, "size": 1, "name": "shop", "version": "1.0.0"},
            "lock": {"registry": "hub.example", "images": images, "kinds": [], "cases": 1, "tool": "helm v4.1.4"},
            "images": [{"service": "chart", "repository": "acme/charts/shop", "digest": SIGNED, "signature": signature}],
            "trust": {"keys": [{"name": "ci", "pem": pem}], "requires": "images"},
        }))
        .unwrap()
    }

    fn checked(run: &RunChartInstruction) -> Result<(), String> {
        check(&HostTrust::default(), &"shop".parse().unwrap(), run).map(drop).map_err(|failure| failure.text)
    }

    #[test]
    fn every_image_of_the_lock_needs_a_signature_if_the_release_trusts_keys_only() {
        let other = format!("sha256:{}", "0".repeat(64));
        let elsewhere = format!("docker.io/db@{other}");
        assert_eq!(checked(&release(&[("acme/web:1", Some(SIGNED))])), Ok(()));
        for locked in [("acme/web:1", Some(other.as_str())), (elsewhere.as_str(), None), ("docker.io/db:1", None)] {
            let refused = checked(&release(&[locked])).unwrap_err();
            assert!(refused.starts_with(&format!("image {}: no key", locked.0)), "{refused}");
            assert_eq!(checked(&RunChartInstruction { trust: None, ..release(&[locked]) }), Ok(()));
        }
    }
}
