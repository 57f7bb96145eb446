//! What a resolver finds in its context: the hub, the request, and the caller if there is one.

use std::sync::Arc;

use async_graphql::dataloader::DataLoader;
use async_graphql::{Context, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::decider::Decider;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::Slug;
use distr_domain::text::misleads;
use distr_eventlog::Executed;
use distr_projections::Scope;
use distr_registry::Changed;
use uuid::Uuid;

use super::loader::Loader;
use super::scalar::Position;
use crate::auth::cookie::SessionCookie;
use crate::auth::open_sockets::OpenSocket;
use crate::auth::{MemberCaller, RequestInfo};
use crate::commands::Cause;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::idempotency::Repeatable;
use crate::limits::shares::SharedClient;
use crate::models;

/// The data of one request or one socket.
#[derive(Clone)]
pub struct RequestContext {
    pub caller: Option<MemberCaller>,
    pub request: RequestInfo,
    /// that was asked for, as the sender named it
    pub host: String,
    pub repeatable: Option<Repeatable>,
    /// the cookie of the browser that sent it, if the page that did is the hub's own
    pub browser: Option<SessionCookie>,
    /// that it came on, if it did
    pub socket: Option<Arc<OpenSocket>>,
}

/// Short ways to the same things.
pub(super) trait ContextExt<'a> {
    fn hub(&self) -> &'a Arc<Hub>;
    fn request(&self) -> RequestInfo;
    fn caller(&self) -> Result<&'a MemberCaller, Failure>;
    fn loader(&self) -> &'a DataLoader<Loader>;
    fn cause(&self) -> Result<Cause, Failure>;

    /// The time at which it is what the request sees: now, or the moment that it names.
    fn now(&self) -> DateTime<Utc> {
        models::now(&self.hub().commands.clock)
    }

    fn scope(&self) -> Result<Scope, Failure> {
        Ok(self.caller()?.scope())
    }

    fn organization(&self) -> Result<OrganizationId, Failure> {
        Ok(self.caller()?.organization)
    }

    /// The customer that is named; for a customer's member its own, named or not. One that the caller may not see is not
    /// there.
    fn customer_named(&self, name: Option<&Slug>) -> Result<CustomerId, Failure> {
        let scope = self.scope()?;
        match (name, scope.customer) {
            (None, Some(own)) => Ok(own),
            (None, None) => Err(Failure::BadInput("name the customer".into())),
            (Some(name), own) => {
                let id = CustomerId::of(scope.organization, name);
                match own {
                    Some(own) if own != id => Err(Failure::not_found("customer", name)),
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

    fn caller(&self) -> Result<&'a MemberCaller, Failure> {
        self.data_unchecked::<RequestContext>().caller.as_ref().ok_or(Failure::Unauthenticated)
    }

    fn loader(&self) -> &'a DataLoader<Loader> {
        self.data_unchecked()
    }

    fn cause(&self) -> Result<Cause, Failure> {
        let caller = self.caller()?;
        caller.check_not_viewing()?;
        self.hub().limits.check_writes(caller.member)?;
        let cause = caller.cause(&self.request(), self.hub().commands.new_id());
        match (&self.data_unchecked::<RequestContext>().repeatable, &self.path_node) {
            (Some(repeatable), Some(field)) => {
                let field = field.to_string_vec().join(".");
                Ok(Cause { command: repeatable.command(caller.member, &field), ..cause })
            }
            _ => Ok(cause),
        }
    }
}

pub(super) async fn read(ctx: &Context<'_>) -> Result<SharedClient, Failure> {
    ctx.hub().models.client().await
}

/// A connection for the catalogue, and the time for which it is asked. A customer sees of it what its licenses open today, whatever the
/// moment that it asks about.
pub(super) async fn read_catalog(ctx: &Context<'_>) -> Result<(SharedClient, DateTime<Utc>), Failure> {
    let hub = ctx.hub();
    match ctx.scope()?.customer {
        Some(_) => Ok((models::as_of(None, hub.models.client()).await?, hub.commands.now())),
        None => Ok((read(ctx).await?, ctx.now())),
    }
}

/// The outcome of a mutation; part of each payload.
#[derive(SimpleObject)]
pub(super) struct Outcome {
    /// The position of the change in the log. The position is the one that the read models have reached if nothing
    /// changed.
    position: Position,
    /// True if the mutation changed something; false if everything was so already.
    changed: bool,
}

impl Outcome {
    pub(super) fn of<D: Decider>(ctx: &Context<'_>, executed: &Executed<D>) -> Self {
        let position = ctx.hub().commands.position_of(executed);
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
) -> Result<Outcome, Failure> {
    let executed = ctx.hub().commands.execute::<D>(&ctx.cause()?, stream, &command).await?;
    Ok(Outcome::of(ctx, &executed))
}

/// Not empty, not endless. What people write is a `line`, or `lines`.
fn text(field: &str, text: String, max: usize) -> Result<String, Failure> {
    let trimmed = text.trim();
    match trimmed.chars().count() {
        0 => Err(Failure::BadInput(format!("{field} is empty"))),
        length if length > max => Err(Failure::BadInput(format!("{field} has {length} characters; use at most {max}"))),
        _ => Ok(trimmed.to_owned()),
    }
}

/// A text of one line, which does not change how what is around it is shown.
pub(super) fn line(field: &str, words: String, max: usize) -> Result<String, Failure> {
    let line = text(field, words, max)?;
    match line.contains(misleads) {
        true => {
            Err(Failure::BadInput(format!("{field} holds a line break or a control character; use one line of text")))
        }
        false => Ok(line),
    }
}

/// The words that a list is searched for, in lower case.
pub(super) fn searched(words: Option<String>) -> Result<Option<String>, Failure> {
    Ok(words.map(|words| line("search", words, 100)).transpose()?.map(|words| words.to_lowercase()))
}

/// Why something is done, where nobody has to say so.
pub(super) fn reason_if_any(reason: Option<String>) -> Result<Option<String>, Failure> {
    reason.map(|reason| lines("reason", reason, 500)).transpose()
}

/// A text of several lines, without characters that nobody sees.
pub(super) fn lines(field: &str, words: String, max: usize) -> Result<String, Failure> {
    let lines = text(field, words, max)?;
    match lines.contains(|c| misleads(c) && !matches!(c, '\n' | '\r' | '\t')) {
        true => Err(Failure::BadInput(format!("{field} holds a character that is not seen; write plain text"))),
        false => Ok(lines),
    }
}
