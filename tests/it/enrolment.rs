//! How an agent gets its credential, and what it is told.

use std::process::Command;
use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use futures_util::future::join_all;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// A session of the owner, the enrolment token of a target, and the command that installs its agent.
async fn registered(hub: &HubProcess) -> (String, String, String) {
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let register =
        "mutation { targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token command } } }";
    let data = hub.graphql(Some(&owner), register, json!({})).await.data();
    let enrolment = &data["targetRegister"]["enrolment"];
    let token = enrolment["token"].as_str().expect("a token").to_owned();
    let command = enrolment["command"].as_str().expect("a command");
    assert!(command.contains(&token), "{command}");
    let urls = command.split_whitespace().filter(|word| word.starts_with("http"));
    assert!(urls.into_iter().all(|url| !url.contains(&token)), "the token is in a URL: {command}");
    (owner, token, command.to_owned())
}

async fn post(hub: &HubProcess, path: &str, secret: &str, body: Value) -> (StatusCode, Value) {
    let response = Client::new().post(hub.url(path)).bearer_auth(secret).json(&body).send().await.expect("an answer");
    (response.status(), response.json().await.expect("JSON"))
}

async fn enrol(hub: &HubProcess, token: &str) -> (StatusCode, Value) {
    post(hub, "/agent/v1/enrol", token, json!({ "agent_version": "1" })).await
}

fn report(sequence: u64) -> Value {
    json!({
        "id": Uuid::now_v7(), "boot": Uuid::nil(), "sequence": sequence, "at": "2026-01-01T00:00:00Z",
        "agent_version": "1.2.3", "deployments": [],
    })
}

#[tokio::test]
async fn an_enrolment_token_works_once_and_the_credential_rotates() {
    let hub = HubProcess::start().await;
    let (owner, token, _) = registered(&hub).await;
    let (status, answer) = enrol(&hub, &token).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let secret = answer["secret"].as_str().expect("a secret");
    let (status, again) = enrol(&hub, &token).await;
    assert_eq!((status, again["code"].as_str()), (StatusCode::CONFLICT, Some("target.enrolment_spent")));

    let body = json!({ "reports": [report(1)] });
    let (status, answer) = post(&hub, "/agent/v1/heartbeats", secret, body.clone()).await;
    assert_eq!((status, &answer["accepted"]), (StatusCode::OK, &json!(1)), "{answer}");
    assert_eq!(answer["desired"]["deployments"], json!([]), "{answer}");
    let (_, same) =
        post(&hub, "/agent/v1/heartbeats", secret, json!({ "reports": [], "desired_etag": answer["desired"]["etag"] }))
            .await;
    assert_eq!(same.get("desired"), None, "nothing has changed: {same}");

    let (status, rotated) = post(&hub, "/agent/v1/credential", secret, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    // the answer is lost, and the agent asks again with what it has
    assert_eq!(post(&hub, "/agent/v1/heartbeats", secret, body.clone()).await.0, StatusCode::OK);
    let (status, again) = post(&hub, "/agent/v1/credential", secret, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    let lost = rotated["secret"].as_str().expect("a secret");
    assert_eq!(post(&hub, "/agent/v1/heartbeats", lost, body.clone()).await.0, StatusCode::UNAUTHORIZED);
    let new = again["secret"].as_str().expect("a secret");
    assert_eq!(post(&hub, "/agent/v1/heartbeats", new, body.clone()).await.0, StatusCode::OK);
    wait::until("the end of the old credential", Duration::from_secs(30), async || {
        match post(&hub, "/agent/v1/heartbeats", secret, body.clone()).await.0 {
            StatusCode::UNAUTHORIZED => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    // both that may let in end with the target
    let secret = new;
    let (_, rotated) = post(&hub, "/agent/v1/credential", secret, json!({})).await;

    let retire = "mutation { targetRetire(customer: \"globex\", name: \"factory\", reason: \"sold\") { changed } }";
    hub.graphql(Some(&owner), retire, json!({})).await.data();
    for secret in [secret, rotated["secret"].as_str().expect("a secret")] {
        assert_eq!(post(&hub, "/agent/v1/heartbeats", secret, body.clone()).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn whoever_lost_the_answer_to_its_enrolment_asks_again_and_nobody_else_does() {
    let hub = HubProcess::start().await;
    let (_, token, _) = registered(&hub).await;
    let ask = async |nonce: Option<&str>| {
        post(&hub, "/agent/v1/enrol", &token, json!({ "agent_version": "1", "nonce": nonce })).await
    };
    let (status, short) = ask(Some("guessable")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{short}");
    let (status, lost) = ask(Some("one-nonce-of-the-agent")).await;
    assert_eq!(status, StatusCode::OK, "{lost}");
    for other in [None, Some("another-nonce-of-nobody")] {
        let (status, refused) = ask(other).await;
        assert_eq!((status, refused["code"].as_str()), (StatusCode::CONFLICT, Some("target.enrolment_spent")));
    }
    let (status, answer) = ask(Some("one-nonce-of-the-agent")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let body = json!({ "reports": [report(1)] });
    for (answer, expected) in [(lost, StatusCode::UNAUTHORIZED), (answer, StatusCode::OK)] {
        let secret = answer["secret"].as_str().expect("a secret");
        assert_eq!(post(&hub, "/agent/v1/heartbeats", secret, body.clone()).await.0, expected);
    }
}

#[tokio::test]
async fn a_new_offer_ends_the_old_one() {
    let hub = HubProcess::start().await;
    let (owner, token, _) = registered(&hub).await;
    let offer = "mutation { targetOfferEnrolment(customer: \"globex\", name: \"factory\") { enrolment { token } } }";
    let data = hub.graphql(Some(&owner), offer, json!({})).await.data();
    assert_eq!(enrol(&hub, &token).await.0, StatusCode::CONFLICT);
    let newer = data["targetOfferEnrolment"]["enrolment"]["token"].as_str().expect("a token");
    assert_eq!(enrol(&hub, newer).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_bad_report_is_refused_whole_and_by_name() {
    let hub = HubProcess::start().await;
    let (_, token, _) = registered(&hub).await;
    let (_, answer) = enrol(&hub, &token).await;
    let secret = answer["secret"].as_str().expect("a secret");
    let mut long = report(2);
    long["deployments"] = json!([{
        "deployment": Uuid::nil(), "generation": 1, "step": "applied", "health": "ok", "drift": "x".repeat(2_001),
    }]);
    for (body, reason) in [
        (json!({ "reports": [report(1), long] }), "has a text of 2001 characters"),
        (json!({ "reports": [{ "id": 1 }] }), "the body is not what this path takes"),
        (json!({ "reports": vec![report(1); 1_001] }), "1001 reports in one request"),
        (json!({ "reports": [report(u64::MAX)] }), "a number out of range"),
        (json!({ "reports": [report(2), report(1)] }), "send the oldest first"),
    ] {
        let (status, answer) = post(&hub, "/agent/v1/heartbeats", secret, body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        let message = answer["message"].as_str().unwrap_or_default();
        assert!(message.contains(reason), "{message}");
    }
}

/// The agent that the command left running; ended with the test.
struct Installed {
    pid: String,
}

impl Drop for Installed {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(&self.pid).status();
    }
}

#[tokio::test]
async fn the_one_command_installs_an_agent_that_reports() {
    let hub = HubProcess::start().await;
    let (owner, _, command) = registered(&hub).await;
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    let output = Command::new("sh")
        .args(["-c", &command])
        .env("DISTR_AGENT_BIN_DIR", place.path().join("bin"))
        .env("DISTR_AGENT_DATA_DIR", place.path().join("data"))
        .output()
        .expect("sh can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let (_, rest) = said.split_once("runs as process ").expect("it says which process");
    let (pid, _) = rest.split_once(';').expect("a number");
    let _installed = Installed { pid: pid.to_owned() };
    let query = "{ target(customer: \"globex\", name: \"factory\") { state agentVersion } }";
    wait::until("a heartbeat", Duration::from_secs(60), async || {
        let target = hub.graphql(Some(&owner), query, json!({})).await.data()["target"].clone();
        match target["state"] == "OK" {
            true => Ok(()),
            false => Err(target.to_string()),
        }
    })
    .await;
}

/// Runs the script, changed, in an empty place; its exit code and what it said.
async fn installed(
    hub: &HubProcess,
    token: &str,
    change: impl Fn(&str) -> String,
) -> (Option<i32>, String, Vec<String>) {
    let script = reqwest::get(hub.url("/install-agent")).await.expect("an answer").text().await.expect("text");
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    let file = place.path().join("script");
    std::fs::write(&file, change(&script)).expect("own directory");
    let home = place.path().join("home");
    std::fs::create_dir(&home).expect("own directory");
    let output = Command::new("sh")
        .arg(&file)
        .env("DISTR_ENROLMENT_TOKEN", token)
        .env("DISTR_AGENT_BIN_DIR", home.join("bin"))
        .env("DISTR_AGENT_DATA_DIR", home.join("data"))
        .output()
        .expect("sh can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let bin = std::fs::read_dir(home.join("bin")).map(|files| files.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let left = bin.iter().map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    (output.status.code(), said, left)
}

#[tokio::test]
async fn a_script_that_was_cut_or_a_binary_that_was_changed_installs_nothing() {
    let hub = HubProcess::start().await;
    let (_, token, command) = registered(&hub).await;
    assert!(!command.contains("--proto"), "the hub is on this machine: {command}");
    let script = reqwest::get(hub.url("/install-agent")).await.expect("an answer").text().await.expect("text");
    let lines = script.lines().count();
    for kept in [lines / 3, lines / 2, lines - 2, lines - 1] {
        let cut = |script: &str| script.lines().take(kept).collect::<Vec<_>>().join("\n");
        let (_, said, left) = installed(&hub, &token, cut).await;
        assert!(left.is_empty() && !said.contains("distr: fetching"), "cut after {kept} of {lines} lines: {said}");
    }
    let other = |script: &str| {
        let (before, rest) = script.split_once("sha256=\"").expect("the checksum");
        let (checksum, after) = rest.split_once('"').expect("its end");
        assert_eq!(checksum.len(), 64, "{checksum}");
        format!("{before}sha256=\"{}\"{after}", "0".repeat(64))
    };
    let (code, said, left) = installed(&hub, &token, other).await;
    assert!(
        code == Some(1) && said.contains("is not the one that the hub names") && left.is_empty(),
        "{said} {left:?}"
    );
}

#[tokio::test]
async fn where_an_agent_is_enrolled_the_script_takes_the_new_program_and_needs_no_token() {
    let hub = HubProcess::start().await;
    let enrolled = |script: &str| {
        format!("mkdir -p \"$DISTR_AGENT_DATA_DIR\"; touch \"$DISTR_AGENT_DATA_DIR/identity.json\"\n{script}")
    };
    let (code, said, left) = installed(&hub, "", enrolled).await;
    assert!(
        code == Some(0) && said.contains("gets the new version") && said.contains("start the new one with"),
        "{said}"
    );
    assert_eq!(left, ["distr-agent"]);
    let (code, said, left) = installed(&hub, "", str::to_owned).await;
    assert!(code == Some(1) && said.contains("DISTR_ENROLMENT_TOKEN is not set") && left.is_empty(), "{said}");
}

#[tokio::test]
async fn a_hub_without_encryption_elsewhere_is_refused_unless_that_is_said() {
    let elsewhere = "http://hub.invalid";
    let hub = HubProcess::start().await;
    let (_, token, _) = registered(&hub).await;
    let named = |script: &str| script.replace(&hub.url(""), elsewhere);
    let (code, said, left) = installed(&hub, &token, named).await;
    assert!(code == Some(1) && said.contains("has no encryption") && left.is_empty(), "{said}");

    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let agent = |insecure: &[&str]| {
        let output = Command::new(distr_tests::binary("distr-agent"))
            .args(["enrol", "--hub", elsewhere, "--data-dir"])
            .arg(folder.path())
            .args(insecure)
            .env("DISTR_ENROLMENT_TOKEN", &token)
            .output()
            .expect("the agent can be started");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(agent(&[]).contains("has no encryption"), "{}", agent(&[]));
    assert!(agent(&["--allow-insecure"]).contains("cannot reach the hub"), "{}", agent(&["--allow-insecure"]));
    let cli = |insecure: &[&str]| {
        let output = Command::new(distr_tests::binary("distr"))
            .args(["--hub", elsewhere, "fleet"])
            .args(insecure)
            .env("DISTR_TOKEN", "x")
            .env("HOME", folder.path())
            .output()
            .expect("distr can be started");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = cli(&[]);
    assert!(code == Some(2) && said.contains("has no encryption"), "{code:?} {said}");
    assert_eq!(cli(&["--allow-insecure"]).0, Some(5));
}

/// As the script writes it, with the places of root.
#[test]
fn the_agents_service_is_shut_off_from_what_it_does_not_need() {
    let unit = std::fs::read_to_string(distr_tests::root().join("crates/api/src/http/install/distr-agent.service"));
    let unit = unit.expect("the unit").replace("$run", "/bin/true").replace("$environment", "");
    let unit = unit.replace("$data", "/var/lib/distr-agent");
    // what the agent does not see as the engine does, it cannot follow: a link there would lead past the policy
    for hiding in [
        "PrivateDevices=",
        "PrivateTmp=",
        "ProtectHome=yes",
        "ProtectHome=tmpfs",
        "ProtectKernelModules=",
        "InaccessiblePaths=",
        "TemporaryFileSystem=",
        "BindPaths=",
        "BindReadOnlyPaths=",
        "RootDirectory=",
        "RootImage=",
        "MountImages=",
    ] {
        assert!(!unit.lines().any(|line| line.starts_with(hiding)), "{hiding} hides a part of the host");
    }
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("distr-agent.service");
    std::fs::write(&file, unit).expect("own directory");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=yes", "--no-pager", "--threshold=29"])
        .arg(&file)
        .output()
        .expect("systemd-analyze is missing: install Debian's systemd");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
async fn an_agent_reports_however_busy_its_address_is() {
    let hub = HubProcess::start_with(&[("DISTR_RATE_LIMIT", "5")]).await;
    let (_, token, _) = registered(&hub).await;
    let (status, answer) = enrol(&hub, &token).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let secret = answer["secret"].as_str().expect("a secret");
    let client = Client::new();
    let asked = client.post(hub.url("/agent/v1/heartbeats")).bearer_auth("dsa_nobody").json(&json!({ "reports": [] }));
    let stranger = async || asked.try_clone().expect("a body in memory").send().await.expect("an answer").status();
    wait::until("a stranger who is told to wait", Duration::from_secs(30), async || {
        join_all((0..100).map(|_| stranger())).await;
        match stranger().await {
            StatusCode::TOO_MANY_REQUESTS => Ok(()),
            status => Err(status.to_string()),
        }
    })
    .await;
    for sequence in 1..=10 {
        let (status, answer) =
            post(&hub, "/agent/v1/heartbeats", secret, json!({ "reports": [report(sequence)] })).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }
}
