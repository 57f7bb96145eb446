//! Where a database is, and how it is reached.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, Connection, Error};

use crate::dial;
use crate::limits::Limits;
use crate::tls::{Tls, TlsError, TlsStream, Trust};
use crate::watched::{Silence, Watched};

/// As Debian and its relatives have it.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

/// Not told: the address itself, which may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("it is not a Postgres URL; use postgres://user:password@host:port/database")]
    Url(#[source] Error),
    #[error("sslmode {0:?} is not known; use disable, prefer, require or verify-full")]
    Mode(String),
    #[error("sslrootcert is for sslmode=verify-full; other modes check no certificate")]
    RootWithoutCheck,
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A database: cheap to clone, and to change for one purpose.
#[derive(Debug, Clone)]
pub struct Address {
    config: Config,
    limits: Limits,
    tls: Tls,
    root: Option<PathBuf>,
    verified: bool,
}

impl Address {
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The address for a program that uses libpq (`pg_dump`, `psql`): in its environment, where no list of processes shows it.
    pub fn libpq_environment(&self) -> Vec<(&'static str, OsString)> {
        let config = &self.config;
        let hosts: Vec<OsString> = config.get_hosts().iter().map(host_name).collect();
        let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
        let password = config.get_password().map(|password| OsString::from_vec(password.to_vec()));
        let mode = match config.get_ssl_mode() {
            SslMode::Disable => "disable",
            SslMode::Require if self.verified => "verify-full",
            SslMode::Require => "require",
            _ => "prefer",
        };
        // older versions of libpq do not know where the system keeps its own
        let root = self.verified.then(|| self.root.clone().unwrap_or_else(|| PathBuf::from(SYSTEM_ROOTS)));
        let known = [
            ("PGHOST", Some(hosts.join(OsStr::new(",")))),
            ("PGPORT", Some(ports.join(",").into())),
            ("PGUSER", config.get_user().map(OsString::from)),
            ("PGPASSWORD", password),
            ("PGDATABASE", config.get_dbname().map(OsString::from)),
            ("PGSSLMODE", Some(mode.into())),
            ("PGSSLROOTCERT", root.map(PathBuf::into_os_string)),
        ];
        known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The same database for a purpose: with a name that its server shows, and other settings.
    pub fn with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut changed = self.clone();
        change(&mut changed.config);
        changed
    }

    /// The same database for statements that somebody waits for: none takes longer, and a server that says nothing for
    /// longer is gone. Without this, connections are for jobs, which may take hours.
    pub fn limited(&self, statement: Duration) -> Self {
        Self { limits: Limits::of_statements(statement), ..self.clone() }
    }

    /// The caller drives the connection, and so sees its messages and its end.
    pub async fn open(&self) -> Result<(Client, Connection<Watched, TlsStream>), Error> {
        self.open_watched(&Silence::default()).await
    }

    /// As `open`; that the server goes silent is noted.
    pub(crate) async fn open_watched(
        &self,
        silence: &Silence,
    ) -> Result<(Client, Connection<Watched, TlsStream>), Error> {
        dial::open(&self.config, &self.tls, self.limits, silence).await
    }

    /// A connection that a task of the current runtime drives, until the client is dropped.
    pub async fn connect(&self) -> Result<Client, Error> {
        let (client, connection) = self.open().await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to the database ended");
            }
        });
        Ok(client)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    /// Reads the certificates that the address names.
    fn from_str(url: &str) -> Result<Self, AddressError> {
        let Parameters { rest, mode, root } = Parameters::split_off(url);
        let mut config: Config = rest.parse().map_err(AddressError::Url)?;
        let verified = mode.as_deref() == Some("verify-full");
        if let Some(mode) = &mode {
            config.ssl_mode(match mode.as_str() {
                "disable" => SslMode::Disable,
                "prefer" => SslMode::Prefer,
                "require" | "verify-full" => SslMode::Require,
                _ => return Err(AddressError::Mode(mode.clone())),
            });
        }
        let trust = match (verified, &root) {
            (true, Some(file)) => Trust::File(file),
            (true, None) => Trust::System,
            (false, None) => Trust::Anybody,
            (false, Some(_)) => return Err(AddressError::RootWithoutCheck),
        };
        let tls = Tls::new(trust)?;
        Ok(Self { tls, root, verified, ..Self::from(config) })
    }
}

/// What `prefer` does: encrypted where the server offers it.
impl From<Config> for Address {
    fn from(mut config: Config) -> Self {
        if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) && !config.get_hosts().is_empty() {
            config.ssl_mode(SslMode::Disable);
        }
        Self { config, limits: Limits::of_jobs(), tls: Tls::unchecked(), root: None, verified: false }
    }
}

fn host_name(host: &Host) -> OsString {
    match host {
        Host::Tcp(name) => name.into(),
        Host::Unix(directory) => directory.into(),
    }
}

/// The parameters of the URL that tokio-postgres does not know as libpq does, and the URL without them.
struct Parameters {
    rest: String,
    mode: Option<String>,
    root: Option<PathBuf>,
}

impl Parameters {
    fn split_off(url: &str) -> Self {
        let mut found = Self { rest: url.to_owned(), mode: None, root: None };
        let Some((base, query)) = url.split_once('?') else {
            return found;
        };
        let mut kept = Vec::new();
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => found.mode = Some(mode.to_owned()),
                Some(("sslrootcert", file)) => found.root = Some(PathBuf::from(file.replace("%2F", "/"))),
                _ => kept.push(pair),
            }
        }
        found.rest = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_that_is_not_known_is_named() {
        let error = Address::from_str("postgres://hub@db/distr?sslmode=verify-some").expect_err("a mode").to_string();
        assert!(error.contains("\"verify-some\"") && error.contains("verify-full"), "{error}");
        assert!(matches!(
            Address::from_str("postgres://hub@db/distr?sslmode=require&sslrootcert=/ca.pem"),
            Err(AddressError::RootWithoutCheck)
        ));
    }

    #[test]
    fn other_parameters_stay_and_a_password_is_never_told() {
        let address =
            Address::from_str("postgres://hub:s3cret@db/distr?connect_timeout=7&sslmode=require&keepalives=1");
        let config = address.expect("an address").config().clone();
        assert_eq!(config.get_connect_timeout().map(Duration::as_secs), Some(7));
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
        let error = Address::from_str("postgres://hub:s3cret@db:port/distr").expect_err("no port");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }

    #[test]
    fn a_socket_is_not_encrypted() {
        let address = Address::from_str("postgres://distr@%2Ftmp%2Fpg:5432/distr").expect("an address");
        assert_eq!(address.config().get_ssl_mode(), SslMode::Disable);
    }
}
