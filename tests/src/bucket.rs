//! A real S3-compatible service on loopback, which checks signatures: SeaweedFS. It ends with this process.

use std::process::Stdio;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::ports::free_port;
use crate::wait;

pub const BUCKET: &str = "distr";
pub const ACCESS_KEY: &str = "test-key";
pub const SECRET_KEY: &str = "test-secret";
pub const REGION: &str = "us-east-1";

/// A service with an empty bucket.
pub struct Bucket {
    /// of S3, by another name than the registry's: what a client is sent to must not see what it shows the registry
    pub endpoint: String,
    /// where the bucket's objects are listed without S3, unfinished ones included
    filer: String,
    _child: Child,
}

impl Bucket {
    pub async fn start() -> Self {
        let directory = TempDir::new().expect("a directory").keep();
        let config = directory.join("s3.json");
        let credentials = format!(r#"[{{"accessKey": "{ACCESS_KEY}", "secretKey": "{SECRET_KEY}"}}]"#);
        let actions = r#"["Admin", "Read", "Write", "List"]"#;
        let identity = format!(r#"{{"name": "test", "actions": {actions}, "credentials": {credentials}}}"#);
        std::fs::write(&config, format!(r#"{{"identities": [{identity}]}}"#)).expect("a file");
        let [master, master_grpc, volume, volume_grpc, filer, filer_grpc, s3, s3_grpc] = [(); 8].map(|()| free_port());
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
        let filer = format!("http://127.0.0.1:{filer}");
        let endpoint = format!("http://localhost:{s3}");
        let (client, limit) = (reqwest::Client::new(), Duration::from_secs(60));
        wait::until("SeaweedFS (weed; script/setup-tools --tests installs it)", limit, async || {
            let made = client.post(format!("{filer}/buckets/{BUCKET}/")).send().await;
            match made.map_err(|error| error.to_string())?.status().as_u16() {
                201 => Ok(()),
                other => Err(format!("{other} from the filer")),
            }
        })
        .await;
        wait::until("its S3", limit, async || {
            client.get(&endpoint).send().await.map(drop).map_err(|error| error.to_string())
        })
        .await;
        Self { endpoint, filer, _child: child }
    }

    /// What a hub with this bucket has in its environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("BLOB_STORE_URL", format!("s3://{BUCKET}/hub")),
            ("AWS_ENDPOINT", self.endpoint.clone()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ]
    }

    /// All that is in the bucket, by path; parts of unfinished objects, too.
    pub async fn files(&self) -> Vec<String> {
        let (mut files, mut folders) = (vec![], vec![format!("/buckets/{BUCKET}")]);
        while let Some(folder) = folders.pop() {
            let url = format!("{}{folder}/?limit=100000", self.filer);
            let request = reqwest::Client::new().get(url).header("accept", "application/json");
            let answer = request.send().await.expect("an answer");
            // it was there when its parent was listed
            if answer.status() == StatusCode::NOT_FOUND {
                continue;
            }
            let listed: Value = answer.json().await.expect("JSON");
            for entry in listed["Entries"].as_array().into_iter().flatten() {
                let path = entry["FullPath"].as_str().expect("a path").to_owned();
                // as Go's file modes have it
                match entry["Mode"].as_u64().is_some_and(|mode| mode & (1 << 31) != 0) {
                    true => folders.push(path),
                    false => files.push(path),
                }
            }
        }
        files
    }
}
