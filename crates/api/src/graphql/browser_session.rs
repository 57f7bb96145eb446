//! The sign-in of a browser: the session's secret goes into a cookie that no script reads, and into no answer.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::rejection::Rejection;

use super::context::{ContextExt, RequestContext, line};
use super::scalar::Name;
use super::session::say_when;
use crate::auth::cookie::SessionCookie;
use crate::auth::{self, FOREIGN_ORIGIN, SignedIn, Via};
use crate::failure::Failure;
use crate::operations::invitations::{self, Chosen};
use crate::ops::credential::{self, SessionKind};

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
