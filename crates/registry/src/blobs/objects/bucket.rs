//! The bucket, and the small objects of JSON in it. What it knows of is keys below its prefix.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::blobs::BlobFault;

/// A bucket with the prefix of this store's keys. Cheap to clone.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) client: Arc<AmazonS3>,
    prefix: Path,
}

/// A URL that is not one of a bucket, or what goes with it.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("BLOB_STORE_URL must be s3://<bucket> or s3://<bucket>/<prefix>")]
    Url,
    #[error("the bucket's settings (AWS_ENDPOINT, AWS_REGION, AWS_ACCESS_KEY_ID, …) do not fit")]
    Settings(#[source] Error),
}

impl Bucket {
    pub(super) fn new(url: &str, settings: AmazonS3Builder) -> Result<Self, BucketError> {
        let rest = url.strip_prefix("s3://").ok_or(BucketError::Url)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = Path::parse(prefix).map_err(|_| BucketError::Url)?;
        if bucket.is_empty() {
            return Err(BucketError::Url);
        }
        let client = settings.with_bucket_name(bucket).build().map_err(BucketError::Settings)?;
        Ok(Self { client: Arc::new(client), prefix })
    }

    pub(super) fn key(&self, parts: &[&str]) -> Path {
        let mut path = self.prefix.clone();
        for part in parts {
            path = path.join(*part);
        }
        path
    }

    /// What the bucket says of an object; `None` if there is none.
    pub(super) async fn head(&self, path: &Path) -> Result<Option<ObjectMeta>, BlobFault> {
        found(self.client.head(path).await).map_err(|error| fault("look for", path, error))
    }

    pub(super) async fn exists(&self, path: &Path) -> Result<bool, BlobFault> {
        Ok(self.head(path).await?.is_some())
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, BlobFault> {
        let object = found(self.client.get(path).await).map_err(|error| fault("read", path, error))?;
        let Some(object) = object else { return Ok(None) };
        let bytes = object.bytes().await.map_err(|error| fault("read", path, error))?;
        let value = serde_json::from_slice(&bytes);
        value.map(Some).map_err(|error| BlobFault::new("read", path, std::io::Error::other(error)))
    }

    pub(super) async fn put_json(&self, path: &Path, value: &impl Serialize) -> Result<(), BlobFault> {
        self.put(path, json(value)).await
    }

    /// Leaves an object that is there already as it is.
    pub(super) async fn create_json(&self, path: &Path, value: &impl Serialize) -> Result<(), BlobFault> {
        match self.client.put_opts(path, json(value).into(), PutMode::Create.into()).await {
            Ok(_) | Err(Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(fault("store", path, error)),
        }
    }

    pub(super) async fn put(&self, path: &Path, bytes: Bytes) -> Result<(), BlobFault> {
        self.client.put(path, bytes.into()).await.map(drop).map_err(|error| fault("store", path, error))
    }

    /// What is not there is deleted.
    pub(super) async fn delete(&self, path: &Path) -> Result<(), BlobFault> {
        found(self.client.delete(path).await).map(drop).map_err(|error| fault("delete", path, error))
    }

    /// All objects under this part of the prefix.
    pub(super) fn listed(&self, under: &'static str) -> BoxStream<'static, Result<ObjectMeta, BlobFault>> {
        let prefix = self.key(&[under]);
        self.client.list(Some(&prefix)).map_err(move |error| fault("list", &prefix, error)).boxed()
    }
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("what is stored here is JSON").into()
}

pub(super) fn found<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Err(Error::NotFound { .. }) => Ok(None),
        result => result.map(Some),
    }
}

pub(super) fn fault(attempted: &'static str, object: impl ToString, error: Error) -> BlobFault {
    BlobFault::new(attempted, object, error.into())
}
