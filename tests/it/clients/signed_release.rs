//! A signed release from the vendor's `docker push` and `cosign sign` to a real agent on the Docker engine: it runs; what another key
//! signed is not published; and an agent that is handed a signature of something else keeps what it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use distr_tests::agent::AgentProcess;
use serde_json::{Value, json};

use super::between::Between;
use super::cosign::{sign, signer};
use super::site::Site;

/// From `swaps` on, each image gets the first signature that came by: one of a trusted key, but of another image.
fn swap(swaps: Arc<AtomicBool>) -> impl FnMut(&mut Value) + Send {
    let mut first = None;
    move |answer| {
        let Some(image) = answer.pointer_mut("/desired/deployments/0/images/0") else { return };
        let first = first.get_or_insert_with(|| image["signature"].clone());
        if swaps.load(Ordering::Relaxed) {
            image["signature"] = first.clone();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_trusted_key_signed_is_published_and_runs() {
    let mut site = Site::start().await;
    let (trusted, stranger) = (signer(&site.vendor, "cosign"), signer(&site.vendor, "cosign"));
    let policy = "mutation ($pem: String!) {
        applicationSetSigningPolicy(name: \"hello\", requires: IMAGES, keys: [{ name: \"release-key\", pem: $pem }]) {
            changed
        }
    }";
    site.vendor.ask(policy, json!({ "pem": trusted.read("cosign.pub") })).await.data();

    // signed, published, deployed, running
    let first = site.push("1.0.0");
    sign(&trusted, "cosign", &first);
    site.vendor.publish("1.0.0", &first).await.data();
    let token = site.register().await;
    let (between, url) = Between::start(site.vendor.hub.url("")).await;
    let swaps: Arc<AtomicBool> = Arc::default();
    between.changes(swap(swaps.clone()));
    let agent = AgentProcess::start_at(&url, &token);
    site.deploy("1.0.0").await;
    site.until(&agent, "HEALTHY", "1.0.0").await;
    let runs = site.running();
    assert_eq!(runs.len(), 1, "{runs:?}");

    // signed by another key: not published, though it is pushed
    let second = site.push("1.1.0");
    sign(&stranger, "cosign", &second);
    let refused = site.vendor.publish("1.1.0", &second).await;
    assert_eq!(refused.code(), Some("release.unverified_image"), "{refused:?}");
    assert!(refused.message().contains("signed by an unknown key"), "{}", refused.message());

    // published, and then swapped on the way: the agent does not take it, and what runs goes on
    sign(&trusted, "cosign", &second);
    site.vendor.publish("1.1.0", &second).await.data();
    swaps.store(true, Ordering::Relaxed);
    site.deploy("1.1.0").await;
    let failed = site.until(&agent, "FAILED", "1.0.0").await;
    let text = failed["error"]["text"].as_str().expect("a text");
    assert!(text.contains("is of another image"), "{failed:#}");
    assert_eq!(site.running(), runs);

    // handed as it was published, it runs
    swaps.store(false, Ordering::Relaxed);
    site.deploy("1.1.0").await;
    site.until(&agent, "HEALTHY", "1.1.0").await;
    assert_ne!(site.running(), runs);
}
