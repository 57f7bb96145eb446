//! Backup and restore: everything that a hub needs to come back as it was. The log and the tables beside it are dumped by
//! `pg_dump` from one snapshot; blobs are copied after it, so that the dump never names one that is not there. The read models
//! are left out: they are made anew from the log.
//!
//! A backup is a directory. `manifest.json` is written last, in one step, and names all that belongs to it with its checksums:
//! a backup that was cut off leaves the one before it as it was. A second backup into the same directory copies only the
//! blobs that it lacks.

mod blobs;
mod checksum;
mod dump;
mod manifest;
mod restore;
mod snapshot;

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use distr_postgres::Address;
use tracing::info;

use crate::boot::{Database, attach_database};
use crate::clock::{Clock, SystemClock};
use crate::config::StorageConfig;
use crate::master_key::MasterKey;
use manifest::{Dump, KeyNote, Manifest};
use snapshot::Snapshot;

pub use restore::{RestoreConfig, restore};

#[derive(Debug, Clone, clap::Args)]
pub struct BackupConfig {
    #[command(flatten)]
    pub storage: StorageConfig,
    /// The backup's directory: made if it is not there, brought up to date if it is
    pub dir: PathBuf,
    /// Put the master key into the backup, too. Whoever has the backup can then read every secret
    #[arg(long, conflicts_with = "verify")]
    pub with_key: bool,
    /// Only check the backup that is there: every checksum, every blob
    #[arg(long)]
    pub verify: bool,
}

/// The schemas of a hub that are no read models, in the order of their snapshots if the log has a database of its own: no policy
/// has seen more than the log, and every blob that the log names is linked.
const SCHEMAS: [&str; 3] = ["ops", "eventlog", "registry"];

/// Backs up, or checks a backup, and says what it found in one line.
pub async fn back_up(config: BackupConfig) -> anyhow::Result<String> {
    if config.verify {
        let manifest = blocking(move || verified(&config.dir)).await?;
        return Ok(format!("the backup is whole: {manifest}"));
    }
    let database = attach_database(&config.storage).await?;
    let written = write(&config, &database).await;
    let (manifest, damaged) = database.close().await.and(written)?;
    if !damaged.is_empty() {
        bail!(
            "backed up: {manifest}; but {} blobs of the hub's store are damaged and not in the backup: {}. `distr-hub scrub` takes \
             them out of service, so that they can be pushed again",
            damaged.len(),
            blobs::named(&damaged),
        );
    }
    Ok(format!("backed up: {manifest}"))
}

/// Answers with the damaged blobs, too, which are not in the backup.
async fn write(config: &BackupConfig, database: &Database) -> anyhow::Result<(Manifest, Vec<String>)> {
    let dir = &config.dir;
    make_private(dir).with_context(|| format!("cannot make the backup's directory {}", dir.display()))?;
    let _lock = locked(dir)?;
    let master = MasterKey::find_or_say(&config.storage.data_dir)?;
    let stamp = SystemClock.now();
    let name = |kind: &str| format!("{kind}-{}.dump", stamp.format("%Y%m%dT%H%M%S%3fZ"));

    let one = database.main.config() == database.eventlog.tables()?.config();
    let moments: &[&[&str]] = if one { &[&SCHEMAS] } else { &[&SCHEMAS[..1], &SCHEMAS[1..2], &SCHEMAS[2..]] };
    let mut snapshots = vec![];
    for schemas in moments {
        let address = database.of(schemas)?;
        let snapshot = Snapshot::take(address).await.context("cannot read the database")?;
        if schemas.contains(&"ops") {
            snapshot.check_master_key(&master).await?;
        }
        crate::pause::at(&format!("backup.{}", schemas[0])).await;
        snapshots.push((schemas, address, snapshot));
    }
    let log = snapshots.iter().find(|(schemas, ..)| schemas.contains(&"eventlog"));
    let (_, _, log) = log.expect("the log is among the schemas");
    let standing = log.standing().await.context("cannot read where the log stands")?;
    info!(position = standing.position, "backing up");
    let mut dumps = vec![];
    for (schemas, address, snapshot) in &snapshots {
        let kind = if one { "hub" } else { schemas[0] };
        dumps.push(dump_of(dir, address, snapshot, schemas, name(kind)).await?);
    }
    drop(snapshots);

    let (from, to, list) = (config.storage.data_dir.clone(), dir.clone(), name("blobs").replace(".dump", ".txt"));
    let (blobs, damaged) = blocking(move || blobs::copy_new(&from.join("registry"), &to, &list)).await?;
    if config.with_key {
        master.write(&dir.join(MasterKey::FILE))?;
    }
    let key = KeyNote { id: master.id(), included: config.with_key };
    let made_by = concat!("distr-hub ", env!("CARGO_PKG_VERSION")).to_owned();
    let format = if one { manifest::FORMAT_OF_ONE } else { manifest::FORMAT };
    let bucket = config.storage.blob_store_url.clone();
    let manifest = Manifest { format, made_by, made_at: stamp, standing, master_key: key, dumps, blobs, bucket };
    manifest.write(dir)?;
    forget_older(dir, &manifest).context("cannot remove the dumps of an earlier backup")?;
    Ok((manifest, damaged))
}

async fn dump_of(
    dir: &Path,
    address: &Address,
    snapshot: &Snapshot,
    schemas: &[&str],
    file: String,
) -> anyhow::Result<Dump> {
    let path = dir.join(&file);
    dump::dump(address, snapshot, schemas, &path).await?;
    let checked = blocking(move || checksum::of_file(&path)).await?;
    let schemas = schemas.iter().map(|schema| (*schema).to_owned()).collect();
    Ok(Dump { file, schemas, postgres: snapshot.server_major, bytes: checked.bytes, sha256: checked.sha256 })
}

/// Reads the whole backup and compares it with its manifest.
fn verified(dir: &Path) -> anyhow::Result<Manifest> {
    let manifest = Manifest::read(dir)?;
    for (file, bytes, sha256) in manifest.files() {
        let found = checksum::of_file(&dir.join(file))?;
        if (found.bytes, found.sha256.as_str()) != (bytes, sha256) {
            bail!("{} is damaged: its checksum is not what the manifest says", dir.join(file).display());
        }
    }
    blobs::verify(dir, &manifest.blobs)?;
    if manifest.master_key.included && MasterKey::of_file(&dir.join(MasterKey::FILE))?.id() != manifest.master_key.id {
        bail!("the backup's {} is not the key that the manifest names", MasterKey::FILE);
    }
    Ok(manifest)
}

/// What an earlier backup into this directory left; its blobs stay, they are shared.
fn forget_older(dir: &Path, manifest: &Manifest) -> std::io::Result<()> {
    let kept: Vec<&str> = manifest.files().map(|(file, ..)| file).collect();
    for entry in fs::read_dir(dir)?.flatten() {
        let name = entry.file_name().into_string().unwrap_or_default();
        let ours = ["hub-", "ops-", "eventlog-", "registry-", "blobs-"].iter().any(|kind| name.starts_with(kind));
        let older_key = name == MasterKey::FILE && !manifest.master_key.included;
        if (ours && !kept.contains(&name.as_str())) || older_key {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Also one that is there already: password hashes are in it.
fn make_private(dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// An empty file for its owner alone, whatever the umask and whatever was there.
fn create_private(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// One backup or restore of a directory at a time.
fn locked(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join(".lock");
    let lock = create_private(&path).with_context(|| format!("cannot write {}", path.display()))?;
    lock.try_lock().map_err(|_| anyhow::anyhow!("another backup into {} is under way", dir.display()))?;
    Ok(lock)
}

/// Runs what reads and writes files for long, away from the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}
