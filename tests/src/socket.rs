//! A subscription over graphql-transport-ws.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::hub::HubProcess;

pub struct Subscription {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Subscription {
    pub async fn open(hub: &HubProcess, secret: Option<&str>, query: &str, variables: Value) -> Self {
        let mut request = format!("ws://127.0.0.1:{}/graphql", hub.port).into_client_request().expect("a good URL");
        let protocol = "graphql-transport-ws".parse().expect("a good header");
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        let (socket, _) = connect_async(request).await.expect("the hub takes the socket");
        let mut subscription = Self { socket };
        let payload = match secret {
            Some(secret) => json!({ "authorization": format!("Bearer {secret}") }),
            None => json!({}),
        };
        subscription.send(json!({ "type": "connection_init", "payload": payload })).await;
        let ack = subscription.receive().await;
        assert_eq!(ack["type"], "connection_ack", "{ack}");
        let payload = json!({ "query": query, "variables": variables });
        subscription.send(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
        subscription
    }

    async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("the socket is open");
    }

    async fn receive(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(30), self.socket.next()).await;
            match message.expect("a message in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).expect("JSON"),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("the socket ended: {other:?}"),
            }
        }
    }

    /// The payload of the next item, errors included.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = self.receive().await;
            match message["type"].as_str() {
                Some("next" | "error") => return message["payload"].clone(),
                Some("ping") => self.send(json!({ "type": "pong" })).await,
                _ => panic!("unexpected: {message}"),
            }
        }
    }
}
