//! GraphQL over HTTP and over graphql-transport-ws.

use std::sync::Arc;

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{Error, HttpRequest, HttpResponse, Responder, web};
use async_graphql::Data;
use async_graphql_actix_web::GraphQLResponse;
use tokio_util::sync::CancellationToken;

use super::{MAX_GRAPHQL_BODY, browser, socket};
use crate::auth::open_sockets::OpenSocket;
use crate::auth::{Caller, MemberCaller, RequestInfo, Sessions};
use crate::edge::Edge;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::graphql::{Request, RequestContext, Schema};
use crate::health::Readiness;
use crate::hub::Hub;
use crate::idempotency::Repeatable;
use crate::request::{bearer, length, read_json, request_info};

/// A sign-in, with its variables.
const MAX_BODY_OF_STRANGERS: usize = 16 * 1024;

/// One operation, as `{"query", "variables", "operationName"}`; no batches.
pub(super) async fn execute(
    schema: web::Data<Schema>,
    hub: web::Data<Arc<Hub>>,
    readiness: web::Data<Arc<Readiness>>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    check_ready(&readiness)?;
    let info = request_info(&request);
    let page = browser::page(&request, &hub.sessions)?;
    let caller = match (bearer(request.headers()), page.as_ref().and_then(|page| page.secret.as_deref())) {
        (Some(secret), _) => Some(member(&hub.sessions, &info, &secret).await?),
        (None, Some(secret)) => browser_member(&hub.sessions, &info, secret, is_quiet(&request)).await?,
        (None, None) => None,
    };
    let via = caller.as_ref().map(|caller| caller.via.id());
    let limit = if caller.is_some() { MAX_GRAPHQL_BODY } else { MAX_BODY_OF_STRANGERS };
    let _room = match &caller {
        Some(caller) => {
            let bytes = length(request.headers()).unwrap_or(limit).min(limit);
            Some(hub.bodies.room(caller.holder(), bytes).await?)
        }
        None => None,
    };
    let body: Request = read_json(&request, payload, limit).await?;
    if let Some(caller) = &caller {
        // the body may have come slowly
        hub.sessions.check_again(caller).await?;
    }
    let repeatable = Repeatable::of(request.headers(), &body)?;
    // whoever changes something is there, whatever the page says
    if let Some(via) = via.filter(|_| is_quiet(&request) && body.query.contains("mutation")) {
        hub.sessions.last_uses.note(via, hub.sessions.clock.now(), info.address);
    }
    let (host, browser) = (browser::host(&request), page.map(|page| page.cookie));
    let context = RequestContext { caller, request: info, host, repeatable, browser, socket: None };
    let answer = GraphQLResponse::from(schema.answer(body.data(context)).await);
    let mut response = answer.respond_to(&request);
    // the status is 200 whatever the answer says, which only this media type allows
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A browser cannot set a header on a socket: the secret comes with `connection_init`, as `{"authorization": "Bearer …"}` with its
/// words in capitals or small, or in the cookie of one of the hub's own pages.
/// The socket ends soon after its credential; without one it does not begin.
pub(super) async fn subscribe(
    schema: web::Data<Schema>,
    hub: web::Data<Arc<Hub>>,
    readiness: web::Data<Arc<Readiness>>,
    edge: web::Data<Edge>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    check_ready(&readiness)?;
    let offered = request.headers().get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let speaks = offered.is_some_and(|offered| offered.split(',').any(|protocol| protocol.trim() == socket::PROTOCOL));
    if !speaks {
        return Err(ApiError::from(Failure::BadInput("the socket must speak graphql-transport-ws".into())).into());
    }
    let (info, hub) = (request_info(&request), hub.get_ref().clone());
    let Some(counted) = edge.sockets.enter(info.address) else {
        return Err(ApiError::from(Failure::TooMany { seconds: 10 }).into());
    };
    let (from_header, of_page) = (bearer(request.headers()), browser::socket_secret(&request, &hub.sessions));
    let host = browser::host(&request);
    let ended = CancellationToken::new();
    let when_ended = ended.clone();
    socket::serve(&request, payload, schema.get_ref().clone(), (ended, counted), move |payload| async move {
        let secret = named_in(&payload).or(from_header);
        let caller = match (secret, of_page) {
            (Some(secret), _) => member(&hub.sessions, &info, &secret).await?,
            // a page opens its socket by itself, again and again: that is no use of the session
            (None, Some(cookie)) => authenticate(&hub.sessions, &cookie).await?,
            (None, None) => return Err(Failure::Unauthenticated.into()),
        };
        let caller = Some(caller);
        let socket = OpenSocket::enter(&hub.sessions, caller.as_ref(), when_ended);
        let mut data = Data::default();
        let (repeatable, browser, socket) = (None, None, Some(socket));
        data.insert(RequestContext { caller, request: info, host, repeatable, browser, socket });
        Ok(data)
    })
}

/// The secret in the payload of `connection_init`, whose keys and scheme are spelled as in HTTP: in capitals or small.
fn named_in(payload: &serde_json::Value) -> Option<String> {
    let (_, value) = payload.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case("authorization"))?;
    let (scheme, secret) = value.as_str()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim().to_owned())
}

/// A secret that does not let in is told so, rather than treated as none: its owner wants to know.
pub(super) async fn member(sessions: &Sessions, info: &RequestInfo, secret: &str) -> Result<MemberCaller, ApiError> {
    let member = authenticate(sessions, secret).await?;
    sessions.last_uses.note(member.via.id(), sessions.clock.now(), info.address);
    Ok(member)
}

/// A cookie that does not let in any more is none: whoever has it is asked to sign in, and can. What a page asks without
/// anybody at it is no use of the session, which ends when nobody uses it.
async fn browser_member(
    sessions: &Sessions,
    info: &RequestInfo,
    secret: &str,
    is_quiet: bool,
) -> Result<Option<MemberCaller>, ApiError> {
    let answer = match is_quiet {
        true => authenticate(sessions, secret).await,
        false => member(sessions, info, secret).await,
    };
    match answer {
        Err(ApiError::Failure(Failure::Unauthenticated | Failure::Forbidden(_))) => Ok(None),
        answer => answer.map(Some),
    }
}

fn is_quiet(request: &HttpRequest) -> bool {
    request.headers().get("x-distr-quiet").is_some_and(|value| value.as_bytes() == b"1")
}

async fn authenticate(sessions: &Sessions, secret: &str) -> Result<MemberCaller, ApiError> {
    match sessions.authenticate(secret).await? {
        Some(Caller::Member(member)) => Ok(member),
        Some(Caller::Agent(_) | Caller::Puller(_)) => {
            Err(Failure::Forbidden("agents do not speak GraphQL".into()).into())
        }
        None => Err(Failure::Unauthenticated.into()),
    }
}

/// Before it has caught up, a hub would answer from the past.
pub(super) fn check_ready(readiness: &Readiness) -> Result<(), ApiError> {
    match readiness.is_ready() {
        true => Ok(()),
        false => Err(ApiError::NotReady),
    }
}

pub(super) fn is_upgrade() -> impl Guard {
    fn_guard(|context| {
        let upgrade = context.head().headers().get(header::UPGRADE);
        upgrade.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
    })
}
