//! What the nodes of a cluster pull with: the registry alone, as far as the target is entitled, and late what runs there.

use chrono::TimeDelta;
use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::two_hubs::{deployed, post, report};

const PULL: &str = "/agent/v1/pull-credential";

async fn pull_credential(hub: &HubProcess, agent: &str) -> (String, String) {
    let (status, answer) = post(hub, PULL, agent, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
    (text("username"), text("secret"))
}

/// The status and the words of a pull of the tag.
async fn pull(hub: &HubProcess, (username, secret): &(String, String), tag: &str) -> (StatusCode, String) {
    let token = format!("/token?service={}&scope=repository:acme/web:pull", hub.registry());
    let answer = Client::new().get(hub.url(&token)).basic_auth(username, Some(secret)).send().await.expect("an answer");
    if answer.status() != StatusCode::OK {
        return (answer.status(), answer.text().await.expect("a text"));
    }
    let token: Value = answer.json().await.expect("JSON");
    let manifest = Client::new().get(hub.url(&format!("/v2/acme/web/manifests/{tag}")));
    let answer = manifest.bearer_auth(token["token"].as_str().expect("a token")).send().await.expect("an answer");
    (answer.status(), answer.text().await.expect("a text"))
}

#[tokio::test]
async fn a_pull_credential_opens_the_registry_alone_and_many_are_good_at_once() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, agent) = deployed(&hub, &owner).await;
    let first = pull_credential(&hub, &agent).await;
    assert_eq!(pull(&hub, &first, "1.0.0").await.0, StatusCode::OK);
    for path in ["/agent/v1/heartbeats", "/agent/v1/credential", PULL] {
        let (status, answer) = post(&hub, path, &first.1, json!({ "reports": [] })).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{path}: {answer}");
    }
    let asked = hub.graphql(Some(&first.1), "{ viewer { role } }", json!({})).await;
    assert_eq!(asked.code(), Some("forbidden"), "{asked:?}");

    // answers are lost, and nodes have the one before
    let many: Vec<_> = futures_util::future::join_all((0..8).map(|_| pull_credential(&hub, &agent))).await;
    let good = futures_util::future::join_all(many.iter().map(|one| pull(&hub, one, "1.0.0"))).await;
    assert!(good.iter().all(|(status, _)| *status == StatusCode::OK), "{good:?}");
    assert_eq!(pull(&hub, &first, "1.0.0").await.0, StatusCode::UNAUTHORIZED, "there are newer ones enough");

    // another agent takes the target
    let offer = "mutation { targetOfferEnrolment(customer: \"globex\", name: \"factory\") { enrolment { token } } }";
    let data = hub.graphql(Some(&owner), offer, json!({})).await.data();
    let token = data["targetOfferEnrolment"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let (status, answer) = post(&hub, "/agent/v1/enrol", &token, json!({ "agent_version": "1" })).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    for earlier in &many {
        assert_eq!(pull(&hub, earlier, "1.0.0").await.0, StatusCode::UNAUTHORIZED);
    }
}

/// The nodes have it until the agent brings them another, which it may never do.
#[tokio::test]
async fn a_pull_credential_outlives_the_credential_that_its_agent_replaces() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let pulls = pull_credential(&hub, &agent).await;
    let (status, rotated) = post(&hub, "/agent/v1/credential", &agent, json!({})).await;
    assert_eq!(status, StatusCode::OK, "{rotated}");
    assert_eq!(pull(&hub, &pulls, "1.0.0").await.0, StatusCode::OK, "before the new one is used");
    let new = rotated["secret"].as_str().expect("a secret").to_owned();
    wait::until("the one before to end", std::time::Duration::from_secs(60), async || {
        let (status, answer) = post(&hub, "/agent/v1/heartbeats", &new, report(&deployment, 1, "ok")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, json!({ "reports": [] })).await;
        if status == StatusCode::UNAUTHORIZED { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
    assert_eq!(pull(&hub, &pulls, "1.0.0").await.0, StatusCode::OK, "after it");
}

#[tokio::test]
async fn a_late_pull_credential_opens_for_a_week_what_runs_on_its_target() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let credential = pull_credential(&hub, &agent).await;
    // before anything runs there, nothing may be had late
    hub.later(TimeDelta::hours(25));
    let (status, words) = pull(&hub, &credential, "1.0.0").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{words}");
    assert!(words.contains("the pull credential has ended"), "{words}");

    let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, report(&deployment, 1, "ok")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    wait::until("a late pull of what runs", std::time::Duration::from_secs(60), async || {
        let (status, words) = pull(&hub, &credential, "1.0.0").await;
        if status == StatusCode::OK { Ok(()) } else { Err(words) }
    })
    .await;
    let owner = hub.sign_in("acme").await;
    let query = "{ repositoryAccesses(repository: \"web\") { nodes { rule } } }";
    let accesses = hub.graphql(Some(&owner), query, json!({})).await.data();
    let rules = accesses["repositoryAccesses"]["nodes"].to_string();
    assert!(rules.contains("late: the pull credential has ended"), "{accesses}");

    hub.later(TimeDelta::days(9));
    assert_eq!(pull(&hub, &credential, "1.0.0").await.0, StatusCode::UNAUTHORIZED);
}
