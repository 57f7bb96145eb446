//! Tokens and sessions: what a revocation ends and when, rotation, and what is seen of their use.

use std::time::Duration;

use distr_tests::hub::{HubProcess, OWNER};
use distr_tests::socket::Subscription;
use distr_tests::wait;
use serde_json::{Value, json};

use crate::access::registry::push;

/// A token of a new robot: its id, the robot's id, the secret.
async fn robot(hub: &HubProcess, owner: &str, role: &str) -> (String, String, String) {
    let add = format!("mutation {{ robotAdd(name: \"r\", role: {role}) {{ member {{ id }} }} }}");
    let added = hub.graphql(Some(owner), &add, json!({})).await.data();
    let member = text(&added["robotAdd"]["member"]["id"]);
    let issue = format!(
        "mutation {{ tokenIssue(label: \"ci\", scopes: [READ, PULL], member: \"{member}\") {{ secret token {{ id }} }} }}"
    );
    let issued = hub.graphql(Some(owner), &issue, json!({})).await.data();
    (text(&issued["tokenIssue"]["token"]["id"]), member, text(&issued["tokenIssue"]["secret"]))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

async fn change(hub: &HubProcess, owner: &str, mutation: &str) -> Value {
    hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

async fn lets_in(hub: &HubProcess, secret: &str) -> bool {
    hub.graphql(Some(secret), "{ viewer { role } }", json!({})).await.code() != Some("unauthenticated")
}

#[tokio::test]
async fn a_socket_ends_with_its_token_its_member_or_its_role() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (token, _, first) = robot(&hub, &owner, "AUDITOR").await;
    let (_, removed, second) = robot(&hub, &owner, "AUDITOR").await;
    let (_, demoted, third) = robot(&hub, &owner, "AUDITOR").await;
    let endings = [
        (first, format!("tokenRevoke(id: \"{token}\") {{ changed }}")),
        (second, format!("memberRemove(id: \"{removed}\") {{ changed }}")),
        (third, format!("memberChangeRole(id: \"{demoted}\", role: PUBLISHER) {{ changed }}")),
    ];
    let mut bystander =
        Subscription::open(&hub, Some(&owner), "subscription { targetChanged { name } }", json!({})).await;
    for (secret, ending) in endings {
        let events = "subscription { eventAppended(after: \"0\", telemetry: []) { position } }";
        let mut socket = Subscription::open(&hub, Some(&secret), events, json!({})).await;
        socket.next().await;
        change(&hub, &owner, &ending).await;
        let closed = tokio::time::timeout(Duration::from_secs(20), socket.closed()).await;
        assert_eq!(closed.unwrap_or_else(|_| panic!("the socket is open after {ending}")), Some(4401), "{ending}");
    }
    change(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await;
    change(&hub, &owner, "targetRegister(customer: \"globex\", name: \"t\") { changed }").await;
    assert_eq!(bystander.next().await["data"]["targetChanged"]["name"], "t", "others are not disturbed");
}

#[tokio::test]
async fn a_revoked_token_is_refused_with_the_next_request_also_at_the_registry() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (token, _, secret) = robot(&hub, &owner, "PUBLISHER").await;
    let client = reqwest::Client::new();
    let asked = client.get(hub.url("/token")).basic_auth("r", Some(&secret)).send().await.expect("an answer");
    let registry = text(&asked.json::<Value>().await.expect("JSON")["token"]);
    let check = async || client.get(hub.url("/v2/")).bearer_auth(&registry).send().await.expect("an answer").status();
    assert!(lets_in(&hub, &secret).await);
    assert_eq!(check().await, 200);
    change(&hub, &owner, &format!("tokenRevoke(id: \"{token}\") {{ changed }}")).await;
    assert!(!lets_in(&hub, &secret).await);
    assert_eq!(check().await, 401, "with the registry's token that it had already");
}

#[tokio::test]
async fn a_rotated_token_works_beside_the_new_one_until_the_overlap_ends() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (token, member, old) = robot(&hub, &owner, "PUBLISHER").await;
    let rotate = |id: &str, minutes| {
        format!("tokenRotate(id: \"{id}\", overlapMinutes: {minutes}) {{ secret token {{ id label scopes }} }}")
    };
    let rotated = change(&hub, &owner, &rotate(&token, 60)).await;
    let (id, new) = (text(&rotated["tokenRotate"]["token"]["id"]), text(&rotated["tokenRotate"]["secret"]));
    assert_eq!(rotated["tokenRotate"]["token"]["scopes"], json!(["READ", "PULL"]));
    assert!(lets_in(&hub, &old).await && lets_in(&hub, &new).await);
    // no overlap at all: as a leak wants it
    let rotated = change(&hub, &owner, &rotate(&id, 0)).await;
    let newest = text(&rotated["tokenRotate"]["secret"]);
    assert!(!lets_in(&hub, &new).await && lets_in(&hub, &newest).await);
    let again = hub.graphql(Some(&owner), &format!("mutation {{ {} }}", rotate(&id, 0)), json!({})).await;
    assert_eq!(again.code(), Some("token.dead"));
    // a token cannot beget one with more scopes than its own
    let mine = hub.graphql(Some(&newest), &format!("mutation {{ {} }}", rotate(&token, 0)), json!({})).await;
    assert_eq!(mine.code(), Some("forbidden"), "{member}");
}

/// Of the caller's own or, if it is named, of a member: the answer's secret and token.
async fn issue(hub: &HubProcess, with: &str, arguments: &str) -> (String, String) {
    let issued = change(hub, with, &format!("tokenIssue(label: \"t\", {arguments}) {{ secret token {{ id }} }}")).await;
    (text(&issued["tokenIssue"]["secret"]), text(&issued["tokenIssue"]["token"]["id"]))
}

async fn code(hub: &HubProcess, with: &str, mutation: &str) -> Option<String> {
    let answer = hub.graphql(Some(with), &format!("mutation {{ {mutation} }}"), json!({})).await;
    answer.code().map(str::to_owned)
}

/// A token of the registry, which its clients go on with for minutes.
async fn registry_token(hub: &HubProcess, secret: &str) -> String {
    let asked = reqwest::Client::new().get(hub.url("/token")).basic_auth("r", Some(secret)).send();
    text(&asked.await.expect("an answer").json::<Value>().await.expect("JSON")["token"])
}

async fn registry_status(hub: &HubProcess, token: &str) -> u16 {
    let asked = reqwest::Client::new().get(hub.url("/v2/")).bearer_auth(token).send();
    asked.await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn a_token_manages_members_tokens_and_the_organization_with_the_scope_admin_alone() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, member, _) = robot(&hub, &owner, "AUDITOR").await;
    let (other, _) = issue(&hub, &owner, "scopes: [READ]").await;
    let other_id = own_tokens(&hub, &owner).await[0].clone();
    let (write, write_id) = issue(&hub, &owner, "scopes: [READ, WRITE, PULL, PUSH, DELETE]").await;
    let (read, read_id) = issue(&hub, &owner, "scopes: [READ]").await;
    let (pull, pull_id) = issue(&hub, &owner, "scopes: [PULL]").await;
    let managing = [
        "robotAdd(name: \"r\", role: OWNER) { changed }".to_owned(),
        format!("memberChangeRole(id: \"{member}\", role: OWNER) {{ changed }}"),
        format!("memberRemove(id: \"{member}\") {{ changed }}"),
        "tokenIssue(label: \"t\", scopes: [READ]) { secret }".to_owned(),
        format!("tokenIssue(label: \"t\", scopes: [READ], member: \"{member}\") {{ secret }}"),
        format!("tokenRotate(id: \"{other_id}\") {{ secret }}"),
        format!("tokenRevoke(id: \"{other_id}\") {{ changed }}"),
        "organizationRename(displayName: \"Mine\") { changed }".to_owned(),
    ];
    for secret in [&write, &read, &pull] {
        for mutation in &managing {
            assert_eq!(code(&hub, secret, mutation).await.as_deref(), Some("forbidden"), "{mutation}");
        }
    }
    assert!(lets_in(&hub, &other).await);
    for (secret, id) in [(&write, write_id), (&read, read_id), (&pull, pull_id)] {
        change(&hub, secret, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await;
        assert!(!lets_in(&hub, secret).await, "a token ends itself");
    }
    let (admin, _) = issue(&hub, &owner, "scopes: [READ, ADMIN]").await;
    change(&hub, &admin, "robotAdd(name: \"r\", role: AUDITOR) { changed }").await;
    change(&hub, &admin, &format!("tokenRevoke(id: \"{other_id}\") {{ changed }}")).await;
    assert!(!lets_in(&hub, &other).await);
    let narrow = "tokenIssue(label: \"t\", scopes: [ADMIN], repositories: [\"a/*\"]) { secret }";
    assert_eq!(code(&hub, &owner, narrow).await.as_deref(), Some("token.admin_of_repositories"));
}

async fn own_tokens(hub: &HubProcess, secret: &str) -> Vec<String> {
    let viewer = hub.graphql(Some(secret), "{ viewer { memberId } }", json!({})).await.data();
    let query = format!("{{ member(id: {}) {{ tokens {{ id }} }} }}", viewer["viewer"]["memberId"]);
    let data = hub.graphql(Some(secret), &query, json!({})).await.data();
    data["member"]["tokens"].as_array().expect("tokens").iter().map(|token| text(&token["id"])).collect()
}

#[tokio::test]
async fn a_child_never_exceeds_the_token_that_it_was_made_with() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (parent, parent_id) = issue(&hub, &owner, "scopes: [READ, ADMIN], expiresAt: \"2999-01-01T00:00:00Z\"").await;
    let (wide, wide_id) = issue(&hub, &owner, "scopes: [READ, WRITE, ADMIN]").await;
    for (mutation, refusal) in [
        ("tokenIssue(label: \"t\", scopes: [WRITE]) { secret }".to_owned(), "token.exceeds_scopes"),
        (format!("tokenRotate(id: \"{wide_id}\") {{ secret }}"), "token.exceeds_scopes"),
        (
            "tokenIssue(label: \"t\", scopes: [READ], expiresAt: \"2999-01-02T00:00:00Z\") { secret }".to_owned(),
            "token.outlives",
        ),
        (format!("tokenRotate(id: \"{parent_id}\", expiresAt: \"9999-01-01T00:00:00Z\") {{ secret }}"), "forbidden"),
    ] {
        assert_eq!(code(&hub, &parent, &mutation).await.as_deref(), Some(refusal), "{mutation}");
    }
    assert!(lets_in(&hub, &wide).await, "what was refused has changed nothing");
    let child = "tokenIssue(label: \"t\", scopes: [READ]) { token { expiresAt madeWith } }";
    let child = change(&hub, &parent, child).await["tokenIssue"]["token"].clone();
    assert_eq!(child, json!({ "expiresAt": "2999-01-01T00:00:00+00:00", "madeWith": [parent_id] }));
    let query = "{ events(first: 1000) { events { data } } }";
    let events = hub.graphql(Some(&owner), query, json!({})).await.data()["events"]["events"].clone();
    let parents = events.as_array().expect("events").iter().filter(|event| event["data"]["parent"] == parent_id);
    assert_eq!(parents.count(), 1, "the log has the parent: {events}");
}

#[tokio::test]
async fn whatever_was_made_with_a_token_ends_with_it_at_the_registry_too() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, admin, _) = robot(&hub, &owner, "OWNER").await;
    let (_, machine, _) = robot(&hub, &owner, "PUBLISHER").await;
    let endings: [fn(&str, &str) -> String; 3] = [
        |token, _| format!("tokenRevoke(id: \"{token}\") {{ changed }}"),
        |token, _| format!("tokenRotate(id: \"{token}\", overlapMinutes: 0) {{ changed }}"),
        |_, member| format!("memberRemove(id: \"{member}\") {{ changed }}"),
    ];
    for ending in endings {
        let scopes = "scopes: [READ, PULL, ADMIN]";
        let (parent, id) = issue(&hub, &owner, &format!("{scopes}, member: \"{admin}\"")).await;
        let (child, child_id) = issue(&hub, &parent, scopes).await;
        let (grandchild, _) = issue(&hub, &child, &format!("scopes: [READ, PULL], member: \"{machine}\"")).await;
        let rotated =
            change(&hub, &parent, &format!("tokenRotate(id: \"{child_id}\", overlapMinutes: 60) {{ secret }}")).await;
        let rotated = text(&rotated["tokenRotate"]["secret"]);
        let made = [&child, &grandchild, &rotated];
        let mut at_registry = vec![];
        for secret in made {
            assert!(lets_in(&hub, secret).await);
            at_registry.push(registry_token(&hub, secret).await);
            assert_eq!(registry_status(&hub, at_registry.last().expect("one")).await, 200);
        }
        let ending = ending(&id, &admin);
        change(&hub, &owner, &ending).await;
        for (secret, registry) in made.into_iter().zip(&at_registry) {
            assert!(!lets_in(&hub, secret).await, "after {ending}");
            assert_eq!(registry_status(&hub, registry).await, 401, "after {ending}");
        }
    }
}

#[tokio::test]
async fn a_token_tells_when_it_ends_with_the_one_that_it_was_made_with() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, machine, _) = robot(&hub, &owner, "OWNER").await;
    let (parent, parent_id) = issue(&hub, &owner, "scopes: [READ, ADMIN]").await;
    let (child, _) = issue(&hub, &parent, &format!("scopes: [READ, ADMIN], member: \"{machine}\"")).await;
    issue(&hub, &child, "scopes: [READ]").await;
    let query = format!("{{ member(id: \"{machine}\") {{ tokens {{ madeWith expiresAt revokedAt endsAt }} }} }}");
    let ends = async || {
        let tokens = hub.graphql(Some(&owner), &query, json!({})).await.data()["member"]["tokens"].clone();
        let tokens = tokens.as_array().expect("tokens").iter();
        tokens.map(|token| (token["madeWith"] != json!([]), !token["endsAt"].is_null())).collect::<Vec<_>>()
    };
    assert_eq!(ends().await, [(false, false), (true, false), (true, false)]);
    change(&hub, &owner, &format!("tokenRevoke(id: \"{parent_id}\") {{ changed }}")).await;
    assert_eq!(ends().await, [(false, false), (true, true), (true, true)], "the robot's own goes on");
}

#[tokio::test]
async fn a_caller_is_told_what_its_token_is_for() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (secret, id) = issue(&hub, &owner, "scopes: [READ, PULL], repositories: [\"team/*\"]").await;
    let token = async |secret: &str| {
        let query = "{ viewer { token { id scopes repositories expiresAt } } }";
        hub.graphql(Some(secret), query, json!({})).await.data()["viewer"]["token"].clone()
    };
    assert_eq!(token(&owner).await, Value::Null, "a session is none");
    let told = json!({ "id": id, "scopes": ["READ", "PULL"], "repositories": ["team/*"], "expiresAt": null });
    assert_eq!(token(&secret).await, told);
}

#[tokio::test]
async fn nobody_makes_a_token_of_another_person() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let person =
        hub.graphql(Some(&owner), "{ viewer { memberId } }", json!({})).await.data()["viewer"]["memberId"].clone();
    let (_, token) = issue(&hub, &owner, "scopes: [READ]").await;
    let (_, robot, _) = robot(&hub, &owner, "OWNER").await;
    let (other, _) = issue(&hub, &owner, &format!("scopes: [READ, WRITE, ADMIN], member: \"{robot}\"")).await;
    for mutation in [
        format!("tokenIssue(label: \"t\", scopes: [READ], member: {person}) {{ secret }}"),
        format!("tokenRotate(id: \"{token}\") {{ secret }}"),
    ] {
        assert_eq!(code(&hub, &other, &mutation).await.as_deref(), Some("forbidden"), "{mutation}");
    }
    change(&hub, &other, &format!("tokenRevoke(id: \"{token}\") {{ changed }}")).await;
}

#[tokio::test]
async fn a_token_for_some_repositories_has_to_do_with_nothing_else() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let host = hub.registry();
    for repository in ["team/app", "secret"] {
        push(&hub, &owner, &format!("acme/{repository}"), "1", repository).await;
    }
    let compose = |repository: &str| format!("services: {{ web: {{ image: {host}/acme/{repository}:1 }} }}");
    let publish = |application: &str, version: &str, repository: &str| {
        let compose = compose(repository);
        format!(
            "releasePublish(application: \"{application}\", version: \"{version}\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }}"
        )
    };
    let draft = |application: &str, version: &str, repository: &str| {
        let compose = compose(repository);
        format!(
            "releaseDraft(application: \"{application}\", version: \"{version}\", packages: [{{ compose: {{ file: {compose:?} }} }}]) {{ changed }}"
        )
    };
    for mutation in [
        "applicationCreate(name: \"app\") { changed }".to_owned(),
        "applicationCreate(name: \"crown\") { changed }".to_owned(),
        "channelCreate(application: \"crown\", name: \"stable\") { changed }".to_owned(),
        publish("crown", "1.0.0", "secret"),
        draft("app", "9.0.0", "secret"),
    ] {
        change(&hub, &owner, &mutation).await;
    }
    let scopes = "scopes: [READ, WRITE, PULL, PUSH, DELETE], repositories: [\"team/*\"]";
    let (limited, id) = issue(&hub, &owner, scopes).await;
    for mutation in [
        publish("app", "1.0.0", "secret"),
        publish("app", "1.0.0", "none"),
        publish("crown", "2.0.0", "team/app"),
        draft("app", "1.0.0", "secret"),
        // somebody else's
        draft("app", "9.0.0", "team/app"),
        "releasePublish(application: \"app\", version: \"9.0.0\") { changed }".to_owned(),
        "releaseSign(application: \"app\", version: \"9.0.0\", envelope: \"{}\") { changed }".to_owned(),
        "releaseRevoke(application: \"crown\", version: \"1.0.0\", reason: \"r\") { changed }".to_owned(),
        "channelPromote(application: \"crown\", name: \"stable\", version: \"1.0.0\") { changed }".to_owned(),
        "channelCreate(application: \"crown\", name: \"mine\") { changed }".to_owned(),
        "applicationCreate(name: \"mine\") { changed }".to_owned(),
        "applicationSetSigningPolicy(name: \"crown\", keys: []) { changed }".to_owned(),
        "applicationSetFeatureTags(name: \"app\", features: []) { changed }".to_owned(),
        "repositorySetVisibility(name: \"secret\", visibility: PUBLIC) { changed }".to_owned(),
        "repositorySetQuota(name: \"team/app\", bytes: 1) { changed }".to_owned(),
        "tagDelete(repository: \"secret\", tag: \"1\") { changed }".to_owned(),
        "customerCreate(name: \"globex\") { changed }".to_owned(),
        "targetRegister(customer: \"globex\", name: \"t\") { changed }".to_owned(),
        "robotAdd(name: \"r\", role: OWNER) { changed }".to_owned(),
        "tokenIssue(label: \"t\", scopes: [READ]) { secret }".to_owned(),
        format!("tokenRotate(id: \"{id}\") {{ secret }}"),
    ] {
        assert_eq!(code(&hub, &limited, &mutation).await.as_deref(), Some("forbidden"), "{mutation}");
    }
    let query = "{ repositories { nodes { name } } repository(name: \"secret\") { name } organization { registryUsage { bytes } } }";
    let seen = hub.graphql(Some(&limited), query, json!({})).await.data();
    let own = json!({ "nodes": [{ "name": "team/app" }] });
    assert_eq!(seen, json!({ "repositories": own, "repository": null, "organization": { "registryUsage": null } }));
    for query in
        ["{ customers { nodes { id } } }", "{ members { nodes { id } } }", "{ head }", "{ targets { nodes { id } } }"]
    {
        assert_eq!(hub.graphql(Some(&limited), query, json!({})).await.code(), Some("forbidden"), "{query}");
    }
    let query = "{ release(application: \"crown\", version: \"1.0.0\") { version packages { __typename } notes images { service } } }";
    let seen = hub.graphql(Some(&limited), query, json!({})).await.data();
    assert_eq!(seen["release"], json!({ "version": "1.0.0", "packages": null, "notes": null, "images": null }));
    for mutation in [
        publish("app", "1.0.0", "team/app"),
        "channelCreate(application: \"app\", name: \"stable\") { changed }".to_owned(),
        "channelPromote(application: \"app\", name: \"stable\", version: \"1.0.0\") { changed }".to_owned(),
        "repositorySetVisibility(name: \"team/app\", visibility: PUBLIC) { changed }".to_owned(),
    ] {
        change(&hub, &limited, &mutation).await;
    }
}

#[tokio::test]
async fn nothing_is_done_on_an_open_socket_after_its_token_was_revoked() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for _ in 0..3 {
        let (secret, id) = issue(&hub, &owner, "scopes: [READ, WRITE, ADMIN]").await;
        let mut socket = Subscription::open(&hub, Some(&secret), "{ viewer { role } }", json!({})).await;
        socket.next().await;
        change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await;
        socket.subscribe("2", "mutation { robotAdd(name: \"late\", role: OWNER) { changed } }").await;
        let closed = tokio::time::timeout(Duration::from_secs(20), socket.closed()).await.expect("the socket ends");
        assert_eq!(closed, Some(4401));
    }
    let members = hub.graphql(Some(&owner), "{ members { nodes { name } } }", json!({})).await.data();
    assert!(!members.to_string().contains("late"), "{members}");
}

#[tokio::test]
async fn a_change_is_looked_at_when_its_turn_comes() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (secret, id) = issue(&hub, &owner, "scopes: [READ, WRITE, ADMIN]").await;
    let customers: String = (0..5).map(|n| format!("c{n}: customerCreate(name: \"late{n}\") {{ changed }} ")).collect();
    let document = format!("mutation {{ tokenRevoke(id: \"{id}\") {{ changed }} {customers} }}");
    let answer = hub.graphql(Some(&secret), &document, json!({})).await;
    assert_eq!(answer.code(), Some("unauthenticated"), "{}", answer.message());
    let names = "{ customers { nodes { name } } }";
    assert_eq!(hub.graphql(Some(&owner), names, json!({})).await.data()["customers"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_revocation_does_not_wait_for_the_flood_that_it_ends() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    // the owner's own, so that both are of one member
    let (secret, id) = issue(&hub, &owner, "scopes: [READ, WRITE]").await;
    let sent = (0..100).map(|number| {
        let create = |n| format!("c{n}: customerCreate(name: \"x{number}-{n}\") {{ changed }} ");
        let query = format!("mutation {{ {} }}", (0..50).map(create).collect::<String>());
        let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(&secret);
        let request = request.json(&json!({ "query": query }));
        async move { _ = request.send().await }
    });
    let flood = futures_util::future::join_all(sent);
    let revocation = async {
        // it is under way
        wait::until("the flood", Duration::from_secs(60), async || {
            let names = hub.graphql(Some(&owner), "{ customers(first: 1) { nodes { name } } }", json!({})).await.data();
            if names["customers"]["nodes"] == json!([]) { Err("no change yet".to_owned()) } else { Ok(()) }
        })
        .await;
        change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await
    };
    let mut flood = std::pin::pin!(flood);
    let revoked = tokio::select! {
        _ = &mut flood => panic!("it waited for all changes that it was to end"),
        revoked = revocation => revoked,
    };
    assert_eq!(revoked["tokenRevoke"]["changed"], true);
    // what is left of it is refused at once
    flood.await;
}

/// Whoever has a stolen token that may only read does not keep its owner from ending it, however much it asks.
#[tokio::test]
async fn a_revocation_does_not_wait_for_what_the_token_reads() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    for number in 0..50 {
        change(&hub, &owner, &format!("customerCreate(name: \"c{number}\") {{ changed }}")).await;
    }
    let (secret, id) = issue(&hub, &owner, "scopes: [READ]").await;
    let lists = |kind: &str| (0..20).map(|n| format!("a{n}: {kind} ")).collect::<String>();
    let documents = [
        format!("{{ {} }}", lists("events(first: 50, telemetry: []) { events { data } }")),
        format!("{{ {} }}", lists("members { nodes { id } }")),
        format!("mutation {{ {} }}", lists("tokenRevoke(id: \"00000000-0000-0000-0000-000000000000\") { changed }")),
    ];
    let sent = (0..600).map(|number| {
        let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(&secret);
        let request = request.json(&json!({ "query": documents[number % documents.len()] }));
        async move { _ = request.send().await }
    });
    let mut flood = std::pin::pin!(futures_util::future::join_all(sent));
    let revocation = async {
        // it is under way
        tokio::task::yield_now().await;
        change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await
    };
    let revoked = tokio::select! {
        biased;
        _ = &mut flood => panic!("it waited for all that it was to end"),
        revoked = revocation => revoked,
    };
    assert_eq!(revoked["tokenRevoke"]["changed"], true);
}

/// Whoever hangs up takes back what has not begun, and what has goes on no longer than its token.
#[tokio::test]
async fn changes_of_those_who_hung_up_end_with_their_token() {
    const SENT: usize = 300;
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (secret, id) = issue(&hub, &owner, "scopes: [READ, WRITE]").await;
    let sent = (0..SENT).map(|number| {
        let create = |n| format!("c{n}: customerCreate(name: \"x{number}-{n}\") {{ changed }} ");
        let query = format!("mutation {{ {} }}", (0..10).map(create).collect::<String>());
        let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(&secret);
        let request = request.json(&json!({ "query": query })).timeout(Duration::from_millis(500));
        async move { _ = request.send().await }
    });
    futures_util::future::join_all(sent).await;
    let revoked = change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ position }}")).await;
    let revoked: u64 = text(&revoked["tokenRevoke"]["position"]).parse().expect("a position");
    let head = async || -> u64 {
        let head = hub.graphql(Some(&owner), "{ head }", json!({})).await.data();
        text(&head["head"]).parse().expect("a position")
    };
    // each that was under way may still append the one fact that it was about to
    let mut before = head().await;
    wait::until("the log to stand still", Duration::from_secs(60), async || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (earlier, now) = (before, head().await);
        before = now;
        if earlier == now { Ok(()) } else { Err(format!("it goes on, from {earlier} to {now}")) }
    })
    .await;
    assert!(before - revoked <= 64, "{} entries after the revocation", before - revoked);
}

#[tokio::test]
async fn the_last_use_is_shown_and_outlives_the_hub() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let (_, member, secret) = robot(&hub, &owner, "PUBLISHER").await;
    let query = format!("{{ member(id: \"{member}\") {{ tokens {{ lastUsedAt lastUsedFrom }} }} }}");
    let seen = async |hub: &HubProcess| {
        hub.graphql(Some(&owner), &query, json!({})).await.data()["member"]["tokens"][0].clone()
    };
    assert_eq!(seen(&hub).await, json!({ "lastUsedAt": null, "lastUsedFrom": null }));
    assert!(lets_in(&hub, &secret).await);
    let used = seen(&hub).await;
    assert_eq!(used["lastUsedFrom"], "127.0.0.0/24");
    assert!(text(&used["lastUsedAt"]).contains(":00+00:00"), "to the minute: {used}");
    hub.stop().await;
    hub.run("acme").await;
    assert_eq!(seen(&hub).await, used);
}

#[tokio::test]
async fn guesses_wait_and_are_seen_by_auditors() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let sign_in = async |email: &str| {
        let query = format!(
            "mutation {{ sessionCreate(organization: \"acme\", email: \"{email}\", password: \"not the right one\") {{ token }} }}"
        );
        let request = reqwest::Client::new().post(hub.url("/graphql")).json(&json!({ "query": query }));
        let response = request.send().await.expect("an answer");
        let wait = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        (wait, response.json::<Value>().await.expect("JSON")["errors"][0].clone())
    };
    for email in [OWNER, "nobody@example.com"] {
        for _ in 0..5 {
            let (wait, error) = sign_in(email).await;
            assert_eq!((wait, &error["extensions"]["code"]), (None, &json!("forbidden")));
        }
        let (wait, error) =
            wait::until("a refusal to guess on", Duration::from_secs(10), async || match sign_in(email).await {
                (Some(wait), error) => Ok((wait, error)),
                (None, error) => Err(error.to_string()),
            })
            .await;
        assert_eq!(error["extensions"]["code"], "too_many_requests");
        assert_eq!(error["extensions"]["retryAfter"], wait);
    }
    let query = "{ events(first: 1000, telemetry: [ACCESS]) { events { type actor data } } }";
    let seen = wait::until("the records of the guesses", Duration::from_secs(20), async || {
        let page = hub.graphql(Some(&owner), query, json!({})).await.data();
        let all = page["events"]["events"].as_array().expect("events").clone();
        let of = |code: &str| all.iter().filter(|event| event["data"]["outcome"]["code"] == code).count();
        match (of("sign_in.wrong_password"), of("sign_in.unknown")) {
            (wrong, unknown) if wrong >= 5 && unknown >= 5 => Ok(json!(all).to_string()),
            few => Err(format!("{few:?}")),
        }
    })
    .await;
    assert!(!seen.contains("nobody@example.com") && !seen.contains(OWNER), "no address is in the log");
}

/// An agent's credential outlives the token that had it made: so a token hands out none unless it may hand out tokens, and what it
/// has offered ends with it.
#[tokio::test]
async fn a_token_enrols_no_agent_unless_it_may_and_its_offers_end_with_it() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    change(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await;
    change(&hub, &owner, "targetRegister(customer: \"globex\", name: \"known\") { changed }").await;
    let register = "targetRegister(customer: \"globex\", name: \"new\") { enrolment { token } }";
    let offer = "targetOfferEnrolment(customer: \"globex\", name: \"known\") { enrolment { token } }";
    let (write, _) = issue(&hub, &owner, "scopes: [READ, WRITE]").await;
    for mutation in [register, offer] {
        assert_eq!(code(&hub, &write, mutation).await.as_deref(), Some("forbidden"), "{mutation}");
    }
    let spent = async |token: String| {
        let enrol = reqwest::Client::new().post(hub.url("/agent/v1/enrol")).bearer_auth(token);
        let answer = enrol.json(&json!({ "agent_version": "1" })).send().await.expect("the hub answers");
        assert_eq!(answer.status(), 409);
        assert_eq!(answer.json::<Value>().await.expect("JSON")["code"], "target.enrolment_spent");
    };
    let (admin, id) = issue(&hub, &owner, "scopes: [READ, WRITE, ADMIN]").await;
    let offered = change(&hub, &admin, register).await;
    change(&hub, &owner, &format!("tokenRevoke(id: \"{id}\") {{ changed }}")).await;
    spent(text(&offered["targetRegister"]["enrolment"]["token"])).await;
    // of a member who may offer it no more
    let added = change(&hub, &owner, "robotAdd(name: \"r\", role: OWNER) { member { id } }").await;
    let robot = text(&added["robotAdd"]["member"]["id"]);
    let (admin, _) = issue(&hub, &owner, &format!("scopes: [READ, WRITE, ADMIN], member: \"{robot}\"")).await;
    let offered = change(&hub, &admin, offer).await;
    change(&hub, &owner, &format!("memberChangeRole(id: \"{robot}\", role: AUDITOR) {{ changed }}")).await;
    spent(text(&offered["targetOfferEnrolment"]["enrolment"]["token"])).await;
}
