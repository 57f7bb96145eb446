//! What the agent and the hub write is searched for the secrets that they were told: they are nowhere but where they belong.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::{binary, wait};
use serde_json::json;

/// Part of each planted secret; nothing else has it.
const MARK: &str = "pLanTed5ecret";

fn planted(what: &str) -> String {
    format!("{MARK}-{what}-0123456789")
}

/// What was given out or planted; all of it is searched for.
struct Secrets(Vec<String>);

impl Secrets {
    fn keep(&mut self, secret: impl Into<String>) -> String {
        let secret = secret.into();
        self.0.push(secret.clone());
        secret
    }

    #[track_caller]
    fn check(&self, place: &str, bytes: &[u8]) {
        for secret in &self.0 {
            let found = bytes.windows(secret.len()).position(|window| window == secret.as_bytes());
            if let Some(at) = found {
                let around = &bytes[at.saturating_sub(200)..(at + secret.len() + 50).min(bytes.len())];
                panic!("{place} holds {secret:?}: …{}…", String::from_utf8_lossy(around));
            }
        }
    }
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(all_files(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}

/// The test of the test: a secret that was written is found.
#[test]
#[should_panic(expected = "a log holds")]
fn what_was_planted_is_found() {
    Secrets(vec![MARK.to_owned()]).check("a log", format!("… {} …", planted("anything")).as_bytes());
}

/// With the real agent, at its most talkative: enrolment, a secret in its configuration, a hub that it cannot use.
#[tokio::test]
async fn the_agent_tells_nobody_its_credential() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let register = "mutation { targetRegister(customer: \"globex\", name: \"t\") { enrolment { token } } }";
    let registered = hub.graphql(Some(&owner), register, json!({})).await.data();
    let token = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let data = tempfile::tempdir().expect("a temporary directory can be made");
    let log = data.path().join("agent.log");
    let mut agent = Command::new(binary("distr-agent"))
        .arg("run")
        .env("DISTR_HUB_URL", hub.url(""))
        .env("DISTR_AGENT_DATA_DIR", data.path().join("agent"))
        .env("DISTR_ENROLMENT_TOKEN", &token)
        .env("DISTR_LOG", "trace,hyper=info,hyper_util=info,reqwest=info,rustls=info,bollard=info,h2=info")
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(data.path().join("agent.out")).expect("own directory"))
        .stderr(std::fs::File::create(&log).expect("own directory"))
        .spawn()
        .expect("distr-agent can be started");
    let query = "{ target(customer: \"globex\", name: \"t\") { lastHeartbeatAt } }";
    wait::until("a heartbeat", Duration::from_secs(60), async || {
        let answer = hub.graphql(Some(&owner), query, json!({})).await.0;
        match answer["data"]["target"]["lastHeartbeatAt"].is_string() {
            true => Ok(()),
            false => Err(format!("{answer} {}", std::fs::read_to_string(&log).unwrap_or_default())),
        }
    })
    .await;
    let mut secrets = Secrets(vec![token]);
    let folder = data.path().join("agent");
    for file in all_files(&folder) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        if let Some(at) = text.find("dsa_") {
            let secret: String =
                text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            secrets.keep(secret);
            let mode = std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
        }
    }
    assert_eq!(secrets.0.len(), 2, "the agent keeps its credential in one file");
    let _ = agent.kill();
    let _ = agent.wait();
    for name in ["agent.log", "agent.out"] {
        secrets.check(name, &std::fs::read(data.path().join(name)).expect("own directory"));
    }
    secrets.check("the hub's log", hub.log().as_bytes());
}
