//! What the hub keeps things in: opened and brought to this program's version at the start, closed last.

use std::sync::Arc;

use anyhow::Context;
use deadpool_postgres::Pool;
use distr_eventlog::{EventLog, PostgresLog};
use distr_postgres::Address;
use distr_projections::{prepare_live, read_pool, rebuild};
use tokio_postgres::Client;
use tracing::info;
use uuid::Uuid;

use super::database::{Database, open_database};
use crate::config::StorageConfig;
use crate::master_key::MasterKey;
use crate::ops;

pub(super) struct Stores {
    pub database: Database,
    pub log: Arc<PostgresLog>,
    pub read: Pool,
    pub ops: Pool,
    pub master: MasterKey,
    /// this process, among the hubs that share the database
    pub owner: Uuid,
}

impl Stores {
    pub(super) async fn open(config: &StorageConfig) -> anyhow::Result<Self> {
        let database = open_database(config).await?;
        let log = PostgresLog::connect_to(database.eventlog.clone()).await.context("cannot open the event log")?;
        let log = Arc::new(log);
        ops::migrate(&database.main).await.context("cannot migrate the schema ops")?;
        let master = ops::master_key::in_force(&database.main, &config.data_dir).await?;
        prepare_read_models(&database.main, log.clone()).await?;
        with_client(&database.main, async |client| {
            distr_registry::migrate(client).await.context("cannot migrate the schema registry")
        })
        .await?;
        let pool_size = usize::from(config.pool_size);
        Ok(Self {
            read: read_pool(&database.main, pool_size),
            ops: ops::pool(&database.main, pool_size / 2),
            database,
            log,
            master,
            owner: Uuid::now_v7(),
        })
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.read.close();
        self.ops.close();
        self.log.close().await;
        self.database.close().await
    }
}

/// Makes the read models' schema, and makes the read models anew if their shape is another program's.
async fn prepare_read_models(database: &Address, log: Arc<dyn EventLog>) -> anyhow::Result<()> {
    let outdated =
        with_client(database, async |client| prepare_live(client).await.context("cannot prepare the read models"))
            .await?;
    if outdated {
        info!("the read models have another shape; making them anew");
        let report = rebuild(database, log, |_, _, _| {}).await.context("cannot rebuild the read models")?;
        info!(position = report.position.0, "read models are made anew");
    }
    Ok(())
}

/// A connection for one job.
async fn with_client<T>(
    database: &Address,
    job: impl AsyncFnOnce(&mut Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut client = database.connect().await.context("cannot connect to the database")?;
    job(&mut client).await
}
