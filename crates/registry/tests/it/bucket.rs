//! A bucket for all tests of this binary, and places in it.

use distr_registry::ObjectBlobs;
use distr_tests::bucket::{ACCESS_KEY, BUCKET, Bucket, REGION, SECRET_KEY};
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::OnceCell;
use uuid::Uuid;

static BUCKET_SERVICE: OnceCell<Bucket> = OnceCell::const_new();

/// A part of the bucket that nobody else uses.
pub(crate) struct Place {
    pub(crate) bucket: &'static Bucket,
    pub(crate) url: String,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let bucket = BUCKET_SERVICE.get_or_init(Bucket::start).await;
        Self { bucket, url: format!("s3://{BUCKET}/{}", Uuid::new_v4()) }
    }

    pub(crate) fn open(&self) -> ObjectBlobs {
        self.open_as(SECRET_KEY)
    }

    /// All bytes of blobs are gone; their names stay.
    pub(crate) async fn lose_data(&self) {
        let prefix = self.url.strip_prefix(&format!("s3://{BUCKET}/")).expect("a URL of a bucket");
        let bucket = self.settings(SECRET_KEY).with_bucket_name(BUCKET).build().expect("a bucket");
        let data = object_store::path::Path::from(format!("{prefix}/data"));
        let objects: Vec<_> = bucket.list(Some(&data)).try_collect().await.expect("a list");
        for object in objects {
            bucket.delete(&object.location).await.expect("it can be deleted");
        }
    }

    pub(crate) fn open_as(&self, secret: &str) -> ObjectBlobs {
        ObjectBlobs::new(&self.url, self.settings(secret)).expect("a bucket")
    }

    fn settings(&self, secret: &str) -> AmazonS3Builder {
        AmazonS3Builder::new()
            .with_endpoint(&self.bucket.endpoint)
            .with_allow_http(true)
            .with_region(REGION)
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(secret)
    }
}
