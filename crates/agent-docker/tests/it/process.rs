//! The agent's binary as a process of its own, over a data folder, without a hub: it goes by the desired state on its disk.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use distr_agent::data_dir::DataDir;
use distr_agent::desired;
use distr_agent::identity::Identity;
use distr_agent::journal::{Journal, Limits};
use distr_agent::memory;
use distr_agent::secret::Secret;
use distr_agent_docker::record::Record;
use distr_domain::agent::{DesiredState, Report};
use distr_domain::ids::{CredentialId, DeploymentId, TargetId};
use uuid::Uuid;

use crate::registry::PASSWORD;

/// Slow machines pull, prove and switch within this.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub(crate) fn start(data: &DataDir, desired: &DesiredState, environment: &[(&str, &str)]) -> Self {
        let identity = Identity {
            // nobody listens there
            hub: "http://127.0.0.1:1".to_owned(),
            target: TargetId(Uuid::from_u128(1)),
            credential: CredentialId(Uuid::from_u128(2)),
            secret: Secret::new(PASSWORD),
        };
        identity.store(&data.identity()).unwrap();
        desired::store(data, desired).unwrap();
        let folder = data.identity().parent().unwrap().to_owned();
        let log = std::env::temp_dir().join(format!("distr-agent-{}.log", Uuid::new_v4()));
        let child = Command::new(env!("CARGO_BIN_EXE_distr-agent"))
            .args(["run", "--interval", "1", "--soak", "1", "--data-dir"])
            .arg(folder)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    /// Looks until the level is there; the agent must run all the while.
    pub(crate) async fn until(&mut self, what: &str, mut is: impl AsyncFnMut() -> bool) {
        let end = Instant::now() + LIMIT;
        while !is().await {
            let log = || std::fs::read_to_string(&self.log).unwrap_or_default();
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{what}: the agent ended with {status}\n{}", log());
            }
            assert!(Instant::now() < end, "{what} did not come about\n{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Looks until its own log says so.
    pub(crate) async fn until_it_says(&mut self, text: &str) {
        let log = self.log.clone();
        self.until(text, async || std::fs::read_to_string(&log).is_ok_and(|said| said.contains(text))).await;
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        let _ = std::fs::remove_file(&self.log);
    }
}

pub(crate) fn record(data: &DataDir, deployment: DeploymentId) -> Option<Record> {
    memory::load(data).unwrap().remove(&deployment)
}

/// What waits in the journal. The agent may be writing it, so a copy is read.
pub(crate) fn reports(data: &DataDir) -> Vec<Report> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("journal");
    match std::fs::copy(data.journal(), &copy) {
        Ok(_) => Journal::open(copy, Limits::default()).oldest(usize::MAX),
        Err(_) => vec![],
    }
}

/// Nothing was left half-written.
pub(crate) fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(leftovers(&path)),
            false if path.extension().is_some_and(|extension| extension == "new") => found.push(path),
            false => {}
        }
    }
    found
}
