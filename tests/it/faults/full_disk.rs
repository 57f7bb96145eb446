//! A disk fills by pushes: they are refused while there is still room for the log, so that agents, deletes, queries and
//! collections go on; and taken again once there is room.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::small_disk::SmallDisk;
use distr_tests::wait;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::registry::{push, token};

const BLOB: usize = 8 * 1024 * 1024;
const REASON: &str = "acme/big: the disk of the hub is nearly full";

struct Pusher<'a> {
    hub: &'a HubProcess,
    token: String,
}

impl<'a> Pusher<'a> {
    async fn of(hub: &'a HubProcess, owner: &str) -> Self {
        let token = token(hub, owner, &["repository:acme/big:pull,push,delete"]).await.expect("the owner gets a token");
        Self { hub, token }
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Response {
        let request = Client::new().request(method, self.hub.url(path)).bearer_auth(&self.token).body(body);
        request.send().await.expect("an answer")
    }

    async fn push(&self, blob: Vec<u8>) -> Response {
        let path = format!("/v2/acme/big/blobs/uploads/?digest={}", digest_of(&blob));
        self.send(Method::POST, &path, blob).await
    }

    /// Its length is not announced, as Docker does it.
    async fn push_in_a_stream(&self, blob: Vec<u8>) -> Response {
        let begun = self.send(Method::POST, "/v2/acme/big/blobs/uploads/", vec![]).await;
        if begun.status() != 202 {
            return begun;
        }
        let location = begun.headers()["location"].to_str().expect("a path").to_owned();
        let parts = blob.chunks(64 * 1024).map(|part| Ok::<_, std::io::Error>(part.to_vec()));
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(parts.collect::<Vec<_>>()));
        let request = Client::new().patch(self.hub.url(&location)).bearer_auth(&self.token).body(body);
        request.send().await.expect("an answer")
    }
}

fn digest_of(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest(&SHA256, bytes)))
}

fn blob(number: u8) -> Vec<u8> {
    vec![number; BLOB]
}

async fn refusal(response: Response) -> String {
    let status = response.status().as_u16();
    let answer: Value = response.json().await.expect("JSON");
    let error = &answer["errors"][0];
    format!("{status} {}: {}", error["code"].as_str().expect("a code"), error["message"].as_str().expect("a message"))
}

/// Bytes of unfinished uploads, by whoever may read the hub's directory.
fn uploads(data: &Path) -> usize {
    let found = Command::new("find").arg(data.join("hub/registry/uploads")).args(["-type", "f"]).output();
    String::from_utf8_lossy(&found.expect("find").stdout).lines().count()
}

async fn metric(port: u16, name: &str) -> Option<f64> {
    let text = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.ok()?.text().await.ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[tokio::test]
async fn pushes_are_refused_while_there_is_room_for_all_else_and_taken_again_afterwards() {
    let disk = SmallDisk::mount("320m", "0755");
    let metrics = free_port();
    let environment = [("DISTR_DISK_RESERVE", "96MiB"), ("DISTR_METRICS_LISTEN", &*format!("127.0.0.1:{metrics}"))];
    let mut hub = HubProcess::start_in(disk.directory(), &environment).await;
    let owner = hub.sign_in("acme").await;
    let image = push(&hub, &owner, "acme/big", "1", "big").await;
    let pusher = Pusher::of(&hub, &owner).await;
    assert_eq!(metric(metrics, "distr_disk_reserve_reached").await, Some(0.0));

    let mut taken = 0;
    let refused = loop {
        let answer = pusher.push(blob(taken)).await;
        if answer.status() != 201 {
            break refusal(answer).await;
        }
        taken += 1;
        assert!(taken < 40, "the disk is larger than it should be");
    };
    assert!(taken > 0 && refused.starts_with(&format!("403 DENIED: {REASON}")), "{taken} blobs, {refused}");
    // what is left above the reserve is taken by somebody else
    let other = hub.data.path().join("other");
    std::fs::write(&other, blob(0)).expect("own directory");
    let refused = refusal(pusher.push(vec![249; 1]).await).await;
    assert!(refused.contains(REASON), "{refused}");
    // as Docker sends it
    let refused = refusal(pusher.push_in_a_stream(blob(250)).await).await;
    assert!(refused.contains(REASON), "{refused}");
    let manifest = json!({ "schemaVersion": 2, "manifests": [] }).to_string().into_bytes();
    let put = Client::new().put(hub.url("/v2/acme/big/manifests/2")).bearer_auth(&pusher.token);
    let put = put.header("content-type", "application/vnd.oci.image.index.v1+json").body(manifest);
    let refused = refusal(put.send().await.expect("an answer")).await;
    assert!(refused.contains(REASON), "{refused}");
    assert_eq!(uploads(hub.data.path()), 0, "what was refused left nothing");
    assert_eq!(metric(metrics, "distr_disk_reserve_reached").await, Some(1.0));
    let ready = reqwest::get(hub.url("/readyz")).await.expect("an answer");
    assert_eq!(ready.status(), 200);
    let ready: Value = ready.json().await.expect("JSON");
    assert_eq!(ready["disk"], "reserve reached: uploads and pushes are refused");

    all_else_goes_on(&hub, &owner).await;
    let pulled = pusher.send(Method::GET, &format!("/v2/acme/big/manifests/{image}"), vec![]).await;
    assert_eq!(pulled.status(), 200);
    for number in 0..taken {
        let path = format!("/v2/acme/big/blobs/{}", digest_of(&blob(number)));
        let status = pusher.send(Method::DELETE, &path, vec![]).await.status();
        assert!(status == 202 || status == 404, "{status}");
    }

    std::fs::remove_file(other).expect("own directory");
    hub.stop().await;
    let collected = hub.command(&["gc", "--grace-hours", "0"]);
    assert!(collected.status.success(), "{}", String::from_utf8_lossy(&collected.stderr));
    hub.run("acme").await;
    let pusher = Pusher::of(&hub, &owner).await;
    assert_eq!(pusher.push(blob(251)).await.status(), 201);
    assert_eq!(metric(metrics, "distr_disk_reserve_reached").await, Some(0.0));
    drop(hub);
}

/// Decisions, reports of agents, and what is read of them.
async fn all_else_goes_on(hub: &HubProcess, owner: &str) {
    let mutate = async |text: &str| hub.graphql(Some(owner), &format!("mutation {{ {text} }}"), json!({})).await.data();
    mutate("customerCreate(name: \"globex\") { changed }").await;
    let registered = mutate("targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }").await;
    let enrolment = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let post = async |path: &str, secret: &str, body: Value| {
        let answer = Client::new().post(hub.url(path)).bearer_auth(secret).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.json::<Value>().await.expect("JSON")
    };
    let enrolled = post("/agent/v1/enrol", &enrolment, json!({ "agent_version": "1" })).await;
    let report = json!({
        "id": Uuid::now_v7(), "boot": Uuid::nil(), "sequence": 1, "at": "2026-01-01T00:00:00Z",
        "agent_version": "1", "deployments": [],
    });
    let secret = enrolled["secret"].as_str().expect("a secret");
    post("/agent/v1/heartbeats", secret, json!({ "reports": [report] })).await;
    wait::until("the target shows its report", Duration::from_secs(30), async || {
        let query = "{ targets(customer: \"globex\") { nodes { lastHeartbeatAt } } }";
        let data = hub.graphql(Some(owner), query, json!({})).await.data();
        match data["targets"]["nodes"][0]["lastHeartbeatAt"].is_string() {
            true => Ok(()),
            false => Err(data.to_string()),
        }
    })
    .await;
}
