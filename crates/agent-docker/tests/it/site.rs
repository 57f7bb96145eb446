//! One customer machine: a data folder, an application's compose project, and what the hub desires of it. Cleans up.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use distr_agent::backoff::Backoff;
use distr_agent::board::Board;
use distr_agent::clock::SystemClock;
use distr_agent::converge::{Converger, Intervals, Settled};
use distr_agent::data_dir::DataDir;
use distr_agent::journal::{Journal, Limits};
use distr_agent::memory;
use distr_agent::secret::{CurrentSecret, Secret};
use distr_agent_docker::engine::Engine;
use distr_agent_docker::execute::{Executor, Timing};
use distr_agent_docker::policy::PolicyFile;
use distr_domain::agent::{
    AskedBy, DataRemoval, DeploymentReport, DesiredDeployment, DesiredState, Instruction, PinnedImage, Report,
    RunInstruction,
};
use distr_domain::ids::DeploymentId;
use distr_tests::docker::ends_of_the_engine;
use distr_tests::ports::free_port;
use tempfile::TempDir;
use uuid::Uuid;

use crate::registry::{PASSWORD, Registry, docker};

pub(crate) struct Site {
    pub(crate) registry: Registry,
    pub(crate) deployment: DeploymentId,
    pub(crate) application: String,
    pub(crate) project: String,
    pub(crate) port: u16,
    folder: TempDir,
    policy: TempDir,
}

/// An agent that can be thrown away and made anew over the same folder.
pub(crate) struct Agent {
    pub(crate) converger: Converger<Executor>,
    pub(crate) board: Arc<Board>,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let engine = Engine::default();
        if let Err(trouble) = engine.observe().await {
            panic!("these tests need a Docker engine: {}{}", trouble.text, ends_of_the_engine());
        }
        let deployment = DeploymentId(Uuid::new_v4());
        let id = deployment.0.simple().to_string();
        let application = format!("t{}", &id[..12]);
        Self {
            registry: Registry::start(),
            deployment,
            project: format!("distr-{application}-{}", &id[..8]),
            application,
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
            policy: tempfile::tempdir().unwrap(),
        }
    }

    /// Without a file, the default.
    pub(crate) fn policy(&self) -> PolicyFile {
        PolicyFile { path: self.policy.path().join("policy.yaml") }
    }

    pub(crate) fn data(&self) -> DataDir {
        DataDir::open(self.folder.path()).unwrap()
    }

    pub(crate) fn agent(&self) -> Agent {
        self.agent_with_password(PASSWORD)
    }

    pub(crate) fn agent_with_password(&self, password: &str) -> Agent {
        let timing = Timing { soak: Duration::from_millis(500), look: Duration::from_millis(100) };
        let engine = Arc::new(Engine::default());
        let executor = Executor {
            engine,
            data: self.data(),
            secret: CurrentSecret::new(Secret::new(password)),
            policy: self.policy(),
            hub: "127.0.0.1:8080".to_owned(),
            timing,
            restarts: Mutex::default(),
        };
        let journal = Journal::open(self.data().journal(), Limits::default());
        let board = Arc::new(Board::new(Arc::new(SystemClock), journal));
        let backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1) };
        let intervals = Intervals { look: Duration::from_secs(1), backoff };
        let memory = memory::load(&self.data()).unwrap();
        Agent {
            converger: Converger::new(Arc::new(executor), self.data(), Arc::clone(&board), memory, intervals),
            board,
        }
    }

    pub(crate) fn image(&self, text: &str) -> PinnedImage {
        self.registry.push(&format!("acme/{}", self.application), text)
    }

    /// A web server on the site's port, with a volume, whose health is the exit code of `check`.
    pub(crate) fn compose(&self, check: &[&str]) -> String {
        format!(
            r#"
services:
  web:
    image: example.invalid/acme/web:latest
    command: ["httpd", "-f", "-p", "80", "-h", "/www"]
    environment: {{PASSWORD: "${{PASSWORD:-}}"}}
    stop_signal: SIGKILL
    ports: ["127.0.0.1:{port}:80"]
    volumes: ["data:/data"]
    healthcheck:
      test: {check}
      interval: 300ms
      timeout: 2s
      retries: 3
volumes:
  data: {{}}
"#,
            port = self.port,
            check = serde_json::to_string(&[&["CMD", "/bin/busybox"], check].concat()).unwrap(),
        )
    }

    /// Well as soon as it serves.
    pub(crate) fn good(&self) -> String {
        self.compose(&["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:80/"])
    }

    pub(crate) fn run(&self, version: &str, image: &PinnedImage, compose: &str) -> RunInstruction {
        RunInstruction {
            version: version.parse().unwrap(),
            compose: compose.to_owned(),
            files: vec![],
            images: vec![image.clone()],
            trust: None,
            signatures: vec![],
            profiles: vec![],
            config: [("PASSWORD".to_owned(), "it's $ecret \"2\"".to_owned())].into(),
        }
    }

    pub(crate) fn wants(&self, generation: u64, run: RunInstruction) -> DesiredState {
        self.desires(&[self.wanted(generation, Instruction::Run(run))])
    }

    pub(crate) fn wants_removal(&self, generation: u64, data: DataRemoval) -> DesiredState {
        self.desires(&[self.wanted(generation, Instruction::Remove { data })])
    }

    pub(crate) fn wanted(&self, generation: u64, instruction: Instruction) -> DesiredDeployment {
        let application = self.application.parse().unwrap();
        DesiredDeployment {
            deployment: self.deployment,
            application,
            generation,
            asked_by: AskedBy::Vendor,
            instruction,
        }
    }

    pub(crate) fn desires(&self, deployments: &[DesiredDeployment]) -> DesiredState {
        let etag = Uuid::new_v4().to_string();
        DesiredState { etag, registry: self.registry.address.clone(), deployments: deployments.to_vec() }
    }

    /// Ids of the project's containers, running or not.
    pub(crate) fn containers(&self, project: &str) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={project}");
        let list = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]);
        list.lines().map(str::to_owned).collect()
    }

    pub(crate) fn volumes(&self) -> Vec<String> {
        let list = docker(&["volume", "ls", "--quiet", "--filter", &format!("name={}", self.project)]);
        list.lines().map(str::to_owned).collect()
    }

    pub(crate) fn candidate(&self) -> String {
        format!("{}_candidate", self.project)
    }

    /// The page, or nothing if nobody serves it.
    pub(crate) async fn page(&self) -> Option<String> {
        page(self.port).await
    }
}

pub(crate) async fn page(port: u16) -> Option<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap();
    let answer = client.get(format!("http://127.0.0.1:{port}/")).send().await.ok()?;
    answer.error_for_status().ok()?.text().await.ok()
}

impl Agent {
    /// The one deployment's outcome.
    pub(crate) async fn settle(&mut self, desired: &DesiredState) -> Settled {
        let limit = Duration::from_secs(120);
        let settled = tokio::time::timeout(limit, self.converger.settle(desired)).await.expect("it settles in time");
        let mut settled = settled.unwrap_or_else(|trouble| panic!("{trouble:?}{}", ends_of_the_engine()));
        settled.remove(&desired.deployments[0].deployment).unwrap()
    }

    /// All reports since the last call.
    pub(crate) fn reports(&self) -> Vec<Report> {
        let reports = self.board.unsent(usize::MAX);
        self.board.acknowledge(&reports);
        reports
    }
}

pub(crate) fn of(reports: &[Report], deployment: DeploymentId) -> Vec<DeploymentReport> {
    let all = reports.iter().flat_map(|report| &report.deployments);
    all.filter(|report| report.deployment == deployment).cloned().collect()
}

impl Drop for Site {
    fn drop(&mut self) {
        for project in [self.candidate(), self.project.clone()] {
            let arguments = ["compose", "-p", &project, "down", "--remove-orphans", "--volumes", "--timeout", "0"];
            let _ = Command::new("docker").args(arguments).output();
            let filter = format!("label=com.docker.compose.project={project}");
            if let Ok(list) = Command::new("docker").args(["volume", "ls", "--quiet", "--filter", &filter]).output() {
                for volume in String::from_utf8_lossy(&list.stdout).lines() {
                    let _ = Command::new("docker").args(["volume", "rm", "--force", volume]).output();
                }
            }
        }
    }
}
