//! A report that says something new becomes a fact once: also when the hub is killed between reading the report and appending
//! the fact, or wakes up there after another hub took over.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use distr_embedded_postgres::start_temporary;
use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::{KEY, TAKEN_OVER_WITHIN, count, deployed, post, report};

pub(crate) async fn until_there(file: &Path) {
    wait::until("the hub to pause", Duration::from_secs(60), async || match file.exists() {
        true => Ok(()),
        false => Err("it has not come there".to_owned()),
    })
    .await;
}

/// Returns when there are so many.
async fn until_facts(hub: &HubProcess, owner: &str, event: &str, wanted: usize) {
    wait::until("a fact", TAKEN_OVER_WITHIN, async || match count(hub, owner, event).await {
        found if found >= wanted => Ok(()),
        found => Err(format!("{found} of {wanted} {event}")),
    })
    .await;
    assert_eq!(count(hub, owner, event).await, wanted, "{event}");
}

async fn send(hub: &HubProcess, agent: &str, deployment: &str, sequence: u64, health: &str) {
    let (status, answer) = post(hub, "/agent/v1/heartbeats", agent, report(deployment, sequence, health)).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
}

/// A container that comes and goes makes few facts and is said to flap; what is shown is never old; another generation begins anew.
#[tokio::test]
async fn what_comes_and_goes_makes_a_bounded_number_of_facts() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let reports = (1..=400).flat_map(|sequence: u64| {
        let report = report(&deployment, sequence, if sequence.is_multiple_of(2) { "ok" } else { "fail" });
        report["reports"].as_array().expect("reports").clone()
    });
    let reports = json!({ "reports": reports.collect::<Vec<_>>() });
    let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, reports).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    until_facts(&hub, &owner, "DeploymentFlapping", 1).await;
    let query = "{ deployment(customer: \"globex\", target: \"factory\", application: \"hello\") {
        phase isFlapping error { text }
    } }";
    let shown = async || hub.graphql(Some(&owner), query, json!({})).await.data()["deployment"].clone();
    let until_shown = async |expected: Value| {
        wait::until("the deployment", TAKEN_OVER_WITHIN, async || match shown().await {
            shown if shown == expected => Ok(()),
            shown => Err(shown.to_string()),
        })
        .await;
    };
    let ill = json!({ "text": "a container is not healthy" });
    until_shown(json!({ "phase": "UNHEALTHY", "isFlapping": true, "error": ill })).await;
    send(&hub, &agent, &deployment, 401, "ok").await;
    hub.later(TimeDelta::minutes(4));
    send(&hub, &agent, &deployment, 402, "ok").await;
    until_shown(json!({ "phase": "HEALTHY", "isFlapping": true, "error": null })).await;
    hub.later(TimeDelta::minutes(30));
    send(&hub, &agent, &deployment, 403, "ok").await;
    until_shown(json!({ "phase": "HEALTHY", "isFlapping": false, "error": null })).await;
    assert_eq!(count(&hub, &owner, "DeploymentSteady").await, 1);

    let again = "mutation { deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\",
        version: \"1.0.0\", config: [{ key: \"A\", value: \"b\" }]) { changed } }";
    hub.graphql(Some(&owner), again, json!({})).await.data();
    let mut next = report(&deployment, 404, "fail");
    let said = &mut next["reports"][0]["deployments"][0];
    (said["generation"], said["running"]["generation"]) = (json!(2), json!(2));
    let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, next).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    until_shown(json!({ "phase": "UNHEALTHY", "isFlapping": false, "error": ill })).await;
    let facts = count(&hub, &owner, "DeploymentHealthy").await + count(&hub, &owner, "DeploymentUnhealthy").await;
    assert_eq!(facts, 23, "twenty and one more, one after three minutes, one of the next generation");
}

async fn killed_at(step: &str, appended: usize) {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let mut hub = HubProcess::start_with(&[("DISTR_HUB_PAUSE_AT", step), ("DISTR_HUB_PAUSE_FILE", path)]).await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    send(&hub, &agent, &deployment, 1, "ok").await;
    until_there(&file).await;
    assert_eq!(count(&hub, &owner, "DeploymentHealthy").await, appended, "at {step}");
    hub.kill();
    hub.run("acme").await;
    until_facts(&hub, &owner, "DeploymentHealthy", 1).await;
    // whatever it does with the first report, it has done before the next
    send(&hub, &agent, &deployment, 2, "fail").await;
    until_facts(&hub, &owner, "DeploymentUnhealthy", 1).await;
    until_facts(&hub, &owner, "DeploymentHealthy", 1).await;
}

#[tokio::test]
async fn killed_before_a_report_is_looked_at() {
    killed_at("observation.heard", 0).await;
}

#[tokio::test]
async fn killed_after_appending_and_before_taking_note_of_it() {
    killed_at("observation.appended", 1).await;
}

/// The first hub sleeps with a report in its hands; the second takes over, and makes facts of this report and the next. What the
/// first one does when it wakes has no effect, neither on the log nor on what is remembered of the target.
#[tokio::test]
async fn a_hub_that_wakes_up_after_another_took_over_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let url = postgres.url("distr");
    let shared = [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", KEY)];
    let pausing =
        [&shared[..], &[("DISTR_HUB_PAUSE_AT", "observation.heard"), ("DISTR_HUB_PAUSE_FILE", path)]].concat();
    let first = HubProcess::start_with(&pausing).await;
    let owner = first.sign_in("acme").await;
    let (deployment, agent) = deployed(&first, &owner).await;
    send(&first, &agent, &deployment, 1, "ok").await;
    until_there(&file).await;
    first.freeze();

    let mut second = HubProcess::start_with(&shared).await;
    until_facts(&second, &owner, "DeploymentHealthy", 1).await;
    send(&second, &agent, &deployment, 2, "fail").await;
    until_facts(&second, &owner, "DeploymentUnhealthy", 1).await;

    std::fs::remove_file(&file).expect("the file of the pause");
    first.thaw();
    wait::until("the first hub to notice", TAKEN_OVER_WITHIN, async || {
        match first.log().contains("another hub has taken over") {
            true => Ok(()),
            false => Err(first.log()),
        }
    })
    .await;
    assert_eq!(count(&second, &owner, "DeploymentHealthy").await, 1);

    // it goes on from what the second remembered, not from what it would have written itself
    second.kill();
    send(&first, &agent, &deployment, 3, "ok").await;
    until_facts(&first, &owner, "DeploymentHealthy", 2).await;
    until_facts(&first, &owner, "DeploymentUnhealthy", 1).await;
}
