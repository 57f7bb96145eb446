//! One GraphQL socket (graphql-transport-ws): what comes in, what goes out, and when it ends. Nothing piles up: what a
//! slow reader does not take is not made, and who takes nothing for too long is let go.

mod operations;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Message, MessageStream, Session};
use async_graphql::Data;
use async_graphql::http::{WebSocket, WebSocketProtocols, WsMessage};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::MAX_GRAPHQL_BODY;
use crate::edge::Counted;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::graphql::Schema;
use operations::{Operations, Refused};

/// Both sides of it speak, if only a ping, this often.
const PING: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(60);
/// For `connection_init`.
const INIT: Duration = Duration::from_secs(10);
/// Bytes of a message before it: nobody knows yet who sends them.
const MAX_INIT: usize = 16 * 1024;
/// For the reader to take what is there for it.
const TAKE: Duration = Duration::from_secs(30);
/// Messages that were received and not looked at yet; the sender waits.
const UNREAD: usize = 8;
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

/// What the protocol's close codes mean here.
const BAD_REQUEST: u16 = 4400;
const UNAUTHORIZED: u16 = 4401;
const FORBIDDEN: u16 = 4403;
const INIT_TIMEOUT: u16 = 4408;
const ALREADY_EXISTS: u16 = 4409;
/// As the register of close codes has it.
const TRY_AGAIN_LATER: u16 = 1013;

/// Serves until the client leaves, is too slow or silent, or `ended` says so. `init` makes the socket's data of the payload
/// of `connection_init`.
pub(super) fn serve<F>(
    request: &HttpRequest,
    payload: web::Payload,
    schema: Schema,
    (ended, counted): (CancellationToken, Counted),
    init: impl FnOnce(serde_json::Value) -> F + Send + 'static,
) -> Result<HttpResponse, Error>
where
    F: Future<Output = Result<Data, ApiError>> + Send + 'static,
{
    let (response, session, messages) = actix_ws::handle_with_protocols(request, payload, &[PROTOCOL])?;
    let messages = messages.max_frame_size(MAX_INIT);
    let (to_graphql, from_client) = mpsc::channel::<Vec<u8>>(UNREAD);
    let from_client = futures_util::stream::unfold(from_client, async |mut receiver| {
        receiver.recv().await.map(|message| (message, receiver))
    });
    let initialized = Initialized::default();
    let this = initialized.clone();
    let graphql = WebSocket::new(schema, from_client.boxed(), WebSocketProtocols::GraphQLWS).on_connection_init(
        move |payload| async move {
            let data = init(payload).await.inspect_err(|error| this.refuse(error))?;
            this.done.cancel();
            Ok(data)
        },
    );
    actix_web::rt::spawn(async move {
        run(session, messages, Box::pin(graphql), to_graphql, initialized, ended).await;
        drop(counted);
    });
    Ok(response)
}

/// What came of `connection_init`.
#[derive(Clone, Default)]
struct Initialized {
    done: CancellationToken,
    refused: Arc<OnceLock<u16>>,
}

impl Initialized {
    fn refuse(&self, error: &ApiError) {
        let code = match error {
            ApiError::Failure(Failure::Unauthenticated) => UNAUTHORIZED,
            ApiError::Failure(Failure::Forbidden(_)) => FORBIDDEN,
            ApiError::Failure(Failure::BadInput(_)) => BAD_REQUEST,
            // it passes: clients take the other codes for the end
            _ => TRY_AGAIN_LATER,
        };
        let _ = self.refused.set(code);
    }
}

async fn run(
    session: Session,
    messages: MessageStream,
    graphql: impl Stream<Item = WsMessage> + Unpin,
    to_graphql: mpsc::Sender<Vec<u8>>,
    initialized: Initialized,
    ended: CancellationToken,
) {
    let (refused, operations) = (initialized.refused.clone(), Operations::default());
    let reason = tokio::select! {
        reason = answer(session.clone(), graphql, &operations, || refused.get().is_some()) => {
            reason.map(|(code, text)| (*refused.get().unwrap_or(&of_protocol(code)), text))
        }
        reason = hear(session.clone(), messages, &operations, to_graphql, initialized.done.clone()) => reason,
        reason = wait_for_init(initialized.done) => reason,
        () = ended.cancelled() => Some((UNAUTHORIZED, "the credential of this socket is no longer valid".to_owned())),
    };
    let reason =
        reason.map(|(code, text)| CloseReason { code: CloseCode::Other(code), description: Some(brief(text)) });
    // one that takes nothing does not take this either
    let _ = tokio::time::timeout(Duration::from_secs(1), session.close(reason)).await;
}

type Reason = Option<(u16, String)>;

/// The library closes in its own words where the protocol has codes.
fn of_protocol(code: u16) -> u16 {
    match code {
        // a message that cannot be read
        1002 => BAD_REQUEST,
        // an operation before `connection_init`
        1011 => UNAUTHORIZED,
        other => other,
    }
}

async fn answer(
    mut session: Session,
    mut graphql: impl Stream<Item = WsMessage> + Unpin,
    operations: &Operations,
    refused: impl Fn() -> bool,
) -> Reason {
    while let Some(message) = graphql.next().await {
        match message {
            WsMessage::Text(text) => {
                let Some(text) = operations.said(text) else { continue };
                match tokio::time::timeout(TAKE, session.text(text)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_closed)) => return None,
                    Err(_slow) => return Some((1008, "too slow: nothing was taken for 30 s".to_owned())),
                }
            }
            // the library's words are about its own types
            WsMessage::Close(1002, text) if !refused() => {
                tracing::debug!(reason = text, "a message on a GraphQL socket is not understood");
                return Some((1002, "send JSON objects as graphql-transport-ws has them".to_owned()));
            }
            WsMessage::Close(code, text) => return Some((code, text)),
        }
    }
    None
}

/// Takes what is small until `connection_init` was answered, and the whole of documents from then on.
async fn hear(
    mut session: Session,
    mut messages: MessageStream,
    operations: &Operations,
    to_graphql: mpsc::Sender<Vec<u8>>,
    initialized: CancellationToken,
) -> Reason {
    loop {
        let message = tokio::select! {
            biased;
            () = initialized.cancelled() => break,
            message = messages.recv() => message?,
        };
        let bytes = match message {
            Ok(Message::Text(text)) => text.into_bytes().to_vec(),
            Ok(Message::Binary(bytes)) => bytes.to_vec(),
            Ok(Message::Ping(bytes)) => {
                tokio::time::timeout(TAKE, session.pong(&bytes)).await.ok()?.ok()?;
                continue;
            }
            Ok(Message::Pong(_) | Message::Nop) => continue,
            Ok(Message::Close(_)) => return None,
            Ok(Message::Continuation(_)) => return Some((BAD_REQUEST, "send connection_init in one frame".to_owned())),
            Err(error) => return Some((BAD_REQUEST, format!("not a message of this protocol: {error}"))),
        };
        if let Err(closed) = hand_over(bytes, operations, &to_graphql).await {
            return closed;
        }
    }
    let messages =
        messages.max_frame_size(MAX_GRAPHQL_BODY).aggregate_continuations().max_continuation_size(MAX_GRAPHQL_BODY);
    listen(session, messages, operations, to_graphql).await
}

async fn listen(
    mut session: Session,
    mut messages: AggregatedMessageStream,
    operations: &Operations,
    to_graphql: mpsc::Sender<Vec<u8>>,
) -> Reason {
    let mut heard = Instant::now();
    let mut ping = tokio::time::interval_at(tokio::time::Instant::now() + PING, PING);
    loop {
        let message = tokio::select! {
            message = messages.recv() => message?,
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE {
                    return Some((1001, "silent for 60 s".to_owned()));
                }
                tokio::time::timeout(TAKE, session.ping(b"")).await.ok()?.ok()?;
                continue;
            }
        };
        heard = Instant::now();
        let bytes = match message {
            Ok(AggregatedMessage::Text(text)) => text.into_bytes().to_vec(),
            Ok(AggregatedMessage::Binary(bytes)) => bytes.to_vec(),
            Ok(AggregatedMessage::Ping(bytes)) => {
                tokio::time::timeout(TAKE, session.pong(&bytes)).await.ok()?.ok()?;
                continue;
            }
            Ok(AggregatedMessage::Pong(_)) => continue,
            Ok(AggregatedMessage::Close(_)) => return None,
            Err(error) => return Some((BAD_REQUEST, format!("not a message of this protocol: {error}"))),
        };
        if let Err(closed) = hand_over(bytes, operations, &to_graphql).await {
            return closed;
        }
    }
}

/// Hands a message over to the schema, or says why the socket ends instead.
async fn hand_over(bytes: Vec<u8>, operations: &Operations, to_graphql: &mpsc::Sender<Vec<u8>>) -> Result<(), Reason> {
    match operations.begin(&bytes) {
        Ok(()) => {}
        Err(Refused::InUse(id)) => return Err(Some((ALREADY_EXISTS, format!("Subscriber for {id} already exists")))),
        Err(Refused::Unknown(kind)) => return Err(Some((BAD_REQUEST, format!("no message has the type {kind:?}")))),
    }
    to_graphql.send(bytes).await.map_err(|_ended| None)
}

async fn wait_for_init(initialized: CancellationToken) -> Reason {
    match tokio::time::timeout(INIT, initialized.cancelled()).await {
        Ok(()) => std::future::pending().await,
        Err(_late) => Some((INIT_TIMEOUT, "connection_init did not come within 10 s".to_owned())),
    }
}

/// A close frame holds 123 bytes of text.
fn brief(text: String) -> String {
    let end = (0..=text.len().min(123)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text[..end].to_owned()
}
