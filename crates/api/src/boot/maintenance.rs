//! The registry's jobs: what they work with, and the commands that run them at once.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use distr_projections::job_pool;
use distr_registry::{BlobStore, CollectOptions, Fault, FileBlobs, Maintenance, ObjectBlobs, ownership};
use serde::Serialize;
use serde_json::json;
use tracing::warn;

use super::following::Following;
use super::stores::Stores;
use crate::clock::{Clock, SystemClock};
use crate::config::StorageConfig;
use crate::traces::Traces;

#[derive(Debug, Clone, clap::Args)]
pub struct CollectConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    /// Says what would go, and changes nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Hours that blobs and uploads stay without anybody who needs them; 0 only while no hub serves, or pushes under way fail
    #[arg(long, env = "DISTR_GRACE_HOURS", default_value_t = 24)]
    pub grace_hours: u16,
}

/// Two jobs at a time, each with a lock, a scan and a change.
const CONNECTIONS: usize = 8;

/// A blob store that does not answer a hub that starts for so long may do so later.
const OWNER_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at a blob store that did not answer.
const OWNER_RETRY: Duration = Duration::from_secs(5);

/// For a hub. A blob store that belongs to another database is refused; one that does not answer is nobody's yet, see `owned`.
pub(super) async fn maintenance(
    config: &StorageConfig,
    stores: &Stores,
    following: &Following,
) -> anyhow::Result<(Maintenance, Ownership)> {
    let maintenance = open(config, stores, following).await?;
    let ownership = look_for_owner(config, &maintenance).await?;
    Ok((maintenance, ownership))
}

async fn open(config: &StorageConfig, stores: &Stores, following: &Following) -> anyhow::Result<Maintenance> {
    Ok(Maintenance {
        blobs: open_blobs(config).await?,
        log: stores.log.port(),
        pool: job_pool(&stores.database.main, CONNECTIONS),
        shown: following.progress.core.clone(),
        clock: || SystemClock.now(),
    })
}

/// Whether the blob store is known to be this database's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ownership {
    Own,
    /// The store does not answer.
    Unknown,
}

async fn look_for_owner(config: &StorageConfig, maintenance: &Maintenance) -> anyhow::Result<Ownership> {
    let client = maintenance.pool.get().await.context("the database does not answer")?;
    let look = ownership::check(&client, &*maintenance.blobs);
    match tokio::time::timeout(OWNER_LIMIT, look).await {
        Ok(looked) => looked.map(|()| Ownership::Own).with_context(|| place_of(config)),
        Err(_) => {
            let seconds = OWNER_LIMIT.as_secs();
            warn!("{}: no answer within {seconds} s; the registry waits until there is one", place_of(config));
            Ok(Ownership::Unknown)
        }
    }
}

/// Whether the store answered, and is not for this database.
fn is_of_another(error: &anyhow::Error) -> bool {
    let fault = error.downcast_ref::<Fault>();
    matches!(fault, Some(Fault::ForeignStore { .. } | Fault::UnclaimedStore { .. }))
}

/// Returns once the blob store is known to be this database's. Until then the registry serves nobody.
pub(super) async fn owned(
    config: &StorageConfig,
    maintenance: &Maintenance,
    mut known: Ownership,
) -> anyhow::Result<()> {
    while known == Ownership::Unknown {
        tokio::time::sleep(OWNER_RETRY).await;
        known = match look_for_owner(config, maintenance).await {
            Err(error) if !is_of_another(&error) => {
                warn!("{error:#}");
                Ownership::Unknown
            }
            looked => looked?,
        };
    }
    Ok(())
}

async fn open_blobs(config: &StorageConfig) -> anyhow::Result<Arc<dyn BlobStore>> {
    match &config.blob_store_url {
        Some(url) => Ok(Arc::new(ObjectBlobs::of_environment(url).context("cannot open the bucket")?)),
        None => {
            let files = FileBlobs::open(config.blob_dir()).await;
            Ok(Arc::new(files.context("cannot open the blob store")?))
        }
    }
}

fn place_of(config: &StorageConfig) -> String {
    match &config.blob_store_url {
        Some(url) => format!("cannot use the bucket {url}"),
        None => format!("cannot use the blobs in {}", config.blob_dir().display()),
    }
}

/// Makes the blob store this database's, whoever's it was.
pub async fn take_over_blobs(storage: StorageConfig) -> anyhow::Result<String> {
    let stores = Stores::open(&storage).await?;
    let taken = async {
        let blobs = open_blobs(&storage).await?;
        Ok(ownership::take_over(&**stores.read.get().await?, &*blobs).await?)
    };
    let taken: anyhow::Result<_> = taken.await;
    stores.close().await?;
    Ok(match taken? {
        Some(before) => format!("the blob store is this database's now, and no longer that of {before}"),
        None => "the blob store is this database's".to_owned(),
    })
}

/// Retention, then collection. Prints what went.
pub async fn collect(config: CollectConfig) -> anyhow::Result<()> {
    let CollectConfig { storage, dry_run, grace_hours } = config;
    let options = CollectOptions { grace: TimeDelta::hours(grace_hours.into()), dry_run };
    with_maintenance(&storage, async |maintenance| {
        let retention = maintenance.retain(dry_run).await?;
        let collection = maintenance.collect(options).await?;
        print(&json!({ "dry_run": dry_run, "retention": retention, "collection": collection }));
        Ok(())
    })
    .await
}

/// Prints what is damaged or missing; that is an error.
pub async fn scrub(storage: StorageConfig) -> anyhow::Result<()> {
    let scrubbed = with_maintenance(&storage, async |maintenance| maintenance.scrub().await).await?;
    print(&scrubbed);
    match scrubbed.damaged.len() + scrubbed.missing.len() {
        0 => Ok(()),
        bad => anyhow::bail!("{bad} blobs are damaged or missing; push them again, or restore them from a backup"),
    }
}

fn print(report: &impl Serialize) {
    println!("{}", serde_json::to_string_pretty(report).expect("a report is JSON"));
}

async fn with_maintenance<T>(
    config: &StorageConfig,
    job: impl AsyncFnOnce(&Maintenance) -> Result<T, Fault>,
) -> anyhow::Result<T> {
    let stores = Stores::attach(config).await?;
    let following = Following::start(&stores, Traces::none()).await?;
    let outcome = async {
        let maintenance = open(config, &stores, &following).await?;
        let client = maintenance.pool.get().await.context("the database does not answer")?;
        ownership::check(&client, &*maintenance.blobs).await.with_context(|| place_of(config))?;
        drop(client);
        job(&maintenance).await.context("the job could not be done")
    };
    let outcome = outcome.await;
    following.stop().await;
    stores.close().await?;
    outcome
}
