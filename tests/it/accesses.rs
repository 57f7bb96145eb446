//! Who pulled what, as the vendor's auditors ask: by repository, digest or tag, the newest first.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::access::registry::{push, token};

const ACCESSES: &str = "query ($digest: Digest, $tag: Tag, $first: Int, $after: String) {
    repositoryAccesses(repository: \"hello\", digest: $digest, tag: $tag, first: $first, after: $after) {
        nodes { action actor customer { name } subject tag digest granted rule code reason address userAgent at }
        pageInfo { hasNextPage endCursor }
    }
}";

async fn run(hub: &HubProcess, owner: &str, mutation: &str) -> Value {
    hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

/// A secret with which a customer pulls.
async fn puller(hub: &HubProcess, owner: &str, customer: &str) -> String {
    run(hub, owner, &format!("customerCreate(name: \"{customer}\") {{ changed }}")).await;
    let add =
        format!("robotAdd(name: \"robot\", role: CUSTOMER_ADMIN, customer: \"{customer}\") {{ member {{ id }} }}");
    let id = run(hub, owner, &add).await["robotAdd"]["member"]["id"].as_str().expect("an id").to_owned();
    let issue = format!("tokenIssue(label: \"pull\", scopes: [PULL], member: \"{id}\") {{ secret }}");
    run(hub, owner, &issue).await["tokenIssue"]["secret"].as_str().expect("a secret").to_owned()
}

async fn pull(hub: &HubProcess, secret: &str, reference: &str) -> StatusCode {
    let token = token(hub, secret, &["repository:acme/hello:pull"]).await.expect("a token");
    let request = reqwest::Client::new().get(hub.url(&format!("/v2/acme/hello/manifests/{reference}")));
    request.bearer_auth(token).header("user-agent", "a-client/1").send().await.expect("an answer").status()
}

async fn accesses(hub: &HubProcess, owner: &str, variables: Value) -> Value {
    hub.graphql(Some(owner), ACCESSES, variables).await.data()["repositoryAccesses"].clone()
}

#[tokio::test]
async fn an_auditor_sees_who_pulled_what_and_who_was_refused() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let digest = push(&hub, &owner, "acme/hello", "1.0.0", "hello").await;
    push(&hub, &owner, "acme/other", "1.0.0", "other").await;
    let (globex, initech) = (puller(&hub, &owner, "globex").await, puller(&hub, &owner, "initech").await);
    let compose = format!("services: {{ web: {{ image: {}/acme/hello:1.0.0 }} }}", hub.registry());
    for mutation in [
        "applicationCreate(name: \"hello\") { changed }".to_owned(),
        format!(
            "releasePublish(application: \"hello\", version: \"1.0.0\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }}"
        ),
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }".to_owned(),
    ] {
        run(&hub, &owner, &mutation).await;
    }
    assert_eq!(pull(&hub, &globex, "1.0.0").await, StatusCode::OK);
    assert_eq!(pull(&hub, &initech, "1.0.0").await, StatusCode::NOT_FOUND);
    assert_eq!(pull(&hub, &owner, &digest).await, StatusCode::OK);
    let all = wait::until("four accesses", Duration::from_secs(30), async || {
        let all = accesses(&hub, &owner, json!({})).await;
        match all["nodes"].as_array().map(Vec::len) {
            Some(4) => Ok(all),
            _ => Err(format!("{all:#}")),
        }
    })
    .await;

    let [own, refused, granted, pushed] = [0, 1, 2, 3].map(|n| all["nodes"][n].clone());
    assert_eq!(
        (&pushed["action"], &pushed["rule"], &pushed["tag"]),
        (&json!("PUSH"), &json!("role owner"), &json!("1.0.0"))
    );
    assert_eq!((&granted["action"], &granted["customer"]["name"]), (&json!("PULL"), &json!("globex")));
    assert_eq!((&granted["rule"], &granted["granted"]), (&json!("license \"l\""), &json!(true)));
    assert_eq!((&granted["digest"], &granted["subject"]), (&json!(digest), &json!("acme/hello:1.0.0")));
    assert_eq!((&granted["address"], &granted["userAgent"]), (&json!("127.0.0.1"), &json!("a-client/1")));
    assert!(granted["actor"].as_str().is_some_and(|actor| actor.starts_with("robot:")), "{granted}");
    assert_eq!((&refused["customer"]["name"], &refused["granted"]), (&json!("initech"), &json!(false)));
    assert_eq!((&refused["code"], &refused["rule"]), (&json!("entitlement.no_license"), &Value::Null), "{refused}");
    assert!(refused["reason"].is_string(), "{refused}");
    assert_eq!((&own["subject"], &own["tag"]), (&json!(format!("acme/hello@{digest}")), &Value::Null));

    let by_tag = accesses(&hub, &owner, json!({ "tag": "1.0.0" })).await;
    assert_eq!(by_tag["nodes"], json!([refused, granted, pushed]));
    let by_digest = accesses(&hub, &owner, json!({ "digest": digest })).await;
    assert_eq!(by_digest["nodes"].as_array().expect("nodes")[0], own);
    // a page after the other
    let (mut paged, mut after) = (vec![], Value::Null);
    loop {
        let page = accesses(&hub, &owner, json!({ "first": 3, "after": after })).await;
        paged.extend(page["nodes"].as_array().expect("nodes").clone());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(json!(paged), all["nodes"]);
    let both = hub.graphql(Some(&owner), ACCESSES, json!({ "tag": "1.0.0", "digest": digest })).await;
    assert_eq!(both.code(), Some("bad_input"), "{both:?}");
}
