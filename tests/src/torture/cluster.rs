//! The Postgres under test: whoever started it, found by its own note in its directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use distr_embedded_postgres::{Options, start};
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Signal;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls};
use tokio_util::sync::CancellationToken;

use super::process::signal_to;

const DATABASE: &str = "distr";
const SUPERUSER: &str = "distr";

/// In a row that may fail.
const STARTS: usize = 5;

/// The data directory of an embedded Postgres, whether the hub or the driver runs it.
#[derive(Clone)]
pub(crate) struct Cluster {
    dir: PathBuf,
}

impl Cluster {
    pub(crate) fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// A line of `postmaster.pid`: 0 the process, 3 the port, 4 the directory of the socket.
    fn note(&self, line: usize) -> Option<String> {
        let text = fs::read_to_string(self.dir.join("cluster/postmaster.pid")).ok()?;
        Some(text.lines().nth(line)?.trim().to_owned())
    }

    pub(crate) fn socket(&self) -> Option<PathBuf> {
        Some(Path::new(&self.note(4)?).join(format!(".s.PGSQL.{}", self.note(3)?)))
    }

    /// How to connect past the proxy.
    pub(crate) fn config(&self) -> Result<Config> {
        let (folder, port) = self.note(4).zip(self.note(3)).context("Postgres does not run")?;
        let mut config = Config::new();
        config.host_path(folder).port(port.parse()?).user(SUPERUSER).password(self.password()).dbname(DATABASE);
        Ok(config)
    }

    /// How to connect through a proxy on that port of 127.0.0.1.
    pub(crate) fn url_through(&self, port: u16) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{port}/{DATABASE}", self.password())
    }

    fn password(&self) -> String {
        fs::read_to_string(self.dir.join("superuser.password")).expect("the cluster was made with a password")
    }

    pub(crate) async fn connect(&self) -> Result<Client> {
        let (client, connection) = self.config()?.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// `kill -9` of the server itself.
    pub(crate) fn kill_server(&self) -> bool {
        let pid = self.note(0).and_then(|pid| pid.parse().ok()).unwrap_or(0);
        signal_to(pid, Signal::KILL)
    }

    /// `kill -9` of one of the processes that serve a connection. The server then ends all others and recovers.
    pub(crate) async fn kill_backend(&self, dice: &mut StdRng) -> Result<bool> {
        let client = tokio::time::timeout(Duration::from_secs(5), self.connect()).await??;
        let sql = "SELECT pid FROM pg_stat_activity
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY pid";
        let backends: Vec<i32> = client.query(sql, &[]).await?.iter().map(|row| row.get(0)).collect();
        if backends.is_empty() {
            return Ok(false);
        }
        Ok(signal_to(backends[dice.random_range(0..backends.len())], Signal::KILL))
    }
}

/// The server, run by the driver, and started again whenever it ends.
pub(crate) struct Keeper {
    stop: CancellationToken,
    task: JoinHandle<Result<()>>,
}

impl Keeper {
    pub(crate) async fn start(cluster: &Cluster) -> Result<Self> {
        let stop = CancellationToken::new();
        let (ready, mut is_ready) = watch::channel(false);
        let task = tokio::spawn(keep(cluster.dir.clone(), stop.clone(), ready));
        let _ = is_ready.wait_for(|ready| *ready).await;
        Ok(Self { stop, task })
    }

    pub(crate) async fn stop(self) -> Result<()> {
        self.stop.cancel();
        self.task.await?
    }
}

async fn keep(dir: PathBuf, stop: CancellationToken, ready: watch::Sender<bool>) -> Result<()> {
    let mut failures = 0;
    loop {
        let server = match start(Options::new(&dir)).await {
            Ok(server) => server,
            // it may be killed while it starts
            Err(_) if failures < STARTS => {
                failures += 1;
                continue;
            }
            Err(error) => return Err(error).context("the driver cannot start Postgres"),
        };
        failures = 0;
        if !*ready.borrow() {
            server.create_database(DATABASE).await?;
            ready.send_replace(true);
        }
        tokio::select! {
            _ = server.exited() => {}
            () = stop.cancelled() => return Ok(server.stop().await?),
        }
    }
}
