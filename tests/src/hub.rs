//! A hub as a process of its own, on a free port and with a Postgres of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::TimeDelta;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::ports::free_port;
use crate::{binary, prepared, wait};

pub const OWNER: &str = "owner@example.com";
pub const PASSWORD: &str = "correct horse battery";

pub struct HubProcess {
    pub port: u16,
    pub data: TempDir,
    child: Option<Child>,
    environment: Vec<(String, String)>,
}

/// The answer to one GraphQL request.
#[derive(Debug)]
pub struct Answer(pub Value);

impl Answer {
    /// The data; fails the test if there was an error.
    #[track_caller]
    pub fn data(self) -> Value {
        assert!(self.0.get("errors").is_none(), "{:#}", self.0);
        self.0["data"].clone()
    }

    /// `extensions.code` of the first error, or of the refused request.
    pub fn code(&self) -> Option<&str> {
        self.0["errors"][0]["extensions"]["code"].as_str().or(self.0["code"].as_str())
    }

    pub fn message(&self) -> &str {
        self.0["errors"][0]["message"].as_str().or(self.0["message"].as_str()).unwrap_or_default()
    }
}

impl HubProcess {
    /// With the organization `acme` and its owner.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With one connection in each pool: a request that has one and asks for another waits for itself.
    pub async fn with_one_connection() -> Self {
        Self::start_with(&[("DISTR_POOL_SIZE", "1")]).await
    }

    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::start_in(directory(), environment).await
    }

    /// On data that may be there already; the directory lets the server's user through.
    pub async fn start_in(data: TempDir, environment: &[(&str, &str)]) -> Self {
        let mut hub = Self::on(data, environment);
        hub.run("acme").await;
        hub
    }

    /// Starts the process and waits for nothing.
    pub fn begin(environment: &[(&str, &str)]) -> Self {
        let mut hub = Self::on(directory(), environment);
        hub.spawn("acme");
        hub
    }

    fn on(data: TempDir, environment: &[(&str, &str)]) -> Self {
        std::fs::write(data.path().join("password"), PASSWORD).expect("own directory");
        let hub = data.path().join("hub");
        if !hub.exists() && environment.iter().all(|(name, _)| *name != "DATABASE_URL") {
            prepared::put_into(&hub);
        }
        let environment = environment.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        Self { port: free_port(), data, child: None, environment }
    }

    /// For the next start.
    pub fn set(&mut self, key: &str, value: &str) {
        self.environment.push((key.to_owned(), value.to_owned()));
    }

    fn spawn(&mut self, organization: &str) -> &mut Child {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log_path()).expect("own directory");
        let child = Command::new(binary("distr-hub"))
            .arg("serve")
            .env("DISTR_DATA_DIR", self.data.path().join("hub"))
            .env("DISTR_LISTEN", format!("127.0.0.1:{}", self.port))
            .env("DISTR_BOOTSTRAP_ORGANIZATION", organization)
            .env("DISTR_BOOTSTRAP_EMAIL", OWNER)
            .env("DISTR_BOOTSTRAP_PASSWORD_FILE", self.data.path().join("password"))
            .env("DISTR_HUB_CLOCK_FILE", self.clock_path())
            .env("DISTR_HEARTBEAT_SECONDS", "1")
            .env("DISTR_RATE_LIMIT", "100000")
            // whatever the disk of a developer has left
            .env("DISTR_DISK_RESERVE", "16MiB")
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("distr-hub can be started");
        self.child.insert(child)
    }

    /// Starts the process, and returns when it is ready; `organization` is made if it is not there.
    pub async fn run(&mut self, organization: &str) {
        let log_path = self.log_path();
        let url = format!("http://127.0.0.1:{}/readyz", self.port);
        let child = self.spawn(organization);
        let log = || std::fs::read_to_string(&log_path).unwrap_or_default();
        wait::until("a ready hub", Duration::from_secs(90), async || {
            if let Some(status) = child.try_wait().ok().flatten() {
                panic!("the hub ended with {status}:\n{}", log());
            }
            match reqwest::get(&url).await {
                Ok(response) if response.status().is_success() => Ok(()),
                Ok(response) => Err(format!("{}\n{}", response.status(), log())),
                Err(error) => Err(format!("{error}\n{}", log())),
            }
        })
        .await;
    }

    /// Of the hub's process alone, without its Postgres.
    pub fn resident_mib(&self) -> u64 {
        self.memory("VmRSS:") / 1024
    }

    /// How many descriptors it holds.
    pub fn open_files(&self) -> usize {
        let id = self.child.as_ref().expect("a hub that runs").id();
        std::fs::read_dir(format!("/proc/{id}/fd")).expect("one's own child").count()
    }

    /// The most that it was since `forget_peak`, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.memory("VmHWM:") * 1024
    }

    pub fn forget_peak(&self) {
        let id = self.child.as_ref().expect("a hub that runs").id();
        std::fs::write(format!("/proc/{id}/clear_refs"), "5").expect("one's own child");
    }

    /// In KiB.
    fn memory(&self, what: &str) -> u64 {
        let id = self.child.as_ref().expect("a hub that runs").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("a process that runs");
        let line = status.lines().find(|line| line.starts_with(what)).expect("it has memory");
        line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("a size in kB")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// `host:port`, as images name the registry.
    pub fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn log_path(&self) -> PathBuf {
        self.data.path().join("hub.log")
    }

    fn clock_path(&self) -> PathBuf {
        self.data.path().join("clock")
    }

    /// It is so much later, for the hub alone, than it really is.
    pub fn later(&self, time: TimeDelta) {
        let (file, new) = (self.clock_path(), self.data.path().join("clock.new"));
        std::fs::write(&new, time.num_seconds().to_string()).expect("own directory");
        std::fs::rename(new, file).expect("own directory");
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Asks it to stop, and returns when it has.
    pub async fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = Command::new("kill").arg(child.id().to_string()).status();
        let ended = wait::until("the end of the hub", Duration::from_secs(40), async || {
            child.try_wait().ok().flatten().ok_or_else(|| "it runs".to_owned())
        });
        let status = ended.await;
        assert!(status.success(), "the hub ended with {status}:\n{}", self.log());
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().ok().flatten())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stands still until `thaw`, as on a machine that is suspended.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let child = self.child.as_ref().expect("a hub that runs");
        kill_process(Pid::from_child(child), signal).expect("one's own child");
    }

    /// A subcommand of `distr-hub` on the same data. Blocks; for what works beside the hub there is `command_async`.
    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(binary("distr-hub"))
            .args(arguments)
            .env("DISTR_DATA_DIR", self.data.path().join("hub"))
            .envs(self.environment.iter().cloned())
            .output()
            .expect("distr-hub can be started")
    }

    pub async fn command_async(&self, arguments: &[&str]) -> std::process::Output {
        self.spawn_command(arguments).wait_with_output().await.expect("distr-hub can be waited for")
    }

    pub fn spawn_command(&self, arguments: &[&str]) -> tokio::process::Child {
        tokio::process::Command::new(binary("distr-hub"))
            .args(arguments)
            .env("DISTR_DATA_DIR", self.data.path().join("hub"))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("distr-hub can be started")
    }

    pub async fn graphql(&self, secret: Option<&str>, query: &str, variables: Value) -> Answer {
        let mut request =
            reqwest::Client::new().post(self.url("/graphql")).json(&json!({ "query": query, "variables": variables }));
        if let Some(secret) = secret {
            request = request.bearer_auth(secret);
        }
        let response = request.send().await.expect("the hub answers");
        Answer(response.json().await.expect("the hub answers with JSON"))
    }

    /// A session of a new person, who was invited and has accepted; `role` as in `role: AUDITOR`.
    pub async fn join(&self, manager: &str, email: &str, role: &str, password: &str) -> String {
        let invite = format!("mutation {{ memberInvite(email: \"{email}\", {role}) {{ code }} }}");
        let invited = self.graphql(Some(manager), &invite, json!({})).await.data();
        let accept = "mutation ($c: String!, $p: String!) {
            invitationAccept(code: $c, password: $p, name: \"Pat\") { token }
        }";
        let variables = json!({ "c": invited["memberInvite"]["code"], "p": password });
        let accepted = self.graphql(None, accept, variables).await.data();
        accepted["invitationAccept"]["token"].as_str().expect("a session").to_owned()
    }

    /// A session of the owner.
    pub async fn sign_in(&self, organization: &str) -> String {
        let query = "mutation ($o: Name!, $e: String!, $p: String!) {
            sessionCreate(organization: $o, email: $e, password: $p) { token }
        }";
        let variables = json!({ "o": organization, "e": OWNER, "p": PASSWORD });
        let data = self.graphql(None, query, variables).await.data();
        data["sessionCreate"]["token"].as_str().expect("a token").to_owned()
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The server user of the embedded Postgres gets through.
fn directory() -> TempDir {
    let data = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::set_permissions(data.path(), std::fs::Permissions::from_mode(0o755)).expect("own directory");
    data
}
