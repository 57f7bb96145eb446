use std::sync::Arc;
use std::time::Duration;

use distr_agent::board::Board;
use distr_agent_docker::engine::Engine;
use distr_agent_docker::wake;
use distr_domain::agent::{DeploymentReport, DesiredState, ErrorCategory, Health, Step};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::registry::docker;
use crate::site::Site;

/// An agent that runs for ever, until it is dropped.
struct Running {
    board: Arc<Board>,
    desired: watch::Sender<Option<Arc<DesiredState>>>,
    stop: CancellationToken,
    converging: JoinHandle<()>,
    _events: JoinHandle<()>,
}

impl Running {
    fn begin(site: &Site, desired: DesiredState) -> Self {
        let agent = site.agent();
        let (desired, receiver) = watch::channel(Some(Arc::new(desired)));
        let (wake, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        let _events = tokio::spawn(wake::on_events(Arc::new(Engine::default()), Arc::clone(&wake)));
        let converging = tokio::spawn(agent.converger.run(receiver, wake, stop.clone()));
        Self { board: agent.board, desired, stop, converging, _events }
    }

    async fn until(&self, what: &str, is: impl Fn(&DeploymentReport) -> bool) {
        let seen = async {
            while !self.board.known().iter().any(&is) {
                self.board.changed().await;
            }
        };
        let known = || format!("{what}: {:?}", self.board.known());
        tokio::time::timeout(Duration::from_secs(90), seen).await.unwrap_or_else(|_| panic!("{}", known()));
    }

    async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(60), self.converging).await.expect("it stops").unwrap();
    }
}

fn applied(generation: u64) -> impl Fn(&DeploymentReport) -> bool {
    move |report| report.generation == generation && report.step == Step::Applied && report.drift.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_generation_ends_the_proof_of_an_older() {
    let site = Site::new().await;
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    let running = Running::begin(&site, site.wants(1, site.run("1.0.0", &old, &site.good())));
    running.until("the first runs", applied(1)).await;
    let endless = site.compose(&["false"]).replace("retries: 3", "retries: 3\n      start_period: 600s");
    running.desired.send_replace(Some(Arc::new(site.wants(2, site.run("1.1.0", &new, &endless)))));
    running.until("the second is proven", |report| report.step == Step::Proving).await;
    running.desired.send_replace(Some(Arc::new(site.wants(3, site.run("1.1.0", &new, &site.good())))));
    running.until("the third runs", applied(3)).await;
    assert_eq!(site.page().await.as_deref(), Some("1.1.0"));
    running.end().await;
    assert_eq!(site.page().await.as_deref(), Some("1.1.0"), "what runs outlives the agent");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_found_and_repaired_without_being_asked() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let running = Running::begin(&site, site.wants(1, site.run("1.0.0", &image, &site.good())));
    running.until("it runs", applied(1)).await;
    let before = site.containers(&site.project);
    docker(&["rm", "--force", &before[0]]);
    running.until("the drift is seen", |report| report.drift.is_some()).await;
    running.until("the drift is repaired", applied(1)).await;
    assert_ne!(site.containers(&site.project), before);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_services_of_the_licensed_profiles_run() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let reference = format!("{}/{}@{}", site.registry.address, image.repository, image.digest);
    let plus = format!("services:\n  plus: {{image: \"{reference}\", command: [sleep, \"1000\"], profiles: [plus]}}");
    let compose = site.good().replacen("services:", &plus, 1);
    let mut run = site.run("1.0.0", &image, &compose);
    let running = Running::begin(&site, site.wants(1, run.clone()));
    running.until("it runs", applied(1)).await;
    assert_eq!(site.containers(&site.project).len(), 1);
    run.profiles = vec!["plus".parse().unwrap()];
    running.desired.send_replace(Some(Arc::new(site.wants(2, run.clone()))));
    running.until("it runs with the feature", applied(2)).await;
    assert_eq!(site.containers(&site.project).len(), 2);
    run.profiles = vec![];
    running.desired.send_replace(Some(Arc::new(site.wants(3, run))));
    running.until("it runs without the feature", applied(3)).await;
    assert_eq!(site.containers(&site.project).len(), 1);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crashes_again_and_again_is_not_well_at_the_moments_at_which_it_runs() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let crashing = site
        .compose(&["true"])
        .replace(r#"["httpd", "-f", "-p", "80", "-h", "/www"]"#, r#"["sh", "-c", "sleep 2; exit 3"]"#)
        .replace("stop_signal: SIGKILL", "restart: always");
    let running = Running::begin(&site, site.wants(1, site.run("1.0.0", &image, &crashing)));
    running.until("it was well once", applied(1)).await;
    let restarts = || {
        let containers = site.containers(&site.project);
        docker(&["inspect", "--format", "{{.RestartCount}}", &containers[0]]).trim().parse::<u32>().unwrap()
    };
    while restarts() < 4 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    running.until("its restarts are told", |report| report.health == Health::Fail).await;
    let end = tokio::time::Instant::now() + Duration::from_secs(5);
    while tokio::time::timeout_at(end, running.board.changed()).await.is_ok() {
        for report in running.board.known() {
            let text = report.error.map(|error| error.text).unwrap_or_default();
            assert_eq!(report.health, Health::Fail);
            // a busy machine may look at none of its ends
            let told = ["exit code 3", "nobody saw how it ended"]
                .map(|end| format!("service web restarts again and again ({end})"));
            assert!(told.contains(&text), "{text}");
        }
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_plugin_would_not_run_is_said_and_nothing_is_started() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let hooked = site.good().replace("stop_signal: SIGKILL", "post_start: [{command: [\"true\"]}]");
    let running = Running::begin(&site, site.wants(1, site.run("1.0.0", &image, &hooked)));
    let plugin = docker(&["compose", "version", "--short"]);
    let mut numbers = plugin.trim().trim_start_matches('v').split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    if (numbers.next(), numbers.next()) >= (Some(2), Some(30)) {
        running.until("it runs", applied(1)).await;
    } else {
        let is_told = |report: &DeploymentReport| {
            let error = report.error.as_ref().filter(|error| error.category == ErrorCategory::Runtime);
            error
                .is_some_and(|error| error.text.contains("service web has post_start, which the docker compose plugin"))
        };
        running.until("the plugin is named", is_told).await;
        assert!(site.containers(&site.project).is_empty());
    }
    running.end().await;
}
