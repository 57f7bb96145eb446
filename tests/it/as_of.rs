//! What was: answers as of a time and as of a position are what they were then, and nobody sees more by looking back.

use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use serde_json::{Value, json};

use crate::withheld::{change, world};

const PICTURE: &str = "query($asOf: Moment) {
    customers(asOf: $asOf) { nodes { name displayName } }
    application(name: \"app\", asOf: $asOf) {
        displayName
        channels { name current versions }
        releases { nodes { version status packages { __typename } } }
    }
    licenses(asOf: $asOf) { nodes { name status seats seatsTaken channels audit { nodes { kind reason } } } }
    targets(asOf: $asOf) { nodes { name state labels { key value } deployments { desiredVersion generation phase } } }
    targetCounts(asOf: $asOf) { total unknown }
    deployments(asOf: $asOf) { nodes { desiredVersion } }
    licenseAudit(asOf: $asOf) { nodes { kind } }
}";

async fn picture(hub: &HubProcess, secret: &str, as_of: Option<&str>) -> Value {
    hub.graphql(Some(secret), PICTURE, json!({ "asOf": as_of })).await.data()
}

async fn head(hub: &HubProcess, secret: &str) -> String {
    let data = hub.graphql(Some(secret), "{ head }", json!({})).await.data();
    data["head"].as_str().expect("a position").to_owned()
}

/// The time at which what stands at the position was committed.
fn committed_at(hub: &HubProcess, position: &str) -> String {
    let sql = format!(
        "SELECT to_json(max(committed_at))#>>'{{}}' FROM (
             SELECT committed_at FROM eventlog.event WHERE position <= {position}
             UNION ALL SELECT committed_at FROM eventlog.telemetry WHERE first_position <= {position}) AS committed"
    );
    let text = Psql::of(hub).ok(&sql);
    let at: DateTime<Utc> = text.trim().parse().expect("a time");
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

#[tokio::test]
async fn each_moment_is_seen_as_it_was() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    world(&hub, &owner).await;
    let mut then = vec![];
    for mutation in [
        "targetRegister(customer: \"globex\", name: \"factory\") { target { id } }",
        "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\", version: \"1.0.0\") { changed }",
        "licenseAmend(customer: \"globex\", name: \"l\", terms: { seats: 3 }) { changed }",
        "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\", version: \"2.0.0\") { changed }",
        "channelDemote(application: \"app\", version: \"1.0.0\", name: \"stable\") { changed }",
        "releaseRevoke(application: \"app\", version: \"1.0.0\", reason: \"broken\") { changed }",
        "licenseRevoke(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }",
        "targetRetire(customer: \"globex\", name: \"factory\", reason: \"gone\") { changed }",
    ] {
        change(&hub, &owner, mutation).await;
        let position = head(&hub, &owner).await;
        then.push((position, picture(&hub, &owner, None).await));
    }
    for (position, seen) in &then {
        assert_eq!(&picture(&hub, &owner, Some(position)).await, seen, "as of position {position}");
        let at = committed_at(&hub, position);
        assert_eq!(&picture(&hub, &owner, Some(&at)).await, seen, "as of {at}");
    }
    assert!(then.windows(2).all(|pair| pair[0].1 != pair[1].1), "each change is seen");
    let before = "{ customers(asOf: \"2020-01-01T00:00:00Z\") { nodes { name } } }";
    let before = hub.graphql(Some(&owner), before, json!({})).await.data();
    assert_eq!(before["customers"]["nodes"], json!([]), "nothing was there");
}

#[tokio::test]
async fn a_document_is_about_one_moment_that_has_been() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let ask = async |query: &str, as_of: &str| hub.graphql(Some(&owner), query, json!({ "asOf": as_of })).await;
    let one = "query($asOf: Moment) { customers(asOf: $asOf) { nodes { name } } }";
    for (moment, code, words) in [
        ("2999-01-01T00:00:00Z", "moment.not_past", "has not come yet"),
        ("999999999", "moment.not_past", "position 999999999 is not in the log yet"),
        ("yesterday", "bad_request", "moment \"yesterday\" is not valid"),
        ("2026-11-01", "bad_request", "2026-11-01T12:00:00Z"),
    ] {
        let answer = ask(one, moment).await;
        assert_eq!(answer.code(), Some(code), "{moment}: {}", answer.message());
        assert!(answer.message().contains(words), "{moment}: {}", answer.message());
    }
    for two in [
        "query($asOf: Moment) { customers(asOf: $asOf) { nodes { name } } targets { nodes { name } } }",
        "query($asOf: Moment) { customers(asOf: $asOf) { nodes { name } } ...F } fragment F on Query { viewer { role } }",
        "query($asOf: Moment) { customers(asOf: $asOf) { nodes { name } } targets(asOf: \"1\") { nodes { name } } }",
    ] {
        let answer = ask(two, "2").await;
        assert!(answer.message().contains("about one moment"), "{two}: {}", answer.message());
    }
    // none is now, and as a default it counts
    assert!(hub.graphql(Some(&owner), one, json!({})).await.data()["customers"]["nodes"].is_array());
    let default = "query($asOf: Moment = \"999999999\") { customers(asOf: $asOf) { nodes { name } } }";
    assert_eq!(hub.graphql(Some(&owner), default, json!({})).await.code(), Some("moment.not_past"));
}

#[tokio::test]
async fn a_customer_sees_no_more_by_looking_back() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { target { id } }";
    change(&hub, &owner, register).await;
    change(&hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
    let deploy =
        "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"app\", version: \"1.0.0\")";
    change(&hub, &owner, &format!("{deploy} {{ changed }}")).await;
    let position = head(&hub, &owner).await;
    let (allowed, ask) = (committed_at(&hub, &position), async |query: &str, as_of: &str| {
        hub.graphql(Some(&customer), query, json!({ "asOf": as_of })).await
    });
    change(&hub, &owner, "licenseRevoke(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }").await;
    for field in
        ["application(name: \"app\"", "release(application: \"app\", version: \"1.0.0\"", "repository(name: \"app\""]
    {
        let answer = ask(&format!("query($asOf: Moment) {{ {field}, asOf: $asOf) {{ __typename }} }}"), &allowed).await;
        assert_eq!(answer.code(), Some("forbidden"), "{}", answer.message());
    }
    let own = "query($asOf: Moment) {
        licenses(asOf: $asOf) { nodes { name status } }
        deployments(asOf: $asOf) { nodes { desiredVersion release { withheld packages { __typename } } } }
    }";
    let seen = ask(own, &allowed).await.data();
    assert_eq!(seen["licenses"]["nodes"], json!([{ "name": "l", "status": "ACTIVE" }]));
    let release = &seen["deployments"]["nodes"][0]["release"];
    assert!(release["packages"].is_null() && release["withheld"].is_string(), "withheld as it is now: {seen}");
    let nested = "query($asOf: Moment) {
        licenses(asOf: $asOf) { nodes { application { channels { name } releases { nodes { version withheld } } } } }
    }";
    let [then, today] = [Some(allowed.as_str()), None].map(|moment| json!({ "asOf": moment }));
    let then = hub.graphql(Some(&customer), nested, then).await.data();
    assert_eq!(then, hub.graphql(Some(&customer), nested, today).await.data(), "the catalogue is as it is today");
    assert_eq!(then["licenses"]["nodes"][0]["application"]["channels"], json!([]));
    // nor how long the log is
    let query = "query($asOf: Moment) { licenses(asOf: $asOf) { nodes { status } } }";
    for (position, status) in [(position.as_str(), "ACTIVE"), ("999999999", "REVOKED")] {
        assert_eq!(ask(query, position).await.data()["licenses"]["nodes"], json!([{ "status": status }]));
    }
    let stranger = "{ portal(organization: \"acme\", asOf: \"999999999\") { __typename } }";
    assert_eq!(hub.graphql(None, stranger, json!({})).await.code(), Some("unauthenticated"));
    let customers = ask("query($asOf: Moment) { customers(asOf: $asOf) { nodes { name } } }", &allowed).await.data();
    assert_eq!(customers["customers"]["nodes"], json!([{ "name": "globex" }]), "its own alone");
}

#[tokio::test]
async fn whether_a_customer_could_pull_is_decided_as_the_registry_does() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    let (home, at) = (tempfile::tempdir().expect("a temporary directory can be made"), hub.url(""));
    let of = |secret: &str, arguments: &[&str]| -> Value {
        let line = [&["entitlement", "check", "acme/app:1", "-o", "json"], arguments].concat();
        serde_json::from_str(&signed_in(home.path(), &at, secret, &line)).expect("JSON")
    };
    let globex = ["--customer", "globex"];
    let allowed = of(&owner, &globex);
    assert_eq!((&allowed["isAllowed"], &allowed["license"]), (&json!(true), &json!("l")));
    let then = head(&hub, &owner).await;
    change(&hub, &owner, "licenseRevoke(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }").await;
    let refused = of(&owner, &globex);
    assert_eq!((&refused["isAllowed"], &refused["code"]), (&json!(false), &json!("entitlement.revoked")));
    assert_eq!(refused["reason"], "license \"l\" was revoked: unpaid");
    assert_eq!(of(&owner, &["--customer", "globex", "--as-of", &then])["isAllowed"], true);
    assert_eq!(of(&customer, &[])["code"], "entitlement.revoked");
    change(&hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
    let none = of(&owner, &["--customer", "initech"]);
    assert_eq!(none["code"], "entitlement.no_license");
    let table = signed_in(home.path(), &at, &owner, &["license", "list", "--as-of", &then]);
    assert!(table.contains("ACTIVE") && !table.contains("REVOKED"), "{table}");
    let absent =
        signed_in(home.path(), &at, &owner, &["entitlement", "check", "app:2", "--customer", "globex", "-o", "json"]);
    assert!(absent.contains("entitlement.not_there"), "{absent}");
}

fn signed_in(home: &Path, hub: &str, secret: &str, arguments: &[&str]) -> String {
    let mut command = std::process::Command::new(distr_tests::binary("distr"));
    command.args(arguments).env("DISTR_HUB", hub).env("DISTR_TOKEN", secret).env("XDG_CONFIG_HOME", home);
    let output = command.output().expect("distr can be started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}
