//! "Only signed by these keys": what is told to who publishes something else, and what the release keeps.

use serde_json::{Value, json};

use super::cosign::{push, sign, signer};
use super::vendor::Vendor;

#[tokio::test(flavor = "multi_thread")]
async fn a_release_has_only_images_that_a_trusted_key_signed() {
    let vendor = Vendor::start().await;
    vendor.run("applicationCreate(name: \"hello\") { changed }").await;
    let (trusted, stranger) = (signer(&vendor, "cosign"), signer(&vendor, "cosign-2"));
    let policy = "mutation ($pem: String!) {
        applicationSetSigningPolicy(name: \"hello\", requires: IMAGES, keys: [{ name: \"release-key\", pem: $pem }]) {
            changed
        }
    }";
    let private = vendor.ask(policy, json!({ "pem": trusted.read("cosign.key") })).await;
    assert!(private.message().contains("is a private key; give its public half"), "{}", private.message());
    vendor.ask(policy, json!({ "pem": trusted.read("cosign.pub") })).await.data();

    let image = push(&vendor, "hello", "content");
    let reference = image.replacen(&format!("{}/", vendor.registry), "", 1);
    let refused = async |reason: &str| {
        let answer = vendor.publish("1.0.0", &image).await;
        assert_eq!(answer.code(), Some("release.unverified_image"), "{answer:?}");
        let subject = format!("image {} may not be released: {reason}", reference.replacen("acme/", "", 1));
        assert!(answer.message().contains(&subject), "{}", answer.message());
    };
    refused("it is not signed").await;
    sign(&stranger, "cosign-2", &image);
    refused("it is signed by an unknown key, and by none of \"release-key\"").await;
    sign(&trusted, "cosign", &image);
    let released = vendor.publish("1.0.0", &image).await.data();
    assert_eq!(released["releasePublish"]["release"]["images"][0]["signedBy"], "release-key");

    // a policy that is taken back lets the next release through
    vendor.run("applicationSetSigningPolicy(name: \"hello\", keys: [], reason: \"a trial\") { changed }").await;
    let unsigned = push(&vendor, "hello", "other content");
    let released = vendor.publish("1.1.0", &unsigned).await.data();
    assert!(released["releasePublish"]["release"]["images"][0]["signedBy"].is_null());

    // what was published under it goes to the agents with its keys and signatures, for ever
    let secret = agent(&vendor).await;
    for (version, keys) in [("1.0.0", 1), ("1.1.0", 0)] {
        let deploy = format!(
            "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\", \
             version: \"{version}\") {{ changed }}"
        );
        vendor.run(&deploy).await;
        let answer = post(&vendor, "heartbeats", &secret, json!({ "reports": [] })).await;
        let run = &answer["desired"]["deployments"][0];
        assert_eq!(run["version"], version, "{answer:#}");
        assert_eq!(run["trust"]["keys"].as_array().map_or(0, Vec::len), keys, "{answer:#}");
        assert_eq!(run["images"][0]["signature"]["content"].is_string(), keys == 1, "{answer:#}");
    }
}

/// The secret of an agent of a customer with a license.
async fn agent(vendor: &Vendor) -> String {
    vendor.customer().await;
    vendor.license().await;
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    let registered = vendor.run(register).await;
    let token = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let enrolled = post(vendor, "enrol", &token, json!({ "agent_version": "1" })).await;
    enrolled["secret"].as_str().expect("a secret").to_owned()
}

async fn post(vendor: &Vendor, path: &str, secret: &str, body: Value) -> Value {
    let url = vendor.hub.url(&format!("/agent/v1/{path}"));
    let answer = reqwest::Client::new().post(url).bearer_auth(secret).json(&body).send().await.expect("an answer");
    answer.json().await.expect("JSON")
}
