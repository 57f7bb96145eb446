//! `distr-agent`: enrols once, then brings about on this machine what its hub desires.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use distr_agent::data_dir::DataDir;
use distr_agent::enrol::{self, TOKEN_VARIABLE};
use distr_agent::host_trust::{self, HostTrust};
use distr_agent::hub::{Hub, Transport};
use distr_agent::identity::Identity;
use distr_agent_docker::policy::PolicyFile;
use tracing_subscriber::EnvFilter;

use distr_agent::output::{self, line};

mod command;
mod run;
mod status_command;
mod trust_command;

#[derive(Parser)]
#[command(
    name = "distr-agent",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 a fault, 2 wrong usage, 3 a deployment failed (run --once) or is refused (policy check)"
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
    /// Exchange a one-time token for this agent's own credential; the token comes from DISTR_ENROLMENT_TOKEN or standard input
    Enrol {
        /// The hub's base URL
        #[arg(long, env = "DISTR_HUB_URL")]
        hub: String,
        #[command(flatten)]
        pins: Pins,
        #[command(flatten)]
        insecure: Insecure,
        #[command(flatten)]
        place: Place,
    },
    /// Bring about what the hub desires, and report; enrols first if DISTR_ENROLMENT_TOKEN is set and it has no identity
    Run(Run),
    /// Show who this agent is, which keys are pinned, and what is deployed with whose signature
    Status {
        #[command(flatten)]
        place: Place,
    },
    /// The keys that this host trusts, and the lowest versions that it takes
    #[command(subcommand)]
    Trust(trust_command::Command),
    /// What releases may do on this host: check a compose file, show what is in force, print the default
    Policy {
        #[command(subcommand)]
        command: command::policy::Command,
    },
    /// Deployments that wait for somebody on this host, and whether they may go on
    Consent {
        #[command(subcommand)]
        command: command::consent::Command,
    },
    /// What containers wrote on this host: folders of the deployments' own, and volumes
    Data {
        #[command(subcommand)]
        command: command::data::Command,
    },
    /// Look at what the agent needs of this host, its engine and its hub, and say what is wrong; the agent may run meanwhile
    Doctor {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        policy: PolicyPlace,
        #[command(flatten)]
        insecure: Insecure,
    },
    /// Exchange the agent's credential for a new one; the agent must not be running
    Rotate {
        #[command(flatten)]
        insecure: Insecure,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Args)]
struct Place {
    /// Where the agent keeps its identity and deployments [default: /var/lib/distr-agent, or $XDG_STATE_HOME/distr-agent for other users than root]
    #[arg(long, env = "DISTR_AGENT_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Args)]
struct Pins {
    /// A file with a public key that releases must be signed by; once there is one, no key of the hub counts. May be given several times
    #[arg(long = "trust-key", env = host_trust::KEYS_VARIABLE, value_delimiter = ',', value_name = "[NAME=]FILE")]
    keys: Vec<String>,
}

#[derive(Args)]
struct Insecure {
    /// Also take a hub with plain HTTP that is not on this machine: whoever sits between can read the credential and say what runs
    #[arg(long, env = "DISTR_ALLOW_INSECURE", value_parser = clap::builder::FalseyValueParser::new())]
    allow_insecure: bool,
}

impl Insecure {
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
    #[arg(long, env = "DISTR_AGENT_SOAK_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=600))]
    soak: u32,
    /// The hub's base URL, instead of the one enrolled at
    #[arg(long, env = "DISTR_HUB_URL")]
    hub: Option<String>,
    #[command(flatten)]
    pins: Pins,
    #[command(flatten)]
    insecure: Insecure,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    policy: PolicyPlace,
}

#[derive(Args)]
pub(crate) struct PolicyPlace {
    /// The policy of this host; without such a file, the built-in default denies
    #[arg(long, env = "DISTR_AGENT_POLICY", default_value_os_t = PolicyFile::default_path())]
    policy: PathBuf,
}

impl PolicyPlace {
    fn path(&self) -> PathBuf {
        self.policy.clone()
    }

    fn file(&self) -> PolicyFile {
        PolicyFile { path: self.path() }
    }
}

impl Place {
    fn path(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(DataDir::default_path)
    }

    fn open(&self) -> Result<DataDir> {
        Ok(DataDir::open(&self.path())?)
    }
}

fn main() -> ExitCode {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("nothing installs a provider before main does");
    let cli = Cli::parse();
    log(cli.log_json);
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(error) if output::is_unread(error.as_ref()) => ExitCode::from(output::NOBODY_READS),
        Err(error) => {
            eprintln!("distr-agent: {}", output::visible(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

// one thread: it waits for others nearly all of the time
#[tokio::main(flavor = "current_thread")]
async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Enrol { hub, pins, insecure, place } => enrol(&hub, insecure.transport(), &pins, &place).await,
        Command::Status { place } => status_command::run(&place.open()?),
        Command::Trust(command) => command.run(),
        Command::Run(run) => run::run(&run).await,
        Command::Policy { command } => command::policy::run(&command).await,
        Command::Consent { command } => command::consent::run(&command),
        Command::Data { command } => command::data::run(&command).await,
        Command::Doctor { place, policy, insecure } => command::doctor::run(&place, &policy, &insecure).await,
        Command::Rotate { insecure, place } => rotate(insecure.transport(), &place).await,
    }
}

async fn enrol(hub: &str, transport: Transport, pins: &Pins, place: &Place) -> Result<ExitCode> {
    let data = place.open()?;
    let _lock = data.lock()?;
    if let Some(identity) = Identity::load(&data.identity())? {
        anyhow::bail!("this agent is enrolled already, as target {} at {}", identity.target, identity.hub);
    }
    HostTrust::pin_files(&data, &pins.keys).await?;
    let identity = exchange(hub, transport, &data).await;
    let identity = match pins.keys.is_empty() {
        true => identity?,
        false => {
            identity.context("the keys are pinned (see: distr-agent trust list), but the agent is not enrolled")?
        }
    };
    line(format!("enrolled as target {}", identity.target))?;
    Ok(ExitCode::SUCCESS)
}

async fn exchange(hub: &str, transport: Transport, data: &DataDir) -> Result<Identity> {
    let token = match enrol::token_from_environment() {
        Some(token) => Some(token),
        None => enrol::token_from_input().context("cannot read standard input")?,
    };
    let token = token.with_context(|| format!("no token: set {TOKEN_VARIABLE} or write it to standard input"))?;
    Ok(enrol::enrol(&Hub::try_new(hub, transport)?, &token, data).await?)
}

async fn rotate(transport: Transport, place: &Place) -> Result<ExitCode> {
    let data = place.open()?;
    let _lock = data.lock()?;
    let identity = Identity::load(&data.identity())?.context("this agent is not enrolled")?;
    let identity = enrol::rotate(&Hub::try_new(&identity.hub, transport)?, &identity.secret, &data).await?;
    line(format!("the credential is now {}", identity.credential))?;
    Ok(ExitCode::SUCCESS)
}

fn log(json: bool) {
    let filter = EnvFilter::try_from_env("DISTR_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match json {
        true => log.json().init(),
        false => log.with_target(false).init(),
    }
}
