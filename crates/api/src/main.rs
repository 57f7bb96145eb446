//! `distr-hub`: serve, rebuild the read models, verify them, park entries of the log, back up and restore, rotate the master key, say where portals are, print the GraphQL schema.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use distr_api::analyst::{self, AnalystConfig};
use distr_api::backup::{self, BackupConfig, RestoreConfig};
use distr_api::boot::{self, CollectConfig, ServeConfig};
use distr_api::config::StorageConfig;
use distr_api::drawing::process;
use distr_api::parking::{self, ParkConfig, RetryConfig};
use distr_api::portal_hosts::{self, PortalHostConfig};
use distr_api::rebuild::{self, RebuildConfig};
use distr_api::verify::{self, VerifyConfig};
use distr_api::{graphql, rotate};
use tikv_jemallocator::Jemalloc;
use tracing_subscriber::EnvFilter;

/// Gives back to the system what bursts needed; the system's own allocator keeps much of it.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[derive(Parser)]
#[command(name = "distr-hub", version, about = "The hub of Distr: registry, GraphQL API, agents' endpoint")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How the log is written
    #[arg(long, env = "DISTR_LOG_FORMAT", default_value = "text", global = true)]
    log_format: LogFormat,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop
    Serve(Box<ServeConfig>),
    /// Make the read models anew from the log while hubs serve, compare them with the live ones, and swap
    Rebuild(Box<RebuildConfig>),
    /// Print where read models and policies stand, what stops them, and which entries of the log they pass by
    Parked(StorageConfig),
    /// Let a group of read models or a policy pass by an entry of the log that stops it
    Park(ParkConfig),
    /// Undo `park`: a policy takes the entry now, read models take it in the next rebuild
    Retry(RetryConfig),
    /// Logins for analysts, who may read the schema `analytics` with psql and do nothing else
    Analyst(Box<AnalystConfig>),
    /// The hosts at which customers of an organization find its portal
    PortalHost(PortalHostConfig),
    /// Back up the hub, which may go on serving; or check a backup
    Backup(BackupConfig),
    /// Bring a hub back from its backup, in an empty place
    Restore(RestoreConfig),
    /// Seal all secrets with a new master key; restart the hubs afterwards
    RotateMasterKey(StorageConfig),
    /// Apply the registry's retention rules and remove the bytes that nobody needs, also beside a running hub
    Gc(CollectConfig),
    /// Read all blobs of the registry and compare them with their digests, also beside a running hub
    Scrub(StorageConfig),
    /// Replay what was done from the log, and compare it with the rules and with the read models; changes nothing
    Verify(VerifyConfig),
    /// Make the blob store this database's, as after a restore; the hub whose it was must be stopped for good
    TakeOverBlobs(StorageConfig),
    /// Print the GraphQL schema
    Schema,
}

fn main() -> ExitCode {
    // a command that nobody gives but the hub, before there are threads or settings
    match std::env::args_os().nth(1).is_some_and(|command| command == process::NAME) {
        true => process::run(),
        false => run(),
    }
}

#[actix_web::main]
async fn run() -> ExitCode {
    let cli = Cli::parse();
    start_log(cli.log_format);
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    raise_file_limit();
    let outcome = match cli.command {
        Command::Serve(config) => boot::serve(*config).await,
        Command::Rebuild(config) => rebuild::run(*config).await,
        Command::Parked(config) => parking::list(config).await.map(say),
        Command::Park(config) => parking::park(config).await.map(say),
        Command::Retry(config) => parking::retry(config).await.map(say),
        Command::Analyst(config) => analyst::run(*config).await,
        Command::PortalHost(config) => portal_hosts::run(config).await.map(say),
        Command::Backup(config) => backup::back_up(config).await.map(say),
        Command::Restore(config) => backup::restore(config).await.map(say),
        Command::RotateMasterKey(config) => rotate::rotate_master_key(config).await.map(say),
        Command::Gc(config) => boot::collect(config).await,
        Command::Scrub(config) => boot::scrub(config).await,
        Command::Verify(config) => verify::run(config).await.map(say),
        Command::TakeOverBlobs(config) => boot::take_over_blobs(config).await.map(say),
        Command::Schema => {
            println!("{}", graphql::sdl().trim_end());
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("distr-hub: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn say(outcome: String) {
    println!("{outcome}");
}

/// Each connection is an open file, and many systems begin with 1024.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Without what the HTTP library says of each malformed request: strangers would fill the log.
const LOG: &str = "info,actix_http::h1::dispatcher=off,actix_http::h2::dispatcher=off,tokio_postgres=warn,h2=error";

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_env("DISTR_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    let colours = std::io::stderr().is_terminal();
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}
