//! What a target's host holds: shown as what it is, and gone when the host lets it go on.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::metrics::{scraped, value};
use crate::two_hubs::{count, deployed, post, report};

async fn send(hub: &HubProcess, agent: &str, report: Value) -> Value {
    let (status, answer) = post(hub, "/agent/v1/heartbeats", agent, report).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// A report of a step, with what is wrong.
fn told(deployment: &str, sequence: u64, step: &str, error: Value) -> Value {
    let mut told = report(deployment, sequence, "unknown");
    let told_of = &mut told["reports"][0]["deployments"][0];
    (told_of["step"], told_of["error"], told_of["running"]) = (step.into(), error, Value::Null);
    told
}

async fn until(hub: &HubProcess, owner: &str, wanted: Value) {
    let query = "{ deployment(customer: \"globex\", target: \"factory\", application: \"hello\") {
        phase error { category text } target { state }
    } }";
    wait::until("the deployment to be seen", Duration::from_secs(30), async || {
        let seen = hub.graphql(Some(owner), query, json!({})).await.data()["deployment"].clone();
        if seen == wanted { Ok(()) } else { Err(format!("{seen} instead of {wanted}")) }
    })
    .await;
}

#[tokio::test]
async fn what_the_host_holds_is_no_failure_of_the_release_and_goes_on() {
    let port = free_port();
    let hub = HubProcess::start_with(&[("DISTR_METRICS_LISTEN", &format!("127.0.0.1:{port}"))]).await;
    let counted = async || value(&scraped(port).await, "distr_deployments_held");
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let reason = "this host's policy does not allow what the release needs";
    let held = |sequence| told(&deployment, sequence, "pending", json!({ "category": "policy", "text": reason }));
    send(&hub, &agent, held(1)).await;
    let error = json!({ "category": "POLICY", "text": reason });
    until(&hub, &owner, json!({ "phase": "HELD", "error": error, "target": { "state": "HELD" } })).await;
    assert_eq!(counted().await, Some(1.0));
    // the host is asked again and again
    send(&hub, &agent, told(&deployment, 2, "pending", Value::Null)).await;
    send(&hub, &agent, held(3)).await;

    send(&hub, &agent, told(&deployment, 4, "pulling", Value::Null)).await;
    until(&hub, &owner, json!({ "phase": "PROGRESSING", "error": null, "target": { "state": "PROGRESSING" } })).await;
    assert_eq!(counted().await, Some(0.0));
    send(&hub, &agent, report(&deployment, 5, "ok")).await;
    until(&hub, &owner, json!({ "phase": "HEALTHY", "error": null, "target": { "state": "OK" } })).await;
    assert_eq!((count(&hub, &owner, "DeploymentHeld").await, count(&hub, &owner, "DeploymentFailed").await), (1, 0));
}

#[tokio::test]
async fn a_category_that_only_newer_agents_know_holds_up_no_report() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let error = json!({ "category": "of_tomorrow", "text": "something new" });
    send(&hub, &agent, told(&deployment, 1, "failed", error)).await;
    let error = json!({ "category": "UNKNOWN", "text": "something new" });
    until(&hub, &owner, json!({ "phase": "FAILED", "error": error, "target": { "state": "FAILED" } })).await;
}

#[tokio::test]
async fn the_agent_is_told_whose_member_asked() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let ask = async |secret: &str, mutation: &str| {
        hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
    };
    let asked = async || {
        let answer = send(&hub, &agent, json!({ "reports": [] })).await;
        let wanted = &answer["desired"]["deployments"][0];
        (wanted["generation"].clone(), wanted["asked_by"].clone(), wanted["instruction"].clone())
    };
    // what an agent of an earlier version never heard of is the vendor
    assert_eq!(asked().await, (json!(1), Value::Null, json!("run")));
    let waits = json!({ "category": "policy", "text": "waits for consent on this host" });
    send(&hub, &agent, told(&deployment, 1, "pending", waits.clone())).await;
    until(&hub, &owner, json!({ "phase": "HELD", "error": { "category": "POLICY", "text": waits["text"] }, "target": { "state": "HELD" } })).await;

    let robot =
        ask(&owner, "robotAdd(name: \"ops\", role: CUSTOMER_ADMIN, customer: \"globex\") { member { id } }").await;
    let robot = robot["robotAdd"]["member"]["id"].clone();
    let issued =
        ask(&owner, &format!("tokenIssue(label: \"ops\", scopes: [READ, WRITE], member: {robot}) {{ secret }}")).await;
    let customer = issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    ask(&customer, "deploymentSetRelease(target: \"factory\", application: \"hello\", version: \"1.0.0\") { changed }")
        .await;
    assert_eq!(asked().await, (json!(2), json!("customer"), json!("run")));

    let remove =
        "deploymentRemove(customer: \"globex\", target: \"factory\", application: \"hello\", data: REMOVE) { changed }";
    ask(&owner, remove).await;
    assert_eq!(asked().await, (json!(3), Value::Null, json!("remove")));
    let query = "{ deployment(customer: \"globex\", target: \"factory\", application: \"hello\") { removal } }";
    let wanted = hub.graphql(Some(&owner), query, json!({})).await.data();
    assert_eq!(wanted["deployment"]["removal"], "REMOVE");
    let mut held = told(&deployment, 2, "pending", waits);
    held["reports"][0]["deployments"][0]["generation"] = json!(3);
    send(&hub, &agent, held).await;
    until(&hub, &owner, json!({ "phase": "HELD", "error": { "category": "POLICY", "text": "waits for consent on this host" }, "target": { "state": "HELD" } })).await;
    assert_eq!(asked().await.2, json!("remove"));
    ask(&customer, "deploymentRemove(target: \"factory\", application: \"hello\", data: REMOVE) { changed }").await;
    assert_eq!(asked().await, (json!(4), json!("customer"), json!("remove")));
}
