//! What the edges read of an HTTP request.

use chrono::Datelike;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use actix_web::dev::{JsonBody, Payload};
use actix_web::error::JsonPayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpMessage, HttpRequest, web};
use futures_util::StreamExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use tokio::time::timeout;
use uuid::Uuid;

use crate::auth::RequestInfo;
use crate::error::ApiError;
use crate::failure::Failure;

/// The rest of a body that is too large comes within this time, or not at all.
const REFUSED_WITHIN: Duration = Duration::from_secs(5);

/// Reads a body as JSON of at most this many bytes, and says what is wrong with one that it does not take. Called by handlers
/// once they know who sends it.
pub(crate) async fn read_json<T: DeserializeOwned + 'static>(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
) -> Result<T, ApiError> {
    let mut payload = payload.into_inner();
    let bad = |error: JsonPayloadError| Failure::BadInput(format!("the body is not what this path takes: {error}"));
    if let Some(length) = length(request.headers()).filter(|length| *length > limit) {
        if length <= 2 * limit {
            let _ = timeout(REFUSED_WITHIN, pass_over(&mut payload)).await;
        }
        return Err(bad(JsonPayloadError::OverflowKnownLength { length, limit }).into());
    }
    let body = JsonBody::<Object<T>>::new(request, &mut payload, None, true).limit(limit);
    body.await.map(|Object(body)| body).map_err(|error| bad(error).into())
}

/// JSON with names. A list would be taken for the fields in their order, and `[]` for a body in which all is left out.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
            }
        }

        deserializer.deserialize_map(Fields(PhantomData)).map(Self)
    }
}

/// Whoever is cut off in the middle of a body sees a broken connection, and not the answer that says why.
async fn pass_over(payload: &mut Payload) {
    while let Some(Ok(_)) = payload.next().await {}
}

/// Of a body, as its sender says.
pub(crate) fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
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

/// A time or a date that the database can hold and people can mean.
pub(crate) fn when<T: Datelike>(field: &str, time: T) -> Result<T, Failure> {
    match (1970..=9999).contains(&time.year()) {
        true => Ok(time),
        false => Err(Failure::BadInput(format!("{field} is not in a year from 1970 to 9999"))),
    }
}
