//! Signing in and out: sessions, and the roles that they give.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::MemberId;
use distr_domain::permission::{CustomerRole, Membership, VendorRole};
use uuid::Uuid;

use super::context::{ContextExt, Outcome, RequestContext, line};
use super::guard::{InSession, SignedIn as AnySignedIn};
use super::scalar::Name;
use crate::auth::{self, SignedIn, Via};
use crate::failure::Failure;
use crate::operations::invitations::{self, Chosen};
use crate::operations::passwords;
use crate::ops::credential::LastUse;
use crate::ops::credential::{self, CredentialKind, SessionKind, SessionRow};

/// The role of a member: the first four roles are the vendor's, the others a customer's.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The vendor's owner, who may do everything, the management of members included.
    Owner,
    /// The vendor's publisher, who pushes artifacts, publishes releases and promotes them in channels.
    Publisher,
    /// The vendor's support, who looks after customers: licenses, targets and deployments.
    Support,
    /// The vendor's auditor, who reads everything, the log included, and changes nothing.
    Auditor,
    /// A customer's admin, who runs the customer's own targets, deployments and members.
    CustomerAdmin,
    /// A customer's viewer, who reads and changes nothing.
    CustomerViewer,
}

impl From<Membership> for Role {
    fn from(membership: Membership) -> Self {
        match membership {
            Membership::Vendor { role: VendorRole::Owner } => Role::Owner,
            Membership::Vendor { role: VendorRole::Publisher } => Role::Publisher,
            Membership::Vendor { role: VendorRole::Support } => Role::Support,
            Membership::Vendor { role: VendorRole::Auditor } => Role::Auditor,
            Membership::Customer { role: CustomerRole::Admin, .. } => Role::CustomerAdmin,
            Membership::Customer { role: CustomerRole::Viewer, .. } => Role::CustomerViewer,
        }
    }
}

#[derive(Default)]
pub(super) struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The sessions of the caller that are still good, the oldest first. The query needs a session; tokens are refused.
    #[graphql(guard = "InSession")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        Ok(of_member(ctx, ctx.caller()?.member).await?)
    }
}

/// A new session, with its secret.
#[derive(SimpleObject)]
pub(super) struct SessionPayload {
    /// The secret of the session, to be sent as `Authorization: Bearer …`.
    token: String,
    /// The time at which the session ends by itself.
    expires_at: DateTime<Utc>,
}

impl From<SignedIn> for SessionPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self { token: signed_in.secret, expires_at: signed_in.expires_at }
    }
}

/// The outcome of the change of a password.
#[derive(SimpleObject)]
pub(super) struct PasswordPayload {
    #[graphql(flatten)]
    outcome: Outcome,
}

/// The outcome of the end of sessions.
#[derive(SimpleObject)]
pub(super) struct SignOutPayload {
    /// True if a session ended; false if there was none to end, as with a token.
    changed: bool,
}

/// Where a person is signed in.
pub(super) struct Session {
    row: SessionRow,
    current: bool,
}

/// A session: a sign-in that is still good.
#[Object]
impl Session {
    /// The id, a UUID, by which the session is ended.
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// True if this request came with the session.
    async fn current(&self) -> bool {
        self.current
    }

    /// The time of the sign-in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// The time at which the session ends by itself.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.row.expires_at
    }

    /// The network that the person signed in from, such as `203.0.113.0/24`; null if it is not known.
    async fn created_from(&self) -> Option<&str> {
        self.row.made_from.as_deref()
    }

    /// The program that the person signed in with, as it calls itself; null if it did not say.
    async fn user_agent(&self) -> Option<&str> {
        self.row.user_agent.as_deref()
    }

    /// The time of the last use, to the minute; null before the first use.
    async fn last_used_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        self.last_use(ctx).map(|used| used.at)
    }

    /// The network of the last use, such as `203.0.113.0/24`; null if it is not known.
    async fn last_used_from(&self, ctx: &Context<'_>) -> Option<String> {
        self.last_use(ctx).and_then(|used| used.from)
    }
}

impl Session {
    fn last_use(&self, ctx: &Context<'_>) -> Option<LastUse> {
        ctx.hub().sessions.last_uses.unwritten(self.row.id).or_else(|| self.row.last_use.clone())
    }
}

pub(super) async fn of_member(ctx: &Context<'_>, member: MemberId) -> Result<Vec<Session>, Failure> {
    let (hub, own) = (ctx.hub(), ctx.caller()?.via.id());
    let rows = credential::sessions(&*hub.sessions.client().await?, member, hub.commands.now()).await?;
    Ok(rows.into_iter().map(|row| Session { current: row.id == own, row }).collect())
}

/// All sessions of a member but those to keep.
pub(super) async fn end_all(ctx: &Context<'_>, member: MemberId, keep: &[Uuid]) -> Result<SignOutPayload, Failure> {
    let before = of_member(ctx, member).await?;
    let changed = before.iter().any(|session| !keep.contains(&session.row.id));
    credential::delete_others(&*ctx.hub().sessions.client().await?, CredentialKind::Session, member.0, keep).await?;
    Ok(SignOutPayload { changed })
}

#[derive(Default)]
pub(super) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Creates a session for a person. The mutation is open to everybody, and throttled.
    async fn session_create(
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
    ) -> Result<SessionPayload> {
        let customer = customer.map(|name| name.0);
        let kind = SessionKind::Program;
        let attempt = auth::SignIn { organization: organization.0, customer, email, password, kind };
        let signed_in = auth::sign_in(ctx.hub().identities(), &ctx.request(), attempt).await;
        Ok(signed_in.inspect_err(|error| say_when(ctx, error))?.into())
    }

    /// Makes a member of the person who was invited, by the one-time code; the person chooses the password and gives a
    /// name. The mutation is open to everybody.
    async fn invitation_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one-time code of the invitation.")] code: String,
        #[graphql(desc = "The new password, of 12 to 1 000 characters, and none of those that are guessed first.")]
        password: String,
        #[graphql(desc = "The name of the person, of 1 to 200 characters.")] name: String,
    ) -> Result<SessionPayload> {
        let name = line("name", name, 200)?;
        let chosen = Chosen { name: Some(name), password, session: SessionKind::Program };
        Ok(invitations::use_code(ctx.hub().identities(), &ctx.request(), &code, chosen).await?.into())
    }

    /// Sets a new password for a person, by the one-time code of `memberResetPassword`. The mutation is open to
    /// everybody.
    async fn password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one-time code of `memberResetPassword`.")] code: String,
        #[graphql(desc = "The new password, of 12 to 1 000 characters, and none of those that are guessed first.")]
        password: String,
    ) -> Result<SessionPayload> {
        let chosen = Chosen { name: None, password, session: SessionKind::Program };
        Ok(invitations::use_code(ctx.hub().identities(), &ctx.request(), &code, chosen).await?.into())
    }

    /// Changes the caller's own password; its other sessions end. The mutation needs a session, refuses tokens, and is
    /// throttled.
    #[graphql(guard = "InSession")]
    async fn password_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password that is in force until now.")] current: String,
        #[graphql(desc = "The new password, of 12 to 1 000 characters, and none of those that are guessed first.")]
        new: String,
    ) -> Result<PasswordPayload> {
        let (cause, request) = (ctx.cause()?, ctx.request());
        let changed =
            passwords::change_password(ctx.hub().identities(), &cause, (ctx.caller()?, &request), current, new).await;
        let executed = changed.inspect_err(|error| say_when(ctx, error))?;
        Ok(PasswordPayload { outcome: Outcome::of(ctx, &executed) })
    }

    /// Ends a session of the caller's own at once: the one that this request came with, or the one that is named.
    #[graphql(guard = "AnySignedIn")]
    async fn session_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "The id of the session, a UUID; the session that this request came with if left out. A token cannot \
                    name one."
        )]
        id: Option<ID>,
    ) -> Result<SignOutPayload> {
        let caller = ctx.caller()?;
        let named = match id {
            Some(id) => {
                caller.check_session()?;
                let named = id.parse::<Uuid>();
                Some(named.map_err(|_| Failure::BadInput(format!("{:?} is not the id of a session", id.as_str())))?)
            }
            None => None,
        };
        let session = match (named, &caller.via) {
            (Some(named), _) => named,
            (None, Via::Session { id }) => *id,
            (None, Via::Token { .. }) => return Ok(SignOutPayload { changed: false }),
        };
        let client = ctx.hub().sessions.client().await?;
        if session == caller.via.id() {
            forget_cookie(ctx);
        }
        match (credential::end_session(&client, caller.member, session).await?, named) {
            (false, Some(named)) => Err(Failure::not_found("session", named).into()),
            (changed, _) => Ok(SignOutPayload { changed }),
        }
    }

    /// Ends all other sessions of the caller's own at once. The mutation needs a session; tokens are refused.
    #[graphql(guard = "InSession")]
    async fn session_end_others(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let caller = ctx.caller()?;
        Ok(end_all(ctx, caller.member, &[caller.via.id()]).await?)
    }
}

/// A browser is told that its cookie opens nothing any more.
fn forget_cookie(ctx: &Context<'_>) {
    if let Some(cookie) = &ctx.data_unchecked::<RequestContext>().browser {
        ctx.append_http_header("Set-Cookie", cookie.forget());
    }
}

/// Whoever is throttled is told for how long.
pub(super) fn say_when(ctx: &Context<'_>, error: &Failure) {
    if let Failure::TooMany { seconds } = error {
        ctx.insert_http_header("Retry-After", seconds.to_string());
    }
}
