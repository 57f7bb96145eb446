//! Helm's records lie where others may write: what they change there is not used, and what ran comes back without it.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use distr_agent::fault::{Failure, Stop};
use distr_agent_kubernetes::apply::{Outcome, Packages, Runtime};
use distr_agent_kubernetes::files::Files;
use distr_agent_kubernetes::remove::remove;
use distr_domain::agent::DataRemoval;
use distr_domain::release::LockedKind;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::apply::{apply, runtime};
use crate::cluster::{Chart, DEPLOYMENT, Site};

const GOOD: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: good}, data: {a: \"1\"}}";
/// Somebody's, and of no release.
const VICTIM: &str = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: victim}\n";

fn with_victim(json: &mut Value) {
    json["manifest"] = format!("{}{VICTIM}", json["manifest"].as_str().unwrap()).into();
}

/// A site where a generation runs, whose record somebody changed afterwards.
async fn tampered() -> Option<(Site, Chart)> {
    let site = Site::new()?;
    let chart = site.chart(&[("good", GOOD)]);
    applied(&site, &chart, 1).await;
    site.kubectl(&["create", "configmap", "victim", "-n", &site.release.namespace]);
    site.tamper(1, with_victim);
    Some((site, chart))
}

async fn applied(site: &Site, chart: &Chart, generation: u64) {
    let outcome = apply(site, chart, (generation, None), &CancellationToken::new()).await;
    assert!(matches!(outcome, Ok(Outcome::Applied { .. })), "{outcome:?}");
}

/// The files of one generation, given once.
struct Shelf(Mutex<Option<Files>>);

#[async_trait]
impl Packages for Shelf {
    async fn of(&self, generation: u64) -> Result<Option<Files>, Failure> {
        assert_eq!(generation, 1);
        Ok(self.0.lock().unwrap().take())
    }
}

fn shelf(chart: &Chart) -> Shelf {
    let folder = chart.values.parent().unwrap();
    let mut files = Files::at(folder);
    files.chart.clone_from(&chart.chart);
    Shelf(Mutex::new(Some(files)))
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_does_not_see_a_record_that_somebody_changed() {
    let Some((site, _)) = tampered().await else { return };
    let (limit, cancel) = (Duration::from_secs(20), CancellationToken::new());
    let Err(Stop::Failed(failure)) = site.helm.rollback(&site.release, 1, limit, &cancel).await else {
        panic!("it went back to what somebody made up")
    };
    assert!(failure.words.contains("not found"), "{}", failure.words);
    site.helm.uninstall(&site.release, limit, &cancel).await.unwrap();
    assert!(site.has("configmap/victim") && site.has("configmap/good"), "Helm has nothing to remove");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_removes_nothing_that_a_changed_record_names() {
    let Some((site, _)) = tampered().await else { return };
    // a later one of somebody's own
    let forged =
        site.secrets()[0].to_string().replace("shop.v1", "shop.v7").replace("\"version\":\"1\"", "\"version\":\"7\"");
    let path = site.folder.path().join("forged.json");
    let mut forged: Value = serde_json::from_str(&forged).unwrap();
    forged["metadata"]
        .as_object_mut()
        .unwrap()
        .retain(|name, _| ["name", "namespace", "labels"].contains(&name.as_str()));
    std::fs::write(&path, forged.to_string()).unwrap();
    site.kubectl(&["create", "-f", path.to_str().unwrap()]);
    applied(&site, &site.chart(&[("good", &GOOD.replace("\"1\"", "\"2\""))]), 2).await;
    assert_eq!(site.get(&["configmap", "good"])["data"]["a"], "2");
    assert!(site.has("configmap/victim"));
    let numbers: Vec<_> = site.revisions().iter().map(|of| (of.number, of.generation)).collect();
    assert_eq!(numbers, [(1, Some(2))], "what nobody vouches for is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ran_comes_back_from_its_chart_if_its_record_was_changed_or_is_gone() {
    let Some((site, chart)) = tampered().await else { return };
    let (cluster, cancel) = (site.connect().await, CancellationToken::new());
    site.kubectl(&["delete", "configmap", "good", "-n", &site.release.namespace]);
    let shelf = shelf(&chart);
    let runtime = Runtime { packages: &shelf, ..runtime(&site, &cluster) };
    let told = runtime.recover(&site.release, DEPLOYMENT).await.unwrap();
    assert_eq!(told, ["revision 1 of Helm's was changed or made by somebody else, and is not used"]);
    runtime.bring_back(&site.release, DEPLOYMENT, Some(1), &cancel).await.unwrap();
    assert!(site.has("configmap/good") && site.has("configmap/victim"));
    // it is Helm's own again, and no package is needed
    runtime.bring_back(&site.release, DEPLOYMENT, Some(1), &cancel).await.unwrap();
    site.kubectl(&["delete", "secrets", "-n", &site.release.namespace, "-l", "owner=helm"]);
    let Err(Stop::Failed(failure)) = runtime.bring_back(&site.release, DEPLOYMENT, Some(1), &cancel).await else {
        panic!("the package was given once")
    };
    assert_eq!(failure.text, "no revision of generation 1 is left to go back to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_takes_what_is_the_deployments_and_nothing_that_a_changed_record_names() {
    let Some((site, _)) = tampered().await else { return };
    let (cluster, cancel) = (site.connect().await, CancellationToken::new());
    let kind =
        LockedKind { group: String::new(), kind: "ConfigMap".into(), resource: "configmaps".into(), namespaced: true };
    remove(&runtime(&site, &cluster), &site.release, DEPLOYMENT, (&[kind], DataRemoval::Keep), &cancel).await.unwrap();
    assert!(site.has("configmap/victim") && !site.has("configmap/good") && site.revisions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helm_gets_to_no_other_namespace() {
    let (Some(site), Some(other)) = (Site::new(), Site::new()) else { return };
    other.kubectl(&["create", "configmap", "theirs", "-n", &other.release.namespace, "--from-literal=a=b"]);
    let look = format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c}}, data: {{a: {{{{ lookup \"v1\" \"ConfigMap\" {:?} \"theirs\" | toJson | quote }}}}}}}}",
        other.release.namespace
    );
    let chart = site.chart(&[("look", &look)]);
    let Err(Stop::Failed(failure)) =
        site.helm.upgrade(&site.release, &chart.upgrade(1), &CancellationToken::new()).await
    else {
        panic!("it saw another namespace")
    };
    assert!(failure.words.contains("gets to no other"), "{}", failure.words);
    assert!(site.revisions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_somebody_else_installed_is_not_taken_over() {
    let Some(site) = Site::new() else { return };
    let chart = site.chart(&[("good", GOOD)]);
    applied(&site, &chart, 1).await;
    // as another agent finds it
    site.helm.seals.forget(&site.release).await.unwrap();
    site.kubectl(&["label", "secrets", "-n", &site.release.namespace, "-l", "owner=helm", "distr.sh/deployment-"]);
    let stopped = apply(&site, &chart, (1, None), &CancellationToken::new()).await;
    let Err(Stop::Failed(failure)) = stopped else { panic!("{stopped:?}") };
    assert!(failure.text.starts_with("somebody else installed release shop in namespace"), "{}", failure.text);
    assert_eq!(site.revisions().len(), 1);
}
