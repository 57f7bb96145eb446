//! What the cluster or its owner would refuse is told before anything changes.

use distr_agent::fault::{Blame, Stop};
use distr_agent_kubernetes::apply::Outcome;
use distr_domain::agent::ErrorCategory;
use tokio_util::sync::CancellationToken;

use crate::apply::apply;
use crate::cluster::Site;

const CONFIG: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, immutable: true, data: {a: \"1\"}}";

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_needs_more_rights_waits_for_them_and_says_which() {
    let Some(mut site) = Site::new() else { return };
    let namespace = site.release.namespace.clone();
    site.become_account("low");
    let role = |name: &str, rules: &[&str]| {
        site.kubectl(&[&["create", "role", name, "-n", &namespace], rules].concat());
        let (role, account) = (format!("--role={name}"), format!("--serviceaccount={namespace}:low"));
        site.kubectl(&["create", "rolebinding", name, "-n", &namespace, &role, &account]);
    };
    role("base", &["--verb=*", "--resource=secrets,pods,events"]);
    let chart = site.chart(&[("config", CONFIG)]);
    let stopped = apply(&site, &chart, (1, None), &CancellationToken::new()).await;
    let Err(Stop::Failed(held)) = stopped else { panic!("{stopped:?}") };
    assert_eq!(
        (held.blame, held.category),
        (Blame::Surroundings, ErrorCategory::Policy),
        "{} {}",
        held.text,
        held.words
    );
    assert!(held.text.contains(r#"- {"apiGroups":[""],"resources":["configmaps"],"verbs":["#), "{}", held.text);
    assert!(site.revisions().is_empty());
    role("more", &["--verb=get,list,watch,create,update,patch,delete", "--resource=configmaps"]);
    let outcome = apply(&site, &chart, (1, None), &CancellationToken::new()).await;
    assert_eq!(outcome, Ok(Outcome::Applied { revision: 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_cannot_change_and_a_quota_are_found_before_helm_begins() {
    let Some(site) = Site::new() else { return };
    let cancel = CancellationToken::new();
    apply(&site, &site.chart(&[("config", CONFIG)]), (1, None), &cancel).await.unwrap();
    let changed = site.chart(&[("config", &CONFIG.replace("\"1\"", "\"2\""))]);
    let outcome = apply(&site, &changed, (2, Some(1)), &cancel).await.unwrap();
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert!(failure.text.starts_with("ConfigMap/config: "), "{} {}", failure.text, failure.words);
    assert_eq!(failure.category, ErrorCategory::Config, "{}", failure.words);

    site.kubectl(&["create", "quota", "few", "-n", &site.release.namespace, "--hard=configmaps=0"]);
    let another = site.chart(&[("config", CONFIG), ("more", &CONFIG.replace("name: config", "name: more"))]);
    let end = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    let spent = loop {
        // the quota counts what is there before it refuses anything
        match apply(&site, &another, (3, Some(1)), &cancel).await {
            Err(Stop::Failed(failure)) => break failure,
            outcome => assert!(tokio::time::Instant::now() < end, "{outcome:?}"),
        }
    };
    assert_eq!((spent.blame, spent.category), (Blame::Surroundings, ErrorCategory::Resources), "{}", spent.words);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_replaces_nothing_that_is_somebody_elses() {
    let Some(site) = Site::new() else { return };
    let cancel = CancellationToken::new();
    let hook = "
apiVersion: v1
kind: ConfigMap
metadata: {name: theirs, annotations: {helm.sh/hook: \"pre-install,pre-upgrade\"}}
";
    site.kubectl(&["create", "configmap", "theirs", "-n", &site.release.namespace, "--from-literal=a=b"]);
    let chart = site.chart(&[("config", CONFIG), ("hook", hook)]);
    let outcome = apply(&site, &chart, (1, None), &cancel).await.unwrap();
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert!(
        failure.text.contains("would replace what is somebody else's") && failure.text.contains("ConfigMap/theirs")
    );
    assert!(site.revisions().is_empty());
    assert_eq!(site.get(&["configmap", "theirs"])["data"]["a"], "b");
    // its own it may, again and again
    site.kubectl(&["delete", "configmap", "theirs", "-n", &site.release.namespace]);
    for generation in [2, 3] {
        let outcome = apply(&site, &chart, (generation, None), &cancel).await;
        assert!(matches!(outcome, Ok(Outcome::Applied { .. })), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_for_another_kubernetes_is_refused_before_anything_changes() {
    let Some(site) = Site::new() else { return };
    let chart = site.chart(&[("config", CONFIG)]);
    let about = "{apiVersion: v2, name: shop, version: 1.0.0, kubeVersion: \">= 99.0.0-0\"}";
    std::fs::write(chart.chart.join("Chart.yaml"), about).unwrap();
    let outcome = apply(&site, &chart, (1, None), &CancellationToken::new()).await.unwrap();
    let Outcome::GivenUp { failure, back: None } = outcome else { panic!("{outcome:?}") };
    assert!(failure.text.starts_with("the chart is for another version of Kubernetes"), "{}", failure.text);
    assert_eq!(failure.category, ErrorCategory::Config);
    assert!(site.revisions().is_empty());
}
