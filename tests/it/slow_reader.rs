//! A subscriber that takes nothing: others are told all the same, the hub's memory stays, and it is let go.

use std::time::Duration;

use distr_tests::agent::register;
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::socket::Subscription;
use distr_tests::wait;
use futures_util::future::join_all;
use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};
use uuid::Uuid;

const EVERYTHING: &str = "subscription { eventAppended(after: \"0\", telemetry: [HEARTBEAT]) { type data } }";
const REPORTS: u64 = 30_000;

/// A socket whose machine takes a few kilobytes and then no more.
async fn deaf(hub: &HubProcess, secret: &str) -> WebSocketStream<TcpStream> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a new socket");
    let stream = socket.connect(([127, 0, 0, 1], hub.port).into()).await.expect("the hub listens");
    let mut request = format!("ws://127.0.0.1:{}/graphql", hub.port).into_client_request().expect("a good URL");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a good header"));
    let (mut socket, _) = client_async(request, stream).await.expect("the hub takes the socket");
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {secret}") } });
    socket.send(Message::text(init.to_string())).await.expect("an open socket");
    let ack = socket.next().await.expect("an answer").expect("a message");
    assert!(ack.to_string().contains("connection_ack"), "{ack}");
    socket
}

async fn ask(socket: &mut WebSocketStream<TcpStream>, id: usize, query: &str) {
    let subscribe = json!({ "type": "subscribe", "id": id.to_string(), "payload": { "query": query } });
    socket.send(Message::text(subscribe.to_string())).await.expect("an open socket");
}

/// Batches of a hundred, as an agent sends that was away for long.
async fn reported(hub: &HubProcess, owner: &str) {
    let token = register(hub, owner).await;
    let post = async |path: &str, secret: &str, body: Value| {
        let request = Client::new().post(hub.url(path)).bearer_auth(secret).json(&body);
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        response.json::<Value>().await.expect("JSON")
    };
    let enrolled = post("/agent/v1/enrol", &token, json!({ "agent_version": "1" })).await;
    let secret = enrolled["secret"].as_str().expect("a secret");
    let sequences: Vec<u64> = (1..=REPORTS).collect();
    for batch in sequences.chunks(100) {
        let report = |sequence: &u64| {
            json!({
                "id": Uuid::now_v7(), "boot": Uuid::from_u128(1), "sequence": sequence, "at": "2026-01-01T00:00:00Z",
                "agent_version": "1.2.3", "deployments": [],
            })
        };
        let reports: Vec<Value> = batch.iter().map(report).collect();
        post("/agent/v1/heartbeats", secret, json!({ "reports": reports })).await;
    }
}

#[tokio::test]
async fn a_subscriber_that_takes_nothing_holds_up_nobody_and_is_let_go() {
    let port = free_port();
    let metrics = format!("127.0.0.1:{port}");
    let hub = HubProcess::start_with(&[("DISTR_METRICS_LISTEN", &metrics), ("DISTR_REPORT_BYTES", "1MiB")]).await;
    let owner = hub.sign_in("acme").await;
    reported(&hub, &owner).await;
    let subscriptions = async || {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.expect("an answer");
        let text = answer.text().await.expect("text");
        let value = text.lines().find_map(|line| line.strip_prefix("distr_graphql_subscriptions "));
        value.expect("the metric is there").to_owned()
    };
    let before = hub.resident_mib();
    let mut deaf = join_all((0..20).map(|_| deaf(&hub, &owner))).await;
    for socket in &mut deaf {
        ask(socket, 1, EVERYTHING).await;
    }
    let mut other = Subscription::open(&hub, Some(&owner), EVERYTHING, json!({})).await;
    wait::until("all subscriptions", Duration::from_secs(20), async || {
        let open = subscriptions().await;
        if open == "21" { Ok(()) } else { Err(open) }
    })
    .await;
    let mut heartbeats = 0;
    while heartbeats < REPORTS {
        let event = other.next().await["data"]["eventAppended"].clone();
        heartbeats += u64::from(event["type"] == "Heartbeat");
    }
    let grown = hub.resident_mib().saturating_sub(before);
    // what they did not take is many times this
    assert!(grown < 100, "{grown} MiB for 20 that take nothing");
    wait::until("the end of those that take nothing", Duration::from_secs(120), async || {
        let open = subscriptions().await;
        if open == "1" { Ok(()) } else { Err(open) }
    })
    .await;
    drop(deaf);
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"later\") { changed } }", json!({})).await.data();
    let event = other.next().await["data"]["eventAppended"].clone();
    assert_eq!(event["type"], "CustomerCreated", "{event}");
}

/// What it asked is not half answered while it takes nothing: others have the connections.
#[tokio::test]
async fn a_reader_that_takes_nothing_keeps_no_connection() {
    const MANY: &str = "{ __schema { types { name description fields { name description } } } }";
    let hub = HubProcess::with_one_connection().await;
    let owner = hub.sign_in("acme").await;
    let viewer = hub.join(&owner, "viewer@acme.example", "role: AUDITOR", "a long enough secret").await;
    let lists: String = (0..20).map(|number| format!("a{number}: sessions {{ id }} ")).collect();
    let mut deaf = deaf(&hub, &viewer).await;
    for id in 0..60 {
        let query = if id % 6 == 0 { MANY.to_owned() } else { format!("{{ {lists} }}") };
        ask(&mut deaf, id, &query).await;
        let answer = hub.graphql(Some(&owner), "{ members { nodes { email } } }", json!({})).await;
        assert_eq!(answer.code(), None, "after {id}");
    }
    drop(deaf);
}
