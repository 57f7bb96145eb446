//! How far an upload is, as the bucket has it: the parts that are stored, and the bytes that do not make a part yet.

use md5::{Digest, Md5};
use object_store::multipart::{MultipartStore, PartId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::bucket::{fault, found};
use super::{ObjectBlobs, PART};
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

    /// Whether an object with this ETag was made of these very parts: as S3 has it, the MD5 of their MD5s and their number. A
    /// service that makes ETags in another way says it of none.
    pub(super) fn has_etag(&self, etag: &str) -> bool {
        let mut sums = Md5::new();
        for part in &self.parts {
            let Ok(sum) = hex::decode(part.trim_matches('"')) else { return false };
            sums.update(sum);
        }
        etag.trim_matches('"') == format!("{}-{}", hex::encode(sums.finalize()), self.parts.len())
    }

    /// Frees what the upload holds.
    pub(super) async fn discard(self, store: &ObjectBlobs, key: UploadKey) -> Result<(), BlobFault> {
        if let Some(tail) = self.tail {
            store.bucket.delete(&store.tail(key, tail.id)).await?;
        }
        if let Some(id) = self.multipart {
            let aborted = store.bucket.client.abort_multipart(&store.data(self.data), &id).await;
            found(aborted).map_err(|error| fault("abort upload", key.id, error))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_of_these_parts_if_its_etag_says_so() {
        let of =
            |parts: &[&str]| Session { parts: parts.iter().map(|part| (*part).to_owned()).collect(), ..Session::new() };
        let (a, b) = ("\"0cc175b9c0f1b6a831c399e269772661\"", "92eb5ffee6ae2fec3ad71c777531578f");
        // by another implementation of MD5
        let etag = "\"96e024ba2074fe77e8e965ba43a704be-2\"";
        assert!(of(&[a, b]).has_etag(etag));
        assert!(!of(&[b, a]).has_etag(etag) && !of(&[a]).has_etag(etag) && !of(&["x", b]).has_etag(etag));
    }
}
