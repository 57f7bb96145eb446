//! Blobs in a bucket of an S3-compatible service, for hubs that share no disk. The bytes are stored once, under a key of their
//! own: `data/<uuid>`. What makes them a blob is a small object that is written after they were verified:
//! `blobs/sha256/<hex>`, which names them. So nothing is copied, and what is not verified has no name. What may have got a name
//! is never overwritten, and deleted only with it: bytes that a push leaves without one are strays, which the collection finds.
//!
//! An upload is `uploads/<repository's id>/<upload's id>`, which says how far it is; any hub goes on with it.

mod bucket;
mod busy;
mod session;
mod writing;

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_domain::ids::ArtifactId;
use distr_domain::oci::{Algorithm, Digest};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use moka::future::Cache;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::signer::{Method, Signer};
use object_store::{GetOptions, ObjectMeta, ObjectStore};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::bucket::BucketError;
use self::bucket::{Bucket, fault};
use self::busy::Busy;
use self::session::Session;
use self::writing::ObjectWriting;
use super::hash::Hashing;
use super::{BlobFault, BlobStore, BlobStream, Opened, ResumeError, StoredBlob, StoredUpload, UploadKey, Writing};

/// Bytes of a part; all parts but the last are of this size. With 10 000 parts a blob has at most 156 GiB.
const PART: usize = 16 * 1024 * 1024;

/// The store in a bucket. Cheap to clone.
#[derive(Clone)]
pub struct ObjectBlobs {
    bucket: Bucket,
    /// What this hub knows of uploads under way; another hub reads the bytes again.
    hashed: Cache<Uuid, Hashing>,
    /// Where the bytes of blobs are that somebody has just asked for.
    named: Cache<Digest, Named>,
    /// The uploads that this hub is writing to.
    busy: Busy,
}

/// The small object that makes bytes a blob.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Named {
    data: Uuid,
    size: u64,
}

impl ObjectBlobs {
    /// `url`: `s3://<bucket>[/<prefix>]`. Endpoint, region and keys are in the environment, as AWS's own tools have them. With
    /// an endpoint of one's own, the bucket is in the path.
    pub fn of_environment(url: &str) -> Result<Self, BucketError> {
        Self::new(url, AmazonS3Builder::from_env())
    }

    pub fn new(url: &str, settings: AmazonS3Builder) -> Result<Self, BucketError> {
        let idle = Duration::from_secs(3600);
        Ok(Self {
            bucket: Bucket::new(url, settings)?,
            hashed: Cache::builder().max_capacity(10_000).time_to_idle(idle).build(),
            named: Cache::builder().max_capacity(100_000).time_to_live(Duration::from_secs(30)).build(),
            busy: Busy::default(),
        })
    }

    fn blob(&self, digest: &Digest) -> Path {
        let algorithm = match digest.algorithm() {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha512 => "sha512",
        };
        self.bucket.key(&["blobs", algorithm, digest.hex()])
    }

    fn data(&self, id: Uuid) -> Path {
        self.bucket.key(&["data", &id.to_string()])
    }

    fn upload(&self, key: UploadKey) -> Path {
        self.bucket.key(&["uploads", &key.artifact.to_string(), &key.id.to_string()])
    }

    fn tail(&self, key: UploadKey, tail: Uuid) -> Path {
        self.bucket.key(&["tails", &key.id.to_string(), &tail.to_string()])
    }

    async fn named(&self, digest: &Digest) -> Result<Option<Named>, BlobFault> {
        let named: Option<Named> = self.bucket.json(&self.blob(digest)).await?;
        match named {
            Some(named) => self.named.insert(digest.clone(), named).await,
            None => self.named.invalidate(digest).await,
        }
        Ok(named)
    }

    /// Where the bytes of a blob are.
    async fn path_of(&self, digest: &Digest) -> Result<Path, BlobFault> {
        let named = match self.named.get(digest).await {
            Some(named) => Some(named),
            None => self.named(digest).await?,
        };
        let missing = || BlobFault::new("read", digest, std::io::ErrorKind::NotFound.into());
        Ok(self.data(named.ok_or_else(missing)?.data))
    }

    /// Whether the blob is there already, all of it; then it is as young as if it had come now. Its name comes first: a collection
    /// that looks at it from now on leaves the bytes alone.
    async fn renew(&self, digest: &Digest) -> Result<bool, BlobFault> {
        let Some(known) = self.named(digest).await? else { return Ok(false) };
        self.bucket.put_json(&self.blob(digest), &known).await?;
        self.is_whole(known).await
    }

    /// Whether the bytes are there, in their number.
    async fn is_whole(&self, named: Named) -> Result<bool, BlobFault> {
        let path = self.data(named.data);
        let meta = self.bucket.head(&path).await?;
        Ok(meta.is_some_and(|meta| meta.size == named.size))
    }

    /// Gives the verified bytes their name.
    async fn name(&self, digest: &Digest, named: Named) -> Result<(), BlobFault> {
        self.bucket.put_json(&self.blob(digest), &named).await?;
        self.named.insert(digest.clone(), named).await;
        Ok(())
    }

    /// The data and tails that blobs, sound and damaged, and uploads name.
    async fn known(&self) -> Result<HashSet<Uuid>, BlobFault> {
        let mut known = HashSet::new();
        let mut blobs = self.bucket.listed("blobs").chain(self.bucket.listed("damaged"));
        while let Some(meta) = blobs.try_next().await? {
            known.extend(self.bucket.json::<Named>(&meta.location).await?.map(|named| named.data));
        }
        let mut uploads = self.bucket.listed("uploads");
        while let Some(meta) = uploads.try_next().await? {
            if let Some(session) = self.bucket.json::<Session>(&meta.location).await? {
                known.insert(session.data);
                known.extend(session.tail.map(|tail| tail.id));
            }
        }
        Ok(known)
    }
}

struct ObjectOpened {
    store: ObjectBlobs,
    digest: Digest,
    size: u64,
}

#[async_trait]
impl Opened for ObjectOpened {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(self: Box<Self>, range: Range<u64>) -> Result<BlobStream, BlobFault> {
        self.store.read(&self.digest, range).await
    }
}

#[async_trait]
impl BlobStore for ObjectBlobs {
    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobFault> {
        Ok(self.named(digest).await?.map(|named| named.size))
    }

    async fn size_of_whole(&self, digest: &Digest) -> Result<Option<u64>, BlobFault> {
        let Some(named) = self.named(digest).await? else { return Ok(None) };
        Ok(self.is_whole(named).await?.then_some(named.size))
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Opened>>, BlobFault> {
        let opened = |named: Named| ObjectOpened { store: self.clone(), digest: digest.clone(), size: named.size };
        Ok(self.named(digest).await?.map(|named| Box::new(opened(named)) as Box<dyn Opened>))
    }

    async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<BlobStream, BlobFault> {
        let path = self.path_of(digest).await?;
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let options = GetOptions { range: Some(range.into()), ..GetOptions::default() };
        let object = self.bucket.client.get_opts(&path, options).await.map_err(|error| fault("read", digest, error))?;
        let digest = digest.clone();
        Ok(object.into_stream().map_err(move |error| fault("read", &digest, error)).boxed())
    }

    async fn location(&self, digest: &Digest, valid: Duration) -> Result<Option<String>, BlobFault> {
        let path = self.path_of(digest).await?;
        let signed = self.bucket.client.signed_url(Method::GET, &path, valid).await;
        signed.map(|url| Some(url.into())).map_err(|error| fault("sign a URL of", digest, error))
    }

    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<(), BlobFault> {
        if self.renew(digest).await? {
            return Ok(());
        }
        let named = Named { data: Uuid::now_v7(), size: bytes.len() as u64 };
        self.bucket.put(&self.data(named.data), bytes).await?;
        self.name(digest, named).await
    }

    fn min_chunk(&self) -> Option<u64> {
        Some(PART as u64)
    }

    async fn begin(&self, upload: UploadKey) -> Result<(), BlobFault> {
        self.bucket.put_json(&self.upload(upload), &Session::new()).await?;
        self.hashed.insert(upload.id, Hashing::new(Algorithm::Sha256)).await;
        Ok(())
    }

    async fn offset(&self, upload: UploadKey) -> Result<Option<u64>, BlobFault> {
        let session: Option<Session> = self.bucket.json(&self.upload(upload)).await?;
        Ok(session.map(|session| session.offset()))
    }

    async fn resume(&self, upload: UploadKey, algorithm: Algorithm) -> Result<Box<dyn Writing>, ResumeError> {
        Ok(Box::new(ObjectWriting::resume(self.clone(), upload, algorithm).await?))
    }

    async fn cancel(&self, upload: UploadKey) -> Result<bool, BlobFault> {
        let path = self.upload(upload);
        self.hashed.invalidate(&upload.id).await;
        let Some(session) = self.bucket.json::<Session>(&path).await? else { return Ok(false) };
        self.bucket.delete(&path).await?;
        session.discard(self, upload).await?;
        Ok(true)
    }

    fn blobs(&self) -> BoxStream<'static, Result<StoredBlob, BlobFault>> {
        let store = self.clone();
        let blobs = self.bucket.listed("blobs").try_filter_map(move |meta| {
            let store = store.clone();
            async move {
                let mut parts = meta.location.as_ref().rsplit('/');
                let (hex, algorithm) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
                let Ok(digest) = format!("{algorithm}:{hex}").parse::<Digest>() else { return Ok(None) };
                let named = store.bucket.json::<Named>(&meta.location).await?;
                Ok(named.map(|named| StoredBlob { digest, size: named.size, stored_at: meta.last_modified }))
            }
        });
        blobs.boxed()
    }

    async fn remove(&self, digest: &Digest, unless_after: DateTime<Utc>) -> Result<bool, BlobFault> {
        let path = self.blob(digest);
        let meta = self.bucket.head(&path).await?;
        if meta.is_none_or(|meta| meta.last_modified > unless_after) {
            return Ok(false);
        }
        let Some(named) = self.named(digest).await? else { return Ok(false) };
        self.bucket.delete(&path).await?;
        self.named.invalidate(digest).await;
        self.bucket.delete(&self.data(named.data)).await?;
        Ok(true)
    }

    async fn set_aside(&self, digest: &Digest) -> Result<(), BlobFault> {
        let Some(named) = self.named(digest).await? else { return Ok(()) };
        self.bucket.put_json(&self.bucket.key(&["damaged", digest.hex()]), &named).await?;
        self.bucket.delete(&self.blob(digest)).await?;
        self.named.invalidate(digest).await;
        Ok(())
    }

    fn uploads(&self) -> BoxStream<'static, Result<StoredUpload, BlobFault>> {
        let uploads = self.bucket.listed("uploads").try_filter_map(|meta| async move {
            let mut parts = meta.location.as_ref().rsplit('/').map(str::parse::<Uuid>);
            let (Some(Ok(id)), Some(Ok(artifact))) = (parts.next(), parts.next()) else { return Ok(None) };
            let key = UploadKey { artifact: ArtifactId(artifact), id };
            Ok(Some(StoredUpload { key, touched_at: meta.last_modified }))
        });
        uploads.boxed()
    }

    /// Bytes without a name. (Parts of uploads that nobody knows of any more are removed by a rule of the bucket.)
    async fn remove_strays(&self, before: DateTime<Utc>, dry_run: bool) -> Result<u64, BlobFault> {
        // before what may become named is listed: what gets its name meanwhile is younger
        let data: Vec<ObjectMeta> = self.bucket.listed("data").try_collect().await?;
        let tails: Vec<ObjectMeta> = self.bucket.listed("tails").try_collect().await?;
        let known = self.known().await?;
        let is_stray = |meta: &&ObjectMeta| {
            let id = meta.location.as_ref().rsplit('/').next().and_then(|id| id.parse().ok());
            meta.last_modified <= before && id.is_some_and(|id: Uuid| !known.contains(&id))
        };
        let strays: Vec<&ObjectMeta> = data.iter().chain(&tails).filter(is_stray).collect();
        if !dry_run {
            for stray in &strays {
                self.bucket.delete(&stray.location).await?;
            }
        }
        Ok(strays.len() as u64)
    }

    async fn owner(&self) -> Result<Option<Uuid>, BlobFault> {
        self.bucket.json(&self.bucket.key(&["owner"])).await
    }

    async fn claim(&self, owner: Uuid) -> Result<Uuid, BlobFault> {
        if let Some(there) = self.owner().await? {
            return Ok(there);
        }
        self.bucket.create_json(&self.bucket.key(&["owner"]), &owner).await?;
        Ok(self.owner().await?.unwrap_or(owner))
    }

    async fn take_over(&self, owner: Uuid) -> Result<(), BlobFault> {
        self.bucket.put_json(&self.bucket.key(&["owner"]), &owner).await
    }
}
