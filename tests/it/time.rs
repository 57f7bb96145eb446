//! What time alone changes, seen by a hub whose clock is ahead.

use chrono::{TimeDelta, Utc};
use distr_tests::hub::HubProcess;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::{deployed, post, report};

async fn state(hub: &HubProcess, owner: &str) -> Value {
    let query = "{ target(customer: \"globex\", name: \"factory\") { state } }";
    hub.graphql(Some(owner), query, json!({})).await.data()["target"]["state"].clone()
}

#[tokio::test]
async fn a_silent_target_goes_stale_and_offline_and_comes_back() {
    let settings = [("DISTR_STALE_SECONDS", "60"), ("DISTR_OFFLINE_SECONDS", "600")];
    let hub = HubProcess::start_with(&settings).await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    assert_eq!(state(&hub, &owner).await, "UNKNOWN");
    let send = async |sequence| {
        let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, report(&deployment, sequence, "ok")).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    };
    let until = async |wanted: &str| {
        distr_tests::wait::until(wanted, std::time::Duration::from_secs(30), async || {
            let state = state(&hub, &owner).await;
            if state == wanted { Ok(()) } else { Err(state.to_string()) }
        })
        .await;
    };
    send(1).await;
    until("OK").await;
    hub.later(TimeDelta::minutes(5));
    until("STALE").await;
    hub.later(TimeDelta::minutes(15));
    until("OFFLINE").await;
    send(2).await;
    until("OK").await;
}

#[tokio::test]
async fn a_license_that_ends_entitles_to_nothing_new_and_what_runs_goes_on() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, agent) = deployed(&hub, &owner).await;
    #[expect(clippy::disallowed_methods, reason = "the license ends after the present")]
    let ends = Utc::now() + TimeDelta::days(10);
    let amend = "mutation ($t: LicenseTermsInput!) {
        licenseAmend(customer: \"globex\", name: \"l\", terms: $t) { changed }
    }";
    let terms = json!({ "t": { "seats": 1, "expiresAt": ends } });
    hub.graphql(Some(&owner), amend, terms).await.data();
    let deploy = "mutation { deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\",
        version: \"1.0.0\", config: [{ key: \"A\", value: \"b\" }]) { changed } }";
    hub.later(TimeDelta::days(9));
    hub.graphql(Some(&owner), "{ viewer { role } }", json!({})).await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), deploy, json!({})).await.data();
    hub.later(TimeDelta::days(11));
    let owner = hub.sign_in("acme").await;
    let refused = hub.graphql(Some(&owner), &deploy.replace("\"b\"", "\"c\""), json!({})).await;
    assert_eq!(refused.code(), Some("entitlement.expired"), "{refused:?}");
    let asked = json!({ "reports": [], "desired_etag": null });
    let (status, answer) = post(&hub, "/agent/v1/heartbeats", &agent, asked).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["desired"]["deployments"][0]["generation"], 2, "{answer}");
}
