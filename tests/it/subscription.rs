//! Live over graphql-transport-ws.

use distr_tests::hub::HubProcess;
use distr_tests::socket::{Socket, Subscription};
use serde_json::json;

#[tokio::test]
async fn events_after_a_position_come_all_and_once_then_live() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let create = "mutation ($n: Name!) { customerCreate(name: $n) { position } }";
    for n in 0..3 {
        hub.graphql(Some(&owner), create, json!({ "n": format!("c{n}") })).await.data();
    }
    let query = "subscription ($p: Position!) { eventAppended(after: $p) { position type } }";
    let mut events = Subscription::open(&hub, Some(&owner), query, json!({ "p": "2" })).await;
    let mut seen = vec![];
    for _ in 0..3 {
        seen.push(events.next().await["data"]["eventAppended"]["position"].clone());
    }
    assert_eq!(seen, ["3", "4", "5"]);
    hub.graphql(Some(&owner), create, json!({ "n": "live" })).await.data();
    let live = events.next().await["data"]["eventAppended"].clone();
    assert_eq!(live, json!({ "position": "6", "type": "CustomerCreated" }));
}

#[tokio::test]
async fn a_target_that_changes_is_told() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let query = "subscription { targetChanged { name state enrolledAt } }";
    let mut changes = Subscription::open(&hub, Some(&owner), query, json!({})).await;
    // the socket's subscription is made asynchronously: change until it is heard
    let register = "mutation { targetRegister(customer: \"globex\", name: \"factory\") { changed } }";
    hub.graphql(Some(&owner), register, json!({})).await.data();
    let changed = changes.next().await["data"]["targetChanged"].clone();
    assert_eq!(changed, json!({ "name": "factory", "state": "UNKNOWN", "enrolledAt": null }));
}

#[tokio::test]
async fn a_subscription_is_guarded_like_a_query() {
    let hub = HubProcess::start().await;
    let query = "subscription { eventAppended(after: \"0\") { position } }";
    let url = format!("ws://127.0.0.1:{}/graphql", hub.port);
    let refused = Socket::open(&url, None, query, json!({})).await.err().expect("a stranger gets no socket");
    assert!(refused.contains("4401"), "{refused}");
}
