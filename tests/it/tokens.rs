//! Tokens and sessions: what a revocation ends and when, rotation, and what is seen of their use.

use std::time::Duration;

use distr_tests::hub::{HubProcess, OWNER};
use distr_tests::socket::Subscription;
use distr_tests::wait;
use serde_json::{Value, json};

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
        let events = "subscription { eventsAfter(position: \"0\", telemetry: []) { position } }";
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
