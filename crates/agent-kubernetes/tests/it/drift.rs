//! What a person changes is seen against the real API, and what the cluster and others add is not.

use distr_agent_kubernetes::cluster::Cluster;
use distr_agent_kubernetes::drift::compare;
use distr_agent_kubernetes::objects::{as_applied, objects};
use distr_agent_kubernetes::revision;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::cluster::Site;

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
