//! Subscriptions over graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md): one socket, one subscription. A
//! connection that has gone silent is noticed by pings, and is an error like one that broke.

use std::marker::PhantomData;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use graphql_client::GraphQLQuery;
use reqwest::{StatusCode, Upgraded, header};
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::exit::Failure;
use crate::hub::{self, Hub};

const CONNECT: Duration = Duration::from_secs(10);
const PING_AFTER: Duration = Duration::from_secs(20);
/// So many pings without any answer mean that nobody is there.
const PINGS: u32 = 2;

pub(crate) struct Subscription<Q> {
    socket: WebSocketStream<Upgraded>,
    hub: String,
    operation: PhantomData<Q>,
}

impl<Q: GraphQLQuery> Subscription<Q> {
    pub(crate) async fn start(hub: &Hub, variables: Q::Variables) -> Result<Self> {
        let opened = timeout(CONNECT, open(hub)).await;
        let socket =
            opened.unwrap_or_else(|_| Err(unreachable(&hub.address(), &"connecting takes too long").into()))?;
        let mut new = Self { socket, hub: hub.address(), operation: PhantomData };
        // in a message and not in the URL, which others log
        let authorization = hub.token().map(|token| format!("Bearer {token}"));
        new.send(json!({"type": "connection_init", "payload": {"authorization": authorization}})).await?;
        match new.receive().await? {
            Some(message) if message["type"] == "connection_ack" => {}
            _ => bail!("the hub did not acknowledge the subscription's connection"),
        }
        new.send(json!({"type": "subscribe", "id": "1", "payload": Q::build_query(variables)})).await?;
        Ok(new)
    }

    /// The next item; nothing when the hub has ended the subscription.
    pub(crate) async fn next(&mut self) -> Result<Option<Q::ResponseData>> {
        while let Some(message) = self.receive().await? {
            match message["type"].as_str() {
                Some("next") => return Ok(Some(item::<Q>(message["payload"].clone())?)),
                Some("error") => return Err(first_error(message["payload"].clone())),
                Some("complete") => return Ok(None),
                _ => {}
            }
        }
        Ok(None)
    }

    async fn send(&mut self, message: Value) -> Result<()> {
        let sent = self.socket.send(Message::text(message.to_string())).await;
        Ok(sent.map_err(|error| unreachable(&self.hub, &error))?)
    }

    /// The next message that is not about the connection itself; nothing when it was closed.
    async fn receive(&mut self) -> Result<Option<Value>> {
        let mut unanswered = 0;
        loop {
            let Ok(received) = timeout(PING_AFTER, self.socket.next()).await else {
                if unanswered == PINGS {
                    bail!(Failure::Unreachable { hub: self.hub.clone(), cause: "it went silent".into() });
                }
                unanswered += 1;
                self.send(json!({"type": "ping"})).await?;
                continue;
            };
            unanswered = 0;
            match received {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).context("reading a message of the hub")?;
                    match message["type"].as_str() {
                        Some("ping") => self.send(json!({"type": "pong"})).await?,
                        Some("pong") => {}
                        _ => return Ok(Some(message)),
                    }
                }
                Some(Ok(Message::Close(_))) | None => return Ok(None),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!(unreachable(&self.hub, &error)),
            }
        }
    }
}

/// Over the connections that the hub is asked over as well: by the same proxy, with the same trust.
async fn open(hub: &Hub) -> Result<WebSocketStream<Upgraded>> {
    let key = generate_key();
    let request = hub
        .socket()?
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .header(header::SEC_WEBSOCKET_PROTOCOL, "graphql-transport-ws")
        .header(header::SEC_WEBSOCKET_KEY, &key);
    let answer = request.send().await.map_err(|error| hub.unreachable(error))?;
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(hub.refusal(answer).await?.into());
    }
    let accepted = answer.headers().get(header::SEC_WEBSOCKET_ACCEPT);
    if accepted.is_none_or(|accepted| accepted.as_bytes() != derive_accept_key(key.as_bytes()).as_bytes()) {
        bail!("what answers at {} is no GraphQL socket", hub.address());
    }
    let connection = answer.upgrade().await.map_err(|error| hub.unreachable(error))?;
    Ok(WebSocketStream::from_raw_socket(connection, Role::Client, None).await)
}

fn item<Q: GraphQLQuery>(payload: Value) -> Result<Q::ResponseData> {
    let answer: graphql_client::Response<Q::ResponseData> =
        serde_json::from_value(payload).context("reading an item of a subscription")?;
    match (answer.data, answer.errors.unwrap_or_default().into_iter().next()) {
        (_, Some(error)) => Err(hub::failure(error).into()),
        (Some(data), None) => Ok(data),
        (None, None) => bail!("an item of the subscription is empty"),
    }
}

fn first_error(payload: Value) -> anyhow::Error {
    let errors: Vec<graphql_client::Error> = serde_json::from_value(payload).unwrap_or_default();
    match errors.into_iter().next() {
        Some(error) => hub::failure(error).into(),
        None => anyhow::anyhow!("the hub refused the subscription without a reason"),
    }
}

fn unreachable(address: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::Unreachable { hub: address.to_owned(), cause: hub::plain(&error.to_string()) }
}
