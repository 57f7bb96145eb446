//! What an agent cannot bring about now and tries again by itself is seen by whoever waits for it, until it goes on.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::{count, deployed, post, report};

const DEPLOYMENT: &str = "{ deployment(customer: \"globex\", target: \"factory\", application: \"hello\") {
    phase step error { category text }
} }";

struct Agent<'a> {
    hub: &'a HubProcess,
    owner: String,
    secret: String,
    deployment: String,
    sequence: u64,
}

impl Agent<'_> {
    async fn says(&mut self, step: &str, error: Value) {
        self.sequence += 1;
        let mut report = report(&self.deployment, self.sequence, "unknown");
        let deployment = &mut report["reports"][0]["deployments"][0];
        deployment["step"] = json!(step);
        deployment["error"] = error;
        deployment["running"] = Value::Null;
        let (status, answer) = post(self.hub, "/agent/v1/heartbeats", &self.secret, report).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    async fn is_shown(&self, expected: Value) {
        wait::until("the deployment", Duration::from_secs(30), async || {
            let data = self.hub.graphql(Some(&self.owner), DEPLOYMENT, json!({})).await.data();
            match data["deployment"] == expected {
                true => Ok(()),
                false => Err(data.to_string()),
            }
        })
        .await;
    }
}

#[tokio::test]
async fn what_an_agent_tries_again_is_shown_until_it_goes_on() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, secret) = deployed(&hub, &owner).await;
    let mut agent = Agent { hub: &hub, owner, secret, deployment, sequence: 0 };
    let away = |second: u8| json!({ "category": "network", "text": format!("no answer at 12:00:0{second}") });
    let shown = json!({ "phase": "PROGRESSING", "step": "PULLING",
        "error": { "category": "NETWORK", "text": "no answer at 12:00:01" } });
    agent.says("pulling", away(1)).await;
    agent.is_shown(shown.clone()).await;
    // the next try, which ends as the last one
    agent.says("pulling", Value::Null).await;
    agent.says("pulling", away(2)).await;
    agent.says("pulling", json!({ "category": "resources", "text": "the disk is full" })).await;
    let full = json!({ "category": "RESOURCES", "text": "the disk is full" });
    agent.is_shown(json!({ "phase": "PROGRESSING", "step": "PULLING", "error": full })).await;
    assert_eq!(count(&hub, &agent.owner, "DeploymentRetrying").await, 2, "one for each reason");
    agent.says("proving", Value::Null).await;
    agent.is_shown(json!({ "phase": "PROGRESSING", "step": "PROVING", "error": null })).await;
}
