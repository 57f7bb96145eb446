//! The real parts on loopback: a Postgres with the settings of the embedded one, the real `distr-hub` on it as a process
//! of its own, and a fleet that has enrolled.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use distr_api::ops::{self, credential};
use distr_embedded_postgres::{EmbeddedPostgres, Options, start};
use distr_eventlog::{Position, PostgresLog};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, NoTls};

use crate::clock::now;
use crate::fleet::{Fleet, Shape, seed};
use crate::load::Agent;
use crate::process::Watched;
use crate::sample::Effort;
use crate::wire::Connection;

const ORGANIZATION: &str = "acme";
const OWNER: &str = "owner@acme.example";
const PASSWORD: &str = "correct horse battery";
const DATABASE: &str = "distr";
const TARGETS_PER_CUSTOMER: usize = 100;
const PULLS_PER_TARGET: usize = 2;

const READY_WITHIN: Duration = Duration::from_secs(120);
const CAUGHT_UP_WITHIN: Duration = Duration::from_secs(300);
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// A durable Postgres in a temporary directory.
#[derive(Debug)]
pub struct Database {
    server: EmbeddedPostgres,
    folder: TempDir,
}

pub struct Site {
    pub database: Database,
    pub fleet: Fleet,
    pub agents: Vec<Agent>,
    /// a session of the organization's owner
    pub owner: String,
    hub: Hub,
}

/// The process; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Hub {
    child: Child,
    pub(crate) address: SocketAddr,
}

/// GraphQL over one connection.
pub struct Graphql<'a> {
    connection: Connection,
    secret: Option<&'a str>,
}

impl Database {
    pub async fn start() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary directory")?;
        // the user that Postgres runs as must get through
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let server = start(Options::new(folder.path().join("postgres"))).await.context("cannot start Postgres")?;
        server.create_database(DATABASE).await?;
        Ok(Self { server, folder })
    }

    pub fn url(&self) -> String {
        self.server.url(DATABASE)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub async fn connect(&self) -> Result<Client> {
        let (client, connection) = tokio_postgres::connect(&self.url(), NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    pub fn process(&self) -> Result<Watched> {
        Ok(Watched::WithChildren(self.server.pid().context("Postgres has ended")?))
    }

    pub async fn stop(self) -> Result<()> {
        self.server.stop().await.context("Postgres did not stop")
    }
}

impl Site {
    /// Starts everything and waits until the hub shows the whole fleet.
    pub async fn start(effort: &Effort) -> Result<Self> {
        let database = Database::start().await?;
        let hub = Hub::start(&database).await?;
        let owner = sign_in(hub.address).await?;
        let log = PostgresLog::connect(&database.url()).await?;
        let shape = Shape {
            organization: ORGANIZATION.parse()?,
            targets: effort.targets,
            targets_per_customer: TARGETS_PER_CUSTOMER,
            pulls_per_target: PULLS_PER_TARGET,
            at: now(),
        };
        let fleet = seed(&log, &shape).await?;
        log.close().await;
        let agents = enrol(&database, &fleet).await?;
        let site = Self { database, fleet, agents, owner, hub };
        site.caught_up(site.fleet.position).await?;
        Ok(site)
    }

    pub fn address(&self) -> SocketAddr {
        self.hub.address
    }

    pub fn hub_pid(&self) -> u32 {
        self.hub.pid()
    }

    pub async fn graphql(&self) -> Result<Graphql<'_>> {
        Graphql::open(self.address(), &self.owner).await
    }

    /// Waits until read models and policies have seen the log up to here; not those who look at seats some minutes later.
    pub async fn caught_up(&self, position: Position) -> Result<()> {
        let client = self.database.connect().await?;
        let sql = "SELECT least((SELECT min(position) FROM read.checkpoint),
                                (SELECT min(position) FROM ops.policy WHERE name <> 'unused_seats'))";
        let began = Instant::now();
        loop {
            let seen: i64 = client.query_one(sql, &[]).await?.get(0);
            if seen as u64 >= position.number() {
                return Ok(());
            }
            ensure!(began.elapsed() < CAUGHT_UP_WITHIN, "the hub is at {seen} and not at {position} in time");
            sleep(POLL).await;
        }
    }

    /// Everything that happened is seen by everybody.
    pub async fn settle(&self) -> Result<()> {
        let client = self.database.connect().await?;
        let head: i64 = client.query_one("SELECT position FROM eventlog.head", &[]).await?.get(0);
        self.caught_up(Position::of_number(head as u64)).await
    }

    /// Stops the hub; the database stays.
    pub async fn stop_hub(self) -> Result<Database> {
        self.hub.stop().await?;
        Ok(self.database)
    }
}

impl Hub {
    pub(crate) async fn start(database: &Database) -> Result<Self> {
        let folder = database.folder();
        fs::write(folder.join("password"), PASSWORD)?;
        let log_path = folder.join("hub.log");
        let address = free_address()?;
        let child = Command::new(binary("distr-hub")?)
            .arg("serve")
            .env("DISTR_DATA_DIR", folder.join("hub"))
            .env("DATABASE_URL", database.url())
            .env("DISTR_LISTEN", address.to_string())
            .env("DISTR_BOOTSTRAP_ORGANIZATION", ORGANIZATION)
            .env("DISTR_BOOTSTRAP_EMAIL", OWNER)
            .env("DISTR_BOOTSTRAP_PASSWORD_FILE", folder.join("password"))
            // all that is asked comes from one address
            .env("DISTR_RATE_LIMIT", "1000000")
            .env("DISTR_CONNECTIONS_PER_ADDRESS", "100000")
            .env("DISTR_REPORT_BYTES", "1GiB")
            .stdin(Stdio::null())
            .stderr(File::create(&log_path)?)
            .spawn()
            .context("cannot start distr-hub")?;
        let mut hub = Self { child, address };
        let began = Instant::now();
        while !is_ready(address).await {
            let ended = hub.child.try_wait()?.is_some();
            if ended || began.elapsed() > READY_WITHIN {
                bail!("the hub does not get ready:\n{}", fs::read_to_string(&log_path).unwrap_or_default());
            }
            sleep(POLL).await;
        }
        Ok(hub)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) async fn stop(mut self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status().context("cannot tell the hub to stop")?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(began.elapsed() < STOPPED_WITHIN, "the hub does not stop");
            sleep(POLL).await;
        }
        Ok(())
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl<'a> Graphql<'a> {
    pub(crate) async fn open(address: SocketAddr, secret: &'a str) -> Result<Self> {
        Ok(Self { connection: Connection::open(address).await?, secret: Some(secret) })
    }

    /// The data; an error if there is any.
    pub async fn ask(&mut self, query: &str, variables: Value) -> Result<Value> {
        let body = serde_json::to_vec(&json!({ "query": query, "variables": variables }))?;
        let mut answer = self.connection.post("/graphql", self.secret, &body).await?.json()?;
        ensure!(answer.get("errors").is_none(), "{answer}");
        Ok(answer["data"].take())
    }
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    connection.get("/readyz").await.is_ok_and(|answer| answer.status == 200)
}

pub(crate) async fn sign_in(address: SocketAddr) -> Result<String> {
    let mut graphql = Graphql { connection: Connection::open(address).await?, secret: None };
    let query = "mutation ($o: Name!, $e: String!, $p: String!) {
        sessionCreate(organization: $o, email: $e, password: $p) { token }
    }";
    let variables = json!({ "o": ORGANIZATION, "e": OWNER, "p": PASSWORD });
    let data = graphql.ask(query, variables).await?;
    Ok(data["sessionCreate"]["token"].as_str().context("a session has a token")?.to_owned())
}

/// Stores a secret for each target, as its enrolment would have.
async fn enrol(database: &Database, fleet: &Fleet) -> Result<Vec<Agent>> {
    let pool = ops::pool(&database.url().parse()?, 1);
    let client = pool.get().await?;
    client.batch_execute("BEGIN").await?;
    let mut agents = vec![];
    for target in &fleet.targets {
        let secret = credential::new_secret(credential::CredentialKind::Agent)?;
        let stored = credential::NewCredential {
            kind: credential::CredentialKind::Agent,
            id: target.credential.0,
            organization: fleet.organization,
            subject: target.id.0,
            scopes: vec![],
            expires_at: None,
            maker: credential::Maker::default(),
            at: now(),
        };
        credential::insert(&client, &secret, stored).await?;
        agents.push(Agent::new(target.clone(), secret));
    }
    client.batch_execute("COMMIT; ANALYZE").await?;
    Ok(agents)
}

/// A program of this workspace, built beside this one.
pub fn binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("a program knows where it is")?;
    let path = own.with_file_name(name);
    ensure!(path.exists(), "{} is not built; run script/bench, or cargo build --bins", path.display());
    Ok(path)
}

pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("loopback has a free port")?.local_addr()?)
}
