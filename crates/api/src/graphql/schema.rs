//! The schema as the edges use it: each request is narrowed and checked before the library sees it.

use std::any::{Any, TypeId};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::dataloader::DataLoader;
use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Executor, Request, Response, ServerError};
use distr_projections::past::Moment;
use distr_projections::{Panicked, caught};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tracing::{Instrument, Span};

use crate::auth::MemberCaller;
use crate::auth::open_sockets::OpenSocket;

use super::loader::Loader;
use super::{Mutation, Query, RequestContext, Subscription, as_of, limits};
use crate::failure::Failure;
use crate::hub::Hub;
use crate::json_size::json_size;
use crate::limits::shares::{self, Of, Share};
use crate::models;
use crate::operations::attachments::Budget;
use crate::traces::Traces;

/// The errors of an answer: whoever mends the first ones asks again.
const MAX_ERRORS: usize = 20;
/// The time of an answer after which a right may well have ended.
const LONG: Duration = Duration::from_secs(1);
/// Of an error's text at each end, in bytes.
const KEPT: usize = 500;

#[derive(Clone)]
pub struct Schema {
    pub(super) schema: async_graphql::Schema<Query, Mutation, Subscription>,
    pub(super) hub: Arc<Hub>,
}

impl Schema {
    pub async fn answer(&self, request: Request) -> Response {
        let share = self.share(request.data.get(&TypeId::of::<RequestContext>()));
        match limits::narrow(request) {
            Ok(mut request) => {
                let end = End::of(&mut request);
                let share = end.share(share);
                let caller = (request.data.get(&TypeId::of::<RequestContext>()))
                    .and_then(|context| context.downcast_ref::<RequestContext>()?.caller.clone());
                let moment = match shares::within(share.clone(), as_of::moment(&self.hub, &mut request)).await {
                    Ok(moment) => moment,
                    Err(error) => return refused(error, "bad_request"),
                };
                let (schema, request) = (self.schema.clone(), self.prepared(request, &share, moment));
                let answered = async move { schema.execute(request).await };
                let answered = shares::within(share.clone(), models::as_of(moment, answered));
                in_brief(match end {
                    // until its turn comes, nothing of it is done, and whoever hangs up takes it back
                    End::Whole(of) => match shares::within(share, turn(of)).await {
                        Ok(turn) => whole(async move { (answered.await, turn).0 }).await,
                        Err(error) => refused(ServerError::new(error.to_string(), None), error.code()),
                    },
                    End::WithItsReader => self.to_whoever_still_may(caller, answered).await,
                })
            }
            Err(error) => refused(error, "bad_request"),
        }
    }

    /// An answer that took long is given only to whoever may still come in.
    async fn to_whoever_still_may(
        &self,
        caller: Option<MemberCaller>,
        answered: impl Future<Output = Response>,
    ) -> Response {
        let begun = Instant::now();
        let response = answered.await;
        let Some(caller) = caller.filter(|_| begun.elapsed() > LONG) else { return response };
        match self.hub.sessions.check_again(&caller).await {
            Ok(()) => response,
            Err(failure) => failed(failure),
        }
    }

    /// With what belongs to this request alone.
    fn prepared(&self, request: Request, share: &Arc<Share>, moment: Option<Moment>) -> Request {
        let loader = Loader::new(self.hub.clone());
        let share = share.clone();
        let spawn = move |batch| tokio::spawn(shares::within(share.clone(), models::as_of(moment, batch)));
        let loader = DataLoader::new(loader, spawn);
        request.data(Budget::default()).data(loader)
    }

    /// Of whoever asks, as far as it is known.
    fn share(&self, context: Option<&Box<dyn Any + Send + Sync>>) -> Arc<Share> {
        let context = context.and_then(|context| context.downcast_ref::<RequestContext>());
        let caller = context.and_then(|context| context.caller.as_ref());
        self.hub.shares.share(caller.map(MemberCaller::holder))
    }
}

impl Executor for Schema {
    async fn execute(&self, request: Request) -> Response {
        self.answer(request).await
    }

    /// On a socket.
    fn execute_stream(&self, request: Request, session: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        let context = session.as_ref().and_then(|data| data.get(&TypeId::of::<RequestContext>()));
        let share = self.share(context);
        let context = context.and_then(|context| context.downcast_ref::<RequestContext>().cloned());
        if let Some(Err(error)) = context.as_ref().map(|context| self.hub.limits.check_address(context.request.address))
        {
            return stream::iter([refused(ServerError::new(error.to_string(), None), error.code())]).boxed();
        }
        let (caller, socket) = context.map(|context| (context.caller, context.socket)).unwrap_or_default();
        let subscribed = socket.as_ref().map(|socket| socket.subscribe());
        if let Some(None) = subscribed {
            let error = ServerError::new("this socket has as many subscriptions as it may have; end one", None);
            return stream::iter([refused(error, "too_many_subscriptions")]).boxed();
        }
        match limits::narrow_on_socket(request).and_then(as_of::refuse_on_socket) {
            Ok(mut request) => {
                let end = End::of(&mut request);
                let share = end.share(share);
                let holder = caller.as_ref().map(MemberCaller::holder);
                let room = holder.map(|holder| self.hub.bodies.room_at_once(holder, bytes(&request)));
                let room = match room.transpose() {
                    Ok(room) => room,
                    Err(error) => {
                        let refused = refused(ServerError::new(error.to_string(), None), error.code());
                        return stream::iter([refused]).boxed();
                    }
                };
                let (schema, request) = (self.schema.clone(), self.prepared(request, &share, None));
                let responses = async move {
                    match check(socket).await {
                        Ok(()) => schema.execute_stream_with_session_data(request, session.unwrap_or_default()).boxed(),
                        Err(error) => stream::iter([error]).boxed(),
                    }
                };
                let responses = driven(share, end, stream::once(responses).flatten());
                // as long as it runs, it counts
                responses.inspect(move |_| _ = (&subscribed, &room)).map(in_brief).boxed()
            }
            Err(error) => stream::iter([refused(error, "bad_request")]).boxed(),
        }
    }
}

/// The size of a request, about.
fn bytes(request: &Request) -> usize {
    request.query.len() + json_size(&request.variables)
}

/// When an operation ends that nobody waits for any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// At once.
    WithItsReader,
    /// When it is done: a change has several steps, and whoever hangs up does not choose how many of them are taken. Each is done in
    /// turns of its kind.
    Whole(Of),
}

/// Changes by which somebody loses a right to come in. They wait for no others: whoever floods must not keep them off.
pub(super) const ENDINGS: [&str; 8] = [
    "tokenRevoke",
    "tokenRotate",
    "sessionEnd",
    "sessionEndOthers",
    "memberRemove",
    "memberEndSessions",
    "memberChangeRole",
    "passwordChange",
];
/// Until it is a change's turn; who waits longer is asked to come again.
const MAX_WAIT: Duration = Duration::from_secs(30);

impl End {
    fn of(request: &mut Request) -> Self {
        let Ok(document) = request.parsed_query() else { return Self::WithItsReader };
        let mut changes = document.operations.iter().filter(|(_, of)| of.node.ty == OperationType::Mutation).peekable();
        if changes.peek().is_none() {
            return Self::WithItsReader;
        }
        let mut fields = changes.flat_map(|(_, operation)| limits::root_fields(document, &operation.node));
        match fields.all(|field| ENDINGS.contains(&field.name.node.as_str())) {
            true => Self::Whole(Of::Ending),
            false => Self::Whole(Of::Change),
        }
    }

    fn share(self, of: Arc<Share>) -> Arc<Share> {
        match self {
            Self::Whole(Of::Ending) => of.ending(),
            _ => of,
        }
    }
}

fn failed(failure: Failure) -> Response {
    failure.log();
    refused(ServerError::new(failure.to_string(), None), failure.code())
}

async fn turn(of: Of) -> Result<Option<shares::Turn>, Failure> {
    let turn = tokio::time::timeout(MAX_WAIT, shares::turn(of)).await;
    turn.map_err(|_| Failure::TooMany { seconds: MAX_WAIT.as_secs() })
}

/// Runs to its end, whatever becomes of the connection.
async fn whole(answered: impl Future<Output = Response> + Send + 'static) -> Response {
    let answered = Traces::of_this_request(answered).instrument(Span::current());
    tokio::spawn(answered).await.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => failed(Failure::fault(Panicked::of(&*panic))),
        Err(_) => refused(ServerError::new("the hub is stopping", None), "not_ready"),
    })
}

/// Runs beside whoever takes the answers: one is whole before it waits for its reader, so that what it took to make it, a
/// connection above all, is never kept by somebody who reads slowly. It ends when nobody takes them any more, if it may.
fn driven<S: Stream<Item = Response> + Send + 'static>(
    share: Arc<Share>,
    end: End,
    responses: S,
) -> impl Stream<Item = Response> + use<S> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(shares::within(share, async move {
        let _turn = match end {
            End::WithItsReader => None,
            End::Whole(of) => {
                let turn = tokio::select! {
                    biased;
                    () = sender.closed() => return,
                    turn = turn(of) => turn,
                };
                match turn {
                    Ok(turn) => turn,
                    Err(error) => {
                        let refused = refused(ServerError::new(error.to_string(), None), error.code());
                        // whoever asked may be gone
                        _ = sender.send(refused).await;
                        return;
                    }
                }
            }
        };
        let mut responses = pin!(responses);
        loop {
            let response = tokio::select! {
                biased;
                () = sender.closed(), if end == End::WithItsReader => return,
                response = caught(responses.next()) => response,
            };
            let response = match response {
                Ok(Some(response)) => response,
                Ok(None) => return,
                Err(panicked) => {
                    // whoever asked may be gone
                    _ = sender.send(failed(Failure::fault(panicked))).await;
                    return;
                }
            };
            if sender.send(response).await.is_err() {
                return;
            }
        }
    }));
    stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|response| (response, receiver)))
}

/// Whoever opened the socket may have lost the right to it since.
async fn check(socket: Option<Arc<OpenSocket>>) -> Result<(), Response> {
    let Some(socket) = socket else { return Ok(()) };
    socket.check().await.map_err(failed)
}

fn refused(mut error: ServerError, code: &str) -> Response {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", code);
    }
    in_brief(Response::from_errors(vec![error]))
}

/// The library's errors quote the request; whoever sent it knows the middle of what is long.
fn in_brief(mut response: Response) -> Response {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        in_our_words(&mut error.message);
        shorten(&mut error.message);
    }
    response
}

/// `Failed to parse "Version": version "x" is not valid: …`: what is behind it says as much.
fn in_our_words(text: &mut String) {
    if let Some(rest) = text.strip_prefix("Failed to parse \"")
        && let Some((_, ours)) = rest.split_once("\": ")
    {
        *text = ours.to_owned();
    }
}

fn shorten(text: &mut String) {
    let (head, tail) = (text.floor_char_boundary(KEPT), text.ceil_char_boundary(text.len().saturating_sub(KEPT)));
    if head < tail {
        text.replace_range(head..tail, &format!(" [{} bytes] ", tail - head));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_a_right_has_the_name_that_the_schema_gives_it() {
        let (sdl, end) = (super::super::sdl(), |text: &str| End::of(&mut Request::new(text)));
        for name in ENDINGS {
            assert!(sdl.contains(&format!("\n\t{name}(")) || sdl.contains(&format!("\n\t{name}:")), "{name}");
        }
        assert_eq!(end("{ viewer { role } }"), End::WithItsReader);
        assert_eq!(
            end("mutation { tokenRevoke(id: 1) { changed } ...F } fragment F on Mutation { sessionEnd { changed } }"),
            End::Whole(Of::Ending)
        );
        assert_eq!(
            end("mutation { tokenRevoke(id: 1) { changed } a: customerCreate(name: 1) { changed } }"),
            End::Whole(Of::Change)
        );
    }

    #[test]
    fn what_a_value_should_be_is_said_in_our_words() {
        for (text, ours) in [
            (
                "Failed to parse \"Version\": version \"v1\" is not valid: use 1.0.0",
                "version \"v1\" is not valid: use 1.0.0",
            ),
            ("Failed to parse \"Version\"", "Failed to parse \"Version\""),
            ("there is no application", "there is no application"),
        ] {
            let mut said = text.to_owned();
            in_our_words(&mut said);
            assert_eq!(said, ours);
        }
    }

    #[test]
    fn a_long_text_loses_its_middle_alone() {
        for whole in ["", "what a request may not hold", &"é".repeat(KEPT)] {
            let mut text = whole.to_owned();
            shorten(&mut text);
            assert_eq!(text, whole);
        }
        let mut text = format!("head {} tail", "é".repeat(100_000));
        shorten(&mut text);
        assert!(text.starts_with("head é") && text.ends_with("é tail"), "{text}");
        assert!(text.contains("é [199012 bytes] é"), "{text}");
    }
}
