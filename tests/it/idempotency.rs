//! A request that is sent again with its `Idempotency-Key` has no second effect.

use distr_tests::hub::HubProcess;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

const MUTATION: &str = "mutation ($name: Name!) {
    customerCreate(name: $name) { position changed }
    robotAdd(name: \"ci\", role: AUDITOR) { position member { id } }
    tokenIssue(label: \"t\", scopes: [READ]) { position secret token { id } }
}";

async fn send(hub: &HubProcess, secret: &str, key: &str, name: &str) -> (StatusCode, Value) {
    let request = Client::new().post(hub.url("/graphql")).bearer_auth(secret).header("Idempotency-Key", key);
    let body = json!({ "query": MUTATION, "variables": { "name": name } });
    let response = request.json(&body).send().await.expect("an answer");
    (response.status(), response.json().await.expect("JSON"))
}

async fn count(hub: &HubProcess, secret: &str, wanted: &str) -> usize {
    let query = "{ events(first: 1000) { events { type } } }";
    let data = hub.graphql(Some(secret), query, json!({})).await.data();
    let events = data["events"]["events"].as_array().expect("events").clone();
    events.iter().filter(|event| event["type"] == wanted).count()
}

#[tokio::test]
async fn the_same_request_again_is_answered_with_what_it_led_to() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, first) = send(&hub, &owner, "k1", "globex").await;
    let (_, again) = send(&hub, &owner, "k1", "globex").await;
    assert!(first.get("errors").is_none(), "{first}");
    assert_eq!(first["data"]["customerCreate"]["changed"], true);
    for path in ["/customerCreate", "/robotAdd", "/tokenIssue/position", "/tokenIssue/token"] {
        assert_eq!(first["data"].pointer(path), again["data"].pointer(path), "{path}");
    }
    for event in ["CustomerCreated", "TokenIssued"] {
        assert_eq!(count(&hub, &owner, event).await, 1, "{event}");
    }
    assert_eq!(count(&hub, &owner, "MemberAdded").await, 2, "the owner and the robot");
    // the secret is made anew: whichever answer arrived, its secret lets in
    for answer in [&first, &again] {
        let secret = answer["data"]["tokenIssue"]["secret"].as_str().expect("a secret");
        hub.graphql(Some(secret), "{ viewer { memberId } }", json!({})).await.data();
    }
}

#[tokio::test]
async fn another_request_with_the_same_key_is_another() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    send(&hub, &owner, "k1", "globex").await;
    let (_, other) = send(&hub, &owner, "k1", "initech").await;
    assert_eq!(other["data"]["customerCreate"]["changed"], true, "{other}");
    let (status, refused) = send(&hub, &owner, "", "hooli").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused["message"].as_str().unwrap_or_default().contains("Idempotency-Key"), "{refused}");
}
