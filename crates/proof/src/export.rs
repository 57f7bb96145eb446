//! A folder with a period of an organization's history, and what proves it: `checkpoint`, all tiles below `tile/`, the entries in
//! `entries.jsonl`, and what was asked for in `export.json`. It is verified from these files and a public key alone.

mod files;

use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::checkpoint::{Checkpoint, InvalidCheckpoint};
use crate::hash::Hash;
use crate::leaf::{Envelope, PayloadDigest};
use crate::note::VerifierKey;
use crate::tile::{TileId, TilePath, Tiles, WIDTH, perfect};
use crate::tree::{NotProven, Root};

use files::text;
pub use files::{Entries, tiles};

pub const CHECKPOINT: &str = "checkpoint";
pub const TILES: &str = "tile";
pub const ENTRIES: &str = "entries.jsonl";
pub const PERIOD: &str = "export.json";

/// Findings that are told one by one; the rest are counted.
const TOLD: usize = 100;

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// entries that were committed then or later; all from the first if there is none
    pub from: Option<DateTime<Utc>>,
    /// entries that were committed before
    pub to: Option<DateTime<Utc>>,
}

/// One line of `entries.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    /// of its leaf; none if the hub itself says that the tree does not have it
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    #[serde(flatten)]
    pub envelope: Envelope,
    /// byte by byte as it is stored; none if it is gone
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<String>,
    /// in the place of a payload that is gone
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "payloadDigest")]
    pub payload_digest: Option<PayloadDigest>,
}

/// What a folder proves, or does not.
#[derive(Debug, Clone)]
pub struct Report {
    pub checkpoint: Checkpoint,
    /// of which all entries are to be there
    pub period: Period,
    /// how many entries are there
    pub entries: u64,
    /// indices of the first, and of the one behind the last
    pub range: (u64, u64),
    /// those whose payload is gone
    pub without_payload: u64,
    /// the first of them
    pub findings: Vec<Finding>,
    /// all of them
    pub found: u64,
}

/// What is not as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("the checkpoint is of {found}, and the key is of {wanted}: this is the history of another organization")]
    AnotherOrganization { found: String, wanted: String },
    #[error(
        "the root of the tiles is {found}, and {signed} is signed for {size} leaves: the tiles at the top are others"
    )]
    AnotherRoot { found: Hash, signed: Hash, size: u64 },
    #[error(
        "tile {tile} is not the one that is signed: of the leaves {first} to {last} at least one was changed, dropped, added or moved"
    )]
    ChangedTile { tile: String, first: u64, last: u64 },
    #[error(
        "entry {index} ({id}, {what}) is not the one that is signed: it was changed, or stands in the place of another"
    )]
    ChangedEntry { index: u64, id: Uuid, what: String },
    #[error(
        "entry {index} ({id}, {what}) is there without its payload: facts are kept for ever, and only accesses may be gone"
    )]
    WithoutPayload { index: u64, id: Uuid, what: String },
    #[error("entry {index} is signed, and not there")]
    MissingEntry { index: u64 },
    #[error("entry {index} stands behind entry {last}: it is there twice, or not in its place")]
    OutOfPlace { index: u64, last: u64 },
    #[error("the period ends at {to}, before it begins at {from}")]
    NoPeriod { from: DateTime<Utc>, to: DateTime<Utc> },
    #[error("entry {id} ({what}) is there, and not among the {size} that are signed")]
    UnsignedEntry { id: Uuid, what: String, size: u64 },
    #[error(
        "what was committed between {from} and the first entry, {index}, may be missing: no earlier one shows that nothing was"
    )]
    OpenBegin { from: DateTime<Utc>, index: u64 },
    #[error(
        "what was committed between the last entry, {index}, and {to} may be missing: no later one shows that nothing was"
    )]
    OpenEnd { to: DateTime<Utc>, index: u64 },
    #[error("no entry is there, and {size} are signed: nothing shows which of them are of the period")]
    NoEntry { size: u64 },
    #[error(transparent)]
    Earlier(NotProven),
}

/// A folder that cannot be verified.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("cannot read {}", .path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is no checkpoint that counts", .path.display())]
    Checkpoint { path: PathBuf, source: InvalidCheckpoint },
    #[error("{} has {found} bytes, and a tile of {width} hashes has {}", .path.display(), .width * Hash::BYTES)]
    Tile { path: PathBuf, found: usize, width: usize },
    #[error("line {line} of {} is longer than an entry", .path.display())]
    Line { path: PathBuf, line: usize },
    #[error("line {line} of {} is no entry", .path.display())]
    Entry { path: PathBuf, line: usize, source: serde_json::Error },
    #[error(
        "line {line} of {} says something beside an entry, or says it otherwise than it is exported; what a later version says, \
         a later version verifies", .path.display()
    )]
    Spelling { path: PathBuf, line: usize },
    #[error("{} does not say which period was exported", .path.display())]
    Period { path: PathBuf, source: serde_json::Error },
}

impl EntryLine {
    pub fn payload_digest(&self) -> Option<PayloadDigest> {
        self.payload.as_ref().map(|payload| PayloadDigest::of(payload.as_bytes())).or(self.payload_digest)
    }

    /// Whether the text is the one in which it is exported. What a signature does not cover, nobody is to read as if it did.
    pub fn is_spelled(&self, text: &[u8]) -> bool {
        let is_one = self.payload.is_none() || self.payload_digest.is_none();
        is_one && serde_json::to_vec(self).is_ok_and(|spelled| spelled == text)
    }

    fn what(&self) -> String {
        match &self.envelope {
            Envelope::Fact(fact) => fact.event_type.clone(),
            Envelope::Access(_) => "an access".into(),
        }
    }
}

impl Report {
    fn note(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        }
    }
}

/// Verifies a folder with the key of whose history it should be, and that it goes on from an earlier checkpoint, if there is one.
/// What the folder says of its period is signed by nobody: whoever wants a period to be whole names it. Without one it is the folder's,
/// which the report repeats.
pub fn verify(
    folder: &Path,
    key: &VerifierKey,
    earlier: Option<&Checkpoint>,
    wanted: Option<Period>,
) -> Result<Report, Unreadable> {
    let path = folder.join(CHECKPOINT);
    let checkpoint = Checkpoint::verified(&text(&path)?, key)
        .map_err(|source| Unreadable::Checkpoint { path: path.clone(), source })?;
    let path = folder.join(PERIOD);
    let said = serde_json::from_str(&text(&path)?).map_err(|source| Unreadable::Period { path, source })?;
    let period = wanted.unwrap_or(said);
    let root = checkpoint.root;
    let mut report =
        Report { checkpoint, period, entries: 0, range: (0, 0), without_payload: 0, findings: vec![], found: 0 };
    if let Period { from: Some(from), to: Some(to) } = period
        && to <= from
    {
        report.note(Finding::NoPeriod { from, to });
    }
    let found = &report.checkpoint.origin;
    if found.rsplit_once('/').is_none_or(|(organization, _)| organization != key.name()) {
        let (found, wanted) = (found.clone(), key.name().to_owned());
        report.note(Finding::AnotherOrganization { found, wanted });
    }
    let tiles = tiles(folder, root.size)?;
    verify_tiles(&tiles, root, &mut report);
    if let Some(earlier) = earlier {
        verify_earlier(&tiles, root, &earlier.root, &mut report);
    }
    verify_entries(folder, &tiles, root, &mut report)?;
    Ok(report)
}

/// From the top down, so that what was changed is found where it is, and not in all that rests on it.
fn verify_tiles(tiles: &Tiles, root: Root, report: &mut Report) {
    let found = Root::of(root.size, tiles).map(|root| root.hash).unwrap_or_else(|_| Hash::of_nothing());
    if found != root.hash {
        let (signed, size) = (root.hash, root.size);
        report.note(Finding::AnotherRoot { found, signed, size });
    }
    for tile in TilePath::all_of(root.size).filter(|tile| tile.width == WIDTH) {
        let TileId { level, number } = tile.id;
        let above = TileId { level: level + 1, number: number / WIDTH as u64 };
        let expected = tiles.get(above).and_then(|hashes| hashes.get((number % WIDTH as u64) as usize));
        let found = tiles.get(tile.id).map(perfect);
        if found.as_ref() != expected {
            let leaves = (WIDTH as u64).pow(u32::from(level) + 1);
            let (first, tile) = (number * leaves, tile.to_string());
            report.note(Finding::ChangedTile { tile, first, last: first + leaves - 1 });
        }
    }
}

fn verify_earlier(tiles: &Tiles, root: Root, earlier: &Root, report: &mut Report) {
    let (old, size) = (earlier.size, root.size);
    if old > size {
        report.note(Finding::Earlier(NotProven::Shrunk { old, size }));
    } else if Root::of(old, tiles).as_ref() != Ok(earlier) {
        report.note(Finding::Earlier(NotProven::Forked { old, size }));
    }
}

fn verify_entries(folder: &Path, tiles: &Tiles, root: Root, report: &mut Report) -> Result<(), Unreadable> {
    let period = report.period;
    let mut next = None;
    let mut last_at = None;
    for entry in Entries::of(folder)? {
        let entry = entry?;
        let at = entry.envelope.committed_at();
        report.entries += 1;
        let Some(index) = entry.index.filter(|index| *index < root.size) else {
            let (id, what, size) = (entry.envelope.id(), entry.what(), root.size);
            report.note(Finding::UnsignedEntry { id, what, size });
            continue;
        };
        match next {
            None => {
                report.range.0 = index;
                if let Some(from) = period.from.filter(|from| index > 0 && at >= *from) {
                    report.note(Finding::OpenBegin { from, index });
                } else if period.from.is_none() {
                    (0..index).for_each(|index| report.note(Finding::MissingEntry { index }));
                }
            }
            Some(next) if index < next => report.note(Finding::OutOfPlace { index, last: next - 1 }),
            Some(next) => (next..index).for_each(|index| report.note(Finding::MissingEntry { index })),
        }
        verify_entry(&entry, index, tiles, report);
        if next.is_none_or(|next| index >= next) {
            (next, last_at) = (Some(index + 1), Some(at));
        }
    }
    let end = next.unwrap_or_default();
    report.range.1 = end;
    match period.to {
        _ if next.is_none() && root.size > 0 => report.note(Finding::NoEntry { size: root.size }),
        Some(to) if end < root.size && last_at.is_none_or(|at| at < to) => {
            report.note(Finding::OpenEnd { to, index: end.saturating_sub(1) });
        }
        None => (end..root.size).for_each(|index| report.note(Finding::MissingEntry { index })),
        Some(_) => {}
    }
    Ok(())
}

fn verify_entry(entry: &EntryLine, index: u64, tiles: &Tiles, report: &mut Report) {
    match (&entry.payload, &entry.envelope) {
        (Some(_), _) => {}
        (None, Envelope::Access(_)) => report.without_payload += 1,
        (None, Envelope::Fact(fact)) => {
            let (id, what) = (fact.id, fact.event_type.clone());
            report.note(Finding::WithoutPayload { index, id, what });
        }
    }
    let tile = TileId { level: 0, number: index / WIDTH as u64 };
    let signed = tiles.get(tile).and_then(|hashes| hashes.get((index % WIDTH as u64) as usize));
    let found = entry.payload_digest().map(|payload| entry.envelope.leaf_hash(payload));
    if found.as_ref() != signed {
        report.note(Finding::ChangedEntry { index, id: entry.envelope.id(), what: entry.what() });
    }
}

#[cfg(test)]
mod tests;
