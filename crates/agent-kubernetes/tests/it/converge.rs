//! The agents' loop over a real cluster: what the hub desires is brought about, and what really runs is reported.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use distr_agent::backoff::Backoff;
use distr_agent::board::Board;
use distr_agent::clock::SystemClock;
use distr_agent::converge::{Converger, Intervals, Settled};
use distr_agent::data_dir::DataDir;
use distr_agent::fault::Failure;
use distr_agent::journal::{Journal, Limits};
use distr_agent::memory;
use distr_agent_kubernetes::apply::Timing;
use distr_agent_kubernetes::charts::Charts;
use distr_agent_kubernetes::post_render::PodSecurity;
use distr_agent_kubernetes::runtime::Kubernetes;
use distr_agent_kubernetes::sights::Sights;
use distr_domain::agent::{
    AskedBy, ChartSource, DataRemoval, DeploymentReport, DesiredDeployment, DesiredState, Health, Instruction,
    PinnedImage, Step,
};
use distr_domain::ids::DeploymentId;
use distr_tests::wait;
use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::apply::web;
use crate::cluster::{DIGEST, Site};

/// Charts by the names of their versions.
#[derive(Default)]
struct Shelf(Mutex<BTreeMap<String, PathBuf>>);

#[async_trait]
impl Charts for Shelf {
    async fn archive(&self, _: &str, chart: &ChartSource) -> Result<Vec<u8>, Failure> {
        let folder = self.0.lock().unwrap()[&chart.version].clone();
        let arguments = ["-czf", "-", "--transform", "s/^chart/shop/", "chart"];
        Ok(Command::new("tar").arg("-C").arg(folder.parent().unwrap()).args(arguments).output().unwrap().stdout)
    }

    async fn check(&self, _: &str, _: &PinnedImage) -> Result<(), Failure> {
        Ok(())
    }
}

struct Agent {
    converger: Converger<Kubernetes>,
    board: Arc<Board>,
    shelf: Arc<Shelf>,
    wake: Arc<Notify>,
    deployment: DeploymentId,
}

impl Agent {
    async fn new(site: &Site) -> Self {
        Self::looking(site, Duration::from_secs(1)).await
    }

    /// Looks by itself only after this time.
    async fn looking(site: &Site, look: Duration) -> Self {
        let wake = Arc::new(Notify::new());
        let data = DataDir::open(&site.folder.path().join("data")).unwrap();
        let shelf = Arc::new(Shelf::default());
        let [soak, pause] = [500, 300].map(Duration::from_millis);
        let runtime = Kubernetes {
            cluster: site.connect().await,
            own: site.connect().await,
            helm: site.helm.clone(),
            charts: shelf.clone(),
            pulls: None,
            clock: Arc::new(SystemClock),
            data: data.clone(),
            namespace: site.release.namespace.clone(),
            key: b"key".to_vec(),
            timing: Timing { deadline: Duration::from_secs(10), soak, look: pause, hooks: Duration::from_secs(20) },
            pod_security: PodSecurity::Baseline,
            sights: Sights::new(Arc::clone(&wake)),
        };
        let board = Arc::new(Board::new(Arc::new(SystemClock), Journal::open(data.journal(), Limits::default())));
        let backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1) };
        let intervals = Intervals { look, backoff };
        let memory = memory::load(&data).unwrap();
        let converger = Converger::new(Arc::new(runtime), data, Arc::clone(&board), memory, intervals);
        Self { converger, board, shelf, wake, deployment: DeploymentId(Uuid::new_v4()) }
    }

    async fn settle(&mut self, generation: u64, instruction: Instruction) -> (Settled, DeploymentReport) {
        let desired = self.desired(generation, instruction);
        let settled = self.converger.settle(&desired).await.unwrap().remove(&self.deployment).unwrap();
        (settled, self.board.known().remove(0))
    }

    fn desired(&self, generation: u64, instruction: Instruction) -> DesiredState {
        let wanted = DesiredDeployment {
            deployment: self.deployment,
            application: "shop".parse().unwrap(),
            generation,
            asked_by: AskedBy::Vendor,
            instruction,
        };
        DesiredState { etag: "1".to_owned(), registry: "registry.local".to_owned(), deployments: vec![wanted] }
    }

    /// A release with a Deployment of no pods, as there is no registry to pull from.
    fn release(&self, site: &Site, version: &str) -> Instruction {
        let text = web("sleep 1000", "true").replace("localhost/busybox:1", &format!("busybox@{DIGEST}"));
        let text = text.replacen("spec: {selector", "spec: {replicas: 0, selector", 1);
        let chart = site.chart(&[("web", &text)]);
        self.shelf.0.lock().unwrap().insert(version.to_owned(), chart.chart);
        let run = json!({
            "version": version,
            "chart": {"repository": "acme/charts/shop", "digest": DIGEST, "archive": DIGEST, "size": 1, "name": "shop", "version": version},
            "lock": {"registry": "hub.example", "images": [{"reference": format!("busybox@{DIGEST}")}], "kinds": [], "cases": 1, "tool": "helm v4.1.4"},
            "images": [],
        });
        Instruction::RunChart(serde_json::from_value(run).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_loop_brings_about_repairs_gives_up_and_removes() {
    let Some(site) = Site::new() else { return };
    let mut agent = Agent::new(&site).await;
    let first = agent.release(&site, "1.1.0");
    let (settled, report) = agent.settle(1, first.clone()).await;
    assert_eq!(settled, Settled::Done);
    // the pass ends before the next look
    let (_, looked) = agent.settle(1, first.clone()).await;
    assert_eq!((looked.step, looked.health, looked.drift), (Step::Applied, Health::Ok, None), "{report:?}");
    assert_eq!(looked.running.unwrap().version.to_string(), "1.1.0");

    site.kubectl(&["delete", "-n", &site.release.namespace, "deployment", "web"]);
    let (settled, _) = agent.settle(1, first.clone()).await;
    assert_eq!(settled, Settled::Done);
    site.get(&["deployment", "web"]);

    // somebody writes into Helm's record what is to be there, too
    site.tamper(1, |json| {
        let more = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: evil}\n";
        json["manifest"] = format!("{}{more}", json["manifest"].as_str().unwrap()).into();
    });
    let (settled, report) = agent.settle(1, first.clone()).await;
    assert_eq!(settled, Settled::Done, "{report:?}");
    assert!(!site.has("configmap/evil") && site.has("deployment/web"));
    let generations: Vec<_> = site.revisions().iter().map(|of| of.generation).collect();
    assert_eq!(generations, [Some(1)], "it was applied again");
    let (_, report) = agent.settle(1, first.clone()).await;
    assert_eq!((report.step, report.drift), (Step::Applied, None));

    let evil = agent.release(&site, "1.2.0");
    let Instruction::RunChart(mut run) = evil else { unreachable!() };
    run.lock.images.clear();
    let (settled, _) = agent.settle(2, Instruction::RunChart(run.clone())).await;
    assert!(matches!(settled, Settled::Failed(ref error) if error.text.contains("is not locked")), "{settled:?}");
    let (_, report) = agent.settle(2, Instruction::RunChart(run)).await;
    assert_eq!((report.step, report.running.unwrap().version.to_string().as_str()), (Step::Failed, "1.1.0"));

    let (settled, _) = agent.settle(3, Instruction::Remove { data: DataRemoval::Keep }).await;
    assert_eq!(settled, Settled::Done);
    assert!(site.revisions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_seen_without_a_look() {
    let Some(site) = Site::new() else { return };
    let agent = Agent::looking(&site, Duration::from_secs(86_400)).await;
    let desired = Arc::new(agent.desired(1, agent.release(&site, "1.1.0")));
    let (_keep, desired) = watch::channel(Some(desired));
    let (board, stop) = (Arc::clone(&agent.board), CancellationToken::new());
    let running = tokio::spawn(agent.converger.run(desired, agent.wake, stop.clone()));
    let reports = async |what: &str, is_it: &dyn Fn(&DeploymentReport) -> bool| {
        wait::until(what, Duration::from_secs(90), async || {
            let known = board.known();
            if known.iter().any(is_it) { Ok(()) } else { Err(format!("{known:?}")) }
        })
        .await;
    };
    let is_well = |of: &DeploymentReport| of.step == Step::Applied && of.health == Health::Ok && of.drift.is_none();
    reports("it is well", &is_well).await;
    let namespace = site.release.namespace.as_str();
    for round in 1..=2 {
        let before = site.get(&["deployment", "web"])["metadata"]["resourceVersion"].clone();
        site.kubectl(&["scale", "-n", namespace, "deployment/web", "--replicas=1"]);
        wait::until(&format!("it is put back, {round}"), Duration::from_secs(90), async || {
            let web = site.get(&["deployment", "web"]);
            if web["spec"]["replicas"] == 0 && web["metadata"]["resourceVersion"] != before {
                Ok(())
            } else {
                Err(web["spec"]["replicas"].to_string())
            }
        })
        .await;
    }
    site.kubectl(&["delete", "-n", namespace, "deployment/web"]);
    wait::until("it is there again", Duration::from_secs(90), async || {
        if site.has("deployment/web") { Ok(()) } else { Err("it is not".to_owned()) }
    })
    .await;
    reports("it is well again", &is_well).await;
    stop.cancel();
    running.await.unwrap();
}
