//! How far an upload is, as the bucket has it: the parts that are stored, and the bytes that do not make a part yet.

use object_store::multipart::{MultipartStore, PartId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ObjectBlobs, PART, fault, found};
use crate::blobs::{BlobFault, UploadKey};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Session {
    /// where the bytes will be
    pub(super) data: Uuid,
    /// the service's id of the multipart upload, once there is a part
    pub(super) multipart: Option<String>,
    /// what the service calls the parts
    pub(super) parts: Vec<String>,
    pub(super) tail: Option<Tail>,
}

/// Bytes after the last part, in an object of their own. Each is written once: two writers never spoil each other's.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Tail {
    pub(super) id: Uuid,
    pub(super) length: u64,
}

impl Session {
    pub(super) fn new() -> Self {
        Self { data: Uuid::now_v7(), multipart: None, parts: vec![], tail: None }
    }

    pub(super) fn offset(&self) -> u64 {
        (self.parts.len() * PART) as u64 + self.tail.map_or(0, |tail| tail.length)
    }

    pub(super) fn part_ids(&self) -> Vec<PartId> {
        self.parts.iter().map(|id| PartId { content_id: id.clone() }).collect()
    }

    /// Frees what the upload holds.
    pub(super) async fn discard(self, store: &ObjectBlobs, key: UploadKey) -> Result<(), BlobFault> {
        if let Some(tail) = self.tail {
            store.delete(&store.tail(key, tail.id)).await?;
        }
        if let Some(id) = self.multipart {
            let aborted = store.bucket.abort_multipart(&store.data(self.data), &id).await;
            found(aborted).map_err(|error| fault("abort upload", key.id, error))?;
        }
        Ok(())
    }
}
