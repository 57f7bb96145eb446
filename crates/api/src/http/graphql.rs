//! GraphQL over HTTP and over graphql-transport-ws.

use std::sync::Arc;

use actix_web::guard::{Guard, fn_guard};
use actix_web::http::header;
use actix_web::{Error, HttpRequest, HttpResponse, web};
use async_graphql::Data;
use async_graphql::http::GraphiQLSource;
use tokio_util::sync::CancellationToken;

use super::{bearer, health::Readiness, request_info, socket};
use crate::auth::{self, Caller, MemberCaller, RequestInfo};
use crate::error::ApiError;
use crate::graphql::{Request, RequestContext, Schema};
use crate::hub::Hub;
use crate::idempotency::Repeatable;

/// One operation, as `{"query", "variables", "operationName"}`; no batches.
pub(super) async fn execute(
    schema: web::Data<Schema>,
    hub: web::Data<Arc<Hub>>,
    readiness: web::Data<Arc<Readiness>>,
    request: HttpRequest,
    body: web::Json<Request>,
) -> Result<HttpResponse, ApiError> {
    check_ready(&readiness)?;
    let info = request_info(&request);
    let caller = match bearer(request.headers()) {
        Some(secret) => Some(member(&hub, &info, &secret).await?),
        None => None,
    };
    let body = body.into_inner();
    let repeatable = Repeatable::of(request.headers(), &body)?;
    let context = RequestContext { caller, request: info, repeatable, socket: None };
    let answer = schema.answer(body.data(context)).await;
    let mut response = HttpResponse::Ok();
    for (name, value) in &answer.http_headers {
        if let Ok(value) = value.to_str() {
            response.append_header((name.as_str(), value));
        }
    }
    Ok(response.json(answer))
}

/// A browser cannot set a header on a socket: the secret comes with `connection_init`, as `{"authorization": "Bearer …"}`.
/// The socket ends soon after its credential.
pub(super) async fn subscribe(
    schema: web::Data<Schema>,
    hub: web::Data<Arc<Hub>>,
    readiness: web::Data<Arc<Readiness>>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Error> {
    check_ready(&readiness)?;
    let offered = request.headers().get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok());
    let speaks = offered.is_some_and(|offered| offered.split(',').any(|protocol| protocol.trim() == socket::PROTOCOL));
    if !speaks {
        return Err(ApiError::BadInput("the socket must speak graphql-transport-ws".into()).into());
    }
    let (info, hub) = (request_info(&request), hub.get_ref().clone());
    let from_header = bearer(request.headers());
    let ended = CancellationToken::new();
    let when_ended = ended.clone();
    socket::serve(&request, payload, schema.get_ref().clone(), ended, move |payload| async move {
        let secret = payload
            .get("authorization")
            .and_then(serde_json::Value::as_str)
            .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned))
            .or(from_header);
        let caller = match secret {
            Some(secret) => Some(member(&hub, &info, &secret).await?),
            None => None,
        };
        let socket = hub.sockets.enter(hub.clock.new_id(), caller.as_ref(), when_ended);
        let mut data = Data::default();
        data.insert(RequestContext { caller, request: info, repeatable: None, socket: Some(socket) });
        Ok(data)
    })
}

/// A secret that does not let in is told so, rather than treated as none: its owner wants to know.
async fn member(hub: &Hub, info: &RequestInfo, secret: &str) -> Result<MemberCaller, ApiError> {
    match auth::authenticate(hub, secret).await? {
        Some(Caller::Member(member)) => {
            hub.uses.note(member.via.id(), hub.clock.now(), info.address.as_deref());
            Ok(member)
        }
        Some(Caller::Agent(_)) => Err(ApiError::Forbidden("agents do not speak GraphQL".into())),
        None => Err(ApiError::Unauthenticated),
    }
}

pub(super) async fn explorer(hub: web::Data<Arc<Hub>>) -> Result<HttpResponse, ApiError> {
    if !hub.settings.introspection {
        return Err(ApiError::not_found("page", "/graphql"));
    }
    let page = GraphiQLSource::build().endpoint("/graphql").subscription_endpoint("/graphql").finish();
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

/// Before it has caught up, a hub would answer from the past.
fn check_ready(readiness: &Readiness) -> Result<(), ApiError> {
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
