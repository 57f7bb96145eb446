//! The client against a real registry, which asks for a password.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use distr_agent::fault::{Blame, Failure};
use distr_agent::hub::{Hub, Transport};
use distr_agent::secret::{CurrentSecret, Secret};
use distr_agent_kubernetes::charts::Charts;
use distr_agent_kubernetes::registry::Registry;
use distr_domain::agent::{ChartSource, ErrorCategory, PinnedImage};
use distr_tests::ports::free_port;
use distr_tests::wait;
use reqwest::Client;
use serde_json::json;
use tempfile::TempDir;

const PASSWORD: &str = "the-agents-secret";
const HASH: &str = "$2y$04$WiXbfZTk73Fo5qzHOnIf2OymLguOph/F.UskRhCqR5cRPYPpVJYiq";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Debian's, with one door for whoever pushes, and one that asks who is there.
struct Server {
    open: String,
    guarded: String,
    processes: Vec<Child>,
    _data: TempDir,
}

impl Server {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let passwords = data.path().join("htpasswd");
        std::fs::write(&passwords, format!("agent:{HASH}\n")).unwrap();
        let auth = format!("auth: {{htpasswd: {{realm: registry, path: {}}}}}\n", passwords.display());
        let (open, first) = serve(data.path(), "open.yml", "").await;
        let (guarded, second) = serve(data.path(), "guarded.yml", &auth).await;
        Self { open, guarded, processes: vec![first, second], _data: data }
    }

    async fn blob(&self, repository: &str, content: &[u8]) -> String {
        let digest = sha256(content);
        let begin = Client::new().post(format!("http://{}/v2/{repository}/blobs/uploads/", self.open));
        let begun = begin.send().await.unwrap();
        let place = begun.headers()["location"].to_str().unwrap().to_owned();
        let put = Client::new().put(place).query(&[("digest", &digest)]).body(content.to_vec());
        assert_eq!(put.send().await.unwrap().status(), 201);
        digest
    }

    /// A chart of these bytes.
    async fn chart(&self, archive: &[u8]) -> ChartSource {
        let repository = "acme/charts/shop";
        let (config, layer) = (self.blob(repository, b"{}").await, self.blob(repository, archive).await);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": config, "size": 2},
            "layers": [{"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "digest": layer, "size": archive.len()}],
        });
        let manifest = manifest.to_string();
        let digest = sha256(manifest.as_bytes());
        let put = Client::new().put(format!("http://{}/v2/{repository}/manifests/{digest}", self.open));
        let put = put.header("content-type", MANIFEST).body(manifest).send().await.unwrap();
        assert_eq!(put.status(), 201);
        ChartSource {
            repository: repository.to_owned(),
            digest: digest.parse().unwrap(),
            archive: layer.parse().unwrap(),
            size: archive.len() as u64,
            name: "shop".to_owned(),
            version: "1.0.0".to_owned(),
        }
    }

    fn client(&self, password: &str) -> Registry {
        let hub = Hub::try_new(&format!("http://{}", self.guarded), Transport::Secure).unwrap();
        Registry::try_new(&hub, CurrentSecret::new(Secret::new(password))).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

async fn serve(data: &Path, file: &str, auth: &str) -> (String, Child) {
    let address = format!("127.0.0.1:{}", free_port());
    let storage = format!("storage: {{filesystem: {{rootdirectory: {}}}}}", data.join("blobs").display());
    let config = format!("version: 0.1\nlog: {{level: error}}\n{storage}\nhttp: {{addr: '{address}'}}\n{auth}");
    std::fs::write(data.join(file), config).unwrap();
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(data.join(file)).stdout(Stdio::null()).stderr(Stdio::null());
    let process = command.spawn().expect("docker-registry is missing: install Debian's docker-registry");
    wait::until("the registry", Duration::from_secs(20), async || {
        std::net::TcpStream::connect(&address).map_err(|error| error.to_string())
    })
    .await;
    (address, process)
}

fn sha256(content: &[u8]) -> String {
    format!("sha256:{}", hex::encode(digest(&SHA256, content)))
}

fn told(failure: &Failure) -> (Blame, ErrorCategory) {
    (failure.blame, failure.category)
}

#[tokio::test]
async fn a_chart_comes_with_the_bytes_that_the_release_has_or_not_at_all() {
    let server = Server::start().await;
    let archive: Vec<u8> = (0..200_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let chart = server.chart(&archive).await;
    let client = server.client(PASSWORD);
    assert_eq!(client.archive(&server.guarded, &chart).await.unwrap(), archive);

    let other = ChartSource { archive: sha256(b"x").parse().unwrap(), ..chart.clone() };
    let failure = client.archive(&server.guarded, &other).await.unwrap_err();
    assert!(failure.text.contains("does not name the archive"), "{}", failure.text);
    assert_eq!(told(&failure), (Blame::Generation, ErrorCategory::Config));
    let large = ChartSource { size: 11 << 20, ..chart.clone() };
    let failure = client.archive(&server.guarded, &large).await.unwrap_err();
    assert!(failure.text.contains("at most 10485760"), "{}", failure.text);
    let absent = ChartSource { digest: sha256(b"x").parse().unwrap(), ..chart.clone() };
    let failure = client.archive(&server.guarded, &absent).await.unwrap_err();
    assert_eq!(told(&failure), (Blame::Generation, ErrorCategory::Entitlement), "{}", failure.text);

    let failure = server.client("wrong").archive(&server.guarded, &chart).await.unwrap_err();
    assert!(failure.text.contains("does not know the agent's credential"), "{}", failure.text);
    assert_eq!(told(&failure), (Blame::Surroundings, ErrorCategory::Entitlement));
}

#[tokio::test]
async fn an_image_is_asked_for_without_being_fetched() {
    let server = Server::start().await;
    let chart = server.chart(b"archive").await;
    let client = server.client(PASSWORD);
    let image = |digest| PinnedImage {
        service: "web".to_owned(),
        repository: chart.repository.clone(),
        digest,
        signature: None,
    };
    client.check(&server.guarded, &image(chart.digest.clone())).await.unwrap();
    let failure = client.check(&server.guarded, &image(sha256(b"x").parse().unwrap())).await.unwrap_err();
    assert_eq!(told(&failure), (Blame::Generation, ErrorCategory::Entitlement), "{}", failure.text);
    assert!(failure.text.contains("manifest unknown"), "{}", failure.text);
    let nobody = format!("127.0.0.1:{}", free_port());
    let failure = client.check(&nobody, &image(chart.digest.clone())).await.unwrap_err();
    assert_eq!(told(&failure), (Blame::Surroundings, ErrorCategory::Network), "{}", failure.text);
}
