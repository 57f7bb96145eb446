//! What a resolver finds in its context: the hub, the request, and the caller if there is one.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, SimpleObject};
use chrono::Datelike;
use distr_domain::decider::Decider;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::Slug;
use distr_eventlog::Executed;
use distr_projections::Scope;
use distr_projections::query::ReadClient;
use distr_registry::Changed;
use uuid::Uuid;

use super::loader::Loader;
use super::scalar::Position;
use crate::auth::open_sockets::OpenSocket;
use crate::auth::{MemberCaller, RequestInfo};
use crate::error::ApiError;
use crate::hub::{Cause, Hub};
use crate::idempotency::Repeatable;

/// The data of one request or one socket.
#[derive(Clone)]
pub struct RequestContext {
    pub caller: Option<MemberCaller>,
    pub request: RequestInfo,
    pub repeatable: Option<Repeatable>,
    /// that it came on, if it did
    pub socket: Option<Arc<OpenSocket>>,
}

/// Short ways to the same things.
pub(super) trait ContextExt<'a> {
    fn hub(&self) -> &'a Arc<Hub>;
    fn request(&self) -> RequestInfo;
    fn caller(&self) -> Result<&'a MemberCaller, ApiError>;
    fn loader(&self) -> &'a DataLoader<Loader>;
    fn cause(&self) -> Result<Cause, ApiError>;

    fn scope(&self) -> Result<Scope, ApiError> {
        Ok(self.caller()?.scope())
    }

    fn organization(&self) -> Result<OrganizationId, ApiError> {
        Ok(self.caller()?.organization)
    }

    /// The customer that is named; for a customer's member its own, named or not. One that the caller may not see is not
    /// there.
    fn customer_named(&self, name: Option<&Slug>) -> Result<CustomerId, ApiError> {
        let scope = self.scope()?;
        match (name, scope.customer) {
            (None, Some(own)) => Ok(own),
            (None, None) => Err(ApiError::BadInput("name the customer".into())),
            (Some(name), own) => {
                let id = CustomerId::of(scope.organization, name);
                match own {
                    Some(own) if own != id => Err(ApiError::not_found("customer", name)),
                    _ => Ok(id),
                }
            }
        }
    }
}

impl<'a> ContextExt<'a> for Context<'a> {
    fn hub(&self) -> &'a Arc<Hub> {
        self.data_unchecked()
    }

    fn request(&self) -> RequestInfo {
        self.data_unchecked::<RequestContext>().request.clone()
    }

    fn caller(&self) -> Result<&'a MemberCaller, ApiError> {
        self.data_unchecked::<RequestContext>().caller.as_ref().ok_or(ApiError::Unauthenticated)
    }

    fn loader(&self) -> &'a DataLoader<Loader> {
        self.data_unchecked()
    }

    fn cause(&self) -> Result<Cause, ApiError> {
        let caller = self.caller()?;
        let cause = self.hub().cause_of(caller, &self.request());
        match (&self.data_unchecked::<RequestContext>().repeatable, &self.path_node) {
            (Some(repeatable), Some(field)) => {
                let field = field.to_string_vec().join(".");
                Ok(Cause { command: repeatable.command(caller.member, &field), ..cause })
            }
            _ => Ok(cause),
        }
    }
}

pub(super) async fn read(ctx: &Context<'_>) -> Result<ReadClient, ApiError> {
    ctx.hub().read().await
}

/// What a mutation did; part of each payload.
#[derive(SimpleObject)]
pub(super) struct Outcome {
    /// Where the log stands with this change.
    position: Position,
    /// False if it was so already.
    changed: bool,
}

impl Outcome {
    pub(super) fn of<D: Decider>(hub: &Hub, executed: &Executed<D>) -> Self {
        let position = executed.position.unwrap_or_else(|| hub.progress.core.position());
        Self { position: position.into(), changed: executed.position.is_some() }
    }
}

impl From<Changed> for Outcome {
    fn from(Changed { position, changed }: Changed) -> Self {
        Self { position: position.into(), changed }
    }
}

/// Executes a command as the caller, and returns when it can be read.
pub(super) async fn execute<D: Decider>(
    ctx: &Context<'_>,
    stream: Uuid,
    command: D::Command,
) -> Result<Outcome, ApiError> {
    let hub = ctx.hub();
    let executed = hub.execute::<D>(&ctx.cause()?, stream, &command).await?;
    Ok(Outcome::of(hub, &executed))
}

/// A text that people wrote: not empty, not endless.
pub(super) fn text(field: &str, text: String, max: usize) -> Result<String, ApiError> {
    let trimmed = text.trim();
    match trimmed.chars().count() {
        0 => Err(ApiError::BadInput(format!("{field} is empty"))),
        length if length > max => {
            Err(ApiError::BadInput(format!("{field} has {length} characters; use at most {max}")))
        }
        _ => Ok(trimmed.to_owned()),
    }
}

/// A time or a date that the database can hold and people can mean.
pub(super) fn when<T: Datelike>(field: &str, time: T) -> Result<T, ApiError> {
    match (1970..=9999).contains(&time.year()) {
        true => Ok(time),
        false => Err(ApiError::BadInput(format!("{field} is not in a year from 1970 to 9999"))),
    }
}
