//! A request that is sent again with its `Idempotency-Key` has no second effect.

use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::access::registry::push;
use crate::observation::until_there;

const MUTATION: &str = "mutation ($name: Name!) {
    customerCreate(name: $name) { position changed }
    robotAdd(name: \"ci\", role: AUDITOR) { position member { id } }
    tokenIssue(label: \"t\", scopes: [READ]) { position secret token { id } }
}";

async fn send(hub: &HubProcess, secret: &str, key: &str, name: &str) -> (StatusCode, Value) {
    ask(hub, secret, key, json!({ "query": MUTATION, "variables": { "name": name } })).await
}

async fn ask(hub: &HubProcess, secret: &str, key: &str, body: Value) -> (StatusCode, Value) {
    let request = Client::new().post(hub.url("/graphql")).bearer_auth(secret).header("Idempotency-Key", key);
    let response = request.json(&body).send().await.expect("an answer");
    (response.status(), response.json().await.expect("JSON"))
}

async fn count(hub: &HubProcess, secret: &str, wanted: &str) -> usize {
    let query = "{ events(first: 1000) { events { type } } }";
    let data = hub.graphql(Some(secret), query, json!({})).await.data();
    let events = data["events"]["events"].as_array().expect("events").clone();
    events.iter().filter(|event| event["type"] == wanted).count()
}

#[tokio::test]
async fn the_same_request_again_is_answered_with_what_it_led_to() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, first) = send(&hub, &owner, "k1", "globex").await;
    let (_, again) = send(&hub, &owner, "k1", "globex").await;
    assert!(first.get("errors").is_none(), "{first}");
    assert_eq!(first["data"]["customerCreate"]["changed"], true);
    for path in ["/customerCreate", "/robotAdd", "/tokenIssue/position", "/tokenIssue/token"] {
        assert_eq!(first["data"].pointer(path), again["data"].pointer(path), "{path}");
    }
    for event in ["CustomerCreated", "TokenIssued"] {
        assert_eq!(count(&hub, &owner, event).await, 1, "{event}");
    }
    assert_eq!(count(&hub, &owner, "MemberAdded").await, 2, "the owner and the robot");
    // the secret is made anew in the place of the one whose answer did not arrive
    let lets_in = async |answer: &Value| {
        let secret = answer["data"]["tokenIssue"]["secret"].as_str().expect("a secret");
        hub.graphql(Some(secret), "{ viewer { memberId } }", json!({})).await.code() != Some("unauthenticated")
    };
    assert!(lets_in(&again).await);
    assert!(!lets_in(&first).await, "one token has one secret");
    // that answer arrived: from now on there is no other secret
    let (_, late) = send(&hub, &owner, "k1", "globex").await;
    assert_eq!(late["errors"][0]["extensions"]["code"], "token.issued_before", "{late}");
    assert!(lets_in(&again).await);
}

#[tokio::test]
async fn the_same_request_many_times_at_once_makes_one_secret() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for round in 0..5 {
        let key = format!("k{round}");
        let answers = futures_util::future::join_all((0..8).map(|_| send(&hub, &owner, &key, &key))).await;
        let mut let_in = 0;
        for (_, answer) in &answers {
            let Some(secret) = answer.pointer("/data/tokenIssue/secret").and_then(Value::as_str) else { continue };
            let viewer = hub.graphql(Some(secret), "{ viewer { memberId } }", json!({})).await;
            let_in += usize::from(viewer.code() != Some("unauthenticated"));
        }
        assert_eq!(let_in, 1, "{round}: {answers:#?}");
    }
}

#[tokio::test]
async fn no_secret_is_made_for_a_token_that_was_rotated_or_revoked_since() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for (key, ending) in
        [("k1", "tokenRotate(id: $id, overlapMinutes: 60) { changed }"), ("k2", "tokenRevoke(id: $id) { changed }")]
    {
        let (_, first) = send(&hub, &owner, key, key).await;
        let id = &first["data"]["tokenIssue"]["token"]["id"];
        let ending = format!("mutation ($id: ID!) {{ {ending} }}");
        hub.graphql(Some(&owner), &ending, json!({ "id": id })).await.data();
        let (_, again) = send(&hub, &owner, key, key).await;
        let code = again["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
        assert!(["token.issued_before", "token.dead"].contains(&code), "{again}");
        assert!(again.pointer("/data/tokenIssue/secret").is_none(), "no secret: {again}");
    }
}

#[tokio::test]
async fn another_request_with_the_same_key_is_another() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    send(&hub, &owner, "k1", "globex").await;
    let (_, other) = send(&hub, &owner, "k1", "initech").await;
    assert_eq!(other["data"]["customerCreate"]["changed"], true, "{other}");
    let (status, refused) = send(&hub, &owner, "", "hooli").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(refused["message"].as_str().unwrap_or_default().contains("Idempotency-Key"), "{refused}");
}

/// The value that is in force stays in force: a change that is sent again after another has no second effect, also when the
/// hub died before the first.
#[tokio::test]
async fn a_secret_has_the_value_of_its_newest_change() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    hub.stop().await;
    hub.set("DISTR_HUB_PAUSE_AT", "secret.fact");
    hub.set("DISTR_HUB_PAUSE_FILE", file.to_str().expect("a path in UTF-8"));
    hub.run("acme").await;
    let change = async |hub: &HubProcess, key: &str, mutation: &str| {
        let request = Client::new().post(hub.url("/graphql")).bearer_auth(&owner).header("Idempotency-Key", key);
        let body = json!({ "query": format!("mutation {{ {mutation} {{ changed }} }}") });
        let answer = request.json(&body).send().await.map_err(|error| error.to_string())?;
        let answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        match answer.get("errors") {
            None => Ok(()),
            Some(errors) => Err(errors.to_string()),
        }
    };
    let stored = |hub: &HubProcess| Psql::of(hub).ok("SELECT name, md5(ciphertext) FROM ops.secret");
    let set = |value: &str| format!("secretSet(customer: \"globex\", name: \"DB\", value: \"{value}\")");
    let none = stored(&hub);
    let first = set("first");
    {
        let stopped = std::pin::pin!(change(&hub, "k1", &first));
        tokio::select! {
            answer = stopped => panic!("{answer:?}"),
            () = until_there(&file) => {}
        }
    }
    hub.kill();
    hub.run("acme").await;
    assert_eq!(stored(&hub), none);
    change(&hub, "k1", &first).await.expect("it is gone on with");
    let of_first = stored(&hub);
    assert_ne!(of_first, none);
    change(&hub, "k2", &set("second")).await.expect("a change");
    let of_second = stored(&hub);
    assert_ne!(of_second, of_first);
    change(&hub, "k1", &first).await.expect("the same again");
    assert_eq!(stored(&hub), of_second);
    let remove = "secretRemove(customer: \"globex\", name: \"DB\")";
    change(&hub, "k3", remove).await.expect("a removal");
    assert_eq!(stored(&hub), none);
    change(&hub, "k2", &set("second")).await.expect("the same again");
    assert_eq!(stored(&hub), none);
    change(&hub, "k4", &set("third")).await.expect("a change");
    let of_third = stored(&hub);
    change(&hub, "k3", remove).await.expect("the same again");
    assert_eq!(stored(&hub), of_third);
}

/// What it led to stands, whatever would be answered now: an image's tag has moved, a license has ended.
#[tokio::test]
async fn what_was_published_and_deployed_is_told_again() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    push(&hub, &owner, "acme/hello", "1", "first").await;
    let run = async |mutation: &str| {
        hub.graphql(Some(&owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    };
    for mutation in [
        "applicationCreate(name: \"hello\") { changed }",
        "customerCreate(name: \"globex\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }",
        "targetRegister(customer: \"globex\", name: \"factory\") { changed }",
    ] {
        run(mutation).await;
    }
    let compose = format!("services: {{ web: {{ image: {}/acme/hello:1 }} }}", hub.registry());
    let publish = "mutation ($compose: String!) {
        releasePublish(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: $compose } }]) {
            changed position release { status images { digest } }
        }
    }";
    let publish = json!({ "query": publish, "variables": { "compose": compose } });
    let (_, first) = ask(&hub, &owner, "publish", publish.clone()).await;
    assert_eq!(first["data"]["releasePublish"]["release"]["status"], "PUBLISHED", "{first}");
    push(&hub, &owner, "acme/hello", "1", "second").await;
    assert_eq!(ask(&hub, &owner, "publish", publish).await.1, first);

    let deploy = "mutation { deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\",
        version: \"1.0.0\") { changed position deployment { generation } } }";
    let deploy = json!({ "query": deploy });
    let (_, first) = ask(&hub, &owner, "deploy", deploy.clone()).await;
    assert_eq!(first["data"]["deploymentSetRelease"]["changed"], true, "{first}");
    run("licenseRevoke(customer: \"globex\", name: \"l\", reason: \"ended\") { changed }").await;
    assert_eq!(ask(&hub, &owner, "deploy", deploy.clone()).await.1, first);
    let audit = "{ license(customer: \"globex\", name: \"l\") { audit { nodes { kind } } } }";
    let audit = hub.graphql(Some(&owner), audit, json!({})).await.data()["license"]["audit"]["nodes"].clone();
    let granted = audit.as_array().expect("entries").iter().filter(|entry| entry["kind"] == "DEPLOY_GRANTED");
    assert_eq!(granted.count(), 1, "recorded once: {audit}");
    let (_, refused) = ask(&hub, &owner, "another", deploy).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "entitlement.revoked", "{refused}");
}

/// A pipeline that did not hear the answer says again that the repository is to be deleted, after it has pushed anew.
#[tokio::test]
async fn a_repository_that_is_deleted_twice_by_one_request_keeps_what_came_between() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret } }";
    let issued = hub.graphql(Some(&owner), issue, json!({})).await.data();
    let secret = issued["tokenIssue"]["secret"].as_str().expect("a secret");
    push(&hub, secret, "acme/hello", "1", "one").await;
    push(&hub, secret, "acme/hello", "2", "two").await;
    let delete = json!({ "query": "mutation { repositoryDelete(name: \"hello\") { changed position } }" });
    let (_, first) = ask(&hub, &owner, "once", delete.clone()).await;
    assert_eq!(first["data"]["repositoryDelete"]["changed"], true, "{first}");
    let tags = async || {
        let query = "{ repository(name: \"hello\") { tags { name } } }";
        let data = hub.graphql(Some(&owner), query, json!({})).await.data();
        // an empty repository without settings is none
        let tags = data["repository"]["tags"].as_array().cloned().unwrap_or_default();
        tags.iter().map(|tag| tag["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tags().await, [""; 0]);
    push(&hub, secret, "acme/hello", "2", "two anew").await;
    push(&hub, secret, "acme/hello", "3", "one").await;
    let (_, again) = ask(&hub, &owner, "once", delete.clone()).await;
    assert_eq!(again, first);
    assert_eq!(tags().await, ["2", "3"]);
    let (_, other) = ask(&hub, &owner, "another", delete).await;
    assert_eq!(other["data"]["repositoryDelete"]["changed"], true, "{other}");
    assert_eq!(tags().await, [""; 0]);
}
