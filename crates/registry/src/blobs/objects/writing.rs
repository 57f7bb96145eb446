//! Writes an upload to the bucket: a part is sent while the next one is received, so that an upload holds at most two parts in
//! memory, however large the blob.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use distr_domain::oci::{Algorithm, Digest};
use futures_util::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::PutPayload;
use object_store::multipart::{MultipartStore, PartId};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::bucket::fault;
use super::busy::Alone;
use super::session::{Session, Tail};
use super::{Named, ObjectBlobs, PART};
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
    _alone: Alone,
}

impl ObjectWriting {
    pub(super) async fn resume(store: ObjectBlobs, key: UploadKey, algorithm: Algorithm) -> Result<Self, ResumeError> {
        let alone = store.busy.lock(key.id).ok_or(ResumeError::Busy)?;
        let session: Option<Session> = store.bucket.json(&store.upload(key)).await?;
        let session = session.ok_or(ResumeError::Unknown)?;
        let mut rest = BytesMut::with_capacity(PART);
        if let Some(tail) = session.tail {
            let path = store.tail(key, tail.id);
            let object = store.bucket.client.get(&path).await.map_err(|error| fault("read", &path, error))?;
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
        let mut path = self.store.data(self.session.data);
        let id = match &self.session.multipart {
            Some(id) => id.clone(),
            None => {
                // whoever else begins parts of the same upload has a key of its own
                self.session.data = Uuid::now_v7();
                path = self.store.data(self.session.data);
                let created = self.store.bucket.client.create_multipart(&path).await;
                let id = created.map_err(|error| fault("begin upload", self.key.id, error))?;
                let id = self.session.multipart.insert(id).clone();
                // so that whoever ends the upload can free its parts, even if this hub dies now
                self.store.bucket.put_json(&self.store.upload(self.key), &self.session).await?;
                id
            }
        };
        let (bucket, index) = (self.store.bucket.client.clone(), self.session.parts.len());
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
            self.store.bucket.put(&self.store.tail(self.key, tail.id), bytes).await?;
            self.session.tail = Some(tail);
        }
        self.store.bucket.put_json(&self.store.upload(self.key), &self.session).await?;
        if let Some(old) = old {
            self.store.bucket.delete(&self.store.tail(self.key, old.id)).await?;
        }
        self.saved = true;
        Ok(())
    }

    /// Makes one object of what was written, and answers with its key, and with whether it is known to be of the very parts that
    /// this writer knows. It has no name yet.
    async fn complete(&mut self) -> Result<(Uuid, bool), BlobFault> {
        let rest = self.rest.split().freeze();
        let Some(id) = self.session.multipart.clone() else {
            // another request may be finishing the same upload with other bytes
            let data = Uuid::now_v7();
            self.store.bucket.put(&self.store.data(data), rest).await?;
            return Ok((data, true));
        };
        if !rest.is_empty() {
            self.send(rest).await?;
        }
        self.settle().await?;
        let (data, parts) = (self.session.data, self.session.part_ids());
        let completed = self.store.bucket.client.complete_multipart(&self.store.data(data), &id, parts).await;
        let completed = completed.map_err(|error| fault("complete upload", self.key.id, error))?;
        Ok((data, completed.e_tag.is_some_and(|tag| self.session.has_etag(&tag))))
    }

    /// Ends the upload: nobody goes on with it.
    async fn end(&mut self) -> Result<(), BlobFault> {
        self.store.bucket.delete(&self.store.upload(self.key)).await?;
        match self.session.tail.take() {
            Some(tail) => self.store.bucket.delete(&self.store.tail(self.key, tail.id)).await,
            None => Ok(()),
        }
    }

    /// The digest of an object that this hub has not seen all of.
    async fn read_again(&self, data: Uuid, algorithm: Algorithm) -> Result<Digest, BlobFault> {
        let path = self.store.data(data);
        let object = self.store.bucket.client.get(&path).await.map_err(|error| fault("read", &path, error))?;
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
        if !self.store.bucket.exists(&upload).await? {
            return Err(FinishError::Unknown);
        }
        self.settle().await?;
        let (size, algorithm) = (self.offset(), digest.algorithm());
        let seen = self.hashing.take().filter(|hashing| hashing.algorithm() == algorithm).map(Hashing::digest);
        let adds = match &seen {
            Some(seen) => seen == digest && !self.store.renew(digest).await?,
            None => true,
        };
        if !adds {
            self.store.bucket.delete(&upload).await?;
            self.session.discard(&self.store, self.key).await?;
            return match seen {
                Some(actual) if actual != *digest => Err(FinishError::WrongDigest { actual }),
                _ => Ok(size),
            };
        }
        let (data, is_of_known_parts) = self.complete().await?;
        // a writer on another hub may have put another part in the place of one of these
        let actual = match seen {
            Some(seen) if is_of_known_parts => seen,
            _ => self.read_again(data, algorithm).await?,
        };
        // first, so that these bytes never get a second name, and nobody finishes twice
        self.end().await?;
        match actual == *digest {
            true => Ok(self.store.name(digest, Named { data, size }).await.map(|()| size)?),
            false => Err(FinishError::WrongDigest { actual }),
        }
    }
}
