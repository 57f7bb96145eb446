//! The port to where bytes are kept: blobs by digest, shared by all repositories, and uploads under way. It knows nothing of
//! callers and rights; who may see which digest is decided before it is asked.

mod files;
mod hash;
mod writing;

use std::ops::Range;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use distr_domain::ids::ArtifactId;
use distr_domain::oci::{Algorithm, Digest};
use futures_util::Stream;
use uuid::Uuid;

pub use files::FileBlobs;
pub(crate) use hash::digest_of;

/// A blob is there whole and verified, or not at all; what `finish` and `put` have answered survives a power cut.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// In bytes; `None` if there is no such blob.
    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobFault>;

    /// The bytes of `range`, which must lie within the size.
    async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<BlobStream, BlobFault>;

    /// Stores a small blob whose digest was computed from these very bytes.
    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<(), BlobFault>;

    async fn begin(&self, upload: UploadKey) -> Result<(), BlobFault>;

    /// How many bytes of the upload are there; `None` if there is no such upload.
    async fn offset(&self, upload: UploadKey) -> Result<Option<u64>, BlobFault>;

    /// Goes on where the upload stands, alone until the writing ends. `algorithm`: the one that the digest will have, if it
    /// is known; with another one the bytes are read once more at the end.
    async fn resume(&self, upload: UploadKey, algorithm: Algorithm) -> Result<Box<dyn Writing>, ResumeError>;

    /// Answers whether there was such an upload.
    async fn cancel(&self, upload: UploadKey) -> Result<bool, BlobFault>;
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

pub type BlobStream = Pin<Box<dyn Stream<Item = Result<Bytes, BlobFault>> + Send>>;

/// An upload belongs to its repository: nobody goes on with it through another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UploadKey {
    pub artifact: ArtifactId,
    pub id: Uuid,
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
