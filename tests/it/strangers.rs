//! What somebody who has not signed in may cost: a short document, one sign-in, no socket, some connections.

use std::time::Duration;

use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::socket::Socket;
use distr_tests::wait;
use futures_util::{SinkExt, StreamExt};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// What graphql-js, and so GraphiQL and most generators of code, ask.
const INTROSPECTION: &str = include_str!("../../crates/api/src/graphql/limits/introspection.graphql");

/// 200 times the schema, each through fragments.
fn worst() -> String {
    let aliases: String = (0..200).map(|n| format!("a{n}: __schema {{ ...S }} ")).collect();
    format!(
        "{{ {aliases} }} fragment S on __Schema {{ types {{ ...T }} }}
        fragment T on __Type {{ kind name description fields {{ name description args {{ name }} type {{ name }} }} }}"
    )
}

async fn post(hub: &HubProcess, secret: Option<&str>, query: &str) -> (StatusCode, usize, Value) {
    let request = Client::new().post(hub.url("/graphql")).json(&json!({ "query": query }));
    let request = match secret {
        Some(secret) => request.bearer_auth(secret),
        None => request,
    };
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let body = response.bytes().await.expect("a body");
    (status, body.len(), serde_json::from_slice(&body).expect("JSON"))
}

fn code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().or(answer["code"].as_str()).unwrap_or_default()
}

#[tokio::test]
async fn a_stranger_may_sign_in_and_ask_for_nothing_else() {
    let hub = HubProcess::start().await;
    let sign_in = "sessionCreate(organization: \"acme\", email: \"a@b.c\", password: \"wrong\") { token }";
    let fragments: String =
        (0..60).map(|n| format!("fragment F{n} on Query {{ ...F{} ...F{} }} ", n + 1, n + 1)).collect();
    let cases = [
        ("the schema", INTROSPECTION.to_owned(), "unauthenticated"),
        ("one type", "{ __type(name: \"Query\") { name fields { name } } }".to_owned(), "unauthenticated"),
        ("a field", "{ viewer { role } }".to_owned(), "unauthenticated"),
        ("a field within fragments", "{ ... { ...F } } fragment F on Query { head }".to_owned(), "unauthenticated"),
        ("what there is not", "{ nonsense }".to_owned(), "unauthenticated"),
        ("a change", "mutation { customerCreate(name: \"x\") { changed } }".to_owned(), "unauthenticated"),
        ("a subscription", "subscription { targetChanged { id } }".to_owned(), "unauthenticated"),
        ("the schema 200 times", worst(), "bad_request"),
        ("fragments without end", format!("{{ ...F0 }} {fragments} fragment F60 on Query {{ head }}"), "bad_request"),
        ("a long document", format!("{{ __typename }} # {}", "x".repeat(5_000)), "bad_request"),
        ("two sign-ins", format!("mutation {{ a: {sign_in} b: {sign_in} }}"), "bad_request"),
        ("a long body", format!("{{ __typename }} # {}", "x".repeat(20_000)), "bad_input"),
    ];
    for (name, document, expected) in cases {
        let (_, bytes, answer) = post(&hub, None, &document).await;
        assert_eq!(code(&answer), expected, "{name}: {answer}");
        assert!(answer["data"].is_null(), "{name}: {answer}");
        assert!(bytes < 2_000, "{name}: an answer of {bytes} bytes");
    }
    let batch = Client::new().post(hub.url("/graphql")).json(&json!([{ "query": "{ __typename }" }])).send().await;
    assert_eq!(batch.expect("an answer").status(), StatusCode::BAD_REQUEST);
    assert_eq!(post(&hub, None, "{ __typename }").await.2["data"]["__typename"], "Query");
    hub.sign_in("acme").await;
}

#[tokio::test]
async fn the_schema_is_shown_to_the_signed_in_once_a_document() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let schema = post(&hub, Some(&owner), INTROSPECTION).await.2["data"]["__schema"].clone();
    assert!(schema["types"].as_array().is_some_and(|types| types.len() > 100), "{schema}");
    let one = "{ __type(name: \"Target\") { fields { name type { name ofType { name } } } } }";
    assert!(post(&hub, Some(&owner), one).await.2["data"]["__type"]["fields"].is_array());
    let (_, bytes, answer) = post(&hub, Some(&owner), &worst()).await;
    assert_eq!((code(&answer), bytes < 2_000), ("bad_request", true), "{answer}");

    let hidden = HubProcess::start_with(&[("DISTR_INTROSPECTION", "false")]).await;
    let owner = hidden.sign_in("acme").await;
    assert!(post(&hidden, Some(&owner), INTROSPECTION).await.2["data"]["__schema"].is_null());
}

/// Compose files of thirty times 620 kB.
#[tokio::test]
async fn an_answer_that_is_too_large_is_an_error_and_not_memory() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { applicationCreate(name: \"hello\") { changed } }", json!({})).await.data();
    let compose = format!(
        "services: {{ web: {{ image: \"docker.io/library/nginx@sha256:{}\" }} }}\n{}",
        "a".repeat(64),
        "# a remark that is long\n".repeat(26_000)
    );
    let publish = "mutation ($c: String!) {
        releaseDraft(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: $c } }]) { changed }
    }";
    hub.graphql(Some(&owner), publish, json!({ "c": compose })).await.data();
    let many: String =
        (0..30).map(|n| format!("a{n}: release(application: \"hello\", version: \"1.0.0\") {{ packages {{ ... on ComposePackage {{ file }} }} }} ")).collect();
    let (_, bytes, answer) = post(&hub, Some(&owner), &format!("{{ {many} }}")).await;
    assert_eq!((code(&answer), bytes < 2_000), ("answer_too_large", true), "{:.2000}", answer.to_string());
    let some: String =
        (0..20).map(|n| format!("a{n}: release(application: \"hello\", version: \"1.0.0\") {{ packages {{ ... on ComposePackage {{ file }} }} }} ")).collect();
    assert!(
        post(&hub, Some(&owner), &format!("{{ {some} }}")).await.2["data"]["a19"]["packages"][0]["file"].is_string()
    );
}

type Raw = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn raw_socket(hub: &HubProcess) -> Raw {
    let mut request = format!("ws://127.0.0.1:{}/graphql", hub.port).into_client_request().expect("a good URL");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a good header"));
    connect_async(request).await.expect("the hub takes the socket").0
}

/// The code that the socket is closed with after this was sent, and what it was told before.
async fn told_and_closed(hub: &HubProcess, messages: Vec<Value>) -> (Vec<String>, Option<u16>) {
    let (mut socket, mut told) = (raw_socket(hub).await, vec![]);
    for message in messages {
        let text = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        let _ = socket.send(Message::text(text)).await;
    }
    let end = async {
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Close(frame) => return frame.map(|frame| frame.code.into()),
                Message::Text(text) => told.push(text.to_string()),
                _ => {}
            }
        }
        None
    };
    let code = tokio::time::timeout(Duration::from_secs(40), end).await.expect("the socket is closed");
    (told, code)
}

/// The same for strangers, who are told nothing.
async fn closed_after(hub: &HubProcess, messages: Vec<Value>) -> Option<u16> {
    let (told, code) = told_and_closed(hub, messages).await;
    assert!(told.is_empty(), "a stranger is answered: {told:?}");
    code
}

/// As https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md has them.
#[tokio::test]
async fn a_socket_is_closed_by_the_codes_of_its_protocol() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {owner}") } });
    let subscribe = |id: &str| {
        json!({ "type": "subscribe", "id": id, "payload": {
        "query": "subscription { targetChanged { name } }" } })
    };
    let complete = json!({ "type": "complete", "id": "1" });
    let nonsense = json!("{\"type\": \"connection_init\", ");
    assert_eq!(told_and_closed(&hub, vec![nonsense.clone()]).await.1, Some(4400));
    assert_eq!(told_and_closed(&hub, vec![json!({ "type": "start", "id": "1" })]).await.1, Some(4400));
    let twice = vec![init.clone(), subscribe("1"), subscribe("2"), subscribe("1")];
    assert_eq!(told_and_closed(&hub, twice).await.1, Some(4409));
    let again = vec![init.clone(), subscribe("1"), complete, subscribe("1"), init];
    assert_eq!(told_and_closed(&hub, again).await.1, Some(4429));
}

#[tokio::test]
async fn a_socket_is_for_the_signed_in() {
    let hub = HubProcess::start().await;
    let init = |payload: Value| json!({ "type": "connection_init", "payload": payload });
    let subscribe = |query: &str| json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
    let long = json!({ "type": "connection_init", "payload": { "x": "x".repeat(100_000) } });
    let (silent, nobody, unknown, early, long) = tokio::join!(
        closed_after(&hub, vec![]),
        closed_after(&hub, vec![init(json!({}))]),
        closed_after(&hub, vec![init(json!({ "authorization": "Bearer distr_nonsense" }))]),
        closed_after(&hub, vec![subscribe(&worst())]),
        closed_after(&hub, vec![long]),
    );
    assert_eq!((silent, nobody, unknown), (Some(4408), Some(4401), Some(4401)));
    assert_eq!((early, long), (Some(4401), Some(4400)));
    let owner = hub.sign_in("acme").await;
    let url = format!("ws://127.0.0.1:{}/graphql", hub.port);
    let mut socket = Socket::open(&url, Some(&owner), &worst(), json!({})).await.expect("a socket");
    let refused = socket.next_within(Duration::from_secs(20)).await.expect("an answer");
    let error = if refused.is_array() { &refused[0] } else { &refused["errors"][0] };
    assert_eq!(error["extensions"]["code"], "bad_request", "{refused}");
}

#[tokio::test]
async fn operations_on_a_socket_count_as_requests() {
    let hub = HubProcess::start_with(&[("DISTR_RATE_LIMIT", "2")]).await;
    let owner = hub.sign_in("acme").await;
    let mut socket = raw_socket(&hub).await;
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {owner}") } });
    socket.send(Message::text(init.to_string())).await.expect("an open socket");
    for id in 0..300 {
        let payload = json!({ "query": "{ __typename }" });
        let message = json!({ "type": "subscribe", "id": id.to_string(), "payload": payload });
        socket.send(Message::text(message.to_string())).await.expect("an open socket");
    }
    let refused = async {
        while let Some(Ok(message)) = socket.next().await {
            if message.to_string().contains("too_many_requests") {
                return true;
            }
        }
        false
    };
    assert!(tokio::time::timeout(Duration::from_secs(30), refused).await.expect("300 answers"));
}

async fn connect_from(hub: &HubProcess, last: u8) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, last], 0).into()).expect("an address of this machine");
    socket.connect(([127, 0, 0, 1], hub.port).into()).await.expect("the hub listens")
}

/// Whether the hub answers on this connection, rather than ending it.
async fn is_served(mut stream: TcpStream) -> bool {
    let asked = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut answer = vec![];
    let read = stream.read_to_end(&mut answer).await;
    asked.is_ok() && read.is_ok() && answer.starts_with(b"HTTP/1.1 200")
}

#[tokio::test]
async fn an_address_has_only_so_many_connections_and_others_have_theirs() {
    let hub = HubProcess::start_with(&[("DISTR_CONNECTIONS_PER_ADDRESS", "20")]).await;
    let mut held = vec![];
    for _ in 0..20 {
        held.push(connect_from(&hub, 9).await);
    }
    // one that has said nothing for ten seconds is closed, and makes room
    while is_served(connect_from(&hub, 9).await).await {
        held.push(connect_from(&hub, 9).await);
        assert!(held.len() < 1000, "an address has as many connections as it likes");
    }
    assert!(is_served(connect_from(&hub, 10).await).await, "another address is served");
    drop(held);
    wait::until("a connection after the others ended", Duration::from_secs(20), async || {
        match is_served(connect_from(&hub, 9).await).await {
            true => Ok(()),
            false => Err("refused".to_owned()),
        }
    })
    .await;
}

/// Guesses from wherever they come do not keep the owner out.
#[tokio::test]
async fn nobody_locks_an_owner_out() {
    let hub = HubProcess::start_with(&[("DISTR_TRUSTED_PROXIES", "127.0.0.1")]).await;
    let sign_in = async |address: &str, password: &str| {
        let query = "mutation ($e: String!, $p: String!) {
            sessionCreate(organization: \"acme\", email: $e, password: $p) { token }
        }";
        let body = json!({ "query": query, "variables": { "e": OWNER, "p": password } });
        let request = Client::new().post(hub.url("/graphql")).header("X-Forwarded-For", address).json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        match answer["data"]["sessionCreate"]["token"].is_string() {
            true => "in".to_owned(),
            false => code(&answer).to_owned(),
        }
    };
    assert_eq!(sign_in("198.51.100.1", PASSWORD).await, "in");
    let mut held_up = 0;
    for n in 0..40 {
        held_up += usize::from(sign_in(&format!("203.0.113.{n}"), "wrong").await == "too_many_requests");
        let same = sign_in("203.0.113.200", "wrong").await;
        held_up += usize::from(same == "too_many_requests");
    }
    assert!(held_up > 20, "guesses are held up: {held_up}");
    assert_eq!(sign_in("198.51.100.1", PASSWORD).await, "in", "from where the owner was before");
    assert_eq!(sign_in("192.0.2.50", PASSWORD).await, "in", "from where nobody was before");
}

/// One agent does not fill the log; what it was refused is taken later.
/// An agent of a hub on which a target adds 1 KiB a second to the log.
struct Reporter {
    hub: HubProcess,
    secret: String,
}

impl Reporter {
    async fn start(stale_seconds: &str) -> Self {
        let hub = HubProcess::start_with(&[
            ("DISTR_REPORT_BYTES", "1KiB"),
            ("DISTR_HEARTBEAT_SECONDS", "1"),
            ("DISTR_STALE_SECONDS", stale_seconds),
            ("DISTR_OFFLINE_SECONDS", "1200"),
        ])
        .await;
        let owner = hub.sign_in("acme").await;
        let token = distr_tests::agent::register(&hub, &owner).await;
        let enrol =
            Client::new().post(hub.url("/agent/v1/enrol")).bearer_auth(token).json(&json!({ "agent_version": "1" }));
        let enrolled: Value = enrol.send().await.expect("an answer").json().await.expect("JSON");
        let secret = enrolled["secret"].as_str().expect("a secret").to_owned();
        Self { hub, secret }
    }

    /// A report with an error of so many bytes.
    async fn send(&self, sequence: u64, bytes: usize) -> reqwest::Response {
        let body = json!({ "reports": [{
            "id": uuid::Uuid::from_u128(sequence.into()), "boot": uuid::Uuid::from_u128(1), "sequence": sequence,
            "at": "2026-01-01T00:00:00Z", "agent_version": "1", "deployments": [],
            "error": { "category": "runtime", "text": "x".repeat(bytes) },
        }] });
        let request = Client::new().post(self.hub.url("/agent/v1/heartbeats")).bearer_auth(&self.secret).json(&body);
        request.send().await.expect("an answer")
    }

    /// Seconds until the next report, as the answer to one says.
    async fn interval(&self, sequence: u64, bytes: usize) -> u64 {
        let answer: Value = self.send(sequence, bytes).await.json().await.expect("JSON");
        answer["interval"].as_u64().unwrap_or_else(|| panic!("{answer}"))
    }
}

#[tokio::test]
async fn an_agent_that_has_much_to_say_says_it_less_often_and_does_not_seem_silent() {
    let reporter = Reporter::start("600").await;
    assert_eq!(reporter.interval(1, 10).await, 1);
    let seldom = reporter.interval(2, 1_900).await;
    assert!((2..10).contains(&seldom), "{seldom}");
    // half of what makes it stale, and no less than the heartbeat
    for (stale, expected) in [("2", 1), ("3", 1), ("4", 2)] {
        assert_eq!(Reporter::start(stale).await.interval(1, 1_900).await, expected, "{stale}");
    }
}

#[tokio::test]
async fn a_target_adds_only_so_many_bytes_to_the_log() {
    let reporter = Reporter::start("600").await;
    let send = async |sequence: u64| reporter.send(sequence, 1_900).await;
    let mut sequence = 0;
    let refused = loop {
        sequence += 1;
        let answer = send(sequence).await;
        match answer.status() {
            StatusCode::OK if sequence < 1_000 => {}
            _ => break answer,
        }
    };
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(sequence > 100, "what waited while it was away is taken at once: {sequence}");
    let seconds = refused.headers()["retry-after"].to_str().ok().and_then(|text| text.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| (1..=10).contains(&seconds)), "{seconds:?}");
    wait::until("the same report, later", Duration::from_secs(30), async || match send(sequence).await {
        answer if answer.status() == StatusCode::OK => Ok(()),
        answer => Err(answer.status().to_string()),
    })
    .await;
}
