//! What a customer sees of the catalogue, and of the vendor's people: what its licenses entitle it to now, and no names.

use distr_domain::artifact::manifest::{ManifestCommand, StoredManifest};
use distr_domain::ids::{ArtifactId, ManifestId, OrganizationId};
use distr_eventlog::{Actor, Context, PostgresLog, execute};
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

/// A refusal that is answered as if there were nothing is in the vendor's audit, and in none that the customer reads; nor does
/// a channel that is for others answer otherwise than one that nobody has.
#[tokio::test]
async fn what_a_customer_is_told_is_not_there_is_not_in_its_audit() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let customer = world(&hub, &owner).await;
    push(&hub, &owner, "acme/other", "1", "other").await;
    for name in ["acme/other", "acme/absent"] {
        let refused = pull(&hub, &customer, name, "1").await;
        assert_eq!(refused, 404, "{name}");
    }
    assert_eq!(pull(&hub, &customer, "acme/app", "1").await, 200);
    let audit = "query ($newest: Boolean!) { licenseAudit(first: 100, newestFirst: $newest) { nodes { kind } } }";
    let kinds = async |secret: &str, newest: bool| {
        let data = hub.graphql(Some(secret), audit, json!({ "newest": newest })).await.data();
        let nodes = data["licenseAudit"]["nodes"].as_array().expect("entries").clone();
        nodes.iter().map(|node| node["kind"].as_str().expect("a kind").to_owned()).collect::<Vec<_>>()
    };
    distr_tests::wait::until("the vendor's audit", std::time::Duration::from_secs(30), async || {
        let seen = kinds(&owner, false).await;
        let has = |kind: &str| seen.iter().any(|seen| seen == kind);
        if has("PULL_REFUSED") && has("PULL_GRANTED") { Ok(()) } else { Err(format!("{seen:?}")) }
    })
    .await;
    let seen = kinds(&customer, false).await;
    assert!(seen.iter().any(|kind| kind == "PULL_GRANTED"), "{seen:?}");
    assert!(!seen.iter().any(|kind| kind == "PULL_REFUSED"), "{seen:?}");
    for who in [&customer, &owner] {
        let mut newest = kinds(who, true).await;
        newest.reverse();
        assert_eq!(newest, kinds(who, false).await, "the same from the other end");
    }

    change(&hub, &owner, "targetRegister(customer: \"globex\", name: \"t\") { changed }").await;
    let deploy = async |channel: &str| {
        let deploy = format!(
            "mutation {{ deploymentSetRelease(target: \"t\", application: \"app\", channel: \"{channel}\") {{ changed }} }}"
        );
        let answer = hub.graphql(Some(&customer), &deploy, json!({})).await;
        (answer.code().map(str::to_owned), answer.message().replace(channel, "CHANNEL"))
    };
    assert_eq!(deploy("beta").await, deploy("nobody").await);
}

async fn pull(hub: &HubProcess, secret: &str, name: &str, tag: &str) -> u16 {
    let token = crate::access::registry::token(hub, secret, &[&format!("repository:{name}:pull")]).await;
    let request = reqwest::Client::new().get(hub.url(&format!("/v2/{name}/manifests/{tag}")));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    request.send().await.expect("an answer").status().as_u16()
}

/// A release is published while somebody deletes its image: both looked before either was a fact. The release wins.
#[tokio::test]
async fn an_image_that_is_deleted_while_its_release_is_published_stays() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let path = file.to_str().expect("a path in UTF-8");
    let pause = [("DISTR_HUB_PAUSE_AT", "release.publishing"), ("DISTR_HUB_PAUSE_FILE", path)];
    let hub = HubProcess::start_with(&pause).await;
    let owner = hub.sign_in("acme").await;
    let digest = push(&hub, &owner, "acme/app", "1", "app").await;
    change(&hub, &owner, "applicationCreate(name: \"app\") { changed }").await;
    let compose = format!("services: {{ web: {{ image: {}/acme/app:1 }} }}", hub.registry());
    let publish = format!(
        "mutation {{ releasePublish(application: \"app\", version: \"1.0.0\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }} }}"
    );
    let (hub_ref, owner_ref) = (&hub, owner.as_str());
    let publishing = async { hub_ref.graphql(Some(owner_ref), &publish, json!({})).await.data() };
    // by somebody who looked before there was a draft
    let deleting = async {
        crate::observation::until_there(&file).await;
        let url = distr_embedded_postgres::url_of_running(&hub_ref.data.path().join("hub/postgres"), "distr");
        let log = PostgresLog::connect(&url.expect("the hub's Postgres")).await.expect("the hub's log");
        let organization = OrganizationId::of(&"acme".parse().expect("a name"));
        let (repository, digest) = ("app".parse().expect("a path"), digest.parse().expect("a digest"));
        let stream = ManifestId::of(ArtifactId::of(organization, &repository), &digest).0;
        let command =
            ManifestCommand::Delete { repository, digest, listed: true, pin: None, index: None, reason: None };
        let (actor, correlation) = (Actor::Operator, uuid::Uuid::new_v4());
        let (causation, at, of) = (None, distr_tests::clock::now(), uuid::Uuid::new_v4());
        let context = Context { organization, actor, causation, correlation, command: of, at };
        let deleted = execute::<StoredManifest>(&log, stream, &command, &context).await.expect("it is deleted");
        log.close().await;
        std::fs::remove_file(&file).expect("the file of the pause");
        deleted.events.len()
    };
    let (published, deleted) = tokio::join!(publishing, deleting);
    assert_eq!(deleted, 1);
    assert_eq!(published["releasePublish"]["changed"], true);
    let token = crate::access::registry::token(&hub, &owner, &["repository:acme/app:pull"]).await.expect("a token");
    let pulled = reqwest::Client::new().get(hub.url(&format!("/v2/acme/app/manifests/{digest}"))).bearer_auth(token);
    assert_eq!(pulled.send().await.expect("an answer").status(), 200);
    let refused =
        hub.graphql(Some(&owner), "mutation { repositoryDelete(name: \"app\") { changed } }", json!({})).await;
    assert_eq!(refused.code(), Some("artifact.pinned"), "{refused:?}");
}
