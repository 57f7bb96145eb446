//! Live over graphql-transport-ws.

use distr_tests::hub::HubProcess;
use distr_tests::socket::{Socket, Subscription};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

#[tokio::test]
async fn events_after_a_position_come_all_and_once_then_live() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let create = "mutation ($n: Name!) { customerCreate(name: $n) { position } }";
    for n in 0..3 {
        hub.graphql(Some(&owner), create, json!({ "n": format!("c{n}") })).await.data();
    }
    let query = "subscription ($p: Position!) { eventAppended(after: $p) { position type } }";
    let mut events = Subscription::open(&hub, Some(&owner), query, json!({ "p": "2" })).await;
    let mut seen = vec![];
    for _ in 0..3 {
        seen.push(events.next().await["data"]["eventAppended"]["position"].clone());
    }
    assert_eq!(seen, ["3", "4", "5"]);
    hub.graphql(Some(&owner), create, json!({ "n": "live" })).await.data();
    let live = events.next().await["data"]["eventAppended"].clone();
    assert_eq!(live, json!({ "position": "6", "type": "CustomerCreated" }));
}

#[tokio::test]
async fn a_target_that_changes_is_told() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let query = "subscription { targetChanged { name state enrolledAt } }";
    let mut changes = Subscription::open(&hub, Some(&owner), query, json!({})).await;
    // the socket's subscription is made asynchronously: change until it is heard
    let register = "mutation { targetRegister(customer: \"globex\", name: \"factory\") { changed } }";
    hub.graphql(Some(&owner), register, json!({})).await.data();
    let changed = changes.next().await["data"]["targetChanged"].clone();
    assert_eq!(changed, json!({ "name": "factory", "state": "UNKNOWN", "enrolledAt": null }));
}

#[tokio::test]
async fn a_subscription_is_guarded_like_a_query() {
    let hub = HubProcess::start().await;
    let query = "subscription { eventAppended(after: \"0\") { position } }";
    let url = format!("ws://127.0.0.1:{}/graphql", hub.port);
    let refused = Socket::open(&url, None, query, json!({})).await.err().expect("a stranger gets no socket");
    assert!(refused.contains("4401"), "{refused}");
}

/// A socket that has not said who it is.
async fn stranger(hub: &HubProcess) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
    let mut request = format!("ws://127.0.0.1:{}/graphql", hub.port).into_client_request().expect("a good URL");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a good header"));
    connect_async(request).await.expect("the hub takes the socket").0
}

async fn said(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>, message: Value) -> Message {
    socket.send(Message::text(message.to_string())).await.expect("an open socket");
    loop {
        match socket.next().await.expect("an answer").expect("a message") {
            Message::Ping(_) | Message::Pong(_) => {}
            answer => return answer,
        }
    }
}

#[tokio::test]
async fn the_words_of_the_protocol_are_taken_as_http_and_its_clients_spell_them() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let mut socket = stranger(&hub).await;
    let init = json!({ "type": "connection_init", "payload": { "Authorization": format!("bearer {owner}") } });
    assert!(said(&mut socket, init).await.to_string().contains("connection_ack"));
    let invalid = json!({ "type": "subscribe", "id": "a", "payload": { "query": "subscription { nothing }" } });
    let refused: Value = serde_json::from_str(&said(&mut socket, invalid).await.to_string()).expect("JSON");
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("a")));
    assert!(refused["payload"][0]["message"].as_str().is_some_and(|text| text.contains("nothing")), "{refused}");
    // the id is free, and nothing came after the error
    let again = json!({ "type": "subscribe", "id": "a", "payload": { "query": "{ __typename }" } });
    let answer: Value = serde_json::from_str(&said(&mut socket, again).await.to_string()).expect("JSON");
    assert_eq!((&answer["type"], &answer["payload"]["data"]), (&json!("next"), &json!({ "__typename": "Query" })));
}

#[tokio::test]
async fn a_message_that_is_none_ends_the_socket_in_words_of_the_protocol() {
    let hub = HubProcess::start().await;
    for (message, words) in [
        (json!({ "type": "what" }), "send JSON objects as graphql-transport-ws has them"),
        (json!([1]), "send JSON objects as graphql-transport-ws has them"),
        (json!({ "type": "start", "id": "1" }), "no message has the type \"start\""),
    ] {
        let Message::Close(Some(frame)) = said(&mut stranger(&hub).await, message.clone()).await else {
            panic!("{message} is taken")
        };
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4400, words), "{message}");
    }
    let mut request = format!("ws://127.0.0.1:{}/graphql", hub.port).into_client_request().expect("a good URL");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-ws".parse().expect("a good header"));
    let refused = connect_async(request).await.expect_err("the hub does not speak it").to_string();
    assert!(refused.contains("400"), "{refused}");
}
