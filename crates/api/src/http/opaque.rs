//! Pages of no origin, as a browser has them in a sandbox: the explorer is one, and so is a frame on whatever page. They may ask the
//! API with a secret of their own, and not without one: a stranger's page signs nobody in, and asks nothing, from the address of
//! whoever looks at it. A cookie never comes along, since the browser is not told that it may.

use std::sync::Arc;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, AUTHORIZATION, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};

use crate::error::ApiError;
use crate::hub::Hub;

const OPAQUE: &str = "null";

/// The question that a browser puts before that of such a page (CORS preflight).
pub(super) async fn preflight() -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST"))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, "7200"));
    response.finish()
}

pub(super) async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let headers = request.headers();
    let is_opaque = headers.get(ORIGIN).is_some_and(|origin| origin == OPAQUE);
    let is_explored = request.app_data::<web::Data<Arc<Hub>>>().is_some_and(|hub| hub.settings.introspection);
    let may_ask = match *request.method() {
        Method::OPTIONS => is_opaque && is_explored && names_authorization(headers),
        Method::POST => !is_opaque || (is_explored && headers.contains_key(AUTHORIZATION)),
        _ => true,
    };
    if !may_ask {
        return Ok(request.into_response(ApiError::ForeignOrigin.error_response()).map_into_right_body());
    }
    let mut response = next.call(request).await?.map_into_left_body();
    response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
    if is_opaque && is_explored {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(OPAQUE));
    }
    Ok(response)
}

/// Whether the request that is asked for will bring a secret.
fn names_authorization(headers: &HeaderMap) -> bool {
    let asked = headers.get(ACCESS_CONTROL_REQUEST_HEADERS).and_then(|asked| asked.to_str().ok()).unwrap_or_default();
    asked.split(',').any(|name| name.trim().eq_ignore_ascii_case("authorization"))
}
