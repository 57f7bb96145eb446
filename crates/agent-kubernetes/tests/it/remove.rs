//! A removal leaves the data, tells what it left, and touches nobody else's release.

use distr_agent_kubernetes::remove::remove;
use tokio_util::sync::CancellationToken;

use crate::apply::{DATA, runtime};
use crate::cluster::{DEPLOYMENT, Site};

const HOOK: &str =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: hook, annotations: {helm.sh/hook: post-install}}}";

#[tokio::test(flavor = "multi_thread")]
async fn data_stays_and_is_told_and_all_else_goes() {
    let Some(site) = Site::new() else { return };
    let (cluster, cancel) = (site.connect().await, CancellationToken::new());
    let chart = site.chart(&[DATA, ("hook", HOOK)]);
    site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap();
    let runtime = runtime(&site, &cluster);
    for _ in 0..2 {
        assert_eq!(remove(&runtime, &site.release, DEPLOYMENT, &[], &cancel).await, Ok(vec!["data".to_owned()]));
    }
    assert!(site.revisions().is_empty());
    let left = site.get(&["configmaps"])["items"].as_array().unwrap().len();
    let own = site.get(&["configmaps", "-l", "distr.sh/deployment"])["items"].as_array().unwrap().len();
    assert_eq!(own, 0, "{left} are left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_of_somebody_else_stays() {
    let Some(site) = Site::new() else { return };
    let (cluster, cancel) = (site.connect().await, CancellationToken::new());
    let chart = site.chart(&[DATA]);
    site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap();
    let other = "11111111-0000-0000-0000-000000000000";
    remove(&runtime(&site, &cluster), &site.release, other, &[], &cancel).await.unwrap();
    assert_eq!(site.revisions().len(), 1);
}

#[test]
fn the_helm_of_the_tests_is_the_one_that_is_known() {
    let Some(site) = Site::new() else { return };
    distr_agent_kubernetes::helm::verify(&site.helm.program, None).unwrap();
}
