//! The sign-in of a browser: the session's secret goes into a cookie that no script reads, and into no answer.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::customer::{Customer as Decider, CustomerCommand};
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;

use super::context::{ContextExt, RequestContext, execute, line, reason_if_any};
use super::customer::{self, Customer};
use super::guard::{MayInSession, SignedIn as SignedInAtAll};
use super::scalar::Name;
use super::session::say_when;
use crate::auth::cookie::SessionCookie;
use crate::auth::{self, FOREIGN_ORIGIN, SignedIn, Via};
use crate::failure::Failure;
use crate::operations::invitations::{self, Chosen};
use crate::ops::credential::{self, SessionKind};

/// How long a vendor's member sees what a customer sees.
const VIEW: TimeDelta = TimeDelta::minutes(30);

/// A session is started by the hub's own page alone.
#[derive(Debug, thiserror::Error)]
#[error("a browser's session is started by the hub's own page; programs use sessionCreate")]
struct ForeignOrigin;

impl Rejection for ForeignOrigin {
    fn code(&self) -> &'static str {
        FOREIGN_ORIGIN
    }
}

/// A new session, whose secret is in a cookie.
#[derive(SimpleObject)]
pub(super) struct SessionStartPayload {
    /// The time at which the session ends by itself. It ends before that after two hours without a use.
    expires_at: DateTime<Utc>,
}

#[derive(Default)]
pub(super) struct BrowserSessionMutation;

#[Object]
impl BrowserSessionMutation {
    /// Starts a session in a browser: the secret comes as a cookie that no script can read. The mutation is open to
    /// everybody on the hub's own pages, and throttled; it takes the place of the session that the browser had.
    async fn session_start(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the organization.")] organization: Name,
        #[graphql(desc = "The e-mail address of the person.")] email: String,
        #[graphql(desc = "The password of the person.")] password: String,
        #[graphql(
            desc = "The name of the customer, for somebody who is a member of several customers with one address and \
                    password. Everybody else may leave it out."
        )]
        customer: Option<Name>,
    ) -> Result<SessionStartPayload> {
        let cookie = own_cookie(ctx)?;
        let (customer, kind) = (customer.map(|name| name.0), SessionKind::Browser);
        let attempt = auth::SignIn { organization: organization.0, customer, email, password, kind };
        let signed_in = auth::sign_in(ctx.hub().identities(), &ctx.request(), attempt).await;
        let signed_in = signed_in.inspect_err(|error| say_when(ctx, error))?;
        Ok(keep(ctx, cookie, signed_in).await?)
    }

    /// Starts a session in a browser by the one-time code of an invitation or of a password that was reset: the person
    /// chooses the password, and the secret of the session comes as a cookie that no script can read. The mutation is open
    /// to everybody on the hub's own pages; it takes the place of the session that the browser had.
    async fn session_start_by_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one-time code of `memberInvite`, or of `memberResetPassword`.")] code: String,
        #[graphql(desc = "The new password, of 12 to 1 000 characters, and none of those that are guessed first.")]
        password: String,
        #[graphql(
            desc = "The name of the person, of 1 to 200 characters, for an invitation; left out for a password that was reset."
        )]
        name: Option<String>,
    ) -> Result<SessionStartPayload> {
        let cookie = own_cookie(ctx)?;
        let name = name.map(|name| line("name", name, 200)).transpose()?;
        let chosen = Chosen { name, password, session: SessionKind::Browser };
        let signed_in = invitations::use_code(ctx.hub().identities(), &ctx.request(), &code, chosen).await?;
        Ok(keep(ctx, cookie, signed_in).await?)
    }

    /// Lets a vendor's member see the portal as a customer's viewer does, for 30 minutes: the browser's session sees what the
    /// customer sees, and changes nothing. The mutation is recorded as a fact, and open to the hub's own pages alone.
    #[graphql(guard = "MayInSession(Permission::ManageCustomers)")]
    async fn session_view_as(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the customer.")] customer: Name,
        #[graphql(desc = "The reason, of 1 to 500 characters; it may be left out.")] reason: Option<String>,
    ) -> Result<SessionViewPayload> {
        own_cookie(ctx)?;
        let (caller, reason) = (ctx.caller()?, reason_if_any(reason)?);
        let until = ctx.hub().commands.now() + VIEW;
        let customer = customer::load(ctx, &customer).await?;
        execute::<Decider>(ctx, customer.0.id.0, CustomerCommand::View { until, reason }).await?;
        credential::view_as(&*ctx.hub().sessions.client().await?, caller.via.id(), customer.0.id, until).await?;
        Ok(SessionViewPayload { customer, until })
    }

    /// Ends the view of a customer: the browser's session sees again what is its member's own.
    #[graphql(guard = "SignedInAtAll")]
    async fn session_view_end(&self, ctx: &Context<'_>) -> Result<SessionViewEndPayload> {
        let Via::Session { id } = ctx.caller()?.via else { return Ok(SessionViewEndPayload { changed: false }) };
        let changed = credential::view_no_more(&*ctx.hub().sessions.client().await?, id).await?;
        Ok(SessionViewEndPayload { changed })
    }
}

/// The vendor's member sees what a customer sees.
#[derive(SimpleObject)]
pub(super) struct SessionViewPayload {
    /// The customer.
    customer: Customer,
    /// The time at which the view ends by itself, 30 minutes after it began.
    until: DateTime<Utc>,
}

/// The outcome of the end of a view.
#[derive(SimpleObject)]
pub(super) struct SessionViewEndPayload {
    /// True if a view ended; false if there was none.
    changed: bool,
}

fn own_cookie<'a>(ctx: &Context<'a>) -> Result<&'a SessionCookie, Failure> {
    ctx.data_unchecked::<RequestContext>().browser.as_ref().ok_or_else(|| Failure::rejected(ForeignOrigin))
}

/// The browser keeps one session: the one before ends.
async fn keep(ctx: &Context<'_>, cookie: &SessionCookie, signed_in: SignedIn) -> Result<SessionStartPayload, Failure> {
    let caller = ctx.data_unchecked::<RequestContext>().caller.as_ref();
    if let Some(Via::Session { id }) = caller.map(|caller| &caller.via) {
        credential::delete(&*ctx.hub().sessions.client().await?, *id).await?;
    }
    ctx.append_http_header("Set-Cookie", cookie.keep(&signed_in.secret, signed_in.expires_at));
    Ok(SessionStartPayload { expires_at: signed_in.expires_at })
}
