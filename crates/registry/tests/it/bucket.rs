//! A bucket for all tests of this binary, and places in it.

use distr_registry::ObjectBlobs;
use distr_tests::bucket::{ACCESS_KEY, BUCKET, Bucket, REGION, SECRET_KEY};
use object_store::aws::AmazonS3Builder;
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

    pub(crate) fn open_as(&self, secret: &str) -> ObjectBlobs {
        let settings = AmazonS3Builder::new()
            .with_endpoint(&self.bucket.endpoint)
            .with_allow_http(true)
            .with_region(REGION)
            .with_access_key_id(ACCESS_KEY)
            .with_secret_access_key(secret);
        ObjectBlobs::new(&self.url, settings).expect("a bucket")
    }
}
