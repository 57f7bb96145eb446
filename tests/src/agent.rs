//! An agent as a process of its own, enrolled at a hub as target `factory` of customer `globex`.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::hub::HubProcess;
use crate::{binary, wait};

pub struct AgentProcess {
    pub data: TempDir,
    child: Option<Child>,
    /// files of the keys that it pins when it enrols
    trust_keys: Option<PathBuf>,
}

/// Makes the customer and the target; the one-time token of its enrolment.
pub async fn register(hub: &HubProcess, owner: &str) -> String {
    let ask = async |mutation: &str| hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await;
    ask("customerCreate(name: \"globex\") { changed }").await.data();
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    let data = ask(register).await.data();
    data["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned()
}

/// Fields of the target.
pub async fn target(hub: &HubProcess, owner: &str, fields: &str) -> Value {
    let query = format!("{{ target(customer: \"globex\", name: \"factory\") {{ {fields} }} }}");
    hub.graphql(Some(owner), &query, json!({})).await.data()["target"].clone()
}

impl AgentProcess {
    /// It enrols with the token, if it has no identity yet.
    pub fn start(hub: &HubProcess, token: &str) -> Self {
        Self::start_at(&hub.url(""), token)
    }

    /// With somebody at this address between it and its hub.
    pub fn start_at(url: &str, token: &str) -> Self {
        Self::begin(url, token, None)
    }

    /// On a host that trusts the key in this file alone.
    pub fn start_pinned(url: &str, token: &str, key: &Path) -> Self {
        Self::begin(url, token, Some(key.to_owned()))
    }

    fn begin(url: &str, token: &str, trust_keys: Option<PathBuf>) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory can be made");
        let mut agent = Self { data, child: None, trust_keys };
        agent.run_at(url, token);
        agent
    }

    pub fn run(&mut self, hub: &HubProcess, token: &str) {
        self.run_at(&hub.url(""), token);
    }

    fn run_at(&mut self, url: &str, token: &str) {
        let path = self.data.path().join("log");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("own directory");
        let child = Command::new(binary("distr-agent"))
            .args(["run", "--hub", url, "--data-dir"])
            .arg(self.folder())
            .env("DISTR_ENROLMENT_TOKEN", token)
            .envs(self.trust_keys.iter().map(|key| ("DISTR_TRUST_KEYS", key)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("distr-agent can be started");
        self.child = Some(child);
    }

    pub fn folder(&self) -> PathBuf {
        self.data.path().join("agent")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.path().join("log")).unwrap_or_default()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Asks it to stop, and returns when it has sent its last words.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        wait::until("the end of the agent", Duration::from_secs(40), async || {
            child.try_wait().ok().flatten().ok_or_else(|| "it runs".to_owned())
        })
        .await;
    }
}

impl Drop for AgentProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
