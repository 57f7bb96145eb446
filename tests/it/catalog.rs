//! Applications, channels and releases, as far as no image is needed.

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

use crate::access::registry::push;
use crate::observation::until_there;

async fn with_application() -> (HubProcess, String) {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { applicationCreate(name: \"hello\") { changed } }", json!({})).await.data();
    (hub, owner)
}

async fn publish(hub: &HubProcess, secret: &str, compose: &str) -> distr_tests::hub::Answer {
    let query = "mutation ($compose: String!) {
        releasePublish(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: $compose } }]) { changed }
    }";
    hub.graphql(Some(secret), query, json!({ "compose": compose })).await
}

#[tokio::test]
async fn a_compose_file_that_cannot_be_pinned_is_refused_by_name() {
    let (hub, owner) = with_application().await;
    let own = format!("services: {{ web: {{ image: \"{}/acme/hello:1.0.0\" }} }}", hub.registry());
    let other = format!("services: {{ web: {{ image: \"{}/globex/hello:1.0.0\" }} }}", hub.registry());
    let alias = hub.registry().replace("127.0.0.1", "localhost");
    assert_ne!(alias, hub.registry());
    let pin = "0".repeat(64);
    let alias = format!("services: {{ web: {{ image: \"{alias}/acme/evil@sha256:{pin}\" }} }}");
    for (compose, reason) in [
        ("services: { db: { image: postgres } }", "service \"db\": image \"postgres\" is in another registry"),
        ("services: { web: { build: . } }", "service \"web\" is built"),
        ("services: { web: {} }", "service \"web\": the service has no image"),
        ("include: [/host/x.yml]", "has the key \"include\""),
        ("services: { web: { extends: { file: x.yml, service: x } } }", "service \"web\" extends a service of another"),
        ("services: { web: { image: \"${SIDE:-x}${NONE:+@sha256:}\" } }", "service \"web\": image"),
        (&alias, "which may be this registry under another name"),
        (&own, "is not in the registry; push it first"),
        (&other, "is not yours"),
        ("services: [", "cannot be read"),
        ("services: {}", "has no service"),
    ] {
        let answer = publish(&hub, &owner, compose).await;
        assert_eq!(answer.code(), Some("release.invalid_compose"), "{compose}: {answer:?}");
        assert!(answer.message().contains(reason), "{compose}: {}", answer.message());
    }
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let (hub, owner) = with_application().await;
    let promote =
        "mutation { channelPromote(application: \"hello\", name: \"stable\", version: \"1.0.0\") { changed } }";
    let answer = hub.graphql(Some(&owner), promote, json!({})).await;
    assert_eq!((answer.code(), answer.message()), (Some("not_found"), "there is no channel \"hello/stable\""));

    let create = "mutation { channelCreate(application: \"hello\", name: \"stable\") { changed } }";
    hub.graphql(Some(&owner), create, json!({})).await.data();
    assert_eq!(hub.graphql(Some(&owner), promote, json!({})).await.code(), Some("release.not_found"));
    let bad = "mutation { channelCreate(application: \"hello\", name: \"No Good\") { changed } }";
    let answer = hub.graphql(Some(&owner), bad, json!({})).await;
    assert!(answer.message().contains("name \"No Good\" is not valid: use 1 to 63"), "{}", answer.message());
}

#[tokio::test]
async fn lists_page_without_gaps_or_repeats() {
    let (hub, owner) = with_application().await;
    for n in 0..7 {
        let create = "mutation ($n: Name!) { customerCreate(name: $n) { changed } }";
        hub.graphql(Some(&owner), create, json!({ "n": format!("c{n}") })).await.data();
    }
    let query = "query ($after: String) {
        customers(first: 3, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } }
    }";
    let (mut names, mut after) = (vec![], Value::Null);
    loop {
        let page = hub.graphql(Some(&owner), query, json!({ "after": after })).await.data()["customers"].clone();
        names.extend(page["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()));
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(names, ["c0", "c1", "c2", "c3", "c4", "c5", "c6"]);
    let answer = hub.graphql(Some(&owner), query, json!({ "after": "nonsense" })).await;
    assert_eq!(answer.code(), Some("bad_input"));
}

#[tokio::test]
async fn a_query_that_is_too_deep_or_too_large_is_refused() {
    let (hub, owner) = with_application().await;
    let deep =
        format!("{{ __schema {{ types {} }} }}", "{ fields { type ".repeat(10) + "{ name }" + &" } }".repeat(10));
    assert_eq!(hub.graphql(Some(&owner), &deep, json!({})).await.code(), Some("bad_request"));
    let wide = "{ applications(first: 500) { nodes { releases(first: 500) { nodes { version } } } } }";
    assert_eq!(hub.graphql(Some(&owner), wide, json!({})).await.code(), Some("bad_request"));
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_query_gets_its_answer() {
    let (hub, _) = with_application().await;
    let (client, owner) = (reqwest::Client::new(), hub.sign_in("acme").await);
    let post = |body: String| {
        let request = client.post(hub.url("/graphql")).header("content-type", "application/json");
        request.bearer_auth(&owner).body(body).send()
    };
    for body in
        [format!("{{\"query\":\"{}\"}}", "x".repeat(5_000_000)), "{".into(), "[{}]".into(), "{\"query\":1}".into()]
    {
        let response = post(body).await.expect("an answer");
        assert_eq!(response.status(), reqwest::StatusCode::BAD_REQUEST);
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer["code"], "bad_input", "{answer}");
    }
    let alias = |n| format!("a{n}: customers(first: 500) {{ nodes {{ id name displayName createdAt }} }}");
    let aliases: String = (0..100).map(alias).collect::<Vec<_>>().join(" ");
    let answer = hub.graphql(Some(&owner), &format!("{{ {aliases} }}"), json!({})).await;
    assert_eq!(answer.code(), Some("bad_request"), "{}", answer.message());
}

/// Whether a draft may be replaced was asked of the one that was there before.
#[tokio::test]
async fn a_draft_that_comes_while_another_is_made_is_not_replaced() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let hub = HubProcess::start_with(&[
        ("DISTR_HUB_PAUSE_AT", "release.draft_checked"),
        ("DISTR_HUB_PAUSE_FILE", file.to_str().expect("a path in UTF-8")),
    ])
    .await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { applicationCreate(name: \"hello\") { changed } }", json!({})).await.data();
    let draft = async |notes: &str| {
        let query = "mutation ($notes: String!) {
            releaseDraft(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: \"services: { a: { image: 'busybox@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' } }\" } }], notes: $notes) { changed }
        }";
        hub.graphql(Some(&owner), query, json!({ "notes": notes })).await
    };
    let meanwhile = async {
        until_there(&file).await;
        draft("second").await.data();
        std::fs::remove_file(&file).expect("the file of the pause");
    };
    let (first, ()) = tokio::join!(draft("first"), meanwhile);
    assert_eq!(first.code(), Some("release.draft_changed"), "{first:?}");
    let query = "{ release(application: \"hello\", version: \"1.0.0\") { notes } }";
    let shown = hub.graphql(Some(&owner), query, json!({})).await.data();
    assert_eq!(shown["release"]["notes"], "second");
    draft("third").await.data();
}

/// What is published is what whoever publishes had made, not what came in its place.
#[tokio::test]
async fn what_replaces_a_draft_that_is_being_published_is_not_published() {
    let folder = tempfile::tempdir().expect("a temporary directory can be made");
    let file = folder.path().join("paused");
    let hub = HubProcess::start_with(&[
        ("DISTR_HUB_PAUSE_AT", "release.drafted"),
        ("DISTR_HUB_PAUSE_FILE", file.to_str().expect("a path in UTF-8")),
    ])
    .await;
    let owner = hub.sign_in("acme").await;
    push(&hub, &owner, "acme/hello", "1", "hello").await;
    hub.graphql(Some(&owner), "mutation { applicationCreate(name: \"hello\") { changed } }", json!({})).await.data();
    let compose = format!("services: {{ web: {{ image: {}/acme/hello:1 }} }}", hub.registry());
    let make = async |field: &str, notes: &str| {
        let query = format!(
            "mutation ($file: String!, $notes: String!) {{
                {field}(application: \"hello\", version: \"1.0.0\", packages: [{{ compose: {{ file: $file }} }}], notes: $notes) {{
                    changed
                }}
            }}"
        );
        hub.graphql(Some(&owner), &query, json!({ "file": compose, "notes": notes })).await
    };
    let meanwhile = async {
        until_there(&file).await;
        make("releaseDraft", "second").await.data();
        std::fs::remove_file(&file).expect("the file of the pause");
    };
    let (first, ()) = tokio::join!(make("releasePublish", "first"), meanwhile);
    assert_eq!(first.code(), Some("release.draft_changed"), "{first:?}");
    let query = "{ release(application: \"hello\", version: \"1.0.0\") { notes status } }";
    let shown = hub.graphql(Some(&owner), query, json!({})).await.data();
    assert_eq!(shown["release"], json!({ "notes": "second", "status": "DRAFT" }));
}

/// A release whose image is gone would be found out on the customer's machine.
#[tokio::test]
async fn a_draft_keeps_its_images_until_it_is_given_up() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let digest = push(&hub, &owner, "acme/hello", "1", "hello").await;
    let run = async |mutation: &str| hub.graphql(Some(&owner), &format!("mutation {{ {mutation} }}"), json!({})).await;
    run("applicationCreate(name: \"hello\") { changed }").await.data();
    let compose = format!("services: {{ web: {{ image: {}/acme/hello:1 }} }}", hub.registry());
    let draft = format!(
        "releaseDraft(application: \"hello\", version: \"1.0.0\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }}"
    );
    run(&draft).await.data();
    let delete = format!("manifestDelete(repository: \"hello\", digest: \"{digest}\") {{ changed }}");
    let refused = run(&delete).await;
    assert!(refused.message().contains("hello") && refused.message().contains("1.0.0"), "{refused:?}");
    let revoke = "releaseRevoke(application: \"hello\", version: \"1.0.0\", reason: \"never mind\") { changed }";
    run(revoke).await.data();
    run(&delete).await.data();
}
