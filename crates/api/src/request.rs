//! What the edges read of an HTTP request.

use actix_web::dev::JsonBody;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage, HttpRequest, web};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::auth::RequestInfo;
use crate::error::ApiError;
use crate::failure::Failure;

/// Reads a body as JSON of at most this many bytes, and says what is wrong with one that it does not take. Called by handlers
/// once they know who sends it.
pub(crate) async fn read_json<T: DeserializeOwned + 'static>(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<T, ApiError> {
    let body = JsonBody::new(request, &mut payload.into_inner(), None, true).limit(limit);
    body.await.map_err(|error| Failure::BadInput(format!("the body is not what this path takes: {error}")).into())
}

/// What the middleware noted of the request.
pub(crate) fn request_info(request: &HttpRequest) -> RequestInfo {
    request.extensions().get::<RequestInfo>().cloned().unwrap_or_else(|| RequestInfo {
        correlation: Uuid::nil(),
        address: None,
        user_agent: None,
    })
}

/// The secret of `Authorization: Bearer …`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then(|| secret.to_owned())
}
