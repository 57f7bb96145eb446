use std::time::Duration;

use distr_agent::fault::{Blame, Stop};
use distr_agent_kubernetes::labels::DEPLOYMENT_LABEL;
use distr_agent_kubernetes::revision::{self, Status, deployed, newest, of_generation};
use distr_domain::agent::ErrorCategory;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::cluster::{DEPLOYMENT, DIGEST, Site};

const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: \"hub.example/acme/web:1\"}]}
";
const DATA: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
";

fn config(text: &str) -> String {
    format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: config}}, data: {{text: {text}}}}}")
}

fn failure(stop: Stop) -> distr_agent::fault::Failure {
    match stop {
        Stop::Failed(failure) => failure,
        Stop::Superseded => panic!("nobody superseded it"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_told_by_the_labels_of_helms_own_revisions() {
    let Some(site) = Site::new() else { return };
    let (one, two) = (
        site.chart(&[("web", WEB), ("data", DATA)]),
        site.chart(&[("web", WEB), ("data", DATA), ("config", &config("\"two\""))]),
    );
    let cancel = CancellationToken::new();
    site.helm.upgrade(&site.release, &one.upgrade(1), &cancel).await.unwrap();
    let secret = &site.secrets()[0];
    let first = revision::read(secret).unwrap();
    assert_eq!(
        (first.deployment.as_deref(), first.generation, first.status),
        (Some(DEPLOYMENT), Some(1), Status::Deployed)
    );
    assert!(revision::payload(secret).unwrap().manifest().contains(DIGEST));
    let web = site.get(&["deployment", "web"]);
    let pod = &web["spec"]["template"];
    assert_eq!(pod["spec"]["containers"][0]["image"], format!("registry.local/acme/web@{DIGEST}"));
    assert_eq!(pod["spec"]["imagePullSecrets"], json!([{"name": "distr-pull"}]));
    assert_eq!(pod["metadata"]["labels"][DEPLOYMENT_LABEL], DEPLOYMENT);

    site.helm.upgrade(&site.release, &two.upgrade(2), &cancel).await.unwrap();
    let revisions = site.revisions();
    assert_eq!(deployed(&revisions).unwrap().generation, Some(2));
    let back = of_generation(&revisions, 1)[0].number;
    site.helm.rollback(&site.release, back, Duration::from_secs(20), &cancel).await.unwrap();
    let revisions = site.revisions();
    let now = deployed(&revisions).unwrap();
    assert_eq!((now.number, now.generation), (3, Some(1)), "what runs is the first generation again");

    site.helm.uninstall(&site.release, Duration::from_secs(20), &cancel).await.unwrap();
    site.helm.uninstall(&site.release, Duration::from_secs(20), &cancel).await.unwrap();
    assert!(site.revisions().is_empty());
    site.get(&["persistentvolumeclaim", "data"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_says_what_would_be_refused_and_writes_nothing() {
    let Some(site) = Site::new() else { return };
    let cancel = CancellationToken::new();
    let good = site.chart(&[("web", WEB)]);
    let rehearsal = distr_agent_kubernetes::helm::Upgrade { is_rehearsal: true, ..good.upgrade(1) };
    let said = site.helm.upgrade(&site.release, &rehearsal, &cancel).await.unwrap();
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(said["manifest"].as_str().unwrap().contains(DIGEST));
    assert!(site.revisions().is_empty());

    let evil = site.chart(&[("web", &WEB.replace("web:1", "evil:1"))]);
    let refused = failure(site.helm.upgrade(&site.release, &evil.upgrade(1), &cancel).await.unwrap_err());
    assert_eq!((refused.blame, refused.category), (Blame::Generation, ErrorCategory::Entitlement));
    assert!(
        refused.text.starts_with("Deployment/web/web: the image \"hub.example/acme/evil:1\" is not locked"),
        "{}",
        refused.text
    );
    let privileged = site.chart(&[("web", &WEB.replace("spec: {containers", "spec: {hostPID: true, containers"))]);
    let refused = failure(site.helm.upgrade(&site.release, &privileged.upgrade(1), &cancel).await.unwrap_err());
    assert_eq!((refused.blame, refused.category), (Blame::Generation, ErrorCategory::Policy), "{}", refused.text);
    assert!(refused.text.starts_with("Deployment/web: hostPID: true: "), "{}", refused.text);
    assert!(site.revisions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_looks_like_another_is_what_the_chart_wrote() {
    let Some(site) = Site::new() else { return };
    let cancel = CancellationToken::new();
    let job = "{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: \"hub.example/acme/web:1\"}],
        volumes: [{name: v, secret: {secretName: s, defaultMode: 0400, optional: yes}}]}}";
    site.helm.upgrade(&site.release, &site.chart(&[("pod", job)]).upgrade(1), &cancel).await.unwrap();
    let volumes = site.get(&["pod", "p"])["spec"]["volumes"].clone();
    let own = volumes.as_array().unwrap().iter().find(|volume| volume["name"] == "v").unwrap().clone();
    assert_eq!((&own["secret"]["defaultMode"], &own["secret"]["optional"]), (&json!(256), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_somebody_else_is_not_taken_over_unless_it_was_said() {
    let Some(site) = Site::new() else { return };
    let cancel = CancellationToken::new();
    site.kubectl(&["create", "configmap", "config", "-n", &site.release.namespace, "--from-literal=text=theirs"]);
    let chart = site.chart(&[("config", &config("\"ours\""))]);
    let stopped = failure(site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap_err());
    assert_eq!((stopped.blame, stopped.category), (Blame::Generation, ErrorCategory::Config), "{}", stopped.words);
    let adopts = distr_agent_kubernetes::helm::Upgrade { adopts: true, ..chart.upgrade(1) };
    site.helm.upgrade(&site.release, &adopts, &cancel).await.unwrap();
    assert_eq!(site.get(&["configmap", "config"])["data"]["text"], "ours");
    assert_eq!(newest(&site.revisions()).unwrap().generation, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_wants_everything_is_the_releases_fault() {
    let Some(mut site) = Site::new() else { return };
    site.helm.limits.processor = Duration::from_secs(2);
    let cancel = CancellationToken::new();
    for (template, words) in [
        ("{{ repeat 4000000000 \"x\" | len }}", "more memory than a Helm may take"),
        ("{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}", "2 s of processor time"),
    ] {
        let chart = site.chart(&[("config", &config(&format!("'{template}'")))]);
        let stopped = failure(site.helm.upgrade(&site.release, &chart.upgrade(1), &cancel).await.unwrap_err());
        assert_eq!(
            (stopped.blame, stopped.category),
            (Blame::Generation, ErrorCategory::Resources),
            "{}",
            stopped.words
        );
        assert!(stopped.text.contains(words), "{}", stopped.text);
        assert!(site.revisions().is_empty());
    }
}
