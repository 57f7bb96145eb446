//! Every operation of the schema and every route, with every role. An operation that is added without a row here fails.

mod arguments;
mod documents;
mod operations;
pub(crate) mod registry;
mod routes;
mod statements;
mod walk;
mod world;

use std::collections::BTreeMap;

use distr_tests::hub::HubProcess;
use serde_json::{Value, json};

use operations::{OPERATIONS, Operation};

/// Who asks. The letters are those of the tables.
const ROLES: [(char, &str); 6] = [
    ('O', "OWNER"),
    ('P', "PUBLISHER"),
    ('S', "SUPPORT"),
    ('A', "AUDITOR"),
    ('C', "CUSTOMER_ADMIN"),
    ('V', "CUSTOMER_VIEWER"),
];

/// A hub with an organization, and a token of each role with every scope.
async fn with_roles() -> (HubProcess, BTreeMap<char, String>) {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let mut secrets = BTreeMap::new();
    for (letter, role) in ROLES {
        let customer = if role.starts_with("CUSTOMER") { "globex" } else { "" };
        let argument = if customer.is_empty() { String::new() } else { format!(", customer: \"{customer}\"") };
        let add = format!("mutation {{ robotAdd(name: \"{role}\", role: {role}{argument}) {{ member {{ id }} }} }}");
        let member = hub.graphql(Some(&owner), &add, json!({})).await.data()["robotAdd"]["member"]["id"].clone();
        let issue = "mutation ($m: ID) {
            tokenIssue(label: \"all\", scopes: [READ, WRITE, PULL, PUSH, DELETE, ADMIN], member: $m) { secret }
        }";
        let issued = hub.graphql(Some(&owner), issue, json!({ "m": member })).await.data();
        secrets.insert(letter, issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned());
    }
    (hub, secrets)
}

/// The fields of the root types, by what they are.
async fn fields_of_the_schema(hub: &HubProcess, owner: &str) -> BTreeMap<String, &'static str> {
    let query = "{ __schema {
        queryType { fields { name } } mutationType { fields { name } } subscriptionType { fields { name } }
    } }";
    let schema = hub.graphql(Some(owner), query, json!({})).await.data()["__schema"].clone();
    let kinds = [("queryType", "query"), ("mutationType", "mutation"), ("subscriptionType", "subscription")];
    let mut fields = BTreeMap::new();
    for (key, kind) in kinds {
        for field in schema[key]["fields"].as_array().expect("fields") {
            fields.insert(field["name"].as_str().expect("a name").to_owned(), kind);
        }
    }
    fields
}

/// How the hub answers: the code of the refusal, or that it let the caller in, whatever came of it then.
async fn refusal(hub: &HubProcess, operation: &Operation, secret: Option<&str>) -> Option<String> {
    let document = format!("{} {{ {} }}", operation.kind, operation.document);
    let payload = match operation.kind {
        "subscription" => return socket_refusal(hub, &document, secret).await,
        _ => hub.graphql(secret, &document, json!({})).await,
    };
    let code = payload.code().map(str::to_owned);
    assert_ne!(code.as_deref(), Some("bad_request"), "{}: {}", operation.name, payload.message());
    assert_ne!(code.as_deref(), Some("internal"), "{}: {}", operation.name, hub.log());
    code.filter(|code| matches!(code.as_str(), "forbidden" | "unauthenticated"))
}

/// A subscription that is let in stays silent until something happens; one that is refused says so at once. Nobody gets a
/// socket without signing in.
async fn socket_refusal(hub: &HubProcess, document: &str, secret: Option<&str>) -> Option<String> {
    if secret.is_none() {
        let url = format!("ws://127.0.0.1:{}/graphql", hub.port);
        let refused = distr_tests::socket::Socket::open(&url, None, document, json!({})).await.err();
        return refused.filter(|reason| reason.contains("4401")).map(|_| "unauthenticated".to_owned());
    }
    let mut subscription = distr_tests::socket::Subscription::open(hub, secret, document, json!({})).await;
    let payload = subscription.first_word().await?;
    let error = if payload.is_array() { payload[0].clone() } else { payload["errors"][0].clone() };
    error["extensions"]["code"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn every_operation_lets_in_the_roles_of_its_row_and_nobody_else() {
    let (hub, secrets) = with_roles().await;
    let fields = fields_of_the_schema(&hub, &hub.sign_in("acme").await).await;
    let rows: BTreeMap<_, _> = OPERATIONS.iter().map(|operation| (operation.name.to_owned(), operation.kind)).collect();
    assert_eq!(rows, fields, "left: the rows of operations.rs; right: the schema");

    let mut wrong = vec![];
    for operation in OPERATIONS {
        let anonymous = refusal(&hub, operation, None).await;
        let expected = (operation.roles != "*").then(|| "unauthenticated".to_owned());
        if operation.name != "sessionCreate" && anonymous != expected {
            wrong.push(format!("{} with nobody: {anonymous:?}", operation.name));
        }
        for (letter, role) in ROLES {
            let let_in = refusal(&hub, operation, Some(&secrets[&letter])).await.is_none();
            let expected = operation.roles == "*" || operation.roles.contains(letter);
            if operation.name != "sessionCreate" && let_in != expected {
                wrong.push(format!("{} with {role}: let in is {let_in}", operation.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_token_lets_in_by_its_scopes_too() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"pull\", scopes: [PULL]) { secret } }";
    let issued = hub.graphql(Some(&owner), issue, json!({})).await.data();
    let secret = issued["tokenIssue"]["secret"].as_str().expect("a secret");
    for operation in OPERATIONS.iter().filter(|operation| operation.kind != "subscription") {
        // what is open to whoever is signed in has no scope of its own
        if operation.permission_free || operation.roles == "*" {
            continue;
        }
        let refused = refusal(&hub, operation, Some(secret)).await;
        assert_eq!(refused.as_deref(), Some("forbidden"), "{} with the scope pull alone", operation.name);
    }
}

/// What an agent's secret opens: its own paths, and no GraphQL.
#[tokio::test]
async fn every_route_answers_strangers_members_and_agents_as_its_row_says() {
    let (hub, secrets) = with_roles().await;
    let agent = world::enrolled(&hub, &secrets[&'O'], "globex", "t").await;
    routes::check(&hub, &secrets[&'O'], &agent).await;
}

#[tokio::test]
async fn an_agent_is_let_into_no_operation() {
    let (hub, secrets) = with_roles().await;
    let agent = world::enrolled(&hub, &secrets[&'O'], "globex", "t").await;
    for operation in OPERATIONS.iter().filter(|operation| operation.kind != "subscription") {
        let refused = refusal(&hub, operation, Some(&agent)).await;
        assert_eq!(refused.as_deref(), Some("forbidden"), "{} with an agent's credential", operation.name);
    }
    let subscription = "subscription { targetChanged { id } }";
    let url = format!("ws://127.0.0.1:{}/graphql", hub.port);
    let socket = distr_tests::socket::Socket::open(&url, Some(&agent), subscription, json!({})).await;
    let refused = socket.err().expect("a refusal");
    assert!(refused.contains("agents do not speak GraphQL"), "{refused}");
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_to_wait() {
    let hub = HubProcess::start_with(&[("DISTR_RATE_LIMIT", "5")]).await;
    let client = reqwest::Client::new();
    let mut refused = None;
    for _ in 0..200 {
        let response = client.get(hub.url("/healthz")).send().await.expect("an answer");
        if response.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("200 at once are more than 50");
    assert!(refused.headers().contains_key("retry-after"), "{refused:?}");
    assert_eq!(refused.json::<Value>().await.expect("JSON")["code"], "too_many_requests");
    // what is counted by its handler is counted with its methods alone
    for (method, path) in [("PUT", "/token"), ("GET", "/agent/v1/heartbeats"), ("DELETE", "/agent/v1/heartbeats")] {
        let mut last = 0;
        for _ in 0..20 {
            let request = client.request(method.parse().expect("a method"), hub.url(path));
            last = request.send().await.expect("an answer").status().as_u16();
        }
        assert_eq!(last, 429, "{method} {path}");
    }
}
