//! What the hub makes of reports, whatever an agent sends: each counts once, and the hub's own clock says who is there.

use std::time::Duration;

use distr_tests::agent::{register, target};
use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

const FIELDS: &str = "state lastHeartbeatAt
    lastReport { at clockOffsetSeconds sequence reports missing error { category text } }
    heartbeats { nodes { hour reports } }";

struct Speaker {
    hub: HubProcess,
    owner: String,
    secret: String,
}

impl Speaker {
    async fn new() -> Self {
        let hub = HubProcess::start().await;
        let owner = hub.sign_in("acme").await;
        let token = register(&hub, &owner).await;
        let mut speaker = Self { hub, owner, secret: token };
        let answer = speaker.post("enrol", json!({ "agent_version": "1" })).await;
        speaker.secret = answer["secret"].as_str().expect("a secret").to_owned();
        speaker
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = Client::new().post(self.hub.url(&format!("/agent/v1/{path}")));
        let response = request.bearer_auth(&self.secret).json(&body).send().await.expect("an answer");
        let (status, answer) = (response.status(), response.json::<Value>().await.expect("JSON"));
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    async fn report(&self, reports: &[Value], behind: u64) -> Value {
        self.post("heartbeats", json!({ "reports": reports, "behind": behind })).await
    }

    async fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        wait::until(what, Duration::from_secs(30), async || {
            let target = target(&self.hub, &self.owner, FIELDS).await;
            match is(&target) {
                true => Ok(target),
                false => Err(format!("{target:#}")),
            }
        })
        .await
    }
}

fn report(boot: u128, sequence: u64, at: &str) -> Value {
    json!({
        "id": Uuid::new_v5(&Uuid::from_u128(boot), &sequence.to_be_bytes()), "boot": Uuid::from_u128(boot),
        "sequence": sequence, "at": at, "agent_version": "1.2.3", "deployments": [],
    })
}

/// By the last report and by the hours, which are told one after the other.
fn counted(reports: u64) -> impl Fn(&Value) -> bool {
    move |target| {
        let hours = target["heartbeats"]["nodes"].as_array().into_iter().flatten();
        let in_hours: u64 = hours.filter_map(|hour| hour["reports"].as_u64()).sum();
        target["lastReport"]["reports"] == reports && in_hours == reports
    }
}

#[tokio::test]
async fn a_report_that_is_sent_again_counts_once_also_after_the_hub_was_killed() {
    let mut speaker = Speaker::new().await;
    let at = "2026-01-01T10:30:00Z";
    let first: Vec<_> = (1..=3).map(|sequence| report(1, sequence, at)).collect();
    let answer = speaker.report(&first, 0).await;
    assert_eq!((&answer["accepted"], &answer["repeated"], answer.get("known")), (&json!(3), &json!(0), None));
    let answer = speaker.report(&first[1..], 0).await;
    assert_eq!((&answer["accepted"], &answer["repeated"]), (&json!(2), &json!(2)));
    assert_eq!(answer["known"]["id"], first[2]["id"]);

    speaker.hub.kill();
    speaker.hub.run("acme").await;
    let more: Vec<_> = (2..=5).map(|sequence| report(1, sequence, at)).collect();
    speaker.report(&more, 0).await;
    // an earlier incarnation has nothing to say once a later one has spoken
    speaker.report(&[report(2, 1, at)], 0).await;
    let answer = speaker.report(&[report(1, 6, at)], 0).await;
    assert_eq!(answer["repeated"], 1, "{answer}");
    let target = speaker.until("all are counted", counted(6)).await;
    assert_eq!(target["lastReport"]["sequence"], 1);
    let hours = &target["heartbeats"]["nodes"];
    assert_eq!((hours[0]["reports"].clone(), hours.as_array().map(Vec::len)), (json!(6), Some(1)), "{target:#}");
}

#[tokio::test]
async fn a_backlog_does_not_make_an_agent_present_and_a_wrong_clock_does_no_harm() {
    let speaker = Speaker::new().await;
    speaker.report(&[report(1, 1, "2026-01-01T10:30:00Z")], 7).await;
    let target = speaker.until("an old report", counted(1)).await;
    assert_eq!((&target["state"], &target["lastHeartbeatAt"]), (&json!("UNKNOWN"), &Value::Null), "{target:#}");

    // forty years ahead, then thirty behind
    let ahead = report(1, 2, "2066-01-01T00:00:00Z");
    speaker.post("heartbeats", json!({ "reports": [ahead], "sent_at": "2066-01-01T00:00:00Z" })).await;
    let target = speaker.until("a report of the future", counted(2)).await;
    assert_eq!(target["state"], "OK");
    assert!(target["lastReport"]["clockOffsetSeconds"].as_f64().expect("a number") > 1e9, "{target:#}");
    let behind = report(1, 3, "1996-01-01T00:00:00Z");
    speaker.post("heartbeats", json!({ "reports": [behind], "sent_at": "1996-01-01T00:00:00Z" })).await;
    let target = speaker.until("a report of the past", counted(3)).await;
    assert_eq!(target["lastReport"]["sequence"], 3, "the sequence orders, not the clock: {target:#}");
    assert!(target["lastReport"]["clockOffsetSeconds"].as_f64().expect("a number") < -9e8, "{target:#}");
    let hours = target["heartbeats"]["nodes"].as_array().expect("hours").clone();
    let hours: Vec<_> = hours.iter().map(|hour| &hour["hour"].as_str().expect("a time")[..4]).collect();
    assert_eq!(hours, ["2066", "2026", "1996"]);
}

#[tokio::test]
async fn what_an_agent_lacks_is_shown() {
    let speaker = Speaker::new().await;
    let mut report = report(1, 9, "2026-01-01T10:30:00Z");
    report["missing"] = json!({ "reports": 4, "from": "2026-01-01T10:00:00Z", "to": "2026-01-01T10:01:00Z" });
    report["error"] = json!({ "category": "resources", "text": "no space left on device" });
    speaker.report(&[report], 0).await;
    let target = speaker.until("the report", counted(1)).await;
    assert_eq!(target["lastReport"]["missing"], 4);
    assert_eq!(target["lastReport"]["error"], json!({ "category": "RESOURCES", "text": "no space left on device" }));
}
