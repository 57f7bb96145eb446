//! One organization, and one customer, sees nothing of another: what is not yours is not there.

use distr_tests::hub::{Answer, HubProcess};
use serde_json::json;

async fn do_all(hub: &HubProcess, secret: &str, mutations: &[&str]) {
    for mutation in mutations {
        hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    }
}

async fn robot(hub: &HubProcess, owner: &str, role: &str, customer: &str) -> String {
    let add =
        format!("mutation {{ robotAdd(name: \"r\", role: {role}, customer: \"{customer}\") {{ member {{ id }} }} }}");
    let added = hub.graphql(Some(owner), &add, json!({})).await.data();
    let issue = "mutation ($m: ID) { tokenIssue(label: \"t\", scopes: [READ, WRITE, PULL, PUSH, ADMIN], member: $m) { secret } }";
    let issued = hub.graphql(Some(owner), issue, json!({ "m": added["robotAdd"]["member"]["id"] })).await.data();
    issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned()
}

fn refusal(answer: &Answer) -> (String, String) {
    (answer.code().unwrap_or_default().to_owned(), answer.message().to_owned())
}

#[tokio::test]
async fn a_customer_sees_its_own_and_nothing_else() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    do_all(
        &hub,
        &owner,
        &[
            "a: customerCreate(name: \"globex\") { changed } b: customerCreate(name: \"initech\") { changed }",
            "a: applicationCreate(name: \"hello\") { changed } b: applicationCreate(name: \"other\") { changed }",
            "a: licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }
             b: licenseIssue(customer: \"initech\", application: \"other\", name: \"l\", terms: {}) { changed }",
            "a: targetRegister(customer: \"globex\", name: \"t\") { changed }
             b: targetRegister(customer: \"initech\", name: \"t\") { changed }",
        ],
    )
    .await;
    let globex = robot(&hub, &owner, "CUSTOMER_ADMIN", "globex").await;

    let all = "{
        customers { nodes { name } } applications { nodes { name } } licenses { nodes { customer { name } } }
        targets { nodes { customer { name } } } members { nodes { customer { name } } }
        licenseAudit { nodes { customer { name } } } repositories { nodes { name } }
    }";
    let seen = hub.graphql(Some(&globex), all, json!({})).await.data();
    let own = json!({ "nodes": [{ "customer": { "name": "globex" } }] });
    assert_eq!(
        seen,
        json!({
            "customers": { "nodes": [{ "name": "globex" }] }, "applications": { "nodes": [{ "name": "hello" }] },
            "licenses": own, "targets": own, "members": own, "licenseAudit": own, "repositories": { "nodes": [] },
        })
    );

    // another's and nobody's: the same words
    for (theirs, nobodys) in [
        ("customer(name: \"initech\") { id }", "customer(name: \"nobody\") { id }"),
        ("application(name: \"other\") { id }", "application(name: \"nobody\") { id }"),
        ("license(customer: \"initech\", name: \"l\") { id }", "license(customer: \"nobody\", name: \"l\") { id }"),
        ("target(customer: \"initech\", name: \"t\") { id }", "target(customer: \"nobody\", name: \"t\") { id }"),
    ] {
        let theirs = refusal(&hub.graphql(Some(&globex), &format!("{{ {theirs} }}"), json!({})).await);
        let nobodys = refusal(&hub.graphql(Some(&globex), &format!("{{ {nobodys} }}"), json!({})).await);
        assert_eq!(theirs.0, "not_found");
        let anonymous = |message: &str| {
            ["initech", "other", "nobody"].iter().fold(message.to_owned(), |m, name| m.replace(name, "x"))
        };
        assert_eq!(anonymous(&theirs.1), anonymous(&nobodys.1));
    }
    let register = "mutation { targetRegister(customer: \"initech\", name: \"mine\") { changed } }";
    assert_eq!(hub.graphql(Some(&globex), register, json!({})).await.code(), Some("not_found"));
    let promote = "mutation { robotAdd(name: \"x\", role: OWNER) { changed } }";
    assert_eq!(hub.graphql(Some(&globex), promote, json!({})).await.code(), Some("bad_input"));
}

#[tokio::test]
async fn two_organizations_share_a_hub_and_nothing_else() {
    let mut hub = HubProcess::start().await;
    let acme = hub.sign_in("acme").await;
    do_all(
        &hub,
        &acme,
        &["customerCreate(name: \"globex\") { changed }", "applicationCreate(name: \"hello\") { changed }"],
    )
    .await;
    hub.stop().await;
    hub.run("umbrella").await;
    let umbrella = hub.sign_in("umbrella").await;

    let all =
        "{ customers { nodes { name } } applications { nodes { name } } events(telemetry: []) { events { type } } }";
    let seen = hub.graphql(Some(&umbrella), all, json!({})).await.data();
    assert_eq!(seen["customers"]["nodes"], json!([]));
    assert_eq!(seen["applications"]["nodes"], json!([]));
    assert_eq!(seen["events"]["events"], json!([{ "type": "OrganizationCreated" }, { "type": "MemberAdded" }]));

    // the same names are other things
    do_all(&hub, &umbrella, &["customerCreate(name: \"globex\") { changed }"]).await;
    let id = "{ customer(name: \"globex\") { id } }";
    let (ours, theirs) = (
        hub.graphql(Some(&umbrella), id, json!({})).await.data(),
        hub.graphql(Some(&acme), id, json!({})).await.data(),
    );
    assert_ne!(ours, theirs);
}
