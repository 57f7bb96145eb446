//! What a person changes is seen against the real API, and what the cluster and others add is not.

use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::drift::compare;
use distr_agent_kubernetes::objects::{as_applied, objects};
use distr_agent_kubernetes::post_render::Plan;
use distr_agent_kubernetes::revision;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::apply::runtime;
use crate::cluster::{DEPLOYMENT, Site};

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: \"hub.example/acme/web:1\", env: [{name: A, value: \"1\"}], ports: [{containerPort: 0o120}]}]}
";

/// The paths of what is not as it was applied.
async fn drift(site: &Site, cluster: &Cluster) -> Vec<String> {
    let mut paths = vec![];
    for object in applied(site) {
        let rehearsed = cluster.rehearse(&object, &site.release.namespace).await.unwrap();
        let live = cluster.get(&object, &site.release.namespace).await.unwrap().unwrap();
        paths.extend(compare(&rehearsed, &live, &[]).into_iter().map(|difference| difference.path));
    }
    paths
}

fn applied(site: &Site) -> Vec<Value> {
    let payload = revision::payload(&site.secrets()[0]).unwrap();
    objects(payload.manifest()).unwrap().iter().map(|object| as_applied(object, &site.release)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_hand_is_drift_and_what_others_add_is_theirs() {
    let Some(site) = Site::new() else { return };
    let cluster = site.connect().await;
    let chart = site
        .chart(&[("web", WEB), ("config", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: \"1\"}}")]);
    site.helm.upgrade(&site.release, &chart.upgrade(1), &CancellationToken::new()).await.unwrap();
    assert_eq!(drift(&site, &cluster).await, [""; 0], "nothing was changed");

    let namespace = site.release.namespace.as_str();
    site.kubectl(&["annotate", "-n", namespace, "deployment/web", "somebody=else"]);
    site.kubectl(&["set", "env", "-n", namespace, "deployment/web", "B=2"]);
    assert_eq!(drift(&site, &cluster).await, [""; 0], "what others added is theirs");

    site.kubectl(&["scale", "-n", namespace, "deployment/web", "--replicas=3"]);
    site.kubectl(&["patch", "-n", namespace, "configmap", "c", "-p", "{\"data\":{\"a\":\"2\"}}"]);
    let mut found = drift(&site, &cluster).await;
    found.sort();
    assert_eq!(found, ["/data/a", "/spec/replicas"]);
    for object in applied(&site) {
        cluster.apply(&object, namespace).await.unwrap();
    }
    assert_eq!(drift(&site, &cluster).await, [""; 0], "it is repaired, without a revision of Helm's");
    assert_eq!(site.revisions().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_autoscaler_keeps_its_number_of_pods_in_upgrades_and_repairs() {
    let Some(site) = Site::new() else { return };
    let (cluster, cancel, namespace) =
        (site.connect().await, CancellationToken::new(), site.release.namespace.as_str());
    let chart = site.chart(&[("web", WEB)]);
    site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap();
    let scaler = site.folder.path().join("scaler.yaml");
    let text = "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: web}, spec: {minReplicas: 1, maxReplicas: 5,
        scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}";
    std::fs::write(&scaler, text).unwrap();
    site.kubectl(&["create", "-n", namespace, "-f", scaler.to_str().unwrap()]);
    site.kubectl(&["scale", "-n", namespace, "deployment/web", "--replicas=3"]);
    let replicas = || site.get(&["deployment", "web"])["spec"]["replicas"].clone();
    let runtime = runtime(&site, &cluster);
    runtime.put_right(&site.release, DEPLOYMENT, &[]).await.unwrap();
    assert_eq!(replicas(), 3, "a repair leaves it");

    let yields = runtime.yielded(&site.release, DEPLOYMENT, &[]).await.unwrap();
    assert_eq!(yields.len(), 1, "{yields:?}");
    let next = site.chart(&[("web", WEB)]);
    let mut plan: Plan = serde_json::from_slice(&std::fs::read(&next.plan).unwrap()).unwrap();
    plan.yields = yields;
    std::fs::write(&next.plan, serde_json::to_vec(&plan).unwrap()).unwrap();
    site.helm.upgrade(&site.release, &next.upgrade(2), &cancel).await.unwrap();
    assert_eq!(replicas(), 3, "an upgrade leaves it");

    site.kubectl(&["delete", "-n", namespace, "hpa", "web"]);
    site.kubectl(&["scale", "-n", namespace, "deployment/web", "--replicas=4"]);
    assert!(runtime.yielded(&site.release, DEPLOYMENT, &[]).await.unwrap().is_empty(), "nobody owns it any more");
    runtime.put_right(&site.release, DEPLOYMENT, &[]).await.unwrap();
    assert_eq!(replicas(), 3, "it is as it was applied last");
}
