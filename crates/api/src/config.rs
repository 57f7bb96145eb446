//! What the hub is told at its start: by the environment or by arguments of the same names. A value that does not fit
//! stops the start with a sentence that names it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use chrono::TimeDelta;
use distr_domain::fleet::Silence;
use distr_domain::image::ImageName;
use distr_domain::names::Slug;
use distr_domain::quota::Quota;
use distr_registry::{DiskReserve, Schedule};
use url::Url;

use crate::edge::{BasePath, Connections, Edge, Tls, TlsFiles, TrustedProxies};

/// One is for tests: a request that has a connection and asks for another waits for itself there.
const FEWEST_CONNECTIONS: i64 = if cfg!(debug_assertions) { 1 } else { 8 };

#[derive(Debug, Clone, clap::Args)]
pub struct StorageConfig {
    /// Where the hub keeps its own files: the embedded Postgres, blobs, the master key
    #[arg(long, env = "DISTR_DATA_DIR", default_value = "/var/lib/distr-hub")]
    pub data_dir: PathBuf,
    /// Postgres for read models and operations; without it the hub starts a private one in its data directory
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A port on 127.0.0.1 on which the private Postgres also takes analysts with a password
    #[arg(long, env = "DISTR_POSTGRES_PORT")]
    pub postgres_port: Option<u16>,
    /// Where the event log is, if elsewhere: another Postgres, or KurrentDB by esdb:// or kurrentdb://
    #[arg(long, env = "EVENTLOG_URL", hide_env_values = true)]
    pub eventlog_url: Option<String>,
    /// A bucket for the blobs, `s3://<bucket>[/<prefix>]`, with AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID … beside it; by
    /// default files in the data directory
    #[arg(long, env = "BLOB_STORE_URL")]
    pub blob_store_url: Option<String>,
    /// Connections to the database, shared by queries and projections
    #[arg(long, env = "DISTR_POOL_SIZE", default_value_t = 24, value_parser = clap::value_parser!(u16).range(FEWEST_CONNECTIONS..=500))]
    pub pool_size: u16,
}

#[derive(Debug, Clone, clap::Args)]
pub struct HttpConfig {
    /// Address and port to listen on
    #[arg(long, env = "DISTR_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Address and port of /metrics; without it, there are none to be read
    #[arg(long, env = "DISTR_METRICS_LISTEN")]
    pub metrics_listen: Option<SocketAddr>,
    /// How people, agents and Docker reach the hub; by default the listen address, with https:// if there is a certificate
    #[arg(long, env = "DISTR_PUBLIC_URL")]
    pub public_url: Option<Url>,
    /// A PEM file with the hub's certificate and those that lead to its authority; with DISTR_TLS_KEY the hub speaks HTTPS
    #[arg(long, env = "DISTR_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the private key of DISTR_TLS_CERT; both are read again when they change
    #[arg(long, env = "DISTR_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// Addresses and networks of reverse proxies, such as 10.0.0.0/8,192.0.2.7: their X-Forwarded-For and X-Forwarded-Proto
    /// are believed
    #[arg(long, env = "DISTR_TRUSTED_PROXIES", default_value = "")]
    pub trusted_proxies: TrustedProxies,
    /// Connections that one address may have open, one network of IPv6, or one client of a trusted proxy its sockets
    #[arg(long, env = "DISTR_CONNECTIONS_PER_ADDRESS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_per_address: u32,
    /// Requests per second that one address may make, or one agent when it reports, averaged
    #[arg(long, env = "DISTR_RATE_LIMIT", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: u32,
    /// Whether GraphQL answers introspection and serves its explorer
    #[arg(long, env = "DISTR_INTROSPECTION", default_value_t = true, action = clap::ArgAction::Set)]
    pub introspection: bool,
}

/// What of the hub's disks stays free.
#[derive(Debug, Clone, clap::Args)]
pub struct DiskConfig {
    /// What stays free on the disks of blobs and log, such as 2GiB: below it uploads and pushes are refused, so that all else goes
    /// on; by default the larger of 1 GiB and 5 % of the disk
    #[arg(long, env = "DISTR_DISK_RESERVE", value_parser = bytes)]
    pub disk_reserve: Option<u64>,
}

fn bytes(text: &str) -> Result<u64, String> {
    let parsed: Result<Quota, _> = text.parse();
    parsed.map(Quota::bytes).map_err(|_| format!("{text:?} is no number of bytes; write it as 2GiB or 500 MB"))
}

impl DiskConfig {
    /// Blobs may be in a bucket, and the log in a Postgres elsewhere: then their disks are nobody's concern here.
    pub fn reserve(&self, storage: &StorageConfig) -> DiskReserve {
        let here = storage.data_dir.clone();
        let blobs = storage.blob_store_url.is_none().then(|| storage.blob_dir());
        let log = storage.database_url.is_none().then_some(here);
        DiskReserve::new(blobs, log, self.disk_reserve)
    }
}

impl StorageConfig {
    /// Where blobs are, if they are files.
    pub fn blob_dir(&self) -> PathBuf {
        self.data_dir.join("registry")
    }
}

/// What the registry may hold, and what it does without a request.
#[derive(Debug, Clone, clap::Args)]
pub struct RegistryConfig {
    /// What each organization may hold, such as 500GiB; without it, anything
    #[arg(long, env = "DISTR_REGISTRY_QUOTA")]
    pub registry_quota: Option<Quota>,
    /// Whether clients fetch blobs from the bucket of BLOB_STORE_URL themselves, with URLs that are signed for five minutes;
    /// they must reach it at AWS_ENDPOINT
    #[arg(long, env = "DISTR_BLOB_REDIRECT", default_value_t = false, action = clap::ArgAction::Set)]
    pub blob_redirect: bool,
    /// Hours between two runs of retention and collection; 0 for never
    #[arg(long, env = "DISTR_COLLECT_HOURS", default_value_t = 24)]
    pub collect_hours: u16,
    /// Hours that blobs and uploads stay without anybody who needs them
    #[arg(long, env = "DISTR_GRACE_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..))]
    pub grace_hours: u16,
    /// Days between two scrubs, which read every blob; 0 for never
    #[arg(long, env = "DISTR_SCRUB_DAYS", default_value_t = 30)]
    pub scrub_days: u16,
}

impl RegistryConfig {
    pub fn schedule(&self) -> Schedule {
        let every = |span: TimeDelta| (span > TimeDelta::zero()).then_some(span);
        Schedule {
            collect_every: every(TimeDelta::hours(self.collect_hours.into())),
            scrub_every: every(TimeDelta::days(self.scrub_days.into())),
            grace: TimeDelta::hours(self.grace_hours.into()),
        }
    }
}

#[derive(Debug, Clone, clap::Args)]
pub struct FleetConfig {
    /// Seconds between two heartbeats of an agent
    #[arg(long, env = "DISTR_HEARTBEAT_SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub heartbeat_seconds: u32,
    /// Seconds of silence after which a target is stale; by default three heartbeats
    #[arg(long, env = "DISTR_STALE_SECONDS")]
    pub stale_seconds: Option<u32>,
    /// Seconds of silence after which a target is offline; by default thirty heartbeats
    #[arg(long, env = "DISTR_OFFLINE_SECONDS")]
    pub offline_seconds: Option<u32>,
    /// Seconds after which an agent is told to rotate its credential; by default thirty days
    #[arg(long, env = "DISTR_CREDENTIAL_SECONDS", default_value_t = 2_592_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub credential_seconds: u32,
    /// Bytes of reports that the agent of one target may add to the log per second, averaged, such as 16KiB
    #[arg(long, env = "DISTR_REPORT_BYTES", default_value = "16KiB")]
    pub report_bytes: Quota,
    /// The image of the agent for clusters, from where their nodes can pull it; without it, no cluster can be registered
    #[arg(long, env = "DISTR_KUBERNETES_AGENT_IMAGE", value_parser = image)]
    pub kubernetes_agent_image: Option<String>,
}

fn image(text: &str) -> Result<String, String> {
    ImageName::parse(text).map(|_| text.to_owned()).map_err(|fault| format!("{text:?} is no image: {fault}"))
}

/// The first organization and its owner, made at the start if they are not there.
#[derive(Debug, Clone, clap::Args)]
pub struct BootstrapConfig {
    #[arg(long, env = "DISTR_BOOTSTRAP_ORGANIZATION")]
    pub bootstrap_organization: Option<String>,
    #[arg(long, env = "DISTR_BOOTSTRAP_EMAIL")]
    pub bootstrap_email: Option<String>,
    /// A file whose first line is the owner's password
    #[arg(long, env = "DISTR_BOOTSTRAP_PASSWORD_FILE")]
    pub bootstrap_password_file: Option<PathBuf>,
}

/// What `BootstrapConfig` says when it says all.
pub struct FirstOwner {
    pub organization: Slug,
    pub email: String,
    pub password_file: PathBuf,
}

impl BootstrapConfig {
    /// Nothing if nothing is set; an error if only some of it is.
    pub fn first_owner(&self) -> anyhow::Result<Option<FirstOwner>> {
        match (&self.bootstrap_organization, &self.bootstrap_email, &self.bootstrap_password_file) {
            (None, None, None) => Ok(None),
            (Some(organization), Some(email), Some(password_file)) => Ok(Some(FirstOwner {
                organization: organization.parse().context("DISTR_BOOTSTRAP_ORGANIZATION does not fit")?,
                email: email.clone(),
                password_file: password_file.clone(),
            })),
            _ => bail!(
                "DISTR_BOOTSTRAP_ORGANIZATION, DISTR_BOOTSTRAP_EMAIL and DISTR_BOOTSTRAP_PASSWORD_FILE go together; \
                 set all or none"
            ),
        }
    }
}

impl HttpConfig {
    pub fn public_url(&self) -> anyhow::Result<Url> {
        let url = match &self.public_url {
            Some(url) => url.clone(),
            None => {
                let scheme = if self.tls_files()?.is_some() { "https" } else { "http" };
                Url::parse(&format!("{scheme}://{}", self.listen))?
            }
        };
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            bail!("DISTR_PUBLIC_URL is {url}; it must be http:// or https:// and a host");
        }
        if url.query().or(url.fragment()).is_some() || !url.username().is_empty() || url.password().is_some() {
            bail!("DISTR_PUBLIC_URL is to be scheme, host, port and path alone, as https://example.com/distr");
        }
        // it stands in commands that people copy into a shell
        if let Some(c) = url.as_str().chars().find(|c| !c.is_ascii_alphanumeric() && !"-._~%:/[]".contains(*c)) {
            bail!("DISTR_PUBLIC_URL holds {c:?}; use letters, digits and - . _ ~ / in its path");
        }
        Ok(url)
    }

    /// Nothing if neither is set; an error if one is.
    pub fn tls_files(&self) -> anyhow::Result<Option<TlsFiles>> {
        match (&self.tls_cert, &self.tls_key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })),
            _ => bail!("DISTR_TLS_CERT and DISTR_TLS_KEY go together; set both or none"),
        }
    }

    pub fn edge(&self, public_url: &Url) -> anyhow::Result<Edge> {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
        Ok(Edge {
            proxies: self.trusted_proxies.clone(),
            base: BasePath::of(public_url),
            tls: self.tls_files()?.map(Tls::open).transpose()?,
            connections: Arc::new(Connections::new(files, self.connections_per_address)),
            sockets: Arc::new(Connections::of_sockets(self.connections_per_address)),
            requests: Arc::new(Connections::of_requests(self.connections_per_address)),
            files: Arc::new(Connections::of_files(files, self.connections_per_address)),
        })
    }
}

/// `host[:port]`, as image references name a registry.
pub fn registry_host(public_url: &Url) -> String {
    let host = public_url.host_str().unwrap_or_default();
    match public_url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

impl FleetConfig {
    pub fn silence(&self) -> anyhow::Result<Silence> {
        let stale = self.stale_seconds.unwrap_or(self.heartbeat_seconds * 3);
        let offline = self.offline_seconds.unwrap_or(self.heartbeat_seconds * 30);
        if offline <= stale {
            bail!("DISTR_OFFLINE_SECONDS is {offline} and must be more than DISTR_STALE_SECONDS, which is {stale}");
        }
        Ok(Silence { stale_after: TimeDelta::seconds(stale.into()), offline_after: TimeDelta::seconds(offline.into()) })
    }
}
