//! What the hub keeps things in: opened and brought to this program's version at the start, closed last.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use deadpool_postgres::Pool;
use distr_eventlog::EventLog;
use distr_postgres::Address;
use distr_projections::{LiveShape, Step, past_pool, prepare_live, read_pool, reshape};
use tokio_postgres::Client;
use tracing::info;
use uuid::Uuid;

use super::database::{Database, attach_database, open_database};
use super::event_log::OpenLog;
use crate::config::StorageConfig;
use crate::master_key::MasterKey;
use crate::ops;

/// Between two lines about how far the read models are.
const SAY_EVERY: Duration = Duration::from_secs(5);

pub(super) struct Stores {
    pub database: Database,
    pub log: OpenLog,
    pub read: Pool,
    pub past: Pool,
    pub ops: Pool,
    pub master: MasterKey,
    /// this process, among the hubs that share the database
    pub owner: Uuid,
}

impl Stores {
    pub(super) async fn open(config: &StorageConfig) -> anyhow::Result<Self> {
        Self::on(open_database(config).await?, config).await
    }

    /// Beside a hub that may be running.
    pub(super) async fn attach(config: &StorageConfig) -> anyhow::Result<Self> {
        Self::on(attach_database(config).await?, config).await
    }

    async fn on(database: Database, config: &StorageConfig) -> anyhow::Result<Self> {
        let log = database.eventlog.open().await.context("cannot open the event log")?;
        ops::migrate(&database.main).await.context("cannot migrate the schema ops")?;
        let master = ops::master_key::in_force(&database.main, &config.data_dir).await?;
        ops::followed_log::check(&database.main, log.port().as_ref()).await?;
        prepare_read_models(&database.main, log.port()).await?;
        with_client(&database.main, async |client| {
            distr_registry::migrate(client).await.context("cannot migrate the schema registry")
        })
        .await?;
        let pool_size = usize::from(config.pool_size);
        Ok(Self {
            read: read_pool(&database.main, pool_size),
            past: past_pool(&database.main, pool_size.div_ceil(4)),
            ops: ops::pool(&database.main, pool_size.div_ceil(2)),
            database,
            log,
            master,
            owner: Uuid::now_v7(),
        })
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.read.close();
        self.past.close();
        self.ops.close();
        self.log.close().await;
        self.database.close().await
    }
}

/// Makes the read models' schema, and makes the read models anew if an older program made them.
async fn prepare_read_models(database: &Address, log: Arc<dyn EventLog>) -> anyhow::Result<()> {
    let shape =
        with_client(database, async |client| prepare_live(client).await.context("cannot prepare the read models"))
            .await?;
    match shape {
        LiveShape::Current => Ok(()),
        LiveShape::Newer { live, own } => bail!(
            "the read models were made by a newer version of the hub (shape {live}, this one makes {own}): start that \
             version, or go back for good with `distr-hub rebuild` of this one"
        ),
        LiveShape::Older => {
            info!("the read models have an older shape; making them anew");
            let mut said = Instant::now();
            let report = reshape(database, log, |step| {
                if let Step::Building { done, head, .. } = step
                    && said.elapsed() > SAY_EVERY
                {
                    said = Instant::now();
                    info!(position = done.number(), head = head.number(), "making the read models anew");
                }
            });
            if let Some(report) = report.await.context("cannot rebuild the read models")? {
                info!(position = report.position.number(), "read models are made anew");
            }
            Ok(())
        }
    }
}

/// A connection for one job.
async fn with_client<T>(
    database: &Address,
    job: impl AsyncFnOnce(&mut Client) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut client = database.connect().await.context("cannot connect to the database")?;
    job(&mut client).await
}
