//! Subscribers over graphql-transport-ws (github.com/enisdenjo/graphql-ws, PROTOCOL.md): each on a socket of its own, as
//! browsers are.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{SinkExt, StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TcpStream>;

/// Handshakes at once.
const AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(60);

/// All listen until this is dropped.
pub struct Subscribers {
    told: watch::Receiver<usize>,
    failed: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Subscribers {
    pub async fn open(address: SocketAddr, secret: &str, query: &str, count: usize) -> Result<Self> {
        let sockets: Vec<Socket> = stream::iter((0..count).map(|_| subscribe(address, secret, query)))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let (told, receiver) = watch::channel(0);
        let (told, failed) = (Arc::new(told), Arc::new(AtomicUsize::new(0)));
        let mut tasks = JoinSet::new();
        for socket in sockets {
            tasks.spawn(listen(socket, told.clone(), failed.clone()));
        }
        Ok(Self { told: receiver, failed, _tasks: tasks })
    }

    /// Messages so far, over all subscribers.
    pub fn told(&self) -> usize {
        *self.told.borrow()
    }

    /// When so many messages have come.
    pub async fn until_told(&mut self, count: usize) -> Result<Instant> {
        let told = timeout(PATIENCE, self.told.wait_for(|told| *told >= count)).await.is_ok();
        let at = Instant::now();
        ensure!(told, "{} of {count} messages came within {PATIENCE:?}", self.told());
        let failed = self.failed.load(Ordering::Relaxed);
        ensure!(failed == 0, "{failed} subscriptions ended or were told an error");
        Ok(at)
    }
}

async fn subscribe(address: SocketAddr, secret: &str, query: &str) -> Result<Socket> {
    let mut request = format!("ws://{address}/graphql").into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("graphql-transport-ws"));
    let stream = TcpStream::connect(address).await.context("cannot connect a subscriber")?;
    let (mut socket, _) = client_async(request, stream).await.context("the hub refuses a socket")?;
    let hello = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {secret}") } });
    socket.send(Message::text(hello.to_string())).await?;
    let answer = timeout(PATIENCE, text(&mut socket)).await.context("the hub does not acknowledge a socket")??;
    ensure!(answer.contains("connection_ack"), "the hub does not acknowledge a socket: {answer}");
    let wanted = json!({ "type": "subscribe", "id": "1", "payload": { "query": query } });
    socket.send(Message::text(wanted.to_string())).await?;
    Ok(socket)
}

/// The next message that is not one of the transport's own.
async fn text(socket: &mut Socket) -> Result<String> {
    loop {
        if let Message::Text(text) = socket.next().await.context("the socket ended")?? {
            return Ok(text.to_string());
        }
    }
}

async fn listen(mut socket: Socket, told: Arc<watch::Sender<usize>>, failed: Arc<AtomicUsize>) {
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(text) if text.contains("\"next\"") && !text.contains("\"errors\"") => {
                told.send_modify(|count| *count += 1);
            }
            Message::Text(text) if text.contains("\"type\":\"ping\"") => {
                let _ = socket.send(Message::text(r#"{"type":"pong"}"#)).await;
            }
            Message::Ping(_) | Message::Pong(_) => {}
            _ => break,
        }
    }
    failed.fetch_add(1, Ordering::Relaxed);
}
