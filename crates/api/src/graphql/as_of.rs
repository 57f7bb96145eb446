//! The moment as of which a document is answered. Root fields name it in their argument `asOf`; each of a document names the same
//! one, and all that hangs on them is seen as of it.

use std::any::TypeId;

use async_graphql::{InputValueError, InputValueResult, Pos, Request, Scalar, ScalarType, ServerError, Value};
use chrono::SecondsFormat;
use distr_domain::permission::Permission;
use distr_projections::past;

use super::RequestContext;
use super::limits::{self, bad, coded};
use crate::failure::Failure;
use crate::hub::Hub;
use crate::operations::moment::{self, Named};

/// A moment of the log: a time of RFC 3339 in UTC, as `2026-11-01T12:00:00Z`, or a position, as decimal text. A time stands for the last
/// position that was committed until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment(pub Named);

/// A moment of the log: a time of RFC 3339 in UTC, as `2026-11-01T12:00:00Z`, or a position, as decimal text. A time stands for the last
/// position that was committed until then.
#[Scalar(name = "Moment")]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => text.parse().map(Self).map_err(InputValueError::custom),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(match self.0 {
            Named::At(at) => at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            Named::Position(position) => position.to_string(),
        })
    }
}

/// What a customer's licenses open today is all that it sees of them, whatever they opened once.
const OF_THE_VENDOR: [&str; 7] =
    ["application", "applications", "release", "channel", "repository", "repositories", "entitlement"];

/// The moment that the document names; none, if it is about what is.
pub(super) async fn moment(hub: &Hub, request: &mut Request) -> Result<Option<past::Moment>, ServerError> {
    let Some((value, fields)) = limits::as_of(request)? else { return Ok(None) };
    let context = request.data.get(&TypeId::of::<RequestContext>()).and_then(|context| context.downcast_ref());
    let caller = context.and_then(|context: &RequestContext| context.caller.as_ref());
    // nobody is told anything of the log before
    let caller = caller.ok_or_else(|| coded(Failure::Unauthenticated))?;
    if caller.scope().customer.is_some()
        && let Some(field) = fields.iter().find(|field| OF_THE_VENDOR.contains(&field.as_str()))
    {
        return Err(coded(Failure::Forbidden(format!("{field} as of a moment is for the vendor to see"))));
    }
    let Moment(named) = Moment::parse(value).map_err(|error| bad(error.into_server_error(Pos::default()).message))?;
    let may_know_the_head = caller.check(Permission::ReadLog).is_ok();
    moment::resolve(&hub.commands, &hub.models, named, may_know_the_head).await.map(Some).map_err(coded)
}

pub(super) fn refuse_on_socket(mut request: Request) -> Result<Request, ServerError> {
    match limits::as_of(&mut request)? {
        Some(_) => Err(bad("asOf is not answered on a socket; send the document in a request of its own".into())),
        None => Ok(request),
    }
}
