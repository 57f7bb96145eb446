//! From a backup to a hub, in an empty place: the backup is checked first, blobs come before the log that names them, and
//! each database is filled in one transaction. A restore that was cut off is run again.

use std::path::PathBuf;

use anyhow::{Context, bail};
use distr_eventlog::PostgresLog;
use distr_postgres::Address;
use distr_registry::ownership;
use tracing::info;

use super::manifest::Manifest;
use super::{blobs, blocking, dump, snapshot, verified};
use crate::boot::{Database, open_database};
use crate::config::StorageConfig;
use crate::master_key::MasterKey;

#[derive(Debug, Clone, clap::Args)]
pub struct RestoreConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    /// The backup's directory
    pub dir: PathBuf,
    /// Go on without the key that the secrets were sealed with: a new one is made, and all secrets are lost
    #[arg(long)]
    pub new_key: bool,
}

/// The schemas that a hub keeps, its read models included.
const SCHEMAS: [&str; 4] = ["eventlog", "ops", "registry", "read"];

/// Says in one line what was restored.
pub async fn restore(config: RestoreConfig) -> anyhow::Result<String> {
    let dir = config.dir.clone();
    let manifest = blocking(move || verified(&dir)).await.context("nothing was restored")?;
    info!(%manifest, "the backup is whole");
    if let (Some(bucket), None) = (&manifest.bucket, &config.storage.blob_store_url) {
        bail!("nothing was restored: the backup's blobs are in {bucket}; set BLOB_STORE_URL to it, or to a copy of it");
    }
    let master = master_key(&config, &manifest)?;
    let database = open_database(&config.storage).await?;
    let done = fill(&config, &manifest, &database, master).await;
    database.close().await.and(done)
}

async fn fill(
    config: &RestoreConfig,
    manifest: &Manifest,
    database: &Database,
    master: MasterKey,
) -> anyhow::Result<String> {
    for address in [&database.main, database.eventlog.tables()?] {
        check_empty(address).await?;
    }
    let (dir, list, store) = (config.dir.clone(), manifest.blobs.clone(), config.storage.data_dir.join("registry"));
    blocking(move || blobs::put_back(&dir, &list, &store)).await?;
    // the log comes last: what it names is there
    let (log, beside): (Vec<_>, Vec<_>) = manifest.dumps.iter().partition(|dump| dump.schemas == ["eventlog"]);
    for dump in beside.into_iter().chain(log) {
        let address = database.of(&dump.schemas)?;
        let major = server_major(address).await?;
        dump::load(address, major, &config.dir.join(&dump.file)).await?;
    }
    check_restored(manifest, database).await?;
    part(database.eventlog.tables()?).await?;
    ownership::become_another(&database.main.connect().await?).await?;
    let lost = if config.new_key { forget_secrets(&database.main, &master).await? } else { 0 };
    if !MasterKey::in_environment() {
        master.write(&config.storage.data_dir.join(MasterKey::FILE))?;
    }
    let lost = if lost > 0 { format!("; {lost} secrets are lost and must be set again") } else { String::new() };
    Ok(format!("restored: {manifest}{lost}"))
}

/// The key that goes with the backup: from the environment, the data directory or the backup itself.
fn master_key(config: &RestoreConfig, manifest: &Manifest) -> anyhow::Result<MasterKey> {
    let wanted = &manifest.master_key.id;
    match MasterKey::find(&config.storage.data_dir)? {
        None if config.new_key => MasterKey::new(),
        None if manifest.master_key.included => MasterKey::of_file(&config.dir.join(MasterKey::FILE)),
        Some(given) if &given.id() == wanted || config.new_key => Ok(given),
        Some(given) => bail!(
            "the master key in use here is {}, and the backup's secrets are sealed with {wanted}; \
             take that one, or give up the secrets with --new-key",
            given.id()
        ),
        None => bail!(
            "the backup was made without the master key {wanted}; give it in DISTR_MASTER_KEY or put it into {}, \
             or give up the secrets with --new-key",
            config.storage.data_dir.join(MasterKey::FILE).display()
        ),
    }
}

async fn check_empty(address: &Address) -> anyhow::Result<()> {
    let client = address.connect().await.context("cannot connect to the database")?;
    let sql = "SELECT nspname::text FROM pg_namespace WHERE nspname = ANY($1) ORDER BY nspname";
    let found: Vec<String> = client.query(sql, &[&SCHEMAS.as_slice()]).await?.iter().map(|row| row.get(0)).collect();
    if !found.is_empty() {
        bail!(
            "nothing was restored: the database has a hub in it already (schemas {}); \
             take an empty database, or another data directory",
            found.join(", ")
        );
    }
    Ok(())
}

async fn server_major(address: &Address) -> anyhow::Result<u32> {
    let client = address.connect().await?;
    let row = client.query_one("SELECT current_setting('server_version_num')::integer / 10000", &[]).await?;
    Ok(row.get::<_, i32>(0).unsigned_abs())
}

async fn check_restored(manifest: &Manifest, database: &Database) -> anyhow::Result<()> {
    let client = database.eventlog.tables()?.connect().await?;
    let standing = snapshot::standing(&client).await?;
    if standing != manifest.standing {
        bail!("what was restored is not what was backed up: {standing:?} instead of {:?}", manifest.standing);
    }
    Ok(())
}

/// What is appended from now on is not what the backed-up hub appended, or will: positions are told apart by the log's name.
async fn part(address: &Address) -> anyhow::Result<()> {
    let log = PostgresLog::connect_to(address.clone()).await.context("cannot open the restored log")?;
    let parted = log.part().await;
    log.close().await;
    Ok(parted?)
}

/// Nothing opens them any more.
async fn forget_secrets(address: &Address, master: &MasterKey) -> anyhow::Result<u64> {
    let mut client = address.connect().await?;
    let transaction = client.transaction().await?;
    let lost = transaction.execute("DELETE FROM ops.secret", &[]).await?;
    transaction.execute("UPDATE ops.master_key SET id = $1", &[&master.id()]).await?;
    transaction.commit().await?;
    Ok(lost)
}
