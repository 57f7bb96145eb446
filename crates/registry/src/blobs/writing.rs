//! Writes an upload to its file. Hashing and writing happen together on a blocking thread, a batch at a time, while the next
//! batch is received: an upload holds at most two batches in memory, however large the blob.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use distr_domain::oci::{Algorithm, Digest};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::file_system::{blocking, place};
use super::files::FileBlobs;
use super::hash::Hashing;
use super::{BlobFault, FinishError, ResumeError, Writing};

const BATCH: usize = 1024 * 1024;
/// Written bytes that begin their way to the disk while more is received, so that the end does not wait for all of them.
const SYNC: usize = 32 * 1024 * 1024;

pub(super) struct FileWriting {
    store: FileBlobs,
    id: Uuid,
    path: PathBuf,
    /// Here between batches, with the thread that writes during one.
    pen: Option<Pen>,
    running: Option<JoinHandle<io::Result<Pen>>>,
    batch: Vec<Bytes>,
    batched: usize,
    syncing: Option<JoinHandle<io::Result<()>>>,
    unsynced: usize,
    offset: u64,
}

/// The locked file, and the digest of what is in it.
struct Pen {
    file: Arc<File>,
    hashing: Hashing,
}

impl Pen {
    /// Opens the upload for one writer. `None`: there is no such upload.
    fn take(path: &Path, algorithm: Algorithm, hashed: Option<Hashing>) -> Result<Option<Self>, TryLockError> {
        let mut file = match OpenOptions::new().read(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(TryLockError::Error)?,
        };
        file.try_lock()?;
        // between opening and locking, another writer may have made it a blob, which must never be written to
        if !is_at(&file, path).map_err(TryLockError::Error)? {
            return Ok(None);
        }
        let length = file.seek(io::SeekFrom::End(0)).map_err(TryLockError::Error)?;
        let fits = |hashed: &Hashing| hashed.length() == length && (length == 0 || hashed.algorithm() == algorithm);
        let hashing = match hashed.filter(fits) {
            Some(_) | None if length == 0 => Hashing::new(algorithm),
            Some(hashing) => hashing,
            None => Hashing::of_file(algorithm, &file).map_err(TryLockError::Error)?,
        };
        Ok(Some(Self { file: Arc::new(file), hashing }))
    }

    fn write(mut self, batch: Vec<Bytes>) -> io::Result<Self> {
        for bytes in batch {
            (&*self.file).write_all(&bytes)?;
            self.hashing.update(&bytes);
        }
        Ok(self)
    }

    /// Makes the file the blob, or removes it. The answer is the digest that it really has.
    fn finish(self, upload: &Path, blob: &Path, expected: &Digest) -> io::Result<Digest> {
        let hashing = match self.hashing.algorithm() == expected.algorithm() {
            true => self.hashing,
            false => Hashing::of_file(expected.algorithm(), &self.file)?,
        };
        let actual = hashing.digest();
        match actual == *expected {
            true => {
                self.file.sync_all()?;
                place(upload, blob)?;
            }
            false => std::fs::remove_file(upload)?,
        }
        Ok(actual)
    }
}

/// Whether the file is the one that stands at this path now.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let there = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        there => there?,
    };
    let open = file.metadata()?;
    Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
}

impl FileWriting {
    pub(super) async fn resume(
        store: FileBlobs,
        id: Uuid,
        path: PathBuf,
        algorithm: Algorithm,
        hashed: Option<Hashing>,
    ) -> Result<Self, ResumeError> {
        let file = path.clone();
        // a lock that is taken is no fault: it travels as a value
        let pen = blocking("resume upload", id, move || match Pen::take(&file, algorithm, hashed) {
            Ok(pen) => Ok(pen.ok_or(ResumeError::Unknown)),
            Err(TryLockError::WouldBlock) => Ok(Err(ResumeError::Busy)),
            Err(TryLockError::Error(error)) => Err(error),
        });
        let pen = pen.await??;
        let offset = pen.hashing.length();
        Ok(Self {
            store,
            id,
            path,
            pen: Some(pen),
            running: None,
            batch: Vec::new(),
            batched: 0,
            syncing: None,
            unsynced: 0,
            offset,
        })
    }

    /// Sends the batch to be written, after the one before it.
    async fn send(&mut self) -> Result<(), BlobFault> {
        let pen = self.settle().await?;
        let batch = std::mem::take(&mut self.batch);
        self.unsynced += std::mem::take(&mut self.batched);
        if self.unsynced >= SYNC && self.syncing.as_ref().is_none_or(JoinHandle::is_finished) {
            self.synced().await?;
            let file = pen.file.clone();
            self.unsynced = 0;
            self.syncing = Some(tokio::task::spawn_blocking(move || file.sync_data()));
        }
        self.running = Some(tokio::task::spawn_blocking(move || pen.write(batch)));
        Ok(())
    }

    /// Waits for the batch that is being written.
    async fn settle(&mut self) -> Result<Pen, BlobFault> {
        let done = match self.running.take() {
            Some(running) => running.await.unwrap_or_else(|panic| Err(io::Error::other(panic))),
            None => self.pen.take().ok_or_else(|| io::Error::other("an earlier write had failed")),
        };
        done.map_err(|source| BlobFault::new("write to upload", self.id, source))
    }

    /// Waits for the disk, as far as it was told to take what was written. It tells only once that it could not.
    async fn synced(&mut self) -> Result<(), BlobFault> {
        let Some(syncing) = self.syncing.take() else { return Ok(()) };
        let done = syncing.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        done.map_err(|source| BlobFault::new("sync upload", self.id, source))
    }

    async fn drain(&mut self) -> Result<Pen, BlobFault> {
        self.send().await?;
        self.synced().await?;
        self.settle().await
    }
}

#[async_trait]
impl Writing for FileWriting {
    fn offset(&self) -> u64 {
        self.offset
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobFault> {
        self.offset += bytes.len() as u64;
        self.batched += bytes.len();
        self.batch.push(bytes);
        match self.batched >= BATCH {
            true => self.send().await,
            false => Ok(()),
        }
    }

    async fn pause(mut self: Box<Self>) -> Result<u64, BlobFault> {
        let pen = self.drain().await?;
        self.store.hashed.insert(self.id, pen.hashing).await;
        Ok(self.offset)
    }

    async fn finish(mut self: Box<Self>, digest: &Digest) -> Result<u64, FinishError> {
        let pen = self.drain().await?;
        let (upload, blob, expected) = (self.path.clone(), self.store.blob(digest), digest.clone());
        let finished = blocking("finish upload", self.id, move || pen.finish(&upload, &blob, &expected)).await;
        match finished {
            Ok(actual) if actual == *digest => Ok(self.offset),
            Ok(actual) => Err(FinishError::WrongDigest { actual }),
            Err(fault) if fault.source.kind() == io::ErrorKind::NotFound => Err(FinishError::Unknown),
            Err(fault) => Err(fault.into()),
        }
    }
}
