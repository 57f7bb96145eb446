//! Rights count when something happens, not when it was begun: bodies that come slowly, and changes that wait.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::access::registry::{digest_of, push, token};
use crate::observation::until_there;
use crate::two_hubs::post;

async fn change(hub: &HubProcess, secret: &str, mutation: &str) -> Value {
    hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// A request whose body is not there yet.
struct Slow {
    stream: TcpStream,
    body: String,
}

impl Slow {
    async fn begin(hub: &HubProcess, method: &str, path: &str, secret: &str, (kind, body): (&str, String)) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", hub.port)).await.expect("the hub listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nAuthorization: Bearer {secret}\r\n\
             Content-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            hub.port,
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("the hub reads");
        stream.write_all(&body.as_bytes()[..1]).await.expect("the hub reads");
        stream.flush().await.expect("the hub reads");
        Self { stream, body }
    }

    async fn end(mut self) -> String {
        self.stream.write_all(&self.body.as_bytes()[1..]).await.expect("the hub reads");
        let mut answer = vec![];
        self.stream.read_to_end(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// So that the hub has most likely looked at who it is; whether it has or not, the answer is to be the same.
async fn looked_at() {
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test]
async fn who_may_not_come_in_any_more_ends_no_request_that_it_began() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    push(&hub, &owner, "acme/app", "1", "app").await;
    let issued =
        change(&hub, &owner, "tokenIssue(label: \"t\", scopes: [READ, WRITE, PUSH]) { secret token { id } }").await;
    let (secret, id) = (text(&issued["tokenIssue"]["secret"]), text(&issued["tokenIssue"]["token"]["id"]));
    let pushing = token(&hub, &secret, &["repository:acme/app:pull,push"]).await.expect("a token");
    let manifest = reqwest::Client::new()
        .get(hub.url("/v2/acme/app/manifests/1"))
        .bearer_auth(token(&hub, &owner, &["repository:acme/app:pull"]).await.expect("a token"))
        .send()
        .await
        .expect("an answer");
    let kind = manifest.headers()["content-type"].to_str().expect("text").to_owned();
    let manifest = manifest.text().await.expect("a manifest");
    let blob = "another blob".to_owned();
    let digest = digest_of(blob.as_bytes());
    let json = |body: Value| ("application/json", body.to_string());

    let query = json!({ "query": "{ customers { nodes { name } } }" });
    let asked = Slow::begin(&hub, "POST", "/graphql", &secret, json(query)).await;
    let put = Slow::begin(&hub, "PUT", "/v2/acme/app/manifests/2", &pushing, (&kind, manifest)).await;
    let upload = format!("/v2/acme/app/blobs/uploads/?digest={digest}");
    let upload = Slow::begin(&hub, "POST", &upload, &pushing, ("application/octet-stream", blob)).await;
    looked_at().await;
    change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await;
    for (what, slow) in [("a query", asked), ("a manifest", put), ("a blob", upload)] {
        let answer = slow.end().await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{what}: {answer}");
    }
    let pulling = token(&hub, &owner, &["repository:acme/app:pull"]).await.expect("a token");
    for path in ["manifests/2".to_owned(), format!("blobs/{digest}")] {
        let request = reqwest::Client::new().get(hub.url(&format!("/v2/acme/app/{path}"))).bearer_auth(&pulling);
        assert_eq!(request.send().await.expect("an answer").status(), StatusCode::NOT_FOUND, "{path}");
    }

    change(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await;
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    let enrolment = change(&hub, &owner, register).await["targetRegister"]["enrolment"]["token"].clone();
    let (_, enrolled) = post(&hub, "/agent/v1/enrol", &text(&enrolment), json!({ "agent_version": "1" })).await;
    let heartbeat = json(json!({ "reports": [] }));
    let heartbeat = Slow::begin(&hub, "POST", "/agent/v1/heartbeats", &text(&enrolled["secret"]), heartbeat).await;
    looked_at().await;
    change(&hub, &owner, "targetRetire(customer: \"globex\", name: \"factory\", reason: \"sold\") { changed }").await;
    let answer = heartbeat.end().await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

/// A change that waits before its fact, longer than its author's right lasts.
#[tokio::test]
async fn nothing_becomes_a_fact_of_somebody_who_may_not_come_in_any_more() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let pause = [("DISTR_HUB_PAUSE_AT", "release.drafted"), ("DISTR_HUB_PAUSE_FILE", path)];
    let hub = HubProcess::start_with(&pause).await;
    let owner = hub.sign_in("acme").await;
    push(&hub, &owner, "acme/app", "1", "app").await;
    change(&hub, &owner, "applicationCreate(name: \"app\") { changed }").await;
    let issued = change(&hub, &owner, "tokenIssue(label: \"t\", scopes: [READ, WRITE]) { secret token { id } }").await;
    let (secret, id) = (text(&issued["tokenIssue"]["secret"]), text(&issued["tokenIssue"]["token"]["id"]));
    let compose = format!("services: {{ web: {{ image: {}/acme/app:1 }} }}", hub.registry());
    let publish = "mutation ($compose: String!) {
        releasePublish(application: \"app\", version: \"1.0.0\", packages: [{ compose: { file: $compose } }]) { changed }
    }";
    let publishing = async { hub.graphql(Some(&secret), publish, json!({ "compose": compose })).await };
    let ending = async {
        until_there(&file).await;
        change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await;
        std::fs::remove_file(&file).expect("own file");
    };
    let (answer, ()) = tokio::join!(publishing, ending);
    assert_eq!(answer.code(), Some("unauthenticated"), "{answer:?}");
    let events = hub.graphql(Some(&owner), "{ events(first: 500) { events { type } } }", json!({})).await.data();
    let events = events["events"]["events"].as_array().expect("events").clone();
    assert!(events.iter().any(|event| event["type"] == "ReleaseDrafted"), "what was before stays: {events:?}");
    assert!(events.iter().all(|event| event["type"] != "ReleasePublished"), "{events:?}");
}
