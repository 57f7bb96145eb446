//! Why something is so: from what an auditor sees to the first command, and back.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::{deployed, post, report};

const WHY: &str = "query($at: Position!) { why(position: $at) {
    event { type } causes { type actor } lostCause grounds { type data } consequences { type } hasMore
} }";

struct Auditor {
    hub: HubProcess,
    owner: String,
}

impl Auditor {
    async fn change(&self, mutation: &str) -> Value {
        self.hub.graphql(Some(&self.owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
    }

    async fn events(&self) -> Vec<Value> {
        let query = "{ events(first: 500, telemetry: [HEARTBEAT, ACCESS]) { events { position type data actor } } }";
        let data = self.hub.graphql(Some(&self.owner), query, json!({})).await.data();
        data["events"]["events"].as_array().expect("events").clone()
    }

    /// Where the newest such event stands, once there is one.
    async fn until_there(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> String {
        wait::until(what, Duration::from_secs(60), async || {
            let events = self.events().await;
            let found = events.iter().rfind(|event| is_it(event));
            let found = found.and_then(|event| event["position"].as_str()).map(str::to_owned);
            found.ok_or_else(|| format!("{} other events", events.len()))
        })
        .await
    }

    async fn why(&self, at: &str) -> Value {
        self.hub.graphql(Some(&self.owner), WHY, json!({ "at": at })).await.data()["why"].clone()
    }

    /// What the event led to shows a little later than the event itself.
    async fn until_it_led_to(&self, at: &str, event: &str) {
        wait::until("what followed", Duration::from_secs(60), async || {
            let why = self.why(at).await;
            let led = why["consequences"].as_array().expect("events").iter().any(|found| found["type"] == event);
            if led { Ok(()) } else { Err(why.to_string()) }
        })
        .await;
    }
}

#[tokio::test]
async fn the_chain_leads_to_the_first_command() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (deployment, agent) = deployed(&hub, &owner).await;
    let mut auditor = Auditor { hub, owner };

    // what a report led to
    let (status, answer) = post(&auditor.hub, "/agent/v1/heartbeats", &agent, report(&deployment, 1, "ok")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let fact = auditor.until_there("a fact of the report", |event| event["actor"] == "policy:observation").await;
    let fact_why = auditor.why(&fact).await;
    let causes = fact_why["causes"].as_array().expect("events");
    assert!(matches!(&causes[..], [report] if report["type"] == "Heartbeat"), "{fact_why}");
    let heartbeat = auditor.until_there("the report", |event| event["type"] == "Heartbeat").await;
    auditor.until_it_led_to(&heartbeat, fact_why["event"]["type"].as_str().expect("a type")).await;

    // what a refusal rests on, though no event led to it
    auditor.change("licenseSuspend(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }").await;
    let deploy = "mutation { deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\",
        version: \"1.0.0\") { changed } }";
    let refused = auditor.hub.graphql(Some(&auditor.owner), deploy, json!({})).await;
    assert_eq!(refused.code(), Some("entitlement.suspended"), "{}", refused.message());
    let is_refusal = |event: &Value| event["type"] == "Access" && event["data"]["outcome"]["outcome"] == "refused";
    let refusal = auditor.until_there("the refusal", is_refusal).await;
    wait::until("what it rests on", Duration::from_secs(60), async || {
        let why = auditor.why(&refusal).await;
        let grounds = why["grounds"].as_array().expect("events");
        match &grounds[..] {
            [suspended] if suspended["data"]["reason"] == "unpaid" => Ok(()),
            _ => Err(why.to_string()),
        }
    })
    .await;

    // what a policy did, and for what
    auditor.change("licenseResume(customer: \"globex\", name: \"l\") { changed }").await;
    auditor.change("targetRetire(customer: \"globex\", name: \"factory\", reason: \"sold\") { changed }").await;
    let released = auditor.until_there("the seat", |event| event["type"] == "SeatReleased").await;
    let why = auditor.why(&released).await;
    let [retired] = &why["causes"].as_array().expect("events")[..] else { panic!("{why}") };
    assert_eq!(retired["type"], "TargetRetired");
    assert!(retired["actor"].as_str().is_some_and(|actor| actor.starts_with("member:")), "{why}");
    let retired = auditor.until_there("the end", |event| event["type"] == "TargetRetired").await;
    auditor.until_it_led_to(&retired, "SeatReleased").await;

    // nothing of it is anybody else's
    auditor.hub.stop().await;
    auditor.hub.run("umbrella").await;
    let other = auditor.hub.sign_in("umbrella").await;
    let answer = auditor.hub.graphql(Some(&other), WHY, json!({ "at": retired })).await;
    assert_eq!(answer.code(), Some("event.not_found"));
}
