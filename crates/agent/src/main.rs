//! `distr-agent`: enrols once, then brings about on this machine what its hub desires.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use distr_agent::data_dir::DataDir;
use distr_agent::enrol::{self, TOKEN_VARIABLE};
use distr_agent::hub::Hub;
use distr_agent::identity::Identity;
use tracing_subscriber::EnvFilter;

mod run;

#[derive(Parser)]
#[command(
    name = "distr-agent",
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
    /// Exchange a one-time token for this agent's own credential; the token comes from DISTR_ENROLMENT_TOKEN or standard input
    Enrol {
        /// The hub's base URL
        #[arg(long, env = "DISTR_HUB_URL")]
        hub: String,
        #[command(flatten)]
        place: Place,
    },
    /// Bring about what the hub desires, and report; enrols first if DISTR_ENROLMENT_TOKEN is set and it has no identity
    Run(Run),
    /// Exchange the agent's credential for a new one; the agent must not be running
    Rotate {
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
    place: Place,
}

impl Place {
    fn open(&self) -> Result<DataDir> {
        let path = self.data_dir.clone().unwrap_or_else(DataDir::default_path);
        Ok(DataDir::open(&path)?)
    }
}

fn main() -> ExitCode {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.install_default().expect("nothing installs a provider before main does");
    let cli = Cli::parse();
    log(cli.log_json);
    match dispatch(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("distr-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

// one thread: it waits for others nearly all of the time
#[tokio::main(flavor = "current_thread")]
async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Enrol { hub, place } => enrol(&hub, &place).await,
        Command::Run(run) => run::run(&run).await,
        Command::Rotate { place } => rotate(&place).await,
    }
}

async fn enrol(hub: &str, place: &Place) -> Result<ExitCode> {
    let data = place.open()?;
    let _lock = data.lock()?;
    if let Some(identity) = Identity::load(&data.identity())? {
        anyhow::bail!("this agent is enrolled already, as target {} at {}", identity.target, identity.hub);
    }
    let token = match enrol::token_from_environment() {
        Some(token) => Some(token),
        None => enrol::token_from_input().context("cannot read standard input")?,
    };
    let token = token.with_context(|| format!("no token: set {TOKEN_VARIABLE} or write it to standard input"))?;
    let identity = enrol::enrol(&Hub::try_new(hub)?, &token, &data).await?;
    println!("enrolled as target {}", identity.target);
    Ok(ExitCode::SUCCESS)
}

async fn rotate(place: &Place) -> Result<ExitCode> {
    let data = place.open()?;
    let _lock = data.lock()?;
    let identity = Identity::load(&data.identity())?.context("this agent is not enrolled")?;
    let identity = enrol::rotate(&Hub::try_new(&identity.hub)?, &identity.secret, &data).await?;
    println!("the credential is now {}", identity.credential);
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
