//! The engine goes away under the agent and comes back. It is an engine of the test's own.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use distr_domain::agent::{DeploymentReport, ErrorCategory, Health, Step};
use distr_tests::superuser::as_root;
use tempfile::TempDir;

use crate::process::{Process, reports};
use crate::site::Site;

struct OwnEngine {
    folder: TempDir,
    live_restore: bool,
    daemon: Option<Child>,
}

impl OwnEngine {
    fn start(live_restore: bool) -> Self {
        let mut engine = Self { folder: tempfile::tempdir().unwrap(), live_restore, daemon: None };
        engine.run();
        engine
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path("socket").display())
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        let folder: &Path = self.folder.path();
        folder.join(name)
    }

    fn run(&mut self) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.path("log")).unwrap();
        let mut command = as_root("dockerd");
        // its socket is for whoever runs this
        let group = std::fs::metadata(self.folder.path()).unwrap().gid();
        command.arg("--group").arg(group.to_string());
        command.arg("--host").arg(self.host()).arg("--data-root").arg(self.path("data"));
        command.arg("--exec-root").arg(self.path("exec")).arg("--pidfile").arg(self.path("pid"));
        // the machine's bridge, which it would remove if it were to use none
        command.args(["--bridge", "docker0", "--iptables=false", "--ip-masq=false", "--storage-driver", "vfs"]);
        if self.live_restore {
            command.arg("--live-restore");
        }
        let daemon = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.daemon = Some(daemon.expect("the program dockerd is missing: install Debian's docker.io"));
        let end = Instant::now() + Duration::from_secs(60);
        while self.docker(&["version"]).is_none() {
            let log = || std::fs::read_to_string(self.path("log")).unwrap_or_default();
            assert!(Instant::now() < end, "dockerd does not answer:\n{}", log());
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }

    fn stop(&mut self) {
        let Some(mut daemon) = self.daemon.take() else { return };
        // its own number, not that of a sudo before it
        let own = std::fs::read_to_string(self.path("pid")).unwrap_or_else(|_| daemon.id().to_string());
        let _ = as_root("kill").arg(own.trim()).status();
        let _ = daemon.wait();
    }

    fn docker(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new("docker").args(["--host", &self.host()]).args(arguments).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn containers(&self) -> Vec<String> {
        let list = self.docker(&["ps", "--all", "--quiet", "--no-trunc"]).unwrap_or_default();
        list.lines().map(str::to_owned).collect()
    }
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if self.daemon.is_some() {
            for container in self.containers() {
                self.docker(&["rm", "--force", "--volumes", &container]);
            }
        }
        self.stop();
        // one that keeps its containers also keeps this mounted
        let _ = as_root("umount").arg(self.path("data")).stderr(Stdio::null()).status();
        let _ = as_root("rm").arg("-rf").args(["data", "exec"].map(|name| self.path(name))).status();
    }
}

const COMPOSE: &str = r#"
services:
  web:
    image: example.invalid/acme/web:latest
    command: ["sleep", "100000"]
    stop_signal: SIGKILL
    network_mode: none
"#;

async fn survives(live_restore: bool) {
    let mut engine = OwnEngine::start(live_restore);
    let site = Site::new().await;
    let (data, image) = (site.data(), site.image("1.0.0"));
    let desired = site.wants(1, site.run("1.0.0", &image, COMPOSE));
    let mut agent = Process::start(&data, &desired, &[("DOCKER_HOST", &engine.host())]);
    let last = || -> Option<DeploymentReport> { reports(&data).pop()?.deployments.into_iter().next() };
    let well = |report: &DeploymentReport| {
        report.step == Step::Applied && report.health == Health::Ok && report.drift.is_none() && report.error.is_none()
    };
    agent.until("the release runs", async || last().as_ref().is_some_and(well)).await;
    let before = engine.containers();
    assert_eq!(before.len(), 1);

    engine.stop();
    agent
        .until("it says that the engine is away", async || {
            let report = last();
            let error = report.as_ref().and_then(|report| report.error.as_ref());
            error.is_some_and(|error| error.category == ErrorCategory::Runtime)
                && report.is_some_and(|report| report.health == Health::Unknown && report.running.is_none())
        })
        .await;

    engine.run();
    agent.until("all is well again", async || last().as_ref().is_some_and(well)).await;
    let after = engine.containers();
    assert_eq!(after.len(), 1, "no container was doubled");
    let started = engine.docker(&["inspect", "--format", "{{.State.Running}}", &after[0]]).unwrap();
    assert_eq!(started.trim(), "true");
    if live_restore {
        assert_eq!(after, before, "what outlived the engine is not touched");
    }
    agent.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_restarted_has_the_release_started_again() {
    survives(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_that_outlive_their_engine_are_left_alone() {
    survives(true).await;
}
