//! Around every request: an id, a span, a count and a limit.

use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue, USER_AGENT};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, ResponseError, web};
use distr_projections::caught;
use distr_registry::{Client, Correlation};
use tracing::Instrument;
use uuid::Uuid;

use crate::auth::RequestInfo;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::traces::{Answered, Caller, Incoming, Traces};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// Gives the request an id of its own and takes over the caller's correlation id, or its trace's; both are in the log line and
/// the answer. What a request leads to in the event log carries the correlation id.
pub(super) async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let hub = hub(&request);
    let id = hub.commands.new_id();
    let incoming = Incoming::new(correlation(&request), caller(&request), id);
    let correlation = incoming.correlation;
    let traced = hub.traces.begin(id, &incoming);
    let info = RequestInfo {
        correlation,
        address: Client::of(request.request()).address,
        user_agent: request
            .headers()
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(200).collect()),
    };
    request.extensions_mut().insert(info);
    request.extensions_mut().insert(Correlation(correlation));
    let span = tracing::info_span!("request", request = %id, %correlation);
    let method = request.method().clone();
    let begun = Instant::now();
    let answer = next.call(request).instrument(span.clone());
    let mut response = Traces::within(traced.as_ref(), answer).await?;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    // the template, so that metrics do not grow with names
    let route = response.request().match_pattern().unwrap_or_else(|| "none".to_owned());
    // at debug: a line for each heartbeat would cost more than the heartbeat
    span.in_scope(|| tracing::debug!(%method, route, status, took_us = took.as_micros() as u64, "answered"));
    let method = method_label(&method);
    if let Some(span) = traced {
        hub.traces.request(span, &incoming, Answered { method, route: &route, status, took });
    }
    metrics::histogram!(
        "distr_http_request_seconds", "method" => method, "route" => route, "status" => status.to_string()
    )
    .record(took.as_secs_f64());
    let headers = response.headers_mut();
    for (name, value) in [(REQUEST_ID, id), (CORRELATION_ID, correlation)] {
        if let Ok(value) = HeaderValue::from_str(&value.to_string()) {
            headers.insert(name, value);
        }
    }
    Ok(response)
}

/// Answers a request whose handler panics.
pub(super) async fn catch(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    caught(next.call(request)).await.unwrap_or_else(|panicked| Err(ApiError::from(Failure::fault(panicked)).into()))
}

/// Refuses an address that asks more often than it may. The registry and the path of the agents' reports count by
/// themselves: by credential, as the agents of one site share an address.
pub(super) async fn limit(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if counts_by_itself(request.method(), request.match_info().as_str()) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let address = Client::of(request.request()).address;
    match hub(&request).limits.check_address(address) {
        Ok(()) => Ok(next.call(request).await?.map_into_left_body()),
        Err(refused) => {
            let refused = ApiError::from(refused);
            Ok(request.into_response(refused.error_response()).map_into_right_body())
        }
    }
}

/// Whether the handler of the request counts it.
fn counts_by_itself(method: &Method, path: &str) -> bool {
    match path {
        "/token" => [Method::GET, Method::POST].contains(method),
        crate::agent::HEARTBEATS => method == Method::POST,
        path => path == "/v2" || path.starts_with("/v2/"),
    }
}

fn hub(request: &ServiceRequest) -> Arc<Hub> {
    request.app_data::<web::Data<Arc<Hub>>>().expect("the app has a hub").get_ref().clone()
}

fn caller(request: &ServiceRequest) -> Option<Caller> {
    request.headers().get(TRACE_PARENT)?.to_str().ok().and_then(Caller::parse)
}

fn correlation(request: &ServiceRequest) -> Option<Uuid> {
    request.headers().get(CORRELATION_ID)?.to_str().ok()?.parse().ok()
}

/// A client may make up methods.
fn method_label(method: &Method) -> &'static str {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other")
}
