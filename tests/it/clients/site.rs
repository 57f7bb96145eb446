//! A customer's machine whose agent runs what this test's vendor pushes, on the Docker engine that all share.

use std::process::Command;
use std::time::Duration;

use distr_tests::agent::AgentProcess;
use distr_tests::client::Client;
use distr_tests::docker::Docker;
use distr_tests::{root, wait};
use serde_json::{Value, json};

use super::vendor::Vendor;

const LIMIT: Duration = Duration::from_secs(180);

pub(super) struct Site {
    pub(super) vendor: Vendor,
    pub(super) docker: Docker,
    pub(super) folder: tempfile::TempDir,
    /// like no other: ids follow from names, and another agent on the same engine would take these containers for its own
    pub(super) target: String,
    deployment: Option<String>,
}

impl Site {
    /// A vendor with application hello, and a customer with a license.
    pub(super) async fn start() -> Self {
        let vendor = Vendor::start().await;
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let target = format!("t-{}", uuid::Uuid::now_v7().simple());
        let site = Self { vendor, docker: Docker::new(), folder, target, deployment: None };
        assert!(site.docker.login(&site.vendor.registry, &site.vendor.secret).status.success());
        site.vendor.run("applicationCreate(name: \"hello\") { changed }").await;
        site.vendor.customer().await;
        site.vendor.license().await;
        site
    }

    /// The one-time token of an agent.
    pub(super) async fn register(&self) -> String {
        let register =
            format!("targetRegister(customer: \"globex\", name: \"{}\") {{ enrolment {{ token }} }}", self.target);
        let registered = self.vendor.run(&register).await;
        registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned()
    }

    /// Builds and pushes a version of the sample, which nobody has seen before; its image by digest.
    pub(super) fn push(&self, version: &str) -> String {
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

    pub(super) async fn deploy(&mut self, version: &str) {
        let deploy = format!(
            "deploymentSetRelease(customer: \"globex\", target: \"{}\", application: \"hello\",
                version: \"{version}\") {{ deployment {{ id }} }}",
            self.target
        );
        let deployed = self.vendor.run(&deploy).await;
        self.deployment = deployed["deploymentSetRelease"]["deployment"]["id"].as_str().map(str::to_owned);
    }

    pub(super) async fn until(&self, agent: &AgentProcess, phase: &str, version: &str) -> Value {
        self.until_said(agent, phase, version, "").await
    }

    /// With these words in the reason.
    pub(super) async fn until_said(&self, agent: &AgentProcess, phase: &str, version: &str, words: &str) -> Value {
        let query = "query ($name: Name!) { target(customer: \"globex\", name: $name) {
            deployments { desiredVersion runningVersion phase error { category text } }
        } }";
        wait::until(&format!("{phase} with {version} running {words}"), LIMIT, async || {
            let data = self.vendor.ask(query, json!({ "name": self.target })).await.data();
            let deployment = data["target"]["deployments"][0].clone();
            let said = deployment["error"]["text"].as_str().unwrap_or_default().contains(words);
            match deployment["phase"] == phase && deployment["runningVersion"] == version && said {
                true => Ok(deployment),
                false => Err(format!("{deployment:#}\n{}", agent.log())),
            }
        })
        .await
    }

    /// The containers that run.
    pub(super) fn running(&self) -> Vec<String> {
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
