//! Reads a blob out of its file, a part at a time. What the system has in memory is read at once, by the thread that serves
//! the request; only what must come from the disk goes through a thread that may block. One buffer serves a whole download.

use std::fs::File;
use std::io::IoSliceMut;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use distr_domain::oci::Digest;
use futures_util::stream::{self, StreamExt};
use rustix::io::{ReadWriteFlags, preadv2};

use super::file_system::{blocking, found};
use super::{BlobFault, BlobStream, Opened};

/// What one read brings, and one write of an answer carries.
const PART: usize = 128 * 1024;

pub(super) struct FileOpened {
    file: Arc<File>,
    digest: Digest,
    size: u64,
    /// from the beginning: all of a small blob, so that it costs one way to the disk
    first: Bytes,
}

impl FileOpened {
    /// `None`: there is no such file.
    pub(super) async fn open(path: PathBuf, digest: &Digest) -> Result<Option<Self>, BlobFault> {
        let opened = blocking("open", digest, move || {
            let Some(file) = found(File::open(path))? else { return Ok(None) };
            let size = file.metadata()?.len();
            let mut first = vec![0; size.min(PART as u64) as usize];
            file.read_exact_at(&mut first, 0)?;
            Ok(Some((file, size, first)))
        });
        let opened = opened.await?;
        Ok(opened.map(|(file, size, first)| Self {
            file: Arc::new(file),
            digest: digest.clone(),
            size,
            first: first.into(),
        }))
    }
}

#[async_trait]
impl Opened for FileOpened {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(self: Box<Self>, mut range: Range<u64>) -> Result<BlobStream, BlobFault> {
        let mut first = self.first;
        match range.start {
            0 => first.truncate(usize::try_from(range.end).unwrap_or(usize::MAX)),
            _ => first.clear(),
        }
        range.start += first.len() as u64;
        let rest = parts(Parts { file: self.file, digest: self.digest, rest: range, lender: Lender::default() });
        Ok(stream::iter((!first.is_empty()).then_some(Ok(first))).chain(rest).boxed())
    }
}

struct Parts {
    file: Arc<File>,
    digest: Digest,
    rest: Range<u64>,
    lender: Lender,
}

fn parts(parts: Parts) -> BlobStream {
    stream::try_unfold(parts, async |mut parts: Parts| {
        if parts.rest.is_empty() {
            return Ok(None);
        }
        let bytes = parts.next().await?;
        parts.rest.start += bytes.len() as u64;
        Ok(Some((bytes, parts)))
    })
    .boxed()
}

impl Parts {
    async fn next(&self) -> Result<Bytes, BlobFault> {
        let length = PART.min(usize::try_from(self.rest.end - self.rest.start).unwrap_or(PART));
        let (mut buffer, start) = (self.lender.lend(), self.rest.start);
        let in_memory =
            preadv2(&self.file, &mut [IoSliceMut::new(&mut buffer[..length])], start, ReadWriteFlags::NOWAIT);
        let (buffer, length) = match in_memory {
            Ok(read) if read > 0 => (buffer, read),
            // it would have to wait, or the file system cannot say
            _ => {
                let file = self.file.clone();
                let read = move || file.read_exact_at(&mut buffer[..length], start).map(|()| (buffer, length));
                blocking("read", &self.digest, read).await?
            }
        };
        Ok(self.lender.bytes(buffer, length))
    }
}

/// Has a buffer back when what was read into it has been sent.
#[derive(Clone, Default)]
struct Lender(Arc<Mutex<Option<Vec<u8>>>>);

struct Lent {
    buffer: Vec<u8>,
    length: usize,
    lender: Lender,
}

impl Lender {
    fn lend(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(|| vec![0; PART])
    }

    fn bytes(&self, buffer: Vec<u8>, length: usize) -> Bytes {
        Bytes::from_owner(Lent { buffer, length, lender: self.clone() })
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        *self.lender.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(buffer);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    #[tokio::test]
    async fn any_range_of_a_file_is_read_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (path, digest) = (folder.path().join("blob"), format!("sha256:{}", "a".repeat(64)).parse().unwrap());
        let bytes: Vec<u8> = (0..PART * 2 + 77).map(|number| (number % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let size = bytes.len();
        for range in [0..size, 0..1, 0..0, 5..9, PART - 1..PART + 1, PART..size, size - 1..size, 0..PART, 3..3] {
            let opened = FileOpened::open(path.clone(), &digest).await.unwrap().unwrap();
            assert_eq!(opened.size(), size as u64);
            let stream = Box::new(opened).read(range.start as u64..range.end as u64).await.unwrap();
            let parts: Vec<Bytes> = stream.try_collect().await.unwrap();
            assert!(parts.concat() == bytes[range.clone()], "{range:?}");
        }
        assert!(FileOpened::open(folder.path().join("none"), &digest).await.unwrap().is_none());
    }
}
