//! A signed release from the vendor's `docker push` and `cosign sign` to a real agent on the Docker engine: it runs; what another key
//! signed is not published; and an agent that is handed a signature of something else keeps what it has.

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use distr_tests::agent::AgentProcess;
use distr_tests::client::Client;
use distr_tests::docker::Docker;
use distr_tests::loopback::{Request, Response, serve};
use distr_tests::{root, wait};
use serde_json::{Value, json};

use super::cosign::{sign, signer};
use super::vendor::Vendor;

const LIMIT: Duration = Duration::from_secs(180);

/// Somebody between the agent and its hub. From `swaps` on, each image gets the first signature that came by: one of a trusted
/// key, but of another image.
#[derive(Default)]
struct Between {
    swaps: AtomicBool,
    first: Mutex<Option<Value>>,
}

impl Between {
    async fn start(self: &Arc<Self>, hub: String) -> u16 {
        let between = self.clone();
        serve(move |request| {
            let (between, hub) = (between.clone(), hub.clone());
            async move { between.pass(&hub, request).await }
        })
        .await
    }

    async fn pass(&self, hub: &str, request: Request) -> Response {
        let method = request.method.parse().expect("a method");
        let mut onward = reqwest::Client::new().request(method, format!("{hub}{}", request.path));
        for name in ["authorization", "content-type"] {
            if let Some(value) = request.header(name) {
                onward = onward.header(name, value);
            }
        }
        let answer = onward.body(request.body).send().await.expect("the hub answers");
        let status = answer.status().as_u16();
        let content_type =
            answer.headers().get("content-type").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = answer.bytes().await.expect("a body").to_vec();
        if let Ok(mut value) = serde_json::from_slice::<Value>(&body)
            && self.change(&mut value).is_some()
        {
            body = value.to_string().into_bytes();
        }
        Response { status, content_type: content_type.unwrap_or_default(), body }
    }

    fn change(&self, answer: &mut Value) -> Option<()> {
        let image = answer.pointer_mut("/desired/deployments/0/images/0")?;
        let mut first = self.first.lock().expect("nobody panics with it");
        let first = first.get_or_insert_with(|| image["signature"].clone());
        if self.swaps.load(Ordering::Relaxed) {
            image["signature"] = first.clone();
        }
        Some(())
    }
}

struct Site {
    vendor: Vendor,
    docker: Docker,
    folder: tempfile::TempDir,
    /// like no other: ids follow from names, and another agent on the same engine would take these containers for its own
    target: String,
    deployment: Option<String>,
}

impl Site {
    /// Builds and pushes a version of the sample, which nobody has seen before; its image by digest.
    fn push(&self, version: &str) -> String {
        let organization = format!("{}/acme", self.vendor.registry);
        let built = Command::new(root().join("examples/hello/build"))
            .args([version, &organization])
            .arg(self.folder.path())
            .env("GREETING", format!("hello from {}", self.folder.path().display()))
            .output()
            .expect("examples/hello/build can be started");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let image = format!("{organization}/hello:{version}");
        self.docker.ok(&["push", &image]);
        self.docker.ok(&["rmi", &image]);
        let oras = Client::new("oras");
        let login = ["login", "--plain-http", "-u", "ci", "--password-stdin", &self.vendor.registry];
        oras.ok_with(&login, &self.vendor.secret);
        format!("{organization}/hello@{}", oras.ok(&["resolve", "--plain-http", &image]))
    }

    async fn deploy(&mut self, version: &str) {
        let deploy = format!(
            "deploymentSetRelease(customer: \"globex\", target: \"{}\", application: \"hello\",
                version: \"{version}\") {{ deployment {{ id }} }}",
            self.target
        );
        let deployed = self.vendor.run(&deploy).await;
        self.deployment = deployed["deploymentSetRelease"]["deployment"]["id"].as_str().map(str::to_owned);
    }

    async fn until(&self, agent: &AgentProcess, phase: &str, version: &str) -> Value {
        let query = "query ($name: Name!) { target(customer: \"globex\", name: $name) {
            deployments { desiredVersion runningVersion phase error { category text } }
        } }";
        wait::until(&format!("{phase} with {version} running"), LIMIT, async || {
            let data = self.vendor.ask(query, json!({ "name": self.target })).await.data();
            let deployment = data["target"]["deployments"][0].clone();
            match deployment["phase"] == phase && deployment["runningVersion"] == version {
                true => Ok(deployment),
                false => Err(format!("{deployment:#}\n{}", agent.log())),
            }
        })
        .await
    }

    /// The containers that run.
    fn running(&self) -> Vec<String> {
        let filter = format!("label=distr.deployment={}", self.deployment.as_deref().expect("a deployment"));
        let containers = self.docker.ok(&["ps", "--filter", &filter, "--format", "{{.ID}}"]);
        containers.lines().map(str::to_owned).collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let Some(deployment) = &self.deployment else { return };
        let filter = format!("label=distr.deployment={deployment}");
        for id in self.docker.run(&["ps", "-aq", "--filter", &filter]).stdout.split(|byte| *byte == b'\n') {
            let id = String::from_utf8_lossy(id).into_owned();
            if !id.is_empty() {
                self.docker.run(&["rm", "-f", &id]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_trusted_key_signed_is_published_and_runs() {
    let vendor = Vendor::start().await;
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let target = format!("t-{}", uuid::Uuid::now_v7().simple());
    let mut site = Site { vendor, docker: Docker::new(), folder, target, deployment: None };
    assert!(site.docker.login(&site.vendor.registry, &site.vendor.secret).status.success());
    let (trusted, stranger) = (signer(&site.vendor, "cosign"), signer(&site.vendor, "cosign"));
    site.vendor.run("applicationCreate(name: \"hello\") { changed }").await;
    let policy = "mutation ($pem: String!) {
        applicationSetSigningPolicy(name: \"hello\", keys: [{ name: \"release-key\", pem: $pem }]) { changed }
    }";
    site.vendor.ask(policy, json!({ "pem": trusted.read("cosign.pub") })).await.data();
    site.vendor.customer().await;
    site.vendor.license().await;

    // signed, published, deployed, running
    let first = site.push("1.0.0");
    sign(&trusted, "cosign", &first);
    site.vendor.publish("1.0.0", &first).await.data();
    let register =
        format!("targetRegister(customer: \"globex\", name: \"{}\") {{ enrolment {{ token }} }}", site.target);
    let registered = site.vendor.run(&register).await;
    let token = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let between: Arc<Between> = Arc::default();
    let port = between.start(site.vendor.hub.url("")).await;
    let agent = AgentProcess::start_at(&format!("http://127.0.0.1:{port}"), &token);
    site.deploy("1.0.0").await;
    site.until(&agent, "HEALTHY", "1.0.0").await;
    let runs = site.running();
    assert_eq!(runs.len(), 1, "{runs:?}");

    // signed by another key: not published, though it is pushed
    let second = site.push("1.1.0");
    sign(&stranger, "cosign", &second);
    let refused = site.vendor.publish("1.1.0", &second).await;
    assert_eq!(refused.code(), Some("release.unverified_image"), "{refused:?}");
    assert!(refused.message().contains("signed by an unknown key"), "{}", refused.message());

    // published, and then swapped on the way: the agent does not take it, and what runs goes on
    sign(&trusted, "cosign", &second);
    site.vendor.publish("1.1.0", &second).await.data();
    between.swaps.store(true, Ordering::Relaxed);
    site.deploy("1.1.0").await;
    let failed = site.until(&agent, "FAILED", "1.0.0").await;
    let text = failed["error"]["text"].as_str().expect("a text");
    assert!(text.contains("is of another image"), "{failed:#}");
    assert_eq!(site.running(), runs);

    // handed as it was published, it runs
    between.swaps.store(false, Ordering::Relaxed);
    site.deploy("1.1.0").await;
    site.until(&agent, "HEALTHY", "1.1.0").await;
    assert_ne!(site.running(), runs);
}
