//! `manifest.json`: what belongs to a backup, and where the hub stood.

use std::fmt;
use std::path::Path;

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::private_file;

/// Raise it when an older program could not restore what this one writes.
pub(super) const FORMAT: u32 = 2;
/// What the first programs restore, too: all schemas in one database.
pub(super) const FORMAT_OF_ONE: u32 = 1;
const FILE: &str = "manifest.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) made_by: String,
    pub(super) made_at: DateTime<Utc>,
    #[serde(flatten)]
    pub(super) standing: Standing,
    pub(super) master_key: KeyNote,
    pub(super) dumps: Vec<Dump>,
    pub(super) blobs: BlobList,
    /// the bucket that has the blobs, none of which is in the backup
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bucket: Option<String>,
}

/// Where the log stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) position: i64,
    /// how many facts there are
    pub(super) facts: i64,
    /// positions that telemetry has, without what retention dropped
    pub(super) telemetry: i64,
}

/// Which key the secrets are sealed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeyNote {
    pub(super) id: String,
    pub(super) included: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dump {
    pub(super) file: String,
    pub(super) schemas: Vec<String>,
    /// major version of the server that it was made from
    pub(super) postgres: u32,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// The blobs that belong to the backup: a file with a line `<digest> <bytes>` for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BlobList {
    pub(super) file: String,
    pub(super) list_bytes: u64,
    pub(super) sha256: String,
    pub(super) count: u64,
    pub(super) bytes: u64,
}

impl Manifest {
    pub(super) fn read(dir: &Path) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("{} holds no finished backup: cannot read {FILE}", dir.display()))?;
        let damaged = || format!("{} is damaged", path.display());
        let value: serde_json::Value = serde_json::from_str(&text).with_context(damaged)?;
        let format = value["format"].as_u64().with_context(damaged)?;
        if format > u64::from(FORMAT) {
            bail!("the backup in {} was made by a newer distr-hub; use that one", dir.display());
        }
        serde_json::from_value(value).with_context(damaged)
    }

    pub(super) fn write(&self, dir: &Path) -> anyhow::Result<()> {
        let path = dir.join(FILE);
        let text = serde_json::to_string_pretty(self)?;
        private_file::write(&path, &format!("{text}\n")).with_context(|| format!("cannot write {}", path.display()))
    }

    /// All files but blobs and the key, with their size and SHA-256.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        let dumps = self.dumps.iter().map(|dump| (dump.file.as_str(), dump.bytes, dump.sha256.as_str()));
        let blobs = &self.blobs;
        dumps.chain([(blobs.file.as_str(), blobs.list_bytes, blobs.sha256.as_str())])
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Standing { position, facts, telemetry } = &self.standing;
        let BlobList { count, bytes, .. } = &self.blobs;
        let key = if self.master_key.included { "with the master key" } else { "without the master key" };
        let at = self.made_at.format("%Y-%m-%dT%H:%M:%SZ");
        write!(
            f,
            "log up to position {position} ({facts} facts, {telemetry} records of telemetry), \
             {count} blobs with {bytes} bytes, {key} {}, made at {at}",
            self.master_key.id
        )?;
        match &self.bucket {
            None => Ok(()),
            Some(bucket) => write!(f, "; the blobs in {bucket} are NOT in it: the bucket needs a backup of its own"),
        }
    }
}
