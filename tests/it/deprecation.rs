//! A deprecated release can be had still; whoever asks for it, runs it or pulls it is told.

use distr_tests::hub::HubProcess;
use reqwest::Client;
use serde_json::json;

use crate::access::registry::token;
use crate::withheld::{change, world};

async fn warning(hub: &HubProcess, customer: &str) -> Option<String> {
    let token = token(hub, customer, &["repository:acme/app:pull"]).await.expect("a token");
    let pull = Client::new().get(hub.url("/v2/acme/app/manifests/1")).bearer_auth(token);
    let answer = pull.send().await.expect("an answer").error_for_status().expect("the manifest");
    answer.headers().get("warning").map(|value| value.to_str().expect("a text").to_owned())
}

#[tokio::test]
async fn whoever_has_to_do_with_a_deprecated_release_is_told() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    change(&hub, &owner, "targetRegister(customer: \"globex\", name: \"factory\") { changed }").await;
    let deploy = "deploymentSetRelease(target: \"factory\", application: \"app\", version: \"1.0.0\") { warnings }";
    let warnings = async || change(&hub, &customer, deploy).await["deploymentSetRelease"]["warnings"].clone();
    assert_eq!(warnings().await, json!([]));
    assert_eq!(warning(&hub, &customer).await, None);

    let deprecate = |version: &str| {
        format!(
            "releaseDeprecate(application: \"app\", version: \"{version}\", on: \"2026-12-24\", reason: \"it is \\\"old\\\"\") {{ changed }}"
        )
    };
    change(&hub, &owner, &deprecate("1.0.0")).await;
    assert_eq!(warnings().await, json!(["app 1.0.0 is deprecated from 2026-12-24 on: it is \"old\""]));
    let fleet = "{ targets { nodes { deployments { release { status reason deprecatedOn } } } } }";
    let seen = hub.graphql(Some(&customer), fleet, json!({})).await.data();
    let release = json!({ "status": "DEPRECATED", "reason": "it is \"old\"", "deprecatedOn": "2026-12-24" });
    assert_eq!(seen["targets"]["nodes"][0]["deployments"][0]["release"], release);

    // 2.0.0 runs the same image, and is nothing that this customer may know of
    let told = "299 - \"release '1.0.0' is deprecated from 2026-12-24 on: it is 'old'\"";
    assert_eq!(warning(&hub, &customer).await.as_deref(), Some(told));
    change(&hub, &owner, &deprecate("2.0.0")).await;
    assert_eq!(warning(&hub, &customer).await.as_deref(), Some(told));
}
