//! Writes an upload to the bucket: a part is sent while the next one is received, so that an upload holds at most two parts in
//! memory, however large the blob.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use distr_domain::oci::{Algorithm, Digest};
use futures_util::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::PutPayload;
use object_store::multipart::{MultipartStore, PartId};
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::session::{Session, Tail};
use super::{Named, ObjectBlobs, PART, fault};
use crate::blobs::hash::Hashing;
use crate::blobs::{BlobFault, FinishError, ResumeError, UploadKey, Writing};

pub(super) struct ObjectWriting {
    store: ObjectBlobs,
    key: UploadKey,
    session: Session,
    /// nothing: this hub has not seen all of the bytes
    hashing: Option<Hashing>,
    /// what does not make a part yet
    rest: BytesMut,
    sending: Option<JoinHandle<Result<PartId, object_store::Error>>>,
    /// whether the bucket knows of all that was written
    saved: bool,
    _alone: OwnedMutexGuard<()>,
}

impl ObjectWriting {
    pub(super) async fn resume(store: ObjectBlobs, key: UploadKey, algorithm: Algorithm) -> Result<Self, ResumeError> {
        let lock = store.busy.get_with(key.id, async { Arc::default() }).await;
        let alone = lock.try_lock_owned().map_err(|_| ResumeError::Busy)?;
        let session: Option<Session> = store.json(&store.upload(key)).await?;
        let session = session.ok_or(ResumeError::Unknown)?;
        let mut rest = BytesMut::with_capacity(PART);
        if let Some(tail) = session.tail {
            let path = store.tail(key, tail.id);
            let object = store.bucket.get(&path).await.map_err(|error| fault("read", &path, error))?;
            rest.extend_from_slice(&object.bytes().await.map_err(|error| fault("read", &path, error))?);
        }
        let offset = session.offset();
        let fits = |hashed: &Hashing| hashed.length() == offset && (offset == 0 || hashed.algorithm() == algorithm);
        let hashing = match store.hashed.remove(&key.id).await.filter(fits) {
            _ if offset == 0 => Some(Hashing::new(algorithm)),
            hashing => hashing,
        };
        Ok(Self { store, key, session, hashing, rest, sending: None, saved: true, _alone: alone })
    }

    /// Sends a full part, after the one before it has arrived.
    async fn send(&mut self, part: Bytes) -> Result<(), BlobFault> {
        self.settle().await?;
        let path = self.store.data(self.session.data);
        let id = match &self.session.multipart {
            Some(id) => id.clone(),
            None => {
                let created = self.store.bucket.create_multipart(&path).await;
                let id = created.map_err(|error| fault("begin upload", self.key.id, error))?;
                let id = self.session.multipart.insert(id).clone();
                // so that whoever ends the upload can free its parts, even if this hub dies now
                self.store.put_json(&self.store.upload(self.key), &self.session).await?;
                id
            }
        };
        let (bucket, index) = (self.store.bucket.clone(), self.session.parts.len());
        let send = async move { bucket.put_part(&path, &id, index, PutPayload::from(part)).await };
        self.sending = Some(tokio::spawn(send));
        Ok(())
    }

    async fn settle(&mut self) -> Result<(), BlobFault> {
        let Some(sending) = self.sending.take() else { return Ok(()) };
        let sent = sending.await.map_err(|panic| self.broken(std::io::Error::other(panic)))?;
        let part = sent.map_err(|error| self.broken(error.into()))?;
        self.session.parts.push(part.content_id);
        Ok(())
    }

    fn broken(&self, source: std::io::Error) -> BlobFault {
        BlobFault::new("write to upload", self.key.id, source)
    }

    /// Writes down how far the upload is, so that any hub can go on.
    async fn save(&mut self) -> Result<(), BlobFault> {
        self.settle().await?;
        if self.saved {
            return Ok(());
        }
        let old = self.session.tail.take();
        if !self.rest.is_empty() {
            let tail = Tail { id: Uuid::now_v7(), length: self.rest.len() as u64 };
            let bytes = Bytes::copy_from_slice(&self.rest);
            self.store.put_object(&self.store.tail(self.key, tail.id), bytes).await?;
            self.session.tail = Some(tail);
        }
        self.store.put_json(&self.store.upload(self.key), &self.session).await?;
        if let Some(old) = old {
            self.store.delete(&self.store.tail(self.key, old.id)).await?;
        }
        self.saved = true;
        Ok(())
    }

    /// Makes one object of what was written. It has no name yet.
    async fn complete(&mut self) -> Result<(), BlobFault> {
        let path = self.store.data(self.session.data);
        let rest = self.rest.split().freeze();
        let Some(id) = self.session.multipart.clone() else {
            return self.store.put_object(&path, rest).await;
        };
        if !rest.is_empty() {
            self.send(rest).await?;
        }
        self.settle().await?;
        let completed = self.store.bucket.complete_multipart(&path, &id, self.session.part_ids()).await;
        completed.map(drop).map_err(|error| fault("complete upload", self.key.id, error))
    }

    /// The digest that the object has: known if this hub has seen all of it, or else read again.
    async fn digest(&mut self, algorithm: Algorithm) -> Result<Digest, BlobFault> {
        if let Some(hashing) = self.hashing.take().filter(|hashing| hashing.algorithm() == algorithm) {
            return Ok(hashing.digest());
        }
        let path = self.store.data(self.session.data);
        let object = self.store.bucket.get(&path).await.map_err(|error| fault("read", &path, error))?;
        let mut parts = object.into_stream();
        let mut hashing = Hashing::new(algorithm);
        while let Some(part) = parts.try_next().await.map_err(|error| fault("read", &path, error))? {
            hashing.update(&part);
        }
        Ok(hashing.digest())
    }
}

#[async_trait]
impl Writing for ObjectWriting {
    fn offset(&self) -> u64 {
        let sending = usize::from(self.sending.is_some());
        ((self.session.parts.len() + sending) * PART + self.rest.len()) as u64
    }

    async fn write(&mut self, bytes: Bytes) -> Result<(), BlobFault> {
        self.saved = false;
        if let Some(hashing) = &mut self.hashing {
            hashing.update(&bytes);
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(PART - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == PART {
                let part = std::mem::replace(&mut self.rest, BytesMut::with_capacity(PART)).freeze();
                self.send(part).await?;
            }
        }
        Ok(())
    }

    async fn pause(mut self: Box<Self>) -> Result<u64, BlobFault> {
        self.save().await?;
        if let Some(hashing) = self.hashing.take() {
            self.store.hashed.insert(self.key.id, hashing).await;
        }
        Ok(self.offset())
    }

    async fn finish(mut self: Box<Self>, digest: &Digest) -> Result<u64, FinishError> {
        // what was cancelled meanwhile does not come back
        let upload = self.store.upload(self.key);
        if !self.store.exists(&upload).await? {
            return Err(FinishError::Unknown);
        }
        self.settle().await?;
        let size = self.offset();
        self.complete().await?;
        let actual = self.digest(digest.algorithm()).await?;
        let data = self.session.data;
        match actual == *digest {
            true => self.store.name(digest, Named { data, size }).await?,
            false => self.store.delete(&self.store.data(data)).await?,
        }
        self.store.delete(&upload).await?;
        if let Some(tail) = self.session.tail {
            self.store.delete(&self.store.tail(self.key, tail.id)).await?;
        }
        match actual == *digest {
            true => Ok(size),
            false => Err(FinishError::WrongDigest { actual }),
        }
    }
}
