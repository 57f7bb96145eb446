//! A subscription over graphql-transport-ws.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::hub::HubProcess;

const LIMIT: Duration = Duration::from_secs(30);
/// By which an answer may overtake another that was due before it.
const AFTER_ANOTHER: Duration = Duration::from_millis(250);

/// One that may end at any moment.
pub struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub async fn open(url: &str, secret: Option<&str>, query: &str, variables: Value) -> Result<Self, String> {
        Self::open_with(url, &[], secret, query, variables).await
    }

    /// With headers as a browser adds them.
    pub async fn open_with(
        url: &str,
        headers: &[(&'static str, &str)],
        secret: Option<&str>,
        query: &str,
        variables: Value,
    ) -> Result<Self, String> {
        let mut request = url.into_client_request().map_err(|error| error.to_string())?;
        let protocol = "graphql-transport-ws".parse().expect("a good header");
        request.headers_mut().insert("Sec-WebSocket-Protocol", protocol);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a good header"));
        }
        let opened = tokio::time::timeout(LIMIT, connect_async(request)).await.map_err(|error| error.to_string())?;
        let (socket, _) = opened.map_err(|error| error.to_string())?;
        let mut socket = Self { socket };
        let payload = match secret {
            Some(secret) => json!({ "authorization": format!("Bearer {secret}") }),
            None => json!({}),
        };
        socket.send(json!({ "type": "connection_init", "payload": payload })).await?;
        let ack = socket.receive(LIMIT).await?;
        if ack["type"] != "connection_ack" {
            return Err(ack.to_string());
        }
        let payload = json!({ "query": query, "variables": variables });
        socket.send(json!({ "type": "subscribe", "id": "1", "payload": payload })).await?;
        Ok(socket)
    }

    async fn send(&mut self, message: Value) -> Result<(), String> {
        self.socket.send(Message::text(message.to_string())).await.map_err(|error| error.to_string())
    }

    async fn receive(&mut self, limit: Duration) -> Result<Value, String> {
        loop {
            let message = tokio::time::timeout(limit, self.socket.next()).await;
            match message.map_err(|_| format!("no message in {limit:?}"))? {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).map_err(|error| error.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => return Err(format!("the socket ended: {other:?}")),
            }
        }
    }

    /// The payload of the next item, errors included.
    pub async fn next_within(&mut self, limit: Duration) -> Result<Value, String> {
        loop {
            let message = self.receive(limit).await?;
            match message["type"].as_str() {
                Some("next" | "error") => return Ok(message["payload"].clone()),
                Some("ping") => self.send(json!({ "type": "pong" })).await?,
                _ => return Err(format!("unexpected: {message}")),
            }
        }
    }

    /// The payload of the first item; nothing if there is none by the time at which a question that was asked later has its answer.
    async fn first_word(&mut self) -> Result<Option<Value>, String> {
        let question = json!({ "type": "subscribe", "id": "2", "payload": { "query": "{ __typename }" } });
        self.send(question).await?;
        let mut limit = LIMIT;
        loop {
            let message = match self.receive(limit).await {
                Err(_) if limit != LIMIT => return Ok(None),
                message => message?,
            };
            match (message["type"].as_str(), message["id"].as_str()) {
                (Some("next" | "error"), Some("1")) => return Ok(Some(message["payload"].clone())),
                (Some("next" | "error"), Some("2")) => limit = AFTER_ANOTHER,
                (Some("ping"), _) => self.send(json!({ "type": "pong" })).await?,
                _ => {}
            }
        }
    }

    /// Reads on until the socket is closed: the close frame's code, if there was one.
    pub async fn closed(&mut self) -> Option<u16> {
        while let Some(Ok(message)) = self.socket.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        None
    }
}

/// One that must not end: the test fails if it does.
pub struct Subscription {
    socket: Socket,
}

impl Subscription {
    pub async fn open(hub: &HubProcess, secret: Option<&str>, query: &str, variables: Value) -> Self {
        let url = format!("ws://127.0.0.1:{}/graphql", hub.port);
        Self { socket: Socket::open(&url, secret, query, variables).await.expect("the hub takes the socket") }
    }

    /// What it says at once, if it does not wait for something to happen.
    pub async fn first_word(&mut self) -> Option<Value> {
        self.socket.first_word().await.expect("the hub goes on answering")
    }

    /// The payload of the next item, errors included.
    pub async fn next(&mut self) -> Value {
        self.socket.next_within(LIMIT).await.expect("an item in time")
    }

    /// One more, beside the first.
    pub async fn subscribe(&mut self, id: &str, query: &str) {
        let message = json!({ "type": "subscribe", "id": id, "payload": { "query": query } });
        self.socket.send(message).await.expect("the socket is open");
    }

    /// Reads on until the socket is closed: the close frame's code, if there was one.
    pub async fn closed(&mut self) -> Option<u16> {
        self.socket.closed().await
    }
}
