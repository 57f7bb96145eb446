//! A generation is brought about, or given up, in a cluster where pods really run.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use distr_agent::clock::SystemClock;
use distr_agent::fault::{Failure, Stop};
use distr_agent_kubernetes::apply::{NOTHING_KEPT, Outcome, Runtime, Steps, Timing, Wanted};
use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::revision::deployed;
use distr_domain::agent::{ErrorCategory, Step};
use distr_domain::release::{LockedKind, RollbackPolicy};
use tokio_util::sync::CancellationToken;

use crate::cluster::{Chart, DEPLOYMENT, Site};

struct AnyStep;

#[async_trait]
impl Steps for AnyStep {
    async fn begin(&mut self, _: Step) -> Result<(), Failure> {
        Ok(())
    }

    async fn rehearsed(&mut self, _: &str) -> Result<(), Failure> {
        Ok(())
    }
}

pub(crate) const DATA: (&str, &str) = (
    "data",
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: config}}\n---\n{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data},
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}, storageClassName: none, volumeName: absent}}",
);

/// A Deployment that runs `command`, and is ready if `probe` ends well.
pub(crate) fn web(command: &str, probe: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{selector: {{matchLabels: {{app: web}}}},
        template: {{metadata: {{labels: {{app: web}}}}, spec: {{terminationGracePeriodSeconds: 0, containers: [{{name: web,
        image: \"localhost/busybox:1\", imagePullPolicy: Never, command: [sh, -c, \"{command}\"],
        readinessProbe: {{periodSeconds: 1, exec: {{command: [sh, -c, \"{probe}\"]}}}}}}]}}}}}}}}"
    )
}

fn good() -> String {
    web("sleep 1000", "true")
}

pub(crate) async fn apply(
    site: &Site,
    chart: &Chart,
    generations: (u64, Option<u64>),
    cancel: &CancellationToken,
) -> Result<Outcome, Stop> {
    apply_with(site, chart, generations, None, cancel).await
}

pub(crate) fn runtime<'a>(site: &'a Site, cluster: &'a Cluster) -> Runtime<'a> {
    let [soak, look] = [1000, 300].map(Duration::from_millis);
    let timing = Timing { deadline: Duration::from_secs(10), soak, look, hooks: Duration::from_secs(20) };
    Runtime { cluster, helm: &site.helm, clock: &SystemClock, packages: &NOTHING_KEPT, timing }
}

pub(crate) async fn apply_with(
    site: &Site,
    chart: &Chart,
    (generation, good): (u64, Option<u64>),
    secret: Option<&serde_json::Value>,
    cancel: &CancellationToken,
) -> Result<Outcome, Stop> {
    let cluster = site.connect().await;
    let runtime = runtime(site, &cluster);
    let wanted = Wanted {
        deployment: DEPLOYMENT,
        generation,
        release: &site.release,
        chart: &chart.chart,
        values: &chart.values,
        plan: &chart.plan,
        adopts: false,
        rules: &[],
        kinds: &[LockedKind {
            group: String::new(),
            kind: "ConfigMap".to_owned(),
            resource: "configmaps".to_owned(),
            namespaced: true,
        }],
        rollback: RollbackPolicy::Allowed,
        secret,
        good,
    };
    runtime.apply(&wanted, &mut AnyStep, cancel).await
}

async fn applied(site: &Site, text: &str, generations: (u64, Option<u64>)) {
    let outcome = apply(site, &site.chart(&[("web", text)]), generations, &CancellationToken::new()).await;
    assert!(matches!(outcome, Ok(Outcome::Applied { .. })), "{outcome:?}");
}

fn runs(site: &Site) -> Option<u64> {
    deployed(&site.revisions()).and_then(|revision| revision.generation)
}

fn available(site: &Site) -> i64 {
    site.get(&["deployment", "web"])["status"]["availableReplicas"].as_i64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_gets_ready_is_given_up_and_what_ran_before_ran_all_the_while() {
    let Some(site) = Site::with_node() else { return };
    applied(&site, &good(), (1, None)).await;
    assert_eq!((runs(&site), available(&site)), (Some(1), 1));
    let bad = site.chart(&[("web", &web("sleep 1001", "false"))]);
    let watched = async {
        loop {
            assert_eq!(available(&site), 1, "the old pod serves");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    let cancel = CancellationToken::new();
    let outcome = tokio::select! {
        outcome = apply(&site, &bad, (2, Some(1)), &cancel) => outcome.unwrap(),
        () = watched => unreachable!(),
    };
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.category, ErrorCategory::Unhealthy);
    assert!(failure.text.starts_with("Deployment/web: 1 of 1 pods are new"), "{}", failure.text);
    assert_eq!(runs(&site), Some(1), "Helm's own word for what runs is the first generation's");
    applied(&site, &good().replace("1000", "1002"), (3, Some(1))).await;
    assert_eq!(runs(&site), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_crashes_is_given_up_before_its_time_is_over_with_its_exit_code() {
    let Some(site) = Site::with_node() else { return };
    let failing = "
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: \"localhost/busybox:1\",
  imagePullPolicy: Never, command: [sh, -c, \"exit 7\"]}]}}}";
    let chart = site.chart(&[("job", failing), DATA]);
    let outcome = apply(&site, &chart, (1, None), &CancellationToken::new()).await.unwrap();
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert!(failure.text.starts_with("Job/once failed"), "{}", failure.text);
    assert!(site.revisions().is_empty(), "a first release that failed is taken down");
    site.get(&["persistentvolumeclaim", "data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_generation_ends_the_wait_for_an_older() {
    let Some(site) = Site::with_node() else { return };
    let (bad, cancel) = (site.chart(&[("web", &web("sleep 1001", "false"))]), CancellationToken::new());
    let ended = tokio::join!(apply(&site, &bad, (1, None), &cancel), async {
        while runs(&site).is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let began = Instant::now();
        cancel.cancel();
        began
    });
    assert_eq!(ended.0, Err(Stop::Superseded));
    assert!(ended.1.elapsed() < Duration::from_secs(5));
    applied(&site, &good(), (2, None)).await;
    assert_eq!(runs(&site), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_ended_while_it_waited_waits_on_and_helm_is_not_called_again() {
    let Some(site) = Site::with_node() else { return };
    let (chart, cancel) = (site.chart(&[("web", &good())]), CancellationToken::new());
    site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap();
    let outcome = apply(&site, &chart, (1, None), &cancel).await;
    assert_eq!(outcome, Ok(Outcome::Applied { revision: 1 }));
    assert_eq!(site.revisions().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rehearsal_refuses_touches_nothing() {
    let Some(site) = Site::with_node() else { return };
    applied(&site, &good(), (1, None)).await;
    let evil = site.chart(&[("web", &good().replace("busybox:1", "evil:1"))]);
    let outcome = apply(&site, &evil, (2, Some(1)), &CancellationToken::new()).await.unwrap();
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.category, ErrorCategory::Entitlement);
    assert_eq!((site.revisions().len(), runs(&site)), (1, Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_helm_gave_up_half_way_is_put_back() {
    let Some(site) = Site::with_node() else { return };
    applied(&site, &good(), (1, None)).await;
    // the rehearsal cannot see that the hook will fail
    let hook = "
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: \"localhost/busybox:1\",
  imagePullPolicy: Never, command: [sh, -c, \"exit 1\"]}]}}}";
    let chart = site.chart(&[("web", &good().replace("1000", "1001")), ("hook", hook)]);
    let outcome = apply(&site, &chart, (2, Some(1)), &CancellationToken::new()).await.unwrap();
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert!(failure.text.starts_with("a hook failed"), "{}", failure.text);
    assert_eq!((runs(&site), available(&site)), (Some(1), 1));
}
