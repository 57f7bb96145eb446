//! Two hubs on one database: each projection and each policy is moved by one of them; when that is killed, by the other; and
//! what a report leads to is a fact once.

use std::time::Duration;

use distr_embedded_postgres::start_temporary;
use distr_tests::docker::Docker;
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::wait;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// A lease lasts five seconds; the rest is for a busy machine.
pub(crate) const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(60);

async fn mutate(hub: &HubProcess, owner: &str, mutation: &str) -> Value {
    hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

/// The leases that the hub with this address for metrics holds, and how many there are.
pub(crate) async fn leases(port: u16) -> (usize, usize) {
    let text = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.expect("an answer");
    let text = text.text().await.expect("text");
    let leases: Vec<&str> = text.lines().filter(|line| line.starts_with("distr_lease_held{")).collect();
    (leases.iter().filter(|line| line.ends_with(" 1")).count(), leases.len())
}

/// The customer `globex`, and a release of the application `hello`.
pub(crate) async fn released(hub: &HubProcess, owner: &str) {
    mutate(hub, owner, "customerCreate(name: \"globex\") { changed }").await;
    mutate(hub, owner, "applicationCreate(name: \"hello\") { changed }").await;
    let publish = "mutation ($compose: String!) {
        releasePublish(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: $compose } }]) { changed }
    }";
    let issued = mutate(hub, owner, "tokenIssue(label: \"t\", scopes: [PUSH]) { secret }").await;
    let docker = Docker::new();
    let token = issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    assert!(docker.login(&hub.registry(), &token).status.success());
    let image = format!("{}/acme/web:1.0.0", hub.registry());
    docker.push_unique(&image);
    let compose = format!("services:\n  web:\n    image: {image}\n");
    hub.graphql(Some(owner), publish, json!({ "compose": compose })).await.data();
}

/// A release, deployed to a target whose agent is enrolled. Answers with the deployment and the
/// agent's secret.
pub(crate) async fn deployed(hub: &HubProcess, owner: &str) -> (String, String) {
    released(hub, owner).await;
    let license =
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: { seats: 1 }) { changed }";
    mutate(hub, owner, license).await;
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    let token = mutate(hub, owner, register).await["targetRegister"]["enrolment"]["token"].clone();
    let (_, enrolled) =
        post(hub, "/agent/v1/enrol", token.as_str().expect("a token"), json!({ "agent_version": "1" })).await;
    let deploy = "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\",
        version: \"1.0.0\") { deployment { id } }";
    let deployment = mutate(hub, owner, deploy).await["deploymentSetRelease"]["deployment"]["id"].clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&deployment), text(&enrolled["secret"]))
}

pub(crate) async fn post(hub: &HubProcess, path: &str, secret: &str, body: Value) -> (StatusCode, Value) {
    let response = Client::new().post(hub.url(path)).bearer_auth(secret).json(&body).send().await.expect("an answer");
    (response.status(), response.json().await.expect("JSON"))
}

pub(crate) fn report(deployment: &str, sequence: u64, health: &str) -> Value {
    json!({ "reports": [{
        "id": Uuid::now_v7(), "boot": Uuid::nil(), "sequence": sequence, "at": "2026-01-01T00:00:00Z",
        "agent_version": "1", "deployments": [{
            "deployment": deployment, "generation": 1, "step": "applied", "health": health,
            "running": { "generation": 1, "version": "1.0.0" },
        }],
    }]})
}

pub(crate) async fn count(hub: &HubProcess, owner: &str, event: &str) -> usize {
    let query = "{ events(first: 500, telemetry: []) { events { type } } }";
    let data = hub.graphql(Some(owner), query, json!({})).await.data();
    let events = data["events"]["events"].as_array().expect("events").clone();
    events.iter().filter(|found| found["type"] == event).count()
}

#[tokio::test]
async fn leases_move_and_policies_run_once() {
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let (url, ports) = (postgres.url("distr"), [free_port(), free_port()]);
    let listens = ports.map(|port| format!("127.0.0.1:{port}"));
    let environment =
        |listen| [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", KEY), ("DISTR_METRICS_LISTEN", listen)];
    let mut first = HubProcess::start_with(&environment(listens[0].as_str())).await;
    let second = HubProcess::start_with(&environment(listens[1].as_str())).await;
    let owner = first.sign_in("acme").await;
    let (deployment, agent) = deployed(&first, &owner).await;

    let ((held, all), (by_second, _)) = (leases(ports[0]).await, leases(ports[1]).await);
    assert!(all >= 5 && held + by_second <= all, "{held} and {by_second} of {all} leases");
    assert!(held > 0, "the first hub holds none of {all} leases");

    // each hub takes a report of the same news
    for (hub, sequence) in [(&first, 1), (&second, 2)] {
        let (status, answer) = post(hub, "/agent/v1/heartbeats", &agent, report(&deployment, sequence, "ok")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    wait::until("a healthy deployment", TAKEN_OVER_WITHIN, async || {
        match count(&second, &owner, "DeploymentHealthy").await {
            0 => Err("no fact".to_owned()),
            found => Ok(found),
        }
    })
    .await;

    first.kill();
    let (status, answer) = post(&second, "/agent/v1/heartbeats", &agent, report(&deployment, 3, "fail")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    wait::until("all leases with the hub that is left", TAKEN_OVER_WITHIN, async || {
        let (held, all) = leases(ports[1]).await;
        if held == all { Ok(()) } else { Err(format!("{held} of {all}")) }
    })
    .await;
    wait::until("an unhealthy deployment", TAKEN_OVER_WITHIN, async || {
        let found = count(&second, &owner, "DeploymentUnhealthy").await;
        if found > 0 { Ok(()) } else { Err("no fact".to_owned()) }
    })
    .await;
    assert_eq!(count(&second, &owner, "DeploymentHealthy").await, 1);
    assert_eq!(count(&second, &owner, "DeploymentUnhealthy").await, 1);
    mutate(&second, &owner, "customerCreate(name: \"initech\") { changed }").await;
}
