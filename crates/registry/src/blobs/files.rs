//! Blobs as files: `blobs/sha256/ab/<hex>`, and beside them `uploads/<repository's id>/<upload's id>`, `damaged/<hex>` of blobs
//! that a scrub took out of service, and `owner`. A blob comes into its place by a rename, after its bytes are on the disk; so a file under `blobs/` is whole and verified.

use std::io;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_domain::ids::ArtifactId;
use distr_domain::oci::{Algorithm, Digest};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use moka::future::Cache;
use uuid::Uuid;

use super::file_system::{blocking, create, entries, found, make_directory, place, sync_directory, write_whole};
use super::hash::Hashing;
use super::reading::FileOpened;
use super::writing::FileWriting;
use super::{BlobFault, BlobStore, BlobStream, Opened, ResumeError, StoredBlob, StoredUpload, UploadKey, Writing};

/// The file that says whose the store is.
const OWNER: &str = "owner";

/// The file store. Cheap to clone.
#[derive(Clone)]
pub struct FileBlobs {
    root: Arc<Path>,
    /// The digests of uploads under way, as far as they are written. What is not here is read from the file again.
    pub(super) hashed: Cache<Uuid, Hashing>,
}

impl FileBlobs {
    /// Opens the store in this directory, and makes it when it isn't there.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, BlobFault> {
        let root: PathBuf = root.into();
        let hashed = Cache::builder().max_capacity(10_000).time_to_idle(Duration::from_secs(3600)).build();
        let store = Self { root: root.clone().into(), hashed };
        blocking("open", store.root.display().to_string(), move || {
            std::fs::create_dir_all(&root)?;
            // images are for those who may pull them, not for all who have an account on this machine
            std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o700))?;
            for part in ["blobs", "blobs/sha256", "blobs/sha512", "uploads"] {
                make_directory(&root.join(part))?;
            }
            Ok(())
        })
        .await?;
        Ok(store)
    }

    pub(super) fn blob(&self, digest: &Digest) -> PathBuf {
        let algorithm = match digest.algorithm() {
            Algorithm::Sha256 => "blobs/sha256",
            Algorithm::Sha512 => "blobs/sha512",
        };
        self.root.join(algorithm).join(&digest.hex()[..2]).join(digest.hex())
    }

    /// The directories in one.
    fn walk(&self, under: &'static str) -> BoxStream<'static, Result<PathBuf, BlobFault>> {
        let found = stream::once(entries(self.root.join(under))).try_flatten();
        found.try_filter_map(async |found| Ok((!found.is_file).then_some(found.path))).boxed()
    }

    fn owner_file(&self) -> PathBuf {
        self.root.join(OWNER)
    }

    fn upload(&self, key: UploadKey) -> PathBuf {
        self.root.join("uploads").join(key.artifact.to_string()).join(key.id.to_string())
    }
}

#[async_trait]
impl BlobStore for FileBlobs {
    async fn size(&self, digest: &Digest) -> Result<Option<u64>, BlobFault> {
        let path = self.blob(digest);
        blocking("look for", digest, move || found(path.metadata().map(|blob| blob.len()))).await
    }

    async fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Opened>>, BlobFault> {
        let opened = FileOpened::open(self.blob(digest), digest).await?;
        Ok(opened.map(|opened| Box::new(opened) as Box<dyn Opened>))
    }

    async fn read(&self, digest: &Digest, range: Range<u64>) -> Result<BlobStream, BlobFault> {
        let missing = || BlobFault::new("open", digest, io::ErrorKind::NotFound.into());
        self.open(digest).await?.ok_or_else(missing)?.read(range).await
    }

    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<(), BlobFault> {
        let (path, upload) = (self.blob(digest), self.root.join("uploads").join(Uuid::now_v7().to_string()));
        blocking("store", digest, move || {
            use std::io::Write;

            let mut file = create(&upload)?;
            let stored = file.write_all(&bytes).and_then(|()| file.sync_all()).and_then(|()| place(&upload, &path));
            if stored.is_err() {
                // a disk without room gets back at least this
                let _ = std::fs::remove_file(&upload);
            }
            stored
        })
        .await
    }

    async fn begin(&self, upload: UploadKey) -> Result<(), BlobFault> {
        let path = self.upload(upload);
        blocking("begin upload", upload.id, move || {
            path.parent().map_or(Ok(()), make_directory)?;
            create(&path).map(drop)
        })
        .await?;
        self.hashed.insert(upload.id, Hashing::new(Algorithm::Sha256)).await;
        Ok(())
    }

    async fn offset(&self, upload: UploadKey) -> Result<Option<u64>, BlobFault> {
        let path = self.upload(upload);
        blocking("look for upload", upload.id, move || found(path.metadata().map(|upload| upload.len()))).await
    }

    async fn resume(&self, upload: UploadKey, algorithm: Algorithm) -> Result<Box<dyn Writing>, ResumeError> {
        let hashed = self.hashed.remove(&upload.id).await;
        let writing = FileWriting::resume(self.clone(), upload.id, self.upload(upload), algorithm, hashed).await?;
        Ok(Box::new(writing))
    }

    async fn cancel(&self, upload: UploadKey) -> Result<bool, BlobFault> {
        let path = self.upload(upload);
        self.hashed.invalidate(&upload.id).await;
        let removed = blocking("cancel upload", upload.id, move || found(std::fs::remove_file(path))).await?;
        Ok(removed.is_some())
    }

    fn blobs(&self) -> BoxStream<'static, Result<StoredBlob, BlobFault>> {
        let shards = self.walk("blobs/sha256").chain(self.walk("blobs/sha512"));
        let blobs = shards.map_ok(|shard| {
            stream::once(entries(shard)).try_flatten().try_filter_map(async |file| {
                let algorithm = file.path.ancestors().nth(2).and_then(Path::file_name).unwrap_or_default();
                let digest = format!("{}:{}", algorithm.display(), file.name).parse();
                Ok(digest.ok().map(|digest| StoredBlob { digest, size: file.size, stored_at: file.modified }))
            })
        });
        blobs.try_flatten().boxed()
    }

    async fn remove(&self, digest: &Digest, unless_after: DateTime<Utc>) -> Result<bool, BlobFault> {
        let path = self.blob(digest);
        let removed = blocking("remove", digest, move || {
            let Some(blob) = found(path.metadata())? else { return Ok(false) };
            if DateTime::<Utc>::from(blob.modified()?) > unless_after {
                return Ok(false);
            }
            Ok(found(std::fs::remove_file(&path))?.is_some())
        });
        removed.await
    }

    async fn set_aside(&self, digest: &Digest) -> Result<(), BlobFault> {
        let (blob, damaged) = (self.blob(digest), self.root.join("damaged"));
        let aside = damaged.join(digest.hex());
        blocking("set aside", digest, move || {
            make_directory(&damaged)?;
            std::fs::rename(&blob, &aside)?;
            sync_directory(&damaged)?;
            blob.parent().map_or(Ok(()), sync_directory)
        })
        .await
    }

    fn uploads(&self) -> BoxStream<'static, Result<StoredUpload, BlobFault>> {
        let uploads = self.walk("uploads").map_ok(|repository| {
            stream::once(entries(repository)).try_flatten().try_filter_map(async |file| {
                let artifact = file.path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
                let (Some(Ok(artifact)), Ok(id)) = (artifact.map(str::parse), file.name.parse()) else {
                    return Ok(None);
                };
                let key = UploadKey { artifact: ArtifactId(artifact), id };
                Ok(Some(StoredUpload { key, touched_at: file.modified }))
            })
        });
        uploads.try_flatten().boxed()
    }

    /// Files that `put` began.
    async fn remove_strays(&self, before: DateTime<Utc>, dry_run: bool) -> Result<u64, BlobFault> {
        let mut strays = 0;
        let mut files = std::pin::pin!(entries(self.root.join("uploads")).await?);
        while let Some(file) = files.try_next().await? {
            if file.is_file && file.modified <= before {
                strays += 1;
                if !dry_run {
                    blocking("remove", &file.name, move || found(std::fs::remove_file(file.path))).await?;
                }
            }
        }
        Ok(strays)
    }

    async fn owner(&self) -> Result<Option<Uuid>, BlobFault> {
        let path = self.owner_file();
        blocking("read", OWNER, move || {
            let Some(text) = found(std::fs::read_to_string(path))? else { return Ok(None) };
            text.trim().parse().map(Some).map_err(io::Error::other)
        })
        .await
    }

    async fn claim(&self, owner: Uuid) -> Result<Uuid, BlobFault> {
        if let Some(there) = self.owner().await? {
            return Ok(there);
        }
        let (path, new) = (self.owner_file(), self.root.join(Uuid::now_v7().to_string()));
        let noted = blocking("write", OWNER, move || {
            write_whole(&new, &format!("{owner}\n"))?;
            // unlike a rename, it gives way to who was quicker
            let linked = std::fs::hard_link(&new, &path);
            std::fs::remove_file(&new)?;
            match linked {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked.and_then(|()| path.parent().map_or(Ok(()), sync_directory)),
            }
        });
        noted.await?;
        Ok(self.owner().await?.unwrap_or(owner))
    }

    async fn take_over(&self, owner: Uuid) -> Result<(), BlobFault> {
        let (path, new) = (self.owner_file(), self.root.join(Uuid::now_v7().to_string()));
        blocking("write", OWNER, move || {
            write_whole(&new, &format!("{owner}\n"))?;
            std::fs::rename(&new, &path)?;
            path.parent().map_or(Ok(()), sync_directory)
        })
        .await
    }
}
