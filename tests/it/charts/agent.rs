//! A cluster's agent as a process of its own, with a real hub and a real cluster: from `distr release publish` to a pod that pulled its image
//! with the credential that the agent keeps there. Without a cluster with a node they are passed over, and say so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use distr_tests::{binary, client, root, wait};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Vendor;
use crate::access::registry::token;

/// Slow machines start, pull and become well within this.
const LIMIT: Duration = Duration::from_secs(120);

/// Namespaces of its own in the test cluster: one for the agent, one for what it installs.
struct Place {
    kubeconfig: PathBuf,
    agent: String,
    shop: String,
}

impl Place {
    fn new() -> Option<Self> {
        let named = std::env::var_os("DISTR_KUBERNETES").map(PathBuf::from);
        let state = named.unwrap_or_else(|| root().join(".distr/kubernetes-0"));
        let kubeconfig = state.join("kubeconfig");
        // what is stopped leaves its files
        let answers = || kubectl(&kubeconfig, &["get", "--raw", "/readyz"]).status.success();
        if !kubeconfig.exists() || !state.join("with-node").exists() || !answers() {
            eprintln!("passed over: there is no cluster with a node in {}", state.display());
            return None;
        }
        let name = Uuid::new_v4().simple().to_string()[..12].to_owned();
        let place = Self { kubeconfig, agent: format!("a{name}"), shop: format!("s{name}") };
        for namespace in [&place.agent, &place.shop] {
            place.kubectl(&["create", "namespace", namespace]);
        }
        Some(place)
    }

    fn command(&self, arguments: &[&str]) -> Output {
        kubectl(&self.kubeconfig, arguments)
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn get(&self, namespace: &str, what: &str) -> Value {
        let text = self.kubectl(&["get", "-n", namespace, what, "-o", "json"]);
        serde_json::from_str(&text).expect("JSON")
    }

    fn names(&self, namespace: &str, kind: &str) -> Vec<String> {
        let list = self.get(namespace, kind);
        let name = |object: &Value| object["metadata"]["name"].as_str().expect("a name").to_owned();
        list["items"].as_array().expect("a list").iter().map(name).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for namespace in [&self.agent, &self.shop] {
            self.command(&["delete", "namespace", namespace, "--wait=false"]);
        }
    }
}

fn kubectl(kubeconfig: &Path, arguments: &[&str]) -> Output {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cache"))).expect("a home");
    let mut command = Command::new(cache.join("distr/kubernetes/bin/kubectl"));
    command.env("KUBECONFIG", kubeconfig).args(arguments).output().expect("kubectl can be started")
}

/// A pod of the agent: its disk goes with it.
struct Pod {
    folder: tempfile::TempDir,
    child: Child,
}

impl Pod {
    fn command(place: &Place, folder: &Path, command: &str) -> Command {
        let mut program = Command::new(binary("distr-agent-kubernetes"));
        program.arg(command).arg("--data-dir").arg(folder.join("data"));
        program.env("DISTR_AGENT_NAMESPACE", &place.agent).env("DISTR_AGENT_KUBECONFIG", &place.kubeconfig);
        program
    }

    fn start(place: &Place, hub: &str, token: &str) -> Self {
        Self::start_with(place, hub, token, &[])
    }

    fn start_with(place: &Place, hub: &str, token: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let log = std::fs::File::create(folder.path().join("log")).expect("own directory");
        let child = Self::command(place, folder.path(), "run")
            .args(["--hub", hub, "--interval", "1", "--soak", "1", "--helm"])
            .arg(client::find("helm"))
            .env("DISTR_ENROLMENT_TOKEN", token)
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the agent can be started");
        Self { folder, child }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_none()
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill can be started").success());
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Vendor {
    /// An image that runs, and does nothing.
    async fn push_busybox(&self, name: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        std::fs::create_dir(folder.path().join("bin")).expect("own directory");
        let busybox = busybox.expect("busybox is missing: install busybox-static");
        std::fs::copy(busybox, folder.path().join("bin/busybox")).expect("own directory");
        let tar = Command::new("tar").arg("-C").arg(folder.path()).args(["-c", "bin"]).output().expect("tar").stdout;
        let digest_of = |bytes: &[u8]| format!("sha256:{}", hex::encode(digest(&SHA256, bytes)));
        let config = json!({
            "architecture": if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" }, "os": "linux",
            "config": {"Entrypoint": ["/bin/busybox", "sleep", "100000"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(&tar)]},
        });
        let config = config.to_string().into_bytes();
        let token = token(&self.hub, &self.owner, &[&format!("repository:{name}:pull,push")]).await.expect("a token");
        let http = reqwest::Client::new();
        let described =
            |media: &str, blob: &[u8]| json!({"mediaType": media, "digest": digest_of(blob), "size": blob.len()});
        let media = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media,
            "config": described("application/vnd.oci.image.config.v1+json", &config),
            "layers": [described("application/vnd.oci.image.layer.v1.tar", &tar)],
        });
        for blob in [config, tar] {
            let path = format!("/v2/{name}/blobs/uploads/?digest={}", digest_of(&blob));
            let answer = http.post(self.hub.url(&path)).bearer_auth(&token).body(blob).send().await.expect("an answer");
            assert_eq!(answer.status(), 201);
        }
        let manifest = manifest.to_string();
        let put = http.put(self.hub.url(&format!("/v2/{name}/manifests/1"))).bearer_auth(&token);
        let answer = put.header("content-type", media).body(manifest.clone()).send().await.expect("an answer");
        assert_eq!(answer.status(), 201);
        digest_of(manifest.as_bytes())
    }

    /// A target of the place's namespace; its enrolment's token.
    async fn register(&self, place: &Place) -> String {
        let register = format!(
            "targetRegister(customer: \"globex\", name: \"cluster\", runtime: KUBERNETES, namespaces: [\"{}\"]) {{ enrolment {{ token }} }}",
            place.shop
        );
        let registered = self.ask(&register).await.data();
        registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned()
    }

    /// Waits until the hub shows the only deployment like this.
    async fn shown(&self, pod: &mut Pod, phase: &str, running: impl Into<Option<&str>>) -> Value {
        let running = running.into();
        let fields = "deployments { phase step runningVersion health error { category text } drift }";
        let query = format!("{{ target(customer: \"globex\", name: \"cluster\") {{ {fields} }} }}");
        wait::until(&format!("{phase} with {running:?}"), LIMIT, async || {
            assert!(pod.is_running(), "the agent ended: {}", pod.log());
            let seen = self.query(&query).await["target"]["deployments"][0].clone();
            match (seen["phase"].as_str(), seen["runningVersion"].as_str()) == (Some(phase), running) {
                true => Ok(seen),
                false => Err(format!("{seen} {}", pod.log())),
            }
        })
        .await
    }
}

#[tokio::test]
async fn a_release_runs_in_a_cluster_and_its_agent_may_lose_its_disk() {
    let Some(place) = Place::new() else { return };
    let vendor = Vendor::start().await;
    let image = vendor.push_busybox("acme/web").await;
    vendor.published("1.0.0", &[]);
    vendor.published("1.1.0", &[]);
    let token = vendor.register(&place).await;
    vendor.deploy("cluster", "1.0.0", "").await.data();
    let url = vendor.hub.url("");
    place.kubectl(&[
        "create",
        "secret",
        "generic",
        "distr-agent-enrolment",
        "-n",
        &place.agent,
        "--from-literal=token=x",
    ]);
    let mut first = Pod::start(&place, &url, &token);
    vendor.shown(&mut first, "HEALTHY", "1.0.0").await;
    let pods = place.get(&place.shop, "pods");
    let ran = pods["items"][0]["status"]["containerStatuses"][0]["imageID"].as_str().expect("an image");
    assert!(ran.ends_with(&image), "{ran} is not {image}");
    assert!(place.names(&place.shop, "secrets").contains(&"distr-pull".to_owned()));
    let own = place.names(&place.agent, "secrets");
    let has = |begin: &str| own.iter().any(|name| name.starts_with(begin));
    assert!(has("distr-agent-identity") && has("distr-agent-desired") && has("distr-agent-record-"), "{own:?}");
    assert!(!has("distr-agent-enrolment"), "its token is spent: {own:?}");
    let status = Pod::command(&place, first.folder.path(), "status").env_remove("DISTR_AGENT_NAMESPACE").output();
    let status = String::from_utf8(status.expect("the agent can be started").stdout).expect("UTF-8");
    assert!(status.contains("runs       1.0.0 since generation 1"), "{status}");

    // another pod, an empty disk and no token: it waits for the Lease of the one that was killed, and goes on
    first.signal("-KILL");
    drop(first);
    let mut second = Pod::start(&place, &url, "");
    vendor.deploy("cluster", "1.1.0", "").await.data();
    vendor.shown(&mut second, "HEALTHY", "1.1.0").await;
    second.signal("-TERM");
    wait::until("the end of the agent", LIMIT, async || match second.is_running() {
        true => Err(second.log()),
        false => Ok(()),
    })
    .await;

    // what is not licensed any more is refused before the cluster is touched, and what ran runs on
    vendor.published("1.2.0", &[]);
    vendor.deploy("cluster", "1.2.0", "").await.data();
    vendor.ask("licenseRevoke(customer: \"globex\", name: \"l\", reason: \"over\") { changed }").await.data();
    let revisions = place.names(&place.shop, "secrets").len();
    let mut third = Pod::start(&place, &url, "");
    let seen = vendor.shown(&mut third, "FAILED", "1.1.0").await;
    assert_eq!(seen["error"]["category"], "ENTITLEMENT", "{seen}");
    assert_eq!(place.names(&place.shop, "secrets").len(), revisions, "nothing was changed");
    let (log, secrets) = (third.log(), [vendor.owner.as_str(), &token]);
    assert!(secrets.iter().all(|secret| !log.contains(secret)));
}

#[tokio::test]
async fn of_two_replicas_one_works_and_the_other_follows() {
    let Some(place) = Place::new() else { return };
    let vendor = Vendor::start().await;
    vendor.push_busybox("acme/web").await;
    for version in ["1.0.0", "1.1.0"] {
        vendor.published(version, &[]);
    }
    let token = vendor.register(&place).await;
    vendor.deploy("cluster", "1.0.0", "").await.data();
    let url = vendor.hub.url("");
    let mut first = Pod::start(&place, &url, &token);
    vendor.shown(&mut first, "HEALTHY", "1.0.0").await;
    let mut second = Pod::start(&place, &url, "");
    wait::until("the second replica to wait", LIMIT, async || {
        let waits = second.log().contains("another replica is in charge");
        if waits { Ok(()) } else { Err(second.log()) }
    })
    .await;
    // stopped in the middle of whatever it does, it is not in charge any more when it wakes up
    first.signal("-STOP");
    vendor.deploy("cluster", "1.1.0", "").await.data();
    vendor.shown(&mut second, "HEALTHY", "1.1.0").await;
    first.signal("-CONT");
    wait::until("the end of the first replica", LIMIT, async || match first.is_running() {
        true => Err(first.log()),
        false => Ok(()),
    })
    .await;
    assert!(first.log().contains("the Lease is lost"), "{}", first.log());
    vendor.shown(&mut second, "HEALTHY", "1.1.0").await;
    let lease = place.get(&place.agent, "lease/distr-agent");
    assert_eq!(lease["spec"]["leaseTransitions"], 1, "{lease}");
}

#[tokio::test]
async fn an_agent_with_pinned_keys_runs_what_they_signed_and_no_other_pod_of_it_forgets_them() {
    let Some(place) = Place::new() else { return };
    let vendor = Vendor::start().await;
    vendor.push_busybox("acme/web").await;
    vendor.published("1.0.0", &[]);
    let key = |name: &str| root().join("crates/cli/src/release/key/keys").join(name).display().to_string();
    vendor.published("1.1.0", &["--sign", &key("ed25519.pem")]);
    let token = vendor.register(&place).await;
    vendor.deploy("cluster", "1.0.0", "").await.data();
    let (url, pinned) = (vendor.hub.url(""), key("ed25519.pub"));
    let mut first = Pod::start_with(&place, &url, &token, &[("DISTR_TRUST_KEYS", &pinned)]);
    let refused = async |pod: &mut Pod| {
        let seen = vendor.shown(pod, "FAILED", None).await;
        assert!(seen["error"]["text"].as_str().is_some_and(|text| text.contains("is not signed as a whole")), "{seen}");
    };
    refused(&mut first).await;
    drop(first);
    vendor.published("1.2.0", &[]);
    vendor.deploy("cluster", "1.2.0", "").await.data();
    let mut second = Pod::start(&place, &url, "");
    refused(&mut second).await;
    assert!(!place.names(&place.shop, "secrets").iter().any(|name| name.contains("helm")), "nothing was changed");
    vendor.deploy("cluster", "1.1.0", "").await.data();
    vendor.shown(&mut second, "HEALTHY", "1.1.0").await;
    assert!(second.log().contains("the release as a whole is signed by key \"ed25519\", pinned on this host"));
}
