//! `distr-agent-kubernetes`: enrols once, then brings about in this cluster what its hub desires. Helm calls it, too, as its post-renderer.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use distr_agent::clock::{Clock, SystemClock};
use distr_agent::data_dir::DataDir;
use distr_agent::host_trust;
use distr_agent::hub::Transport;
use distr_agent::output::{self, line};
use distr_agent::{desired, summary};
use distr_agent_kubernetes::post_render::{Plan, PodSecurity, post_render, refusal};
use distr_agent_kubernetes::pulse::{self, Probe};
use distr_agent_kubernetes::record::{Baseline, Handle};
use distr_agent_kubernetes::roles;
use tracing_subscriber::EnvFilter;

mod run;

const HELD: &str = "as a right or somebody's word is missing; the agent's log, and its report to the hub, say which";

#[derive(Parser)]
#[command(
    name = "distr-agent-kubernetes",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 a fault, 2 wrong usage, 3 a deployment failed (run --once)"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Log lines as JSON
    #[arg(long, global = true, env = "DISTR_AGENT_LOG_JSON")]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Bring about what the hub desires, and report; enrols first if DISTR_ENROLMENT_TOKEN is set and it has no identity
    Run(Box<Run>),
    /// Exchange a one-time token for this agent's own credential; the token comes from DISTR_ENROLMENT_TOKEN or standard input
    Enrol {
        /// The hub's base URL
        #[arg(long, env = "DISTR_HUB_URL")]
        hub: String,
        #[command(flatten)]
        shared: Shared,
    },
    /// Show who this agent is, which keys are pinned, and what is deployed, as it stands in the data folder
    Status {
        /// Only say whether the agent does well, by the exit code: the probes of its pod
        #[arg(long, value_enum)]
        probe: Option<Probe>,
        #[command(flatten)]
        place: Place,
    },
    /// Print the Roles that the agent needs, for `kubectl apply -f -`
    Rules {
        /// Namespaces that its releases are put into, separated by commas
        #[arg(long, value_delimiter = ',', required = true, value_name = "NAMESPACES")]
        applications: Vec<String>,
        #[command(flatten)]
        namespace: Namespace,
        #[command(flatten)]
        place: Place,
    },
    /// Pin the images of the manifests on standard input by the release's lock; Helm calls this
    PostRender {
        /// The file in which the agent wrote down the images of this release
        plan: PathBuf,
    },
}

#[derive(Args)]
struct Place {
    /// Where the agent works, and keeps its state with --state files [default: /var/lib/distr-agent, or $XDG_STATE_HOME/distr-agent]
    #[arg(long, env = "DISTR_AGENT_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

impl Place {
    fn path(&self) -> PathBuf {
        private(self.data_dir.clone().unwrap_or_else(DataDir::default_path), rustix::process::geteuid().as_raw())
    }

    fn open(&self) -> Result<DataDir> {
        Ok(DataDir::open(&self.path())?)
    }
}

/// A volume's own folder belongs to the node, and nobody in the pod can make it private: then it is a folder in it.
fn private(folder: PathBuf, user: u32) -> PathBuf {
    match std::fs::metadata(&folder) {
        Ok(metadata) if metadata.uid() != user => folder.join("private"),
        _ => folder,
    }
}

#[derive(Args)]
struct Namespace {
    /// The agent's own namespace [default: the pod's, else distr-agent]
    #[arg(long, env = "DISTR_AGENT_NAMESPACE")]
    namespace: Option<String>,
}

impl Namespace {
    fn name(&self) -> String {
        let own = || std::fs::read_to_string("/var/run/secrets/kubernetes.io/serviceaccount/namespace").ok();
        self.namespace.clone().or_else(own).map_or_else(|| "distr-agent".to_owned(), |name| name.trim().to_owned())
    }
}

/// Where the agent's state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum State {
    /// in Secrets of the agent's own namespace, so that its pod may vanish
    Secrets,
    /// in the data folder alone, which is a volume
    Files,
}

/// The options of all commands that work with a cluster and a hub.
#[derive(Args)]
struct Shared {
    /// The cluster's kubeconfig, for an agent outside it
    #[arg(long, env = "DISTR_AGENT_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,
    /// Where the agent's state is
    #[arg(long, env = "DISTR_AGENT_STATE", value_enum, default_value_t = State::Secrets)]
    state: State,
    /// A file with a public key that releases must be signed by; once there is one, no key of the hub counts. May be given several times
    #[arg(long = "trust-key", env = host_trust::KEYS_VARIABLE, value_delimiter = ',', value_name = "[NAME=]FILE")]
    keys: Vec<String>,
    /// Also take a hub with plain HTTP that is not on this machine: whoever sits between can read the credential and say what runs
    #[arg(long, env = "DISTR_ALLOW_INSECURE", value_parser = clap::builder::FalseyValueParser::new())]
    allow_insecure: bool,
    #[command(flatten)]
    namespace: Namespace,
    #[command(flatten)]
    place: Place,
}

impl Shared {
    fn transport(&self) -> Transport {
        if self.allow_insecure { Transport::AnyHttp } else { Transport::Secure }
    }
}

#[derive(Args)]
struct Run {
    /// One complete pass instead of running for ever
    #[arg(long)]
    once: bool,
    /// Seconds between heartbeats, instead of what the hub says
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    interval: Option<u32>,
    /// Seconds for which a release has to be healthy without a break before it counts as well
    #[arg(long, env = "DISTR_AGENT_SOAK_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(0..=600))]
    soak: u32,
    /// Which pods releases may bring
    #[arg(long, env = "DISTR_AGENT_POD_SECURITY", value_enum, default_value_t)]
    pod_security: PodSecurity,
    /// The hub's base URL, instead of the one enrolled at
    #[arg(long, env = "DISTR_HUB_URL")]
    hub: Option<String>,
    /// The program of Helm, in the one version that is known
    #[arg(long, env = "DISTR_AGENT_HELM", default_value = "/helm")]
    helm: PathBuf,
    /// The SHA-256 of that program, if it was built elsewhere than it is released
    #[arg(long, env = "DISTR_AGENT_HELM_SHA256")]
    helm_sha256: Option<String>,
    /// The service account, of the agent's own namespace, as which all is done for releases, and by Helm; without one the agent does it
    /// as itself, and a chart's templates find what the agent keeps
    #[arg(long, env = "DISTR_AGENT_RELEASE_ACCOUNT")]
    release_account: Option<String>,
    #[command(flatten)]
    shared: Shared,
}

fn main() -> ExitCode {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("nothing installs a provider before main does");
    let cli = Cli::parse();
    let command = match cli.command {
        Command::PostRender { plan } => return post_render_command(&plan),
        command => command,
    };
    log(cli.log_json);
    match dispatch(command) {
        Ok(code) => code,
        Err(error) if output::is_unread(error.as_ref()) => ExitCode::from(output::NOBODY_READS),
        Err(error) => {
            eprintln!("distr-agent-kubernetes: {}", output::visible(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

// one thread: it waits for others nearly all of the time
#[tokio::main(flavor = "current_thread")]
async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run(run) => run::run(&run).await,
        Command::Enrol { hub, shared } => run::enrol(&hub, &shared).await,
        Command::Status { probe: Some(probe), place } => {
            match pulse::ask(&place.path(), probe, SystemClock.now().into()) {
                Ok(()) => Ok(ExitCode::SUCCESS),
                Err(sentence) => anyhow::bail!(sentence),
            }
        }
        Command::Status { probe: None, place } => {
            summary::of::<Handle, Baseline>(&place.open()?, HELD)?.into_iter().try_for_each(line)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Rules { applications, namespace, place } => rules(applications, &namespace, &place),
        Command::PostRender { .. } => Ok(ExitCode::SUCCESS),
    }
}

fn rules(applications: Vec<String>, namespace: &Namespace, place: &Place) -> Result<ExitCode> {
    // opening the folder would make it
    let desired = match place.path().is_dir() {
        true => desired::load(&place.open()?).context("cannot read what the hub desires")?,
        false => None,
    };
    let namespaces: BTreeSet<String> = applications.into_iter().collect();
    line(roles::of(&namespace.name(), &namespaces, desired.as_ref())?.trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn post_render_command(plan: &Path) -> ExitCode {
    match render(plan) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("{text}");
            // without the file Helm's own words are told, which name no image
            let _ = std::fs::write(refusal(plan), text);
            ExitCode::FAILURE
        }
    }
}

fn render(plan: &Path) -> Result<(), String> {
    let text = std::fs::read(plan).map_err(|error| format!("cannot read the plan: {error}"))?;
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| format!("the plan is not understood: {error}"))?;
    let manifests = io::read_to_string(io::stdin()).map_err(|error| format!("cannot read the manifests: {error}"))?;
    let rendered = post_render(&manifests, &plan).map_err(|refused| {
        let sentences: Vec<String> = refused.iter().map(ToString::to_string).collect();
        sentences.join("\n")
    })?;
    io::stdout().write_all(rendered.as_bytes()).map_err(|error| format!("cannot write the manifests: {error}"))
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_env("DISTR_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match json {
        true => log.json().init(),
        false => log.with_target(false).init(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_are_in_a_folder_of_the_agents_own() {
        let folder = tempfile::tempdir().unwrap().keep();
        let own = std::fs::metadata(&folder).unwrap().uid();
        assert_eq!(private(folder.clone(), own), folder);
        assert_eq!(private(folder.clone(), own + 1), folder.join("private"));
        std::fs::remove_dir(&folder).unwrap();
        assert_eq!(private(folder.clone(), own + 1), folder);
    }
}
