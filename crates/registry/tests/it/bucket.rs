//! A real S3-compatible service on loopback, which checks signatures: SeaweedFS, one for all tests. It ends with
//! this process.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use distr_registry::ObjectBlobs;
use object_store::aws::AmazonS3Builder;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;
use uuid::Uuid;

const BUCKET: &str = "distr";
const CONFIG: &str = r#"{"identities": [{"name": "test", "actions": ["Admin", "Read", "Write", "List"],
    "credentials": [{"accessKey": "test-key", "secretKey": "test-secret"}]}]}"#;
static BUCKET_SERVICE: OnceCell<Bucket> = OnceCell::const_new();

pub(crate) struct Bucket {
    pub(crate) endpoint: String,
    _child: Child,
}

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
        self.open_as("test-secret")
    }

    pub(crate) fn open_as(&self, secret: &str) -> ObjectBlobs {
        let settings = AmazonS3Builder::new()
            .with_endpoint(&self.bucket.endpoint)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_access_key_id("test-key")
            .with_secret_access_key(secret);
        ObjectBlobs::new(&self.url, settings).expect("a bucket")
    }
}

impl Bucket {
    async fn start() -> Self {
        let directory = TempDir::new().expect("a directory").keep();
        let config = directory.join("s3.json");
        std::fs::write(&config, CONFIG).expect("a file");
        let ports = free_ports();
        let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc] = ports;
        // the shell ends it when this process, which holds the other end of its input, has ended
        let child = Command::new("sh")
            .args(["-c", r#""$@" & read -r _; kill $!; wait $!; rm -rf "$0""#])
            .arg(&directory)
            .args(["weed", "server"])
            .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3", "-volume.max=20"])
            .args(["-master.volumeSizeLimitMB=256", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .arg(format!("-dir={}", directory.display()))
            .arg(format!("-s3.config={}", config.display()))
            .args([format!("-master.port={master}"), format!("-master.port.grpc={master_grpc}")])
            .args([format!("-volume.port={volume}"), format!("-volume.port.grpc={volume_grpc}")])
            .args([format!("-filer.port={filer}"), format!("-filer.port.grpc={filer_grpc}")])
            .args([format!("-s3.port={s3}"), format!("-s3.port.grpc={s3_grpc}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let bucket = format!("http://127.0.0.1:{filer}/buckets/{BUCKET}/");
        until(async || matches!(reqwest::Client::new().post(&bucket).send().await, Ok(made) if made.status() == 201))
            .await;
        let endpoint = format!("http://127.0.0.1:{s3}");
        until(async || reqwest::Client::new().get(&endpoint).send().await.is_ok()).await;
        Self { endpoint, _child: child }
    }
}

fn free_ports() -> [u16; 8] {
    let taken = [(); 8].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    taken.map(|port| port.local_addr().expect("an address").port())
}

async fn until(is_so: impl AsyncFn() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("SeaweedFS (weed) did not start; script/setup-tools --tests installs it");
}
