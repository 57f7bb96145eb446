//! Where Postgres is: at the URLs that were given, or in the data directory, started and stopped with the hub.

use std::str::FromStr;

use anyhow::Context;
use distr_embedded_postgres::{EmbeddedPostgres, Options};
use tokio_postgres::Config;
use tracing::info;

use crate::config::StorageConfig;

pub struct Database {
    /// read models, operations, registry
    pub main: Config,
    pub eventlog: Config,
    pub embedded: Option<EmbeddedPostgres>,
}

const NAME: &str = "distr";

pub async fn open_database(config: &StorageConfig) -> anyhow::Result<Database> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("cannot make the data directory {}", config.data_dir.display()))?;
    match &config.database_url {
        Some(url) => {
            let main = parse("DATABASE_URL", url)?;
            let eventlog = match &config.eventlog_url {
                Some(url) => parse("EVENTLOG_URL", url)?,
                None => main.clone(),
            };
            Ok(Database { main, eventlog, embedded: None })
        }
        None => embedded(config).await,
    }
}

async fn embedded(config: &StorageConfig) -> anyhow::Result<Database> {
    let data_dir = config.data_dir.join("postgres");
    let embedded = distr_embedded_postgres::start(Options::new(data_dir)).await.context("cannot start Postgres")?;
    embedded.create_database(NAME).await.context("cannot make the database")?;
    let main = Config::from_str(&embedded.url(NAME)).context("the embedded Postgres has no usable URL")?;
    info!(data_dir = %embedded.data_dir().display(), "Postgres is started");
    let eventlog = match &config.eventlog_url {
        Some(url) => parse("EVENTLOG_URL", url)?,
        None => main.clone(),
    };
    Ok(Database { main, eventlog, embedded: Some(embedded) })
}

/// Does not repeat the URL: it may hold a password.
fn parse(variable: &str, url: &str) -> anyhow::Result<Config> {
    Config::from_str(url).map_err(|_| {
        anyhow::anyhow!("{variable} is not a Postgres URL; use postgres://user:password@host:port/database")
    })
}
