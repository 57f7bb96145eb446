//! Where Postgres is: at the URLs that were given, or in the data directory, started and stopped with the hub.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, bail};
use distr_embedded_postgres::{EmbeddedPostgres, Options};
use distr_postgres::Address;
use tracing::info;

use super::event_log::LogPlace;
use crate::config::StorageConfig;

pub struct Database {
    /// read models, operations, registry
    pub main: Address,
    pub eventlog: LogPlace,
    pub embedded: Option<EmbeddedPostgres>,
}

impl Database {
    /// Where these schemas are, which are in one database.
    pub fn of(&self, schemas: &[impl AsRef<str>]) -> anyhow::Result<&Address> {
        match schemas.iter().all(|schema| schema.as_ref() == "eventlog") {
            true => self.eventlog.tables(),
            false => Ok(&self.main),
        }
    }

    pub async fn close(self) -> anyhow::Result<()> {
        match self.embedded {
            Some(embedded) => embedded.stop().await.context("Postgres did not stop cleanly"),
            None => Ok(()),
        }
    }
}

const NAME: &str = "distr";

pub async fn open_database(config: &StorageConfig) -> anyhow::Result<Database> {
    make_data_dir(&config.data_dir)
        .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
    match &config.database_url {
        Some(url) => {
            let main = parse("DATABASE_URL", url)?;
            let eventlog = LogPlace::of(config, &main)?;
            Ok(Database { main, eventlog, embedded: None })
        }
        None => embedded(config).await,
    }
}

/// As `open_database`, but beside a hub that may be running: its embedded Postgres is used, and left running.
pub async fn attach_database(config: &StorageConfig) -> anyhow::Result<Database> {
    let running = distr_embedded_postgres::url_of_running(&config.data_dir.join("postgres"), NAME);
    match (&config.database_url, running) {
        (None, Some(url)) => {
            let main = Address::from_str(&url).context("the embedded Postgres has no usable URL")?;
            let eventlog = LogPlace::of(config, &main)?;
            Ok(Database { main, eventlog, embedded: None })
        }
        // a job is for a hub that is there; in a wrong folder it would make another, and find all well
        (None, None) if !config.data_dir.join("postgres").is_dir() => bail!(
            "there is no hub in {}; set DISTR_DATA_DIR or DATABASE_URL as the hub has them (`set -a; . /etc/distr-hub.env`)",
            config.data_dir.display()
        ),
        _ => open_database(config).await,
    }
}

/// The user that Postgres runs as passes through it and sees nothing in it.
fn make_data_dir(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o711))
}

async fn embedded(config: &StorageConfig) -> anyhow::Result<Database> {
    let options = Options { port: config.postgres_port, ..Options::new(config.data_dir.join("postgres")) };
    let embedded = distr_embedded_postgres::start(options).await.context("cannot start Postgres")?;
    embedded.create_database(NAME).await.context("cannot make the database")?;
    let main = Address::from_str(&embedded.url(NAME)).context("the embedded Postgres has no usable URL")?;
    info!(data_dir = %embedded.data_dir().display(), "Postgres is started");
    let eventlog = LogPlace::of(config, &main)?;
    Ok(Database { main, eventlog, embedded: Some(embedded) })
}

/// Does not repeat the URL: it may hold a password.
fn parse(variable: &str, url: &str) -> anyhow::Result<Address> {
    Address::from_str(url).with_context(|| format!("{variable} cannot be used"))
}
