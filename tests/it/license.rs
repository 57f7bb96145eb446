//! What a license allows now, without an image: deployments are refused with a reason before anything is pulled.

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

async fn run(hub: &HubProcess, secret: &str, mutation: &str) -> Value {
    hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

#[tokio::test]
async fn the_license_audit_tells_the_story_in_order() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for mutation in [
        "customerCreate(name: \"globex\") { changed }",
        "applicationCreate(name: \"hello\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: { seats: 1 }) { changed }",
        "licenseAmend(customer: \"globex\", name: \"l\", terms: { seats: 2 }) { changed }",
        "licenseAmend(customer: \"globex\", name: \"l\", terms: { seats: 2 }) { changed }",
        "licenseSuspend(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }",
        "licenseResume(customer: \"globex\", name: \"l\") { changed }",
        "licenseRevoke(customer: \"globex\", name: \"l\", reason: \"ended\") { changed }",
    ] {
        run(&hub, &owner, mutation).await;
    }
    let query = "{ license(customer: \"globex\", name: \"l\") { status reason audit { nodes { kind reason } } } }";
    let license = hub.graphql(Some(&owner), query, json!({})).await.data()["license"].clone();
    assert_eq!((&license["status"], &license["reason"]), (&json!("REVOKED"), &json!("ended")));
    let audit: Vec<_> = license["audit"]["nodes"].as_array().expect("nodes").clone();
    assert_eq!(
        audit,
        [
            json!({ "kind": "ISSUED", "reason": null }),
            json!({ "kind": "AMENDED", "reason": null }),
            json!({ "kind": "SUSPENDED", "reason": "unpaid" }),
            json!({ "kind": "RESUMED", "reason": null }),
            json!({ "kind": "REVOKED", "reason": "ended" }),
        ]
    );
    let amend = "mutation { licenseAmend(customer: \"globex\", name: \"l\", terms: {}) { changed } }";
    let answer = hub.graphql(Some(&owner), amend, json!({})).await;
    assert_eq!((answer.code(), answer.message()), (Some("license.revoked"), "license \"l\" was revoked: ended"));
}

#[tokio::test]
async fn an_expired_license_shows_as_expired_without_anybody_doing_anything() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for mutation in [
        "customerCreate(name: \"globex\") { changed }",
        "applicationCreate(name: \"hello\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\",
                      terms: { expiresAt: \"2020-01-01T00:00:00Z\" }) { changed }",
    ] {
        run(&hub, &owner, mutation).await;
    }
    let query = "{ license(customer: \"globex\", name: \"l\") { status } }";
    assert_eq!(hub.graphql(Some(&owner), query, json!({})).await.data()["license"]["status"], "EXPIRED");
    let bad = "mutation { licenseIssue(customer: \"globex\", application: \"hello\", name: \"x\",
               terms: { versions: [\"one\"] }) { changed } }";
    let answer = hub.graphql(Some(&owner), bad, json!({})).await;
    assert!(answer.message().contains("version range \"one\" is not valid"), "{}", answer.message());
}
