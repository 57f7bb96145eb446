//! Pages of no origin, as a browser has them in a sandbox: the explorer is one. They may ask the API with a secret of their own.
//! A cookie never comes with it, since the browser is not told that it may: whoever is signed in at the portal is nobody here.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse};

use crate::error::ApiError;
use crate::failure::Failure;

const OPAQUE: &str = "null";

/// What such a page asks before it asks.
pub(super) async fn preflight(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    if !is_opaque(request.headers().get(ORIGIN)) {
        return Err(Failure::not_found("page", "OPTIONS /graphql").into());
    }
    let mut response = HttpResponse::NoContent();
    response
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "7200"));
    Ok(response.finish())
}

pub(super) async fn readable<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let is_opaque = is_opaque(request.headers().get(ORIGIN));
    let mut response = next.call(request).await?;
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    if is_opaque {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(OPAQUE));
    }
    Ok(response)
}

fn is_opaque(origin: Option<&HeaderValue>) -> bool {
    origin.is_some_and(|origin| origin == OPAQUE)
}
