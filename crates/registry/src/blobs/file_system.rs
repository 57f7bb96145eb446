//! The file system as the file store uses it: off the runtime's threads, durable, and for nobody else on the machine.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};

use super::BlobFault;

/// Writes a new file that is on the disk afterwards, all of it.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    let mut file = create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// What stands in a directory.
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) modified: DateTime<Utc>,
    pub(super) is_file: bool,
}

/// One that went away meanwhile is not in it.
pub(super) async fn entries(directory: PathBuf) -> Result<impl Stream<Item = Result<Found, BlobFault>>, BlobFault> {
    let found = blocking("list", directory.display().to_string(), move || {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            let Some(metadata) = found(entry.metadata())? else { continue };
            let modified = metadata.modified()?.into();
            let name = entry.file_name().to_string_lossy().into_owned();
            let (size, is_file) = (metadata.len(), metadata.is_file());
            all.push(Found { path: entry.path(), name, size, modified, is_file });
        }
        Ok(all)
    });
    Ok(stream::iter(found.await?.into_iter().map(Ok)))
}

/// Runs what blocks away from the runtime's threads, and names it when it fails.
pub(super) async fn blocking<T: Send + 'static>(
    attempted: &'static str,
    object: impl ToString,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, BlobFault> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| Err(io::Error::other(panic)))
        .map_err(|source| BlobFault::new(attempted, object, source))
}

/// Moves a file that is on the disk to its place among the blobs, for good.
pub(super) fn place(upload: &Path, blob: &Path) -> io::Result<()> {
    let directory = blob.parent().ok_or(io::ErrorKind::InvalidInput)?;
    make_directory(directory)?;
    std::fs::rename(upload, blob)?;
    sync_directory(directory)
}

pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(Some),
    }
}

pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Its parent must be there: a store whose disk went away is not begun anew in its place.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => path.parent().map_or(Ok(()), sync_directory),
    }
}

pub(super) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
