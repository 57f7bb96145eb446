//! A namespace of its own in the test cluster, and a chart to put into it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_agent_kubernetes::cluster;
use distr_agent_kubernetes::helm::{Cluster, Helm, Limits, Release, Upgrade};
use distr_agent_kubernetes::lock::pins;
use distr_agent_kubernetes::post_render::Plan;
use distr_agent_kubernetes::revision::{self, Revision};
use distr_agent_kubernetes::seals::Seals;
use distr_domain::release::{ChartLock, LockedImage, OwnImage};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) const DIGEST: &str = "sha256:f817763fbb6dfb7f2124c80808ec6293e0c0144f70eaefedd75d5e0ece5e7fbc";
pub(crate) const DEPLOYMENT: &str = "0d6f1c2e-0000-0000-0000-000000000000";

pub(crate) struct Site {
    pub(crate) helm: Helm,
    pub(crate) release: Release,
    pub(crate) folder: TempDir,
    kubeconfig: PathBuf,
}

impl Site {
    /// Nothing if there is no cluster with a node.
    pub(crate) fn with_node() -> Option<Self> {
        if state().join("kubeconfig").exists() && !state().join("with-node").exists() {
            eprintln!("passed over: the cluster has no node; script/kubernetes start --node makes one that has");
            return None;
        }
        Self::new()
    }

    /// Nothing if there is no cluster.
    pub(crate) fn new() -> Option<Self> {
        let state = state();
        let kubeconfig = state.join("kubeconfig");
        if !kubeconfig.exists() {
            eprintln!("passed over: there is no cluster in {}; script/kubernetes start makes one", state.display());
            return None;
        }
        // what is stopped leaves its files
        let mut asked = Command::new(program("kubectl"));
        asked.env("KUBECONFIG", &kubeconfig).args(["get", "--raw", "/readyz"]);
        if !asked.output().is_ok_and(|answer| answer.status.success()) {
            eprintln!("passed over: the cluster in {} does not answer", state.display());
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("helm");
        std::fs::create_dir(&home).unwrap();
        let cluster = Cluster::Kubeconfig(kubeconfig.clone());
        let helm = Helm {
            program: program("helm"),
            home,
            cluster,
            account: None,
            tenure: None,
            seals: Seals::default(),
            limits: Limits::default(),
            gateway: Arc::default(),
        };
        helm.write_plugin(Path::new(env!("CARGO_BIN_EXE_distr-agent-kubernetes"))).unwrap();
        let namespace = format!("t{}", &Uuid::new_v4().simple().to_string()[..12]);
        let site = Self { helm, release: Release { name: "shop".to_owned(), namespace }, folder, kubeconfig };
        site.kubectl(&["create", "namespace", &site.release.namespace]);
        Some(site)
    }

    /// From now on Helm and the agent have the rights of a service account of the site's namespace, and no others.
    pub(crate) fn become_account(&mut self, name: &str) {
        let namespace = &self.release.namespace;
        self.kubectl(&["create", "serviceaccount", name, "-n", namespace]);
        let text = std::fs::read_to_string(&self.kubeconfig).unwrap();
        let account = format!("user: {{as: \"system:serviceaccount:{namespace}:{name}\", ");
        let own = self.folder.path().join("kubeconfig");
        std::fs::write(&own, text.replace("    user: {", &format!("    {account}"))).unwrap();
        self.helm.cluster = Cluster::Kubeconfig(own);
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(program("kubectl"));
        let output = command.env("KUBECONFIG", &self.kubeconfig).args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "kubectl {arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let found = [&["get", "-n", &self.release.namespace, "-o", "json"], arguments].concat();
        serde_json::from_str(&self.kubectl(&found)).unwrap()
    }

    pub(crate) fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A connection that counts what the site's Helm wrote.
    pub(crate) async fn connect(&self) -> cluster::Cluster {
        cluster::Cluster::connect(&self.helm.cluster).await.unwrap().sealed_by(self.helm.seals.clone())
    }

    /// Changes a revision behind the agent's back, as somebody does who may write Secrets.
    pub(crate) fn tamper(&self, number: u32, change: impl FnOnce(&mut Value)) {
        let secret = &self.secrets().into_iter().find(|of| revision::read(of).unwrap().number == number).unwrap();
        let text = STANDARD.decode(STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap()).unwrap();
        let mut json: Value = serde_json::from_reader(GzDecoder::new(text.as_slice())).unwrap();
        change(&mut json);
        let mut packed = GzEncoder::new(vec![], Compression::default());
        packed.write_all(json.to_string().as_bytes()).unwrap();
        let release = STANDARD.encode(STANDARD.encode(packed.finish().unwrap()));
        let patch = serde_json::json!({"data": {"release": release}}).to_string();
        let name = secret["metadata"]["name"].as_str().unwrap();
        self.kubectl(&["patch", "secret", "-n", &self.release.namespace, name, "--type=merge", "-p", &patch]);
    }

    /// Whether there is an object, such as `configmap/config`.
    pub(crate) fn has(&self, object: &str) -> bool {
        let found = self.kubectl(&["get", "-n", &self.release.namespace, object, "--ignore-not-found", "-o", "name"]);
        !found.trim().is_empty()
    }

    /// Helm's release Secrets, oldest first.
    pub(crate) fn secrets(&self) -> Vec<Value> {
        let list = self.get(&["secrets", "-l", "owner=helm"]);
        let mut secrets = list["items"].as_array().unwrap().clone();
        secrets.sort_by_key(|secret| revision::read(secret).unwrap().number);
        secrets
    }

    pub(crate) fn revisions(&self) -> Vec<Revision> {
        self.secrets().iter().map(|secret| revision::read(secret).unwrap()).collect()
    }

    /// A chart of these templates, its values, and the plan for its images.
    pub(crate) fn chart(&self, templates: &[(&str, &str)]) -> Chart {
        let folder = self.folder.path().join(Uuid::new_v4().to_string());
        std::fs::create_dir_all(folder.join("chart/templates")).unwrap();
        let write = |path: &str, text: &str| std::fs::write(folder.join(path), text).unwrap();
        write("chart/Chart.yaml", "{apiVersion: v2, name: shop, version: 1.0.0}");
        templates.iter().for_each(|(name, text)| write(&format!("chart/templates/{name}.yaml"), text));
        write("values.json", "{}");
        let own = OwnImage { repository: "web".parse().unwrap(), digest: DIGEST.parse().unwrap() };
        let image = LockedImage { reference: "acme/web:1".to_owned(), image: Some(own), found: vec![] };
        let lock = ChartLock {
            registry: "hub.example".to_owned(),
            images: vec![image],
            kinds: vec![],
            rules: vec![],
            cases: 1,
            tool: "helm v4.1.4".to_owned(),
        };
        let mut images = pins(&lock, "acme", "registry.local");
        // the one that the node has
        images.insert("localhost/busybox:1".to_owned(), "localhost/busybox:1".to_owned());
        let plan = Plan {
            deployment: DEPLOYMENT.to_owned(),
            images,
            pull_secret: Some("distr-pull".to_owned()),
            ..Plan::default()
        };
        write("plan.json", &serde_json::to_string(&plan).unwrap());
        let at = |name: &str| folder.join(name);
        Chart { chart: at("chart"), values: at("values.json"), plan: at("plan.json") }
    }
}

pub(crate) struct Chart {
    pub(crate) chart: PathBuf,
    pub(crate) values: PathBuf,
    pub(crate) plan: PathBuf,
}

impl Chart {
    pub(crate) fn upgrade(&self, generation: u64) -> Upgrade<'_> {
        Upgrade {
            chart: &self.chart,
            values: &self.values,
            plan: &self.plan,
            deployment: DEPLOYMENT,
            generation,
            timeout: Duration::from_secs(20),
            adopts: false,
            is_rehearsal: false,
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let mut command = Command::new(program("kubectl"));
        command.env("KUBECONFIG", &self.kubeconfig);
        let _ = command.args(["delete", "namespace", &self.release.namespace, "--wait=false"]).output();
    }
}

fn state() -> PathBuf {
    let named = std::env::var_os("DISTR_KUBERNETES").map(PathBuf::from);
    named.unwrap_or_else(|| distr_tests::root().join(".distr/kubernetes-0"))
}

pub(crate) fn program(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"));
    cache.join("distr/kubernetes/bin").join(name)
}
