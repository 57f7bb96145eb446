//! The way of upgrades: required releases are not passed over, blocked upgrades are not taken, and what is older than what runs needs a
//! reason.

use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::wait;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::two_hubs::{post, report};
use crate::withheld::{change, world};

/// An application with releases 1.0.0, 2.0.0 and 3.0.0, which the customer may all have.
pub(crate) async fn three_releases(hub: &HubProcess, owner: &str) {
    world(hub, owner).await;
    let license = "licenseIssue(customer: \"globex\", application: \"app\", name: \"m\", terms: {}) { changed }";
    change(hub, owner, license).await;
    let compose = format!("services: {{ web: {{ image: {}/acme/app:1 }} }}", hub.registry());
    let packages = format!("packages: [{{ compose: {{ file: {compose:?} }} }}]");
    let publish = format!("releasePublish(application: \"app\", version: \"3.0.0\", {packages}) {{ changed }}");
    change(hub, owner, &publish).await;
}

struct Site {
    deployment: String,
    agent: String,
}

impl Site {
    /// Of a target on which 1.0.0 was asked for.
    async fn of(hub: &HubProcess, owner: &str) -> Self {
        let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
        let token = change(hub, owner, register).await["targetRegister"]["enrolment"]["token"].clone();
        let enrol = json!({ "agent_version": "1" });
        let (_, enrolled) = post(hub, "/agent/v1/enrol", token.as_str().expect("a token"), enrol).await;
        let answer = deploy(hub, owner, "1.0.0", "").await.expect("it is deployed");
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self { deployment: text(&answer["deployment"]["id"]), agent: text(&enrolled["secret"]) }
    }

    /// The agent says that the generation runs, and the hub shows it.
    async fn runs(&self, hub: &HubProcess, owner: &str, generation: u64, version: &str) {
        let mut said = report(&self.deployment, generation, "ok");
        let deployment = &mut said["reports"][0]["deployments"][0];
        deployment["generation"] = json!(generation);
        deployment["running"] = json!({ "generation": generation, "version": version });
        let (status, answer) = post(hub, "/agent/v1/heartbeats", &self.agent, said).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let query =
            "{ deployment(customer: \"globex\", target: \"factory\", application: \"app\") { phase runningVersion } }";
        wait::until("the release to run", Duration::from_secs(60), async || {
            let shown = hub.graphql(Some(owner), query, json!({})).await.data()["deployment"].clone();
            match shown == json!({ "phase": "HEALTHY", "runningVersion": version }) {
                true => Ok(()),
                false => Err(shown.to_string()),
            }
        })
        .await;
    }
}

/// The answer, or the code and the sentence of the refusal.
async fn deploy(hub: &HubProcess, owner: &str, version: &str, more: &str) -> Result<Value, (String, String)> {
    let mutation = format!(
        "mutation {{ deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\", \
         version: \"{version}\"{more}) {{ changed deployment {{ id generation }} }} }}"
    );
    let answer = hub.graphql(Some(owner), &mutation, json!({})).await;
    match answer.code() {
        Some(code) => Err((code.to_owned(), answer.message().to_owned())),
        None => Ok(answer.data()["deploymentSetRelease"].clone()),
    }
}

/// The code of the refusal, whose sentence has these words.
#[track_caller]
fn refused(answer: Result<Value, (String, String)>, words: &[&str]) -> String {
    let (code, sentence) = answer.expect_err("it is refused");
    assert!(words.iter().all(|word| sentence.contains(word)), "{sentence}");
    code
}

async fn rule(hub: &HubProcess, owner: &str, field: &str, version: &str, more: &str) -> Value {
    let shown = "changed release { required noReturn blockedUpgrades { from reason } }";
    let mutation = format!("{field}(application: \"app\", version: \"{version}\", {more}) {{ {shown} }}");
    change(hub, owner, &mutation).await[field].clone()
}

#[tokio::test]
async fn an_upgrade_takes_no_way_that_is_closed() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    three_releases(&hub, &owner).await;
    let required = rule(&hub, &owner, "releaseRequire", "2.0.0", "reason: \"it moves the schema\"").await;
    assert_eq!(required["release"]["required"], "it moves the schema");
    let site = Site::of(&hub, &owner).await;
    site.runs(&hub, &owner, 1, "1.0.0").await;

    let skipped = deploy(&hub, &owner, "3.0.0", "").await;
    let words = ["\"2.0.0\" is required", "it moves the schema", "deploy it first"];
    assert_eq!(refused(skipped, &words), "deployment.floor_skipped");
    deploy(&hub, &owner, "2.0.0", "").await.expect("the floor is deployed");
    site.runs(&hub, &owner, 2, "2.0.0").await;

    let because = "from: \"2.x\", reason: \"it loses mail\"";
    let blocked = rule(&hub, &owner, "releaseBlockUpgrade", "3.0.0", because).await;
    let shown = json!([{ "from": "2.x", "reason": "it loses mail" }]);
    assert_eq!(blocked["release"]["blockedUpgrades"], shown);
    let closed = deploy(&hub, &owner, "3.0.0", "").await;
    assert_eq!(refused(closed, &["\"2.0.0\" to \"3.0.0\" is blocked", "it loses mail"]), "path.blocked");
    let opened = rule(&hub, &owner, "releaseUnblockUpgrade", "3.0.0", "from: \"2.x\"").await;
    assert_eq!(opened["release"]["blockedUpgrades"], json!([]));
    deploy(&hub, &owner, "3.0.0", "").await.expect("the way is open again");
    let lifted = rule(&hub, &owner, "releaseUnrequire", "2.0.0", "reason: \"done\"").await;
    assert_eq!((&lifted["changed"], &lifted["release"]["required"]), (&json!(true), &json!(null)));
}

#[tokio::test]
async fn nobody_goes_back_by_mistake_and_nobody_past_a_release_of_no_return() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    three_releases(&hub, &owner).await;
    let site = Site::of(&hub, &owner).await;
    site.runs(&hub, &owner, 1, "1.0.0").await;
    deploy(&hub, &owner, "3.0.0", "").await.expect("nothing is required");
    site.runs(&hub, &owner, 2, "3.0.0").await;

    let words = ["of \"3.0.0\"", "newer than \"2.0.0\"", "allow the downgrade"];
    assert_eq!(refused(deploy(&hub, &owner, "2.0.0", "").await, &words), "deployment.downgrade");
    let without = deploy(&hub, &owner, "2.0.0", ", allowDowngrade: true").await;
    assert_eq!(refused(without, &["needs a reason"]), "bad_input");
    let alone = deploy(&hub, &owner, "3.0.0", ", reason: \"it is slow\"").await;
    assert_eq!(refused(alone, &["belongs to a downgrade"]), "bad_input");
    let back = ", allowDowngrade: true, reason: \"it is slow\"";
    let asked = deploy(&hub, &owner, "2.0.0", back).await.expect("with a reason it goes back");
    assert_eq!(asked["deployment"]["generation"], 3);
    let query = "{ events(first: 500, telemetry: []) { events { type data } } }";
    let data = hub.graphql(Some(&owner), query, json!({})).await.data();
    let events = data["events"]["events"].as_array().expect("events").clone();
    let wishes: Vec<_> = events.iter().filter(|event| event["type"] == "DesiredReleaseSet").collect();
    assert_eq!(
        wishes.iter().map(|wish| &wish["data"]["downgrade"]).collect::<Vec<_>>(),
        [&json!(null), &json!(null), &json!("it is slow")]
    );

    rule(&hub, &owner, "releaseMarkNoReturn", "3.0.0", "reason: \"a new format\"").await;
    let past = deploy(&hub, &owner, "1.0.0", back).await;
    assert_eq!(refused(past, &["\"3.0.0\" cannot be left", "a new format"]), "deployment.no_return");

    // what was removed and left its data is no new beginning
    for (data, code) in [("KEEP", Some("deployment.no_return")), ("REMOVE", None)] {
        let of = "customer: \"globex\", target: \"factory\", application: \"app\"";
        let remove = format!("deploymentRemove({of}, data: {data}) {{ deployment {{ generation }} }}");
        let removal = change(&hub, &owner, &remove).await["deploymentRemove"]["deployment"]["generation"].clone();
        let removal = removal.as_u64().expect("a number");
        let mut said = report(&site.deployment, removal, "unknown");
        said["reports"][0]["deployments"][0] = json!({
            "deployment": site.deployment, "generation": removal, "step": "removed", "health": "unknown",
        });
        post(&hub, "/agent/v1/heartbeats", &site.agent, said).await;
        wait::until("the removal", Duration::from_secs(60), async || {
            let query = format!("{{ deployment({of}) {{ phase }} }}");
            let shown = hub.graphql(Some(&owner), &query, json!({})).await.data()["deployment"].clone();
            if shown["phase"] == "REMOVED" { Ok(()) } else { Err(shown.to_string()) }
        })
        .await;
        let anew = deploy(&hub, &owner, "1.0.0", if code.is_some() { back } else { "" }).await;
        assert_eq!(anew.as_ref().err().map(|(code, _)| code.as_str()), code, "{data}: {anew:?}");
        if code.is_some() {
            deploy(&hub, &owner, "3.0.0", "").await.expect("what made the data is deployed again");
        }
    }
}
