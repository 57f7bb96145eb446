//! Helm as a child process, one version of it. It gets files: a chart, values and a plan. No registry, no credential and no address is
//! among them, and its environment is empty but for a way to the cluster that leads through the agent.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use distr_agent::durable::{self, Access};
use distr_agent::fault::{Failure, Stop};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

pub use crate::cluster::Way as Cluster;
use crate::gateway::Gateway;
use crate::labels::{DEPLOYMENT_LABEL, GENERATION_LABEL};
use crate::post_render::refusal;
pub use crate::release::Release;
use crate::seals::Seals;
use crate::tenure::Tenure;
use crate::{cluster, revision, said};

mod known;
mod limits;

pub use known::{VERSION, verify};
pub use limits::Limits;

/// The name by which Helm finds the post-renderer among its plugins.
const PLUGIN: &str = "distr";
/// Revisions that Helm keeps of a release.
const HISTORY: &str = "10";
/// Bytes that are read of what it prints: a dry run prints every object.
const LARGEST_OUTPUT: u64 = 32 << 20;
/// Bytes of what it says when it fails.
const LARGEST_ERROR: u64 = 64 << 10;
/// Time beyond its own limit, after which it hangs.
const SLACK: Duration = Duration::from_secs(60);
/// Time to write that a revision failed, after it was asked to end.
const GRACE: Duration = Duration::from_secs(10);

/// The program, and what it may know.
#[derive(Debug, Clone)]
pub struct Helm {
    pub program: PathBuf,
    /// its own folder: cache, plugins and settings
    pub home: PathBuf,
    pub cluster: Cluster,
    /// `system:serviceaccount:NAMESPACE:NAME` as which it acts; without one as who the way to the cluster is
    pub account: Option<String>,
    /// in which it may change anything; without one nobody else does
    pub tenure: Option<Arc<Tenure>>,
    /// of the revisions that it may read
    pub seals: Seals,
    pub limits: Limits,
    /// the way that it takes, opened at its first use
    pub gateway: Arc<OnceCell<Gateway>>,
}

/// The release that Helm applies.
#[derive(Debug, Clone)]
pub struct Upgrade<'a> {
    pub chart: &'a Path,
    pub values: &'a Path,
    /// for the post-renderer
    pub plan: &'a Path,
    pub deployment: &'a str,
    pub generation: u64,
    /// for each hook; nothing else is waited for
    pub timeout: Duration,
    /// Whether objects that are there already, and nobody's, become the release's.
    pub adopts: bool,
    /// Whether the cluster is asked for all of it, and nothing is written.
    pub is_rehearsal: bool,
}

impl Helm {
    /// Writes the plugin that calls `program post-render`, so that Helm finds it.
    pub fn write_plugin(&self, program: &Path) -> io::Result<()> {
        let folder = self.plugins().join(PLUGIN);
        durable::private_folder(&folder)?;
        let command = program.to_str().ok_or_else(|| io::Error::other("the agent's own path is not in UTF-8"))?;
        let plugin = json!({
            "apiVersion": "v1",
            "type": "postrenderer/v1",
            "name": PLUGIN,
            "version": env!("CARGO_PKG_VERSION"),
            "runtime": "subprocess",
            "runtimeConfig": {"platformCommand": [{"command": command, "args": ["post-render"]}]},
        });
        // what Helm knew of the cluster by another address is of no use any more
        match fs::remove_dir_all(self.home.join(".kube")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // JSON is YAML
        durable::write(&folder.join("plugin.yaml"), plugin.to_string().as_bytes(), Access::Owner)
    }

    async fn gateway(&self) -> Result<&Gateway, Failure> {
        let open = async || {
            let cluster = cluster::Cluster::connect_as(&self.cluster, self.account.as_deref()).await?;
            let gateway = Gateway::open(cluster.client(), self.seals.clone(), self.tenure.clone()).await;
            gateway.map_err(|error| Failure::internal("cannot open Helm's way to the cluster", error))
        };
        self.gateway.get_or_try_init(open).await
    }

    /// Installs or upgrades, and returns what Helm printed: an object of JSON. Helm waits for hooks alone.
    pub async fn upgrade(
        &self,
        release: &Release,
        upgrade: &Upgrade<'_>,
        cancel: &CancellationToken,
    ) -> Result<String, Stop> {
        let seconds = format!("{}s", upgrade.timeout.as_secs());
        let labels = format!("{DEPLOYMENT_LABEL}={},{GENERATION_LABEL}={}", upgrade.deployment, upgrade.generation);
        let description = revision::description(upgrade.generation);
        let mut command = self.command(&["upgrade", "--install", &release.name]);
        command.arg(upgrade.chart).args(["-n", &release.namespace]).arg("-f").arg(upgrade.values);
        command.args(["--reset-values", "--wait=hookOnly", "--timeout", &seconds, "--server-side=true"]);
        command.args(["--force-conflicts", "--history-max", HISTORY, "--labels", &labels]);
        command.args(["--description", &description, "--post-renderer", PLUGIN, "--post-renderer-args"]);
        command.arg(upgrade.plan).args(["--skip-crds", "-o", "json"]);
        command.args(upgrade.adopts.then_some("--take-ownership"));
        command.args(upgrade.is_rehearsal.then_some("--dry-run=server"));
        let refusal = refusal(upgrade.plan);
        match fs::remove_file(&refusal) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(Failure::of_disk("cannot remove an earlier refusal", &error).into());
            }
            _ => {}
        }
        let done = self.run(release, command, upgrade.timeout + SLACK, cancel).await;
        match (done, fs::read_to_string(refusal)) {
            (Err(Stop::Failed(_)), Ok(refused)) => Err(said::of_post_renderer(&refused).into()),
            (done, _) => done,
        }
    }

    /// Goes back to a revision, whose labels become those of the new one. No post-renderer has to look at it again.
    pub async fn rollback(
        &self,
        release: &Release,
        revision: u32,
        limit: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let seconds = format!("{}s", limit.as_secs());
        let mut command = self.command(&["rollback", &release.name, &revision.to_string()]);
        command.args(["-n", &release.namespace, "--wait=hookOnly", "--timeout", &seconds, "--server-side=true"]);
        command.args(["--force-conflicts", "--history-max", HISTORY]);
        self.run(release, command, limit + SLACK, cancel).await.map(drop)
    }

    /// Removes all objects but those that are kept, and waits for them to be gone. What is removed already is no failure.
    pub async fn uninstall(&self, release: &Release, limit: Duration, cancel: &CancellationToken) -> Result<(), Stop> {
        let seconds = format!("{}s", limit.as_secs());
        let mut command = self.command(&["uninstall", &release.name]);
        command.args(["-n", &release.namespace, "--ignore-not-found", "--wait", "--timeout", &seconds]);
        self.run(release, command, limit + SLACK, cancel).await.map(drop)
    }

    async fn run(
        &self,
        release: &Release,
        mut command: Command,
        limit: Duration,
        cancel: &CancellationToken,
    ) -> Result<String, Stop> {
        self.tenure.as_ref().map_or(Ok(()), |tenure| tenure.check())?;
        command.env("HELM_KUBEAPISERVER", self.gateway().await?.url(release));
        let began = Instant::now();
        let mut child = command.spawn().map_err(|error| Failure::internal("cannot start helm", error))?;
        let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)));
        group
            .0
            .map_or(Ok(()), |process| self.limits.set(process))
            .map_err(|error| Failure::internal("cannot limit helm", error))?;
        // read to their ends whatever becomes of this: who writes to a pipe that nobody reads is ended by that
        let said = tokio::spawn(all(child.stdout.take(), LARGEST_OUTPUT));
        let complained = tokio::spawn(all(child.stderr.take(), LARGEST_ERROR));
        let ended = tokio::select! {
            ended = timeout(limit, child.wait()) => ended.ok(),
            () = cancel.cancelled() => None,
        };
        let Some(ended) = ended else {
            group.end(&mut child, self.tenure.as_ref().map_or(GRACE, |tenure| tenure.left().min(GRACE))).await;
            return Err(match cancel.is_cancelled() {
                true => Stop::Superseded,
                false => said::hangs(limit).into(),
            });
        };
        group.has_ended();
        let status = ended.map_err(|error| Failure::internal("cannot run helm", error))?;
        if status.signal() == Some(Signal::KILL.as_raw()) && self.limits.may_be_spent(began.elapsed()) {
            return Err(said::computes(self.limits.processor).into());
        }
        let read = |error| Failure::internal("cannot read what helm said", error);
        outcome(status, said.await.map_err(read)?, &complained.await.map_err(read)?)
    }

    fn plugins(&self) -> PathBuf {
        self.home.join("plugins")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().current_dir(&self.home).args(arguments);
        let folder = |name: &str| self.home.join(name).into_os_string();
        for (variable, value) in [
            ("HOME", self.home.clone().into_os_string()),
            ("HELM_CACHE_HOME", folder("cache")),
            ("HELM_CONFIG_HOME", folder("config")),
            ("HELM_DATA_HOME", folder("data")),
            ("HELM_PLUGINS", self.plugins().into_os_string()),
            ("GOMEMLIMIT", self.limits.collected().to_string().into()),
        ] {
            command.env(variable, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // the post-renderer is a child of Helm: both have to end, so they get a group of their own
        command.process_group(0);
        command
    }
}

fn outcome(status: ExitStatus, said: String, complained: &str) -> Result<String, Stop> {
    match status.success() {
        true => Ok(said),
        false => Err(said::of_helm(&complaint(status, complained)).into()),
    }
}

/// Without the lines that are no reason.
fn complaint(status: ExitStatus, complained: &str) -> String {
    let is_reason =
        |line: &&str| !line.trim().is_empty() && !line.starts_with("WARNING:") && !line.contains("level=WARN");
    let lines: Vec<&str> = complained.lines().filter(is_reason).collect();
    match lines.is_empty() {
        true => format!("helm ended with {status}"),
        false => lines.join("\n"),
    }
}

/// All that is printed, of which no more than `limit` bytes are kept.
async fn all(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let _ = (&mut stream).take(limit).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

/// Ends the processes of a command that is given up: asked to, Helm writes that its revision failed, and leaves no lock.
struct Group(Option<Pid>);

impl Group {
    fn has_ended(&mut self) {
        self.0 = None;
    }

    async fn end(&mut self, child: &mut Child, grace: Duration) {
        self.signal(Signal::TERM);
        if timeout(grace, child.wait()).await.is_err() {
            self.signal(Signal::KILL);
            let _ = child.wait().await;
        }
        self.has_ended();
    }

    /// It may have ended by itself just now.
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
    }
}
