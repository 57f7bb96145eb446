//! The sign-in of a browser: the session's secret goes into a cookie that no script reads, and into no answer.

use async_graphql::{Context, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::rejection::Rejection;

use super::context::{ContextExt, RequestContext};
use super::scalar::Name;
use super::session::say_when;
use crate::auth::{self, FOREIGN_ORIGIN, Via};
use crate::failure::Failure;
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
        let context = ctx.data_unchecked::<RequestContext>();
        let cookie = context.browser.as_ref().ok_or_else(|| Failure::rejected(ForeignOrigin))?;
        let (customer, kind) = (customer.map(|name| name.0), SessionKind::Browser);
        let attempt = auth::SignIn { organization: organization.0, customer, email, password, kind };
        let signed_in = auth::sign_in(ctx.hub().identities(), &ctx.request(), attempt).await;
        let signed_in = signed_in.inspect_err(|error| say_when(ctx, error))?;
        if let Some(Via::Session { id }) = context.caller.as_ref().map(|caller| &caller.via) {
            credential::delete(&ctx.hub().sessions.client().await?, *id).await?;
        }
        ctx.append_http_header("Set-Cookie", cookie.keep(&signed_in.secret, signed_in.expires_at));
        Ok(SessionStartPayload { expires_at: signed_in.expires_at })
    }
}
