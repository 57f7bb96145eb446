//! A removal leaves the data, tells what it left, and touches nobody else's release.

use distr_agent::fault::Stop;
use distr_agent_kubernetes::remove::remove;
use distr_domain::agent::{DataRemoval, ErrorCategory};
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
        assert_eq!(
            remove(&runtime, &site.release, DEPLOYMENT, (&[], DataRemoval::Keep), &cancel).await,
            Ok(vec!["data".to_owned()])
        );
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
    remove(&runtime(&site, &cluster), &site.release, other, (&[], DataRemoval::Keep), &cancel).await.unwrap();
    assert_eq!(site.revisions().len(), 1);
}

#[test]
fn the_helm_of_the_tests_is_the_one_that_is_known() {
    let Some(site) = Site::new() else { return };
    distr_agent_kubernetes::helm::verify(&site.helm.program, None).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn data_goes_if_that_is_asked_for_and_the_agent_has_the_right() {
    let Some(mut site) = Site::new() else { return };
    let namespace = site.release.namespace.clone();
    site.become_account("low");
    let (role, account) = (|name: &str| format!("--role={name}"), format!("--serviceaccount={namespace}:low"));
    let allow = |name: &str, verbs: &str, resources: &str| {
        site.kubectl(&["create", "role", name, "-n", &namespace, verbs, resources]);
        site.kubectl(&["create", "rolebinding", name, "-n", &namespace, &role(name), &account]);
    };
    allow("base", "--verb=*", "--resource=secrets,pods,events,configmaps");
    allow("claims", "--verb=get,list,watch,create,update,patch", "--resource=persistentvolumeclaims");
    let (cluster, cancel) = (site.connect().await, CancellationToken::new());
    let chart = site.chart(&[DATA]);
    site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap();
    let runtime = runtime(&site, &cluster);
    let all = (&[][..], DataRemoval::Remove);
    let Err(Stop::Failed(held)) = remove(&runtime, &site.release, DEPLOYMENT, all, &cancel).await else {
        panic!("it had no right")
    };
    assert_eq!(held.category, ErrorCategory::Policy);
    let rule = r#"- {"apiGroups":[""],"resources":["persistentvolumeclaims"],"verbs":["delete"]}"#;
    assert!(held.text.contains(rule), "{}", held.text);
    assert!(site.has("pvc/data") && site.revisions().len() == 1, "nothing was removed");
    allow("data", "--verb=delete", "--resource=persistentvolumeclaims");
    site.kubectl(&["create", "-n", &namespace, "-f", &others_claim(&site)]);
    for _ in 0..2 {
        assert_eq!(remove(&runtime, &site.release, DEPLOYMENT, all, &cancel).await, Ok(vec![]));
    }
    assert!(!site.has("pvc/data") && site.has("pvc/theirs") && site.revisions().is_empty());
}

/// A file with a claim of somebody else.
fn others_claim(site: &Site) -> String {
    let path = site.folder.path().join("claim.yaml");
    let claim =
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: theirs}, spec: {accessModes: [ReadWriteOnce],
        resources: {requests: {storage: 1Mi}}, storageClassName: none, volumeName: absent}}";
    std::fs::write(&path, claim).unwrap();
    path.to_str().unwrap().to_owned()
}
