//! The product on the other engine of its log: hubs whose `EVENTLOG_URL` names a server of KurrentDB's protocol. The server is that of
//! the tests: what is proved is the hub and its adapter, against the client and the protocol.

use std::time::Duration;

use distr_embedded_postgres::start_temporary;
use distr_kurrent_server::{Limits, Server};
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::{KEY, TAKEN_OVER_WITHIN, count, leases, post, report};
use crate::withheld::{change, world};

/// As deploy/README.md says that a server is set up.
const SET_UP: Limits = Limits { append: 16 * 1024 * 1024 };

/// A target whose agent is enrolled, and a deployment on it. Answers with the deployment and the agent's secret.
async fn deployed(hub: &HubProcess, owner: &str) -> (String, String) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    let token = text(&change(hub, owner, register).await["targetRegister"]["enrolment"]["token"]);
    let (_, enrolled) = post(hub, "/agent/v1/enrol", &token, json!({ "agent_version": "1" })).await;
    let deploy = "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\",
        version: \"1.0.0\") { deployment { id } }";
    let deployment = text(&change(hub, owner, deploy).await["deploymentSetRelease"]["deployment"]["id"]);
    (deployment, text(&enrolled["secret"]))
}

async fn until_healthy(hub: &HubProcess, owner: &str) {
    wait::until("a healthy deployment", TAKEN_OVER_WITHIN, async || {
        match count(hub, owner, "DeploymentHealthy").await {
            0 => Err("no fact".to_owned()),
            _ => Ok(()),
        }
    })
    .await;
}

const SHOWN: &str = "{
    customers { nodes { name } }
    licenses { nodes { name status seats seatsTaken } }
    targets { nodes { name agentVersion deployments { desiredVersion generation phase } } }
    licenseAudit { nodes { position kind actor reason } }
}";

async fn shown(hub: &HubProcess, owner: &str) -> Value {
    hub.graphql(Some(owner), SHOWN, json!({})).await.data()
}

#[tokio::test]
async fn the_main_line_runs_on_kurrentdb() {
    let server = Server::with(SET_UP, 0);
    let mut hub = HubProcess::start_with(&[("EVENTLOG_URL", server.url().as_str())]).await;
    let owner = hub.sign_in("acme").await;
    world(&hub, &owner).await;
    let before = hub.graphql(Some(&owner), "{ head }", json!({})).await.data()["head"].clone();
    let (deployment, agent) = deployed(&hub, &owner).await;
    let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, report(&deployment, 1, "ok")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    until_healthy(&hub, &owner).await;

    let denied = "mutation { deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\",
        version: \"2.0.0\") { changed } }";
    let denied = hub.graphql(Some(&owner), denied, json!({})).await;
    assert!(denied.code().is_some(), "not of a channel that is licensed: {denied:?}");
    change(&hub, &owner, "licenseRevoke(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }").await;
    let seen = shown(&hub, &owner).await;
    assert!(seen["licenseAudit"]["nodes"].as_array().is_some_and(|nodes| nodes.len() >= 3), "{seen:#}");
    let earlier = "query($asOf: Moment) { targets(asOf: $asOf) { nodes { name } } }";
    let earlier = hub.graphql(Some(&owner), earlier, json!({ "asOf": before })).await.data();
    assert_eq!(earlier["targets"]["nodes"], json!([]), "as of a position of this log");

    // read models are made anew from the log, beside a hub and without one
    let rebuilt = hub.command_async(&["rebuild"]).await;
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    assert_eq!(shown(&hub, &owner).await, seen);
    hub.stop().await;
    let rebuilt = hub.command(&["rebuild"]);
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));

    let backup = hub.command(&["backup", hub.data.path().join("backup").to_str().expect("a path")]);
    let told = String::from_utf8_lossy(&backup.stderr).into_owned();
    assert!(!backup.status.success() && told.contains("KurrentDB"), "{told}");

    // what was acknowledged is there after both have been away
    server.stop();
    server.go_on();
    hub.run("acme").await;
    let owner = hub.sign_in("acme").await;
    assert_eq!(shown(&hub, &owner).await, seen);
}

#[tokio::test]
async fn two_hubs_share_a_log_in_kurrentdb() {
    let server = Server::with(SET_UP, 0);
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let (url, log, ports) = (postgres.url("distr"), server.url(), [free_port(), free_port()]);
    let listens = ports.map(|port| format!("127.0.0.1:{port}"));
    let environment = |listen| {
        [
            ("DATABASE_URL", url.as_str()),
            ("EVENTLOG_URL", log.as_str()),
            ("DISTR_MASTER_KEY", KEY),
            ("DISTR_METRICS_LISTEN", listen),
        ]
    };
    let mut first = HubProcess::start_with(&environment(listens[0].as_str())).await;
    let second = HubProcess::start_with(&environment(listens[1].as_str())).await;
    let owner = first.sign_in("acme").await;
    world(&first, &owner).await;
    let (deployment, agent) = deployed(&first, &owner).await;
    for (hub, sequence) in [(&first, 1), (&second, 2)] {
        let (status, answer) = post(hub, "/agent/v1/heartbeats", &agent, report(&deployment, sequence, "ok")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
    until_healthy(&second, &owner).await;

    // the log is away for a while, and then a hub for good
    server.stop();
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.go_on();
    first.kill();
    wait::until("all leases with the hub that is left", TAKEN_OVER_WITHIN, async || {
        let (held, all) = leases(ports[1]).await;
        if held == all { Ok(()) } else { Err(format!("{held} of {all}")) }
    })
    .await;
    let (status, answer) = post(&second, "/agent/v1/heartbeats", &agent, report(&deployment, 3, "fail")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    wait::until("an unhealthy deployment", TAKEN_OVER_WITHIN, async || {
        let found = count(&second, &owner, "DeploymentUnhealthy").await;
        if found > 0 { Ok(()) } else { Err("no fact".to_owned()) }
    })
    .await;
    assert_eq!(count(&second, &owner, "DeploymentHealthy").await, 1, "what a report leads to is a fact once");
    change(&second, &owner, "customerCreate(name: \"initech\") { changed }").await;
}

#[tokio::test]
async fn a_log_that_cannot_be_used_is_told_at_the_start() {
    let closed = format!("esdb://127.0.0.1:{}?tls=false", free_port());
    for (url, words) in [("esdb://admin:secret@host:port", "URL is not valid"), (closed.as_str(), "does not answer")] {
        let mut hub = HubProcess::begin(&[("EVENTLOG_URL", url)]);
        let told = wait::until("the hub's end", Duration::from_secs(90), async || match hub.ended() {
            Some(_) => Ok(hub.log()),
            None => Err("it runs".to_owned()),
        })
        .await;
        assert!(told.contains(words), "{url}: {told}");
        assert!(!told.contains("secret"), "a password is not repeated: {told}");
    }
}
