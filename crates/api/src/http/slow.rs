//! Bodies that are not what they seem: those that hardly come, and those that unpack to more than was sent.

use std::pin::Pin;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{Method, Version, header};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, ResponseError};
use futures_util::{Stream, StreamExt};

use crate::error::ApiError;

/// Between two pieces of a body.
const PIECE: Duration = Duration::from_secs(30);
/// For the whole of a body, but for those of the registry, which are large.
const WHOLE: Duration = Duration::from_secs(60);

/// Refuses compressed bodies, and gives up on those that do not come.
pub(super) async fn bodies(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let headers = request.headers();
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"identity")
    {
        let message = "the body has a Content-Encoding; send it as it is".to_owned();
        let refused = ApiError::Unsupported(message).error_response();
        return Ok(request.into_response(refused).map_into_right_body());
    }
    if may_have_body(&request) && !is_socket(&request) {
        let whole = if request.match_info().as_str().starts_with("/v2/") { None } else { Some(WHOLE) };
        let body = in_time(request.take_payload(), whole);
        request.set_payload(Payload::from(body));
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// Over HTTP/2 a body needs no header that announces it.
fn may_have_body(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    request.version() >= Version::HTTP_2
        || headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING)
}

/// What the server takes for the opening of a socket; its frames come for as long as it is open.
fn is_socket(request: &ServiceRequest) -> bool {
    request.method() == Method::GET && request.headers().contains_key(header::UPGRADE)
}

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

fn in_time(body: Payload, whole: Option<Duration>) -> Body {
    let begun = tokio::time::Instant::now();
    let pieces = futures_util::stream::unfold(Some(body), move |body| async move {
        let mut body = body?;
        let latest = tokio::time::Instant::now() + PIECE;
        let latest = whole.map_or(latest, |whole| latest.min(begun + whole));
        match tokio::time::timeout_at(latest, body.next()).await {
            Ok(piece) => piece.map(|piece| (piece, Some(body))),
            Err(_elapsed) => {
                let late = std::io::Error::new(std::io::ErrorKind::TimedOut, "it did not come in time");
                Some((Err(PayloadError::Io(late)), None))
            }
        }
    });
    Box::pin(pieces)
}
