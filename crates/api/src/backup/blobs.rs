//! The blobs of a backup: files under the same names as in the hub's own store, `blobs/<algorithm>/ab/<hex>`, so that a name
//! is its checksum. Copied once, for they never change.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use aws_lc_rs::digest::{Algorithm, SHA256, SHA512};

use super::checksum;
use super::manifest::BlobList;
use crate::private_file;

const ALGORITHMS: [(&str, &Algorithm); 2] = [("sha256", &SHA256), ("sha512", &SHA512)];
/// How many damaged blobs are named.
const NAMED: usize = 5;

/// Digest (`sha256:…`) and size.
type Blobs = BTreeMap<String, u64>;

/// Copies what the backup lacks, and writes the list of all that the store has now, but for those whose bytes are not what they
/// should be. Those are named beside it.
pub(super) fn copy_new(store: &Path, dir: &Path, list: &str) -> anyhow::Result<(BlobList, Vec<String>)> {
    let mut blobs = listed_by_store(store)?;
    let damaged = copy(&blobs, store, dir)?;
    blobs.retain(|digest, _| !damaged.contains(digest));
    let text: String = blobs.iter().map(|(digest, bytes)| format!("{digest} {bytes}\n")).collect();
    let path = dir.join(list);
    private_file::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    let checked = checksum::of_file(&path)?;
    let list = BlobList {
        file: list.to_owned(),
        list_bytes: checked.bytes,
        sha256: checked.sha256,
        count: blobs.len() as u64,
        bytes: blobs.values().sum(),
    };
    Ok((list, damaged))
}

/// Copies the backup's blobs into a store, as far as it lacks them.
pub(super) fn put_back(dir: &Path, list: &BlobList, store: &Path) -> anyhow::Result<()> {
    match copy(&read_list(dir, list)?, dir, store)? {
        damaged if damaged.is_empty() => Ok(()),
        damaged => bail!("{} of the blobs in {} are damaged: {}", damaged.len(), dir.display(), named(&damaged)),
    }
}

/// The first few, and how many more there are.
pub(super) fn named(damaged: &[String]) -> String {
    let first = damaged[..damaged.len().min(NAMED)].join(", ");
    match damaged.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Reads every blob of the list.
pub(super) fn verify(dir: &Path, list: &BlobList) -> anyhow::Result<()> {
    let blobs = read_list(dir, list)?;
    let (count, mut damaged) = (blobs.len(), Vec::new());
    for (digest, bytes) in blobs {
        let path = dir.join(place(&digest)?);
        let whole = File::open(&path).and_then(|file| checksum::copy(file, io::sink(), algorithm(&digest)));
        match whole {
            Ok(found) if digest.ends_with(&format!(":{}", found.1)) && found.0 == bytes => {}
            Ok(_) => damaged.push(format!("{digest} is damaged")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => damaged.push(format!("{digest} is missing")),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }
    if !damaged.is_empty() {
        bail!("{} of {count} blobs in {} are not whole: {}", damaged.len(), dir.display(), named(&damaged));
    }
    Ok(())
}

fn read_list(dir: &Path, list: &BlobList) -> anyhow::Result<Blobs> {
    let path = dir.join(&list.file);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let line = |line: &str| {
        let (digest, bytes) = line.split_once(' ')?;
        Some((digest.to_owned(), bytes.parse().ok()?))
    };
    text.lines().map(line).collect::<Option<_>>().with_context(|| format!("{} is damaged", path.display()))
}

/// What lies under `blobs/` is whole: it came there by a rename.
fn listed_by_store(store: &Path) -> anyhow::Result<Blobs> {
    let mut found = Blobs::new();
    for (algorithm, _) in ALGORITHMS {
        let dir = store.join("blobs").join(algorithm);
        for shard in entries(&dir)? {
            for blob in entries(&shard)? {
                let name = blob.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let size = match fs::metadata(&blob) {
                    Ok(metadata) => metadata.len(),
                    // the collector was quicker: nothing names it any more
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error).with_context(|| format!("cannot read {}", blob.display())),
                };
                found.insert(format!("{algorithm}:{name}"), size);
            }
        }
    }
    Ok(found)
}

/// Nothing where there is no such directory: a hub that has never stored a blob.
fn entries(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    match fs::read_dir(dir) {
        Ok(entries) => Ok(entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", dir.display())),
    }
}

/// Answers with those that were not copied, as their bytes are not what their digests say.
fn copy(blobs: &Blobs, from: &Path, to: &Path) -> anyhow::Result<Vec<String>> {
    let mut damaged = vec![];
    for (digest, bytes) in blobs {
        let place = place(digest)?;
        let (from, to) = (from.join(&place), to.join(&place));
        if fs::metadata(&to).is_ok_and(|there| there.len() == *bytes) {
            continue;
        }
        let copied = copy_one(&from, &to, digest);
        if !copied.with_context(|| format!("cannot copy blob {digest} to {}", to.display()))? {
            damaged.push(digest.clone());
        }
    }
    Ok(damaged)
}

/// Under another name first, so that a blob which is there is whole. False if its bytes are not what the digest says.
fn copy_one(from: &Path, to: &Path, digest: &str) -> anyhow::Result<bool> {
    let folder = to.parent().context("a blob lies in a folder")?;
    super::make_private(folder)?;
    let part = to.with_extension("part");
    let mut file = super::create_private(&part)?;
    let (_, found) = checksum::copy(File::open(from)?, &mut file, algorithm(digest))?;
    if !digest.ends_with(&format!(":{found}")) {
        fs::remove_file(&part)?;
        return Ok(false);
    }
    file.sync_all()?;
    fs::rename(&part, to)?;
    File::open(folder)?.sync_all()?;
    Ok(true)
}

/// `sha256:abc…` → `blobs/sha256/ab/abc…`. A list is read from a disk that others may write to: nothing but digests.
fn place(digest: &str) -> anyhow::Result<PathBuf> {
    let known = digest.split_once(':').filter(|(algorithm, hex)| {
        let known = ALGORITHMS.iter().any(|(name, _)| name == algorithm);
        known && hex.len() >= 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    let (algorithm, hex) = known.with_context(|| format!("{digest:?} is not a blob's digest"))?;
    Ok(Path::new("blobs").join(algorithm).join(&hex[..2]).join(hex))
}

fn algorithm(digest: &str) -> &'static Algorithm {
    if digest.starts_with("sha512:") { &SHA512 } else { &SHA256 }
}
