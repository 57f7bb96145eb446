//! Subscriptions over graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md): one socket, one subscription. A
//! connection that has gone silent is noticed by pings, and is an error like one that broke.

use std::marker::PhantomData;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use graphql_client::GraphQLQuery;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::exit::Failure;
use crate::hub::{self, Hub};

const CONNECT: Duration = Duration::from_secs(10);
const PING_AFTER: Duration = Duration::from_secs(20);
/// So many pings without any answer mean that nobody is there.
const PINGS: u32 = 2;

pub(crate) struct Subscription<Q> {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    hub: String,
    operation: PhantomData<Q>,
}

impl<Q: GraphQLQuery> Subscription<Q> {
    pub(crate) async fn start(hub: &Hub, variables: Q::Variables) -> Result<Self> {
        let mut request = hub.socket_url()?.as_str().into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("graphql-transport-ws"));
        let connected = timeout(CONNECT, connect_async(request)).await.context("connecting takes too long");
        let (socket, _) = match connected {
            Ok(Ok(connected)) => connected,
            Ok(Err(error)) => return Err(unreachable(&hub.address(), &error).into()),
            Err(error) => return Err(unreachable(&hub.address(), &error).into()),
        };
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
