//! Where the event log is, and the store that opens it: Postgres, or KurrentDB by the scheme of the URL.

use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, bail};
use distr_eventlog::{EventLog, PostgresLog};
use distr_eventlog_kurrent::{KurrentLog, is_kurrent};
use distr_postgres::Address;

use crate::config::StorageConfig;

#[derive(Debug, Clone)]
pub enum LogPlace {
    Postgres(Box<Address>),
    /// By its URL, which may hold a password.
    Kurrent(Hidden),
}

/// A text that is not shown.
#[derive(Clone)]
pub struct Hidden(String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// The log, open. Close it at the end: appends that were taken are answered.
#[derive(Clone)]
pub enum OpenLog {
    Postgres(Arc<PostgresLog>),
    Kurrent(Arc<KurrentLog>),
}

impl LogPlace {
    /// As the settings say; else in the database of the rest.
    pub(super) fn of(config: &StorageConfig, main: &Address) -> anyhow::Result<Self> {
        match &config.eventlog_url {
            Some(url) if is_kurrent(url) => Ok(Self::Kurrent(Hidden(url.clone()))),
            // does not repeat the URL: it may hold a password
            Some(url) => Ok(Self::Postgres(Box::new(Address::from_str(url).context("EVENTLOG_URL cannot be used")?))),
            None => Ok(Self::Postgres(Box::new(main.clone()))),
        }
    }

    pub async fn open(&self) -> anyhow::Result<OpenLog> {
        let opened = match self {
            Self::Postgres(address) => {
                PostgresLog::connect_to(Address::clone(address)).await.map(|log| OpenLog::Postgres(Arc::new(log)))?
            }
            Self::Kurrent(Hidden(url)) => KurrentLog::connect(url).await.map(|log| OpenLog::Kurrent(Arc::new(log)))?,
        };
        Ok(opened)
    }

    /// For what reads the log's tables.
    pub fn tables(&self) -> anyhow::Result<&Address> {
        match self {
            Self::Postgres(address) => Ok(address),
            Self::Kurrent(_) => bail!(
                "EVENTLOG_URL names KurrentDB, whose log this command cannot copy: back up and restore the server with its own \
                 tools, together with DATABASE_URL by those of Postgres (first Postgres, then the log), and the data directory"
            ),
        }
    }
}

impl OpenLog {
    pub fn port(&self) -> Arc<dyn EventLog> {
        match self {
            Self::Postgres(log) => log.clone(),
            Self::Kurrent(log) => log.clone(),
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Postgres(log) => log.close().await,
            Self::Kurrent(log) => log.close().await,
        }
    }
}
