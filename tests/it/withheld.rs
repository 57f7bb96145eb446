//! What a customer sees of the catalogue, and of the vendor's people: what its licenses entitle it to now, and no names.

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

use crate::access::registry::push;

pub(crate) async fn change(hub: &HubProcess, secret: &str, mutation: &str) -> Value {
    hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

/// An application with releases 1.0.0 in `stable` and 2.0.0 in `beta`, and a robot of the customer globex that has a
/// license for `stable`.
pub(crate) async fn world(hub: &HubProcess, owner: &str) -> String {
    push(hub, owner, "acme/app", "1", "app").await;
    let compose = format!("services: {{ web: {{ image: {}/acme/app:1 }} }}", hub.registry());
    for mutation in ["applicationCreate(name: \"app\") { changed }", "customerCreate(name: \"globex\") { changed }"] {
        change(hub, owner, mutation).await;
    }
    for (version, channel) in [("1.0.0", "stable"), ("2.0.0", "beta")] {
        let release = format!("application: \"app\", version: \"{version}\"");
        let publish = format!(
            "releasePublish({release}, packages: [{{ compose: {{ file: {compose:?} }} }}], notes: \"of {version}\") {{ changed }}"
        );
        change(hub, owner, &publish).await;
        change(hub, owner, &format!("channelCreate(application: \"app\", name: \"{channel}\") {{ changed }}")).await;
        change(hub, owner, &format!("channelPromote({release}, name: \"{channel}\") {{ changed }}")).await;
    }
    let license =
        "licenseIssue(customer: \"globex\", application: \"app\", name: \"l\", terms: { channels: [\"stable\"] })";
    change(hub, owner, &format!("{license} {{ changed }}")).await;
    let robot = "robotAdd(name: \"r\", role: CUSTOMER_ADMIN, customer: \"globex\") { member { id } }";
    let robot = change(hub, owner, robot).await["robotAdd"]["member"]["id"].clone();
    let issue = format!("tokenIssue(label: \"t\", scopes: [READ, WRITE, PULL, ADMIN], member: {robot}) {{ secret }}");
    change(hub, owner, &issue).await["tokenIssue"]["secret"].as_str().expect("a secret").to_owned()
}

const CATALOGUE: &str = "{ application(name: \"app\") {
    channels { name }
    releases { nodes { version withheld packages { __typename } notes images { repository } } }
} }";

async fn seen(hub: &HubProcess, secret: &str) -> (Value, Vec<Value>) {
    let data = hub.graphql(Some(secret), CATALOGUE, json!({})).await.data()["application"].clone();
    (data["channels"].clone(), data["releases"]["nodes"].as_array().expect("releases").clone())
}

fn is_withheld(release: &Value) -> bool {
    let gone = ["packages", "notes", "images"].iter().all(|field| release[field].is_null());
    gone && release["withheld"].is_string()
}

#[tokio::test]
async fn a_customer_sees_what_its_licenses_entitle_it_to_now() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    let (channels, releases) = seen(&hub, &customer).await;
    assert_eq!(channels, json!([{ "name": "stable" }]));
    assert!(is_withheld(&releases[0]) && releases[0]["version"] == "2.0.0", "{releases:?}");
    assert_eq!((&releases[1]["notes"], &releases[1]["withheld"]), (&json!("of 1.0.0"), &json!(null)));
    assert_eq!(releases[1]["images"], json!([{ "repository": "app" }]));
    let (all, full) = seen(&hub, &owner).await;
    assert_eq!((all.as_array().map(Vec::len), full[0]["notes"].as_str()), (Some(2), Some("of 2.0.0")), "the vendor");
    change(&hub, &owner, "licenseRevoke(customer: \"globex\", name: \"l\", reason: \"it ended\") { changed }").await;
    let (channels, releases) = seen(&hub, &customer).await;
    assert_eq!(channels, json!([]));
    assert!(releases.iter().all(is_withheld), "{releases:?}");
    assert!(releases[1]["withheld"].as_str().is_some_and(|why| why.contains("it ended")), "{releases:?}");
    // a license that names no channel is bound to none
    let license = "licenseIssue(customer: \"globex\", application: \"app\", name: \"m\", terms: {}) { changed }";
    change(&hub, &owner, license).await;
    assert_eq!(seen(&hub, &customer).await.0, json!([{ "name": "beta" }, { "name": "stable" }]));
}

#[tokio::test]
async fn a_customer_learns_nothing_of_the_vendors_people() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    let id = hub.graphql(Some(&owner), "{ viewer { memberId } }", json!({})).await.data()["viewer"]["memberId"].clone();
    let query = "{ licenseAudit { nodes { kind actor detail } } }";
    let of_vendor = hub.graphql(Some(&owner), query, json!({})).await.data()["licenseAudit"]["nodes"][0].clone();
    assert_eq!(of_vendor["actor"], format!("member:{}", id.as_str().expect("an id")));
    let audit = hub.graphql(Some(&customer), query, json!({})).await.data();
    assert_eq!(audit["licenseAudit"]["nodes"][0]["actor"], "vendor:acme");
    assert!(!audit.to_string().contains(id.as_str().expect("an id")), "{audit}");
}

#[tokio::test]
async fn each_change_of_a_secret_is_a_fact_without_its_value() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    let events = async || {
        let page = hub.graphql(Some(&owner), "{ events(first: 1000) { events { type actor data } } }", json!({})).await;
        let events = page.data()["events"]["events"].as_array().expect("events").clone();
        assert!(!json!(events).to_string().contains("planted"), "the value is in the log");
        events
            .into_iter()
            .filter(|event| event["type"].as_str().is_some_and(|kind| kind.starts_with("Secret")))
            .collect()
    };
    change(&hub, &customer, "secretSet(name: \"DB\", value: \"planted\") { changed position }").await;
    change(&hub, &customer, "secretRemove(name: \"DB\") { changed position }").await;
    let again = change(&hub, &customer, "secretRemove(name: \"DB\") { changed }").await;
    assert_eq!(again["secretRemove"]["changed"], false);
    let facts: Vec<Value> = events().await;
    let kinds: Vec<_> = facts.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["SecretSet", "SecretRemoved"]);
    for fact in facts {
        assert_eq!(fact["data"]["name"], "DB");
        assert!(fact["actor"].as_str().is_some_and(|actor| actor.starts_with("robot:")), "{fact}");
    }
}
