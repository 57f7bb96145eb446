//! Signing in and out, and who the caller is.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::MemberId;
use distr_domain::member::MemberKind;
use distr_domain::permission::{CustomerRole, Membership, VendorRole};
use uuid::Uuid;

use super::context::{ContextExt, Outcome, text};
use super::customer::{self, Customer};
use super::guard::{InSession, SignedIn as AnySignedIn};
use super::loader::{Of, PersonOf, failed};
use super::organization::{self, Organization};
use super::scalar::{Name, Pattern};
use super::token::TokenScope;
use crate::auth::{self, MemberCaller, SignedIn, Via};
use crate::failure::Failure;
use crate::operations::{invitations, passwords};
use crate::ops::credential::LastUse;
use crate::ops::credential::{self, CredentialKind, SessionRow};

/// A member's role; the first four are the vendor's, the others a customer's.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// everything, members included
    Owner,
    /// pushes artifacts, publishes releases, promotes channels
    Publisher,
    /// looks after customers: licenses, targets, deployments
    Support,
    /// reads everything, the log included; changes nothing
    Auditor,
    /// runs the customer's own targets, deployments and members
    CustomerAdmin,
    /// A customer's member who reads.
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

pub(super) struct Viewer<'a>(&'a MemberCaller);

/// Whoever sent this request.
#[Object]
impl Viewer<'_> {
    /// The id of the member.
    async fn member_id(&self) -> ID {
        self.0.member.0.into()
    }

    /// The role of the member.
    async fn role(&self) -> Role {
        self.0.membership.into()
    }

    /// The organization.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(organization::load(ctx).await?)
    }

    /// The customer whose member it is; none: the vendor's.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.membership.customer() {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The token that the caller came with; nothing in a session.
    async fn token(&self) -> Option<ViewerToken> {
        match &self.0.via {
            Via::Session { .. } => None,
            Via::Token { id, limits, .. } => Some(ViewerToken {
                id: (*id).into(),
                scopes: limits.scopes.iter().copied().map(TokenScope::from).collect(),
                repositories: limits.repositories.iter().cloned().map(Pattern).collect(),
                expires_at: limits.expires_at,
            }),
        }
    }

    /// Nothing for a robot.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.0.kind == MemberKind::Robot {
            return Ok(None);
        }
        let key = PersonOf(Of { organization: self.0.organization, id: self.0.member });
        let person = ctx.loader().load_one(key).await.map_err(failed)?;
        Ok(person.map(|person| person.email))
    }
}

/// The token that the caller showed, with its limits.
#[derive(SimpleObject)]
struct ViewerToken {
    /// The id of the token.
    id: ID,
    /// What it opens.
    scopes: Vec<TokenScope>,
    /// the only repositories that it has to do with, `*` standing for any run of characters; none: all
    repositories: Vec<Pattern>,
    /// The time at which it ends by itself; none: never.
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Default)]
pub(super) struct SessionQuery;

#[Object]
impl SessionQuery {
    /// The caller.
    #[graphql(guard = "AnySignedIn")]
    async fn viewer<'a>(&self, ctx: &Context<'a>) -> Result<Viewer<'a>> {
        Ok(Viewer(ctx.caller()?))
    }

    /// Where the caller is signed in, the oldest first.
    #[graphql(guard = "InSession")]
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        Ok(of_member(ctx, ctx.caller()?.member).await?)
    }
}

/// A new session.
#[derive(SimpleObject)]
pub(super) struct SessionPayload {
    /// send it as `Authorization: Bearer …`
    token: String,
    /// The time at which it ends by itself.
    expires_at: DateTime<Utc>,
}

impl From<SignedIn> for SessionPayload {
    fn from(signed_in: SignedIn) -> Self {
        Self { token: signed_in.secret, expires_at: signed_in.expires_at }
    }
}

/// What became of the change of a password.
#[derive(SimpleObject)]
pub(super) struct PasswordPayload {
    #[graphql(flatten)]
    outcome: Outcome,
}

/// What became of the end of sessions.
#[derive(SimpleObject)]
pub(super) struct SignOutPayload {
    /// false if there was no session to end, as with a token
    changed: bool,
}

/// Where a person is signed in.
pub(super) struct Session {
    row: SessionRow,
    current: bool,
}

/// A sign-in that is still good.
#[Object]
impl Session {
    /// The id, by which it is ended.
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Whether this request came with it.
    async fn current(&self) -> bool {
        self.current
    }

    /// The time of the sign-in.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// The time at which it ends by itself.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.row.expires_at
    }

    /// The network that the person signed in from: `203.0.113.0/24`.
    async fn created_from(&self) -> Option<&str> {
        self.row.made_from.as_deref()
    }

    /// The program that the person signed in with, as it calls itself.
    async fn user_agent(&self) -> Option<&str> {
        self.row.user_agent.as_deref()
    }

    /// To the minute.
    async fn last_used_at(&self, ctx: &Context<'_>) -> Option<DateTime<Utc>> {
        self.last_use(ctx).map(|used| used.at)
    }

    /// The network that it was used from last.
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
    let rows = credential::sessions(&hub.sessions.client().await?, member, hub.commands.now()).await?;
    Ok(rows.into_iter().map(|row| Session { current: row.id == own, row }).collect())
}

/// All sessions of a member but those to keep.
pub(super) async fn end_all(ctx: &Context<'_>, member: MemberId, keep: &[Uuid]) -> Result<SignOutPayload, Failure> {
    let before = of_member(ctx, member).await?;
    let changed = before.iter().any(|session| !keep.contains(&session.row.id));
    credential::delete_others(&ctx.hub().sessions.client().await?, CredentialKind::Session, member.0, keep).await?;
    Ok(SignOutPayload { changed })
}

#[derive(Default)]
pub(super) struct SessionMutation;

#[Object]
impl SessionMutation {
    /// A session for a person. Open to everybody, and throttled.
    async fn session_create(
        &self,
        ctx: &Context<'_>,
        organization: Name,
        email: String,
        password: String,
        #[graphql(desc = "for somebody who is a member of several customers with one address and password: which")]
        customer: Option<Name>,
    ) -> Result<SessionPayload> {
        let customer = customer.map(|name| name.0);
        let attempt = auth::SignIn { organization: organization.0, customer, email, password };
        let signed_in = auth::sign_in(ctx.hub().identities(), &ctx.request(), attempt).await;
        Ok(signed_in.inspect_err(|error| say_when(ctx, error))?.into())
    }

    /// Makes a member of whoever was invited: with the code, once, the password that the person chooses, and what it is
    /// called. Open to everybody.
    async fn invitation_accept(
        &self,
        ctx: &Context<'_>,
        code: String,
        password: String,
        name: String,
    ) -> Result<SessionPayload> {
        let name = text("name", name, 200)?;
        Ok(invitations::accept(ctx.hub().identities(), &ctx.request(), &code, name, password).await?.into())
    }

    /// A new password for whom a code was made with `memberResetPassword`, once. Open to everybody.
    async fn password_reset(&self, ctx: &Context<'_>, code: String, password: String) -> Result<SessionPayload> {
        Ok(invitations::reset(ctx.hub().identities(), &ctx.request(), &code, password).await?.into())
    }

    /// The caller's own password; its other sessions end. In a session only, and throttled.
    #[graphql(guard = "InSession")]
    async fn password_change(&self, ctx: &Context<'_>, current: String, new: String) -> Result<PasswordPayload> {
        let (cause, request) = (ctx.cause()?, ctx.request());
        let changed =
            passwords::change_password(ctx.hub().identities(), &cause, (ctx.caller()?, &request), current, new).await;
        let executed = changed.inspect_err(|error| say_when(ctx, error))?;
        Ok(PasswordPayload { outcome: Outcome::of(ctx, &executed) })
    }

    /// Ends a session of the caller's own at once: the one that this request came with, or the one that is named.
    #[graphql(guard = "AnySignedIn")]
    async fn session_end(&self, ctx: &Context<'_>, id: Option<ID>) -> Result<SignOutPayload> {
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
        match (credential::end_session(&client, caller.member, session).await?, named) {
            (false, Some(named)) => Err(Failure::not_found("session", named).into()),
            (changed, _) => Ok(SignOutPayload { changed }),
        }
    }

    /// Ends all other sessions of the caller's own at once. In a session only.
    #[graphql(guard = "InSession")]
    async fn session_end_others(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let caller = ctx.caller()?;
        Ok(end_all(ctx, caller.member, &[caller.via.id()]).await?)
    }
}

/// Whoever is throttled is told for how long.
fn say_when(ctx: &Context<'_>, error: &Failure) {
    if let Failure::TooMany { seconds } = error {
        ctx.insert_http_header("Retry-After", seconds.to_string());
    }
}
