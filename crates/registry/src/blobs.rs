//! The port to where bytes are kept: blobs by digest, shared by all repositories, and uploads under way. It knows nothing of
//! callers and rights; who may see which digest is decided before it is asked.

mod file_system;
mod files;
mod hash;
mod objects;
mod reading;
mod writing;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_domain::ids::ArtifactId;
use distr_domain::oci::{Algorithm, Digest};
use futures_util::stream::BoxStream;
use uuid::Uuid;

pub use files::FileBlobs;
pub(crate) use hash::{Hashing, digest_of};
pub use objects::{BucketError, ObjectBlobs};

/// A blob is there whole and verified, or not at all; what `finish` and `put` have answered survives a power cut.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// In bytes; `None` if there is no such blob.
    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobFault>;

    /// The same of a blob whose bytes are seen to be there, in their number, and not only noted.
    async fn size_of_whole(&self, digest: &Digest) -> Result<Option<u64>, BlobFault> {
        self.size(digest).await
    }

    /// For one reading of it: cheaper than to ask for the size first. `None` if there is no such blob.
    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Opened>>, BlobFault>;

    /// The bytes of `range`, which must lie within the size.
    async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<BlobStream, BlobFault>;

    /// Where anybody gets the blob without us, for so long; nothing, if the store lets nobody do so. It is a secret.
    async fn location(&self, _digest: &Digest, _valid: Duration) -> Result<Option<String>, BlobFault> {
        Ok(None)
    }

    /// Stores a small blob whose digest was computed from these very bytes.
    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<(), BlobFault>;

    /// Bytes that a chunk should have at least to be stored well, if it matters; shorter ones are taken, too.
    fn min_chunk(&self) -> Option<u64> {
        None
    }

    async fn begin(&self, upload: UploadKey) -> Result<(), BlobFault>;

    /// How many bytes of the upload are there; `None` if there is no such upload.
    async fn offset(&self, upload: UploadKey) -> Result<Option<u64>, BlobFault>;

    /// Goes on where the upload stands, alone until the writing ends. `algorithm`: the one that the digest will have, if it
    /// is known; with another one the bytes are read once more at the end.
    async fn resume(&self, upload: UploadKey, algorithm: Algorithm) -> Result<Box<dyn Writing>, ResumeError>;

    /// Answers whether there was such an upload.
    async fn cancel(&self, upload: UploadKey) -> Result<bool, BlobFault>;

    /// All blobs, in no order. What comes or goes meanwhile may be in it or not.
    fn blobs(&self) -> BoxStream<'static, Result<StoredBlob, BlobFault>>;

    /// Removes the blob, unless it was stored later than this. Answers whether it did.
    async fn remove(&self, digest: &Digest, unless_after: DateTime<Utc>) -> Result<bool, BlobFault>;

    /// Takes a damaged blob out of service, so that it can be pushed again, and keeps its bytes for whoever looks into it.
    async fn set_aside(&self, digest: &Digest) -> Result<(), BlobFault>;

    /// All uploads that are under way.
    fn uploads(&self) -> BoxStream<'static, Result<StoredUpload, BlobFault>>;

    /// Removes what belongs to no blob and no upload, because somebody died at the wrong moment, and is older than this.
    async fn remove_strays(&self, before: DateTime<Utc>, dry_run: bool) -> Result<u64, BlobFault>;

    /// The database that this store belongs to; none if nobody has noted one.
    async fn owner(&self) -> Result<Option<Uuid>, BlobFault>;

    /// Notes the owner if there is none. Answers with who it is now.
    async fn claim(&self, owner: Uuid) -> Result<Uuid, BlobFault>;

    /// Notes the owner in the place of another.
    async fn take_over(&self, owner: Uuid) -> Result<(), BlobFault>;
}

/// A blob that is about to be read.
#[async_trait]
pub trait Opened: Send + Sync {
    /// In bytes.
    fn size(&self) -> u64;

    /// The bytes of `range`, which must lie within the size.
    async fn read(self: Box<Self>, range: Range<u64>) -> Result<BlobStream, BlobFault>;
}

/// The writing end of an upload. Dropped without `pause` or `finish`, it keeps some of what was written last, or none;
/// the upload goes on from the offset that it then has.
#[async_trait]
pub trait Writing: Send {
    fn offset(&self) -> u64;

    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobFault>;

    /// Ends for now; answers with the offset to go on from.
    async fn pause(self: Box<Self>) -> Result<u64, BlobFault>;

    /// Makes it a blob, and answers with its size. Bytes of another digest are thrown away with the upload.
    async fn finish(self: Box<Self>, digest: &Digest) -> Result<u64, FinishError>;
}

pub type BlobStream = BoxStream<'static, Result<Bytes, BlobFault>>;

/// An upload belongs to its repository: nobody goes on with it through another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadKey {
    pub artifact: ArtifactId,
    pub id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    pub digest: Digest,
    pub size: u64,
    pub stored_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredUpload {
    pub key: UploadKey,
    pub touched_at: DateTime<Utc>,
}

/// The store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("the blob store could not {attempted} {object}")]
pub struct BlobFault {
    pub attempted: &'static str,
    pub object: String,
    #[source]
    pub source: std::io::Error,
}

#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    #[error("there is no such upload")]
    Unknown,
    #[error("another request is writing to the upload")]
    Busy,
    #[error(transparent)]
    Fault(#[from] BlobFault),
}

#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    #[error("the bytes have the digest {actual}")]
    WrongDigest { actual: Digest },
    /// It was cancelled meanwhile.
    #[error("there is no such upload")]
    Unknown,
    #[error(transparent)]
    Fault(#[from] BlobFault),
}

impl BlobFault {
    pub(crate) fn new(attempted: &'static str, object: impl ToString, source: std::io::Error) -> Self {
        Self { attempted, object: object.to_string(), source }
    }
}
