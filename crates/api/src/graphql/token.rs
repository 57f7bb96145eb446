//! Bearer tokens of members, for programs. The secret is shown once.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::TokenId;
use distr_domain::permission::Permission;
use distr_domain::token as domain;
use distr_projections::token::{self, TokenRow};

use super::context::{ContextExt, Outcome, line, read};
use super::guard::SignedIn;
use super::loader::{EndOf, Of, UseOf, failed};
use super::member;
use super::scalar::Pattern;
use crate::failure::Failure;
use crate::operations::tokens::{self, Issued, NewToken};
use crate::ops::credential::LastUse;
use crate::request::when;

/// They travel in every registry token.
const MAX_REPOSITORIES: usize = 20;

pub(super) struct Token(pub TokenRow);

/// The scope of a token: what it opens, within what its member may do.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::TokenScope")]
pub enum TokenScope {
    /// The right to GraphQL queries and subscriptions.
    Read,
    /// The right to GraphQL mutations, but for those that need ADMIN.
    Write,
    /// The right to pull from the registry.
    Pull,
    /// The right to push to the registry.
    Push,
    /// The right to delete tags and manifests of the registry.
    Delete,
    /// The right to manage members, tokens, quotas, policies and the organization itself. The scope does not go
    /// together with `repositories`.
    Admin,
}

/// A token: the secret of a program, with what it opens and until when.
#[Object]
impl Token {
    /// The id, a UUID, by which the token is revoked.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The label that the maker of the token chose.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// The scopes of the token: what it opens.
    async fn scopes(&self) -> Vec<TokenScope> {
        self.0.scopes.iter().copied().map(TokenScope::from).collect()
    }

    /// The patterns of the only repositories that the token is for, in which `*` stands for any run of characters;
    /// empty for all repositories.
    async fn repositories(&self) -> Vec<Pattern> {
        self.0.repositories.iter().cloned().map(Pattern).collect()
    }

    /// The ids of the token that this one was made with, and of those above that one, the nearest first. The token ends
    /// with the first of them that ends. The list is empty for a token that was made in a session.
    async fn made_with(&self) -> Vec<ID> {
        self.0.ancestors.iter().map(|id| id.0.into()).collect()
    }

    /// The time at which the token ends by itself; null if it never does.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// The time at which the token was revoked; null if it was not.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// The time at which the token ends or ended: its own expiry or revocation, or that of a token that it was made
    /// with. The earliest of these times counts. The time is null if there is none; the removal of the member, which
    /// ends its tokens too, is not told here.
    async fn ends_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        let key = EndOf(Of { organization: self.0.organization, id: self.0.id });
        Ok(ctx.loader().load_one(key).await.map_err(failed)?.and_then(|end| end.ends_at))
    }

    /// The time at which the token was issued.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// The time of the last use, to the minute; null before the first use, and once the token is revoked.
    async fn last_used_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.last_use(ctx).await?.map(|used| used.at))
    }

    /// The network of the last use, such as `203.0.113.0/24`; null if it is not known. Uses at the registry tell no
    /// network.
    async fn last_used_from(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.last_use(ctx).await?.and_then(|used| used.from))
    }
}

impl Token {
    async fn last_use(&self, ctx: &Context<'_>) -> Result<Option<LastUse>, Failure> {
        let written = ctx.loader().load_one(UseOf(self.0.id)).await.map_err(failed)?;
        Ok(match ctx.hub().sessions.last_uses.unwritten(self.0.id.0) {
            Some(used) => {
                let before = written.and_then(|written| written.from);
                Some(LastUse { from: used.from.or(before), ..used })
            }
            None => written,
        })
    }
}

async fn load(ctx: &Context<'_>, id: TokenId) -> Result<Token, Failure> {
    let row = token::find(&*read(ctx).await?, ctx.organization()?, id).await?;
    row.map(Token).ok_or_else(|| Failure::not_found("token", id))
}

/// A token that the caller may manage: its own, or one of the members that it manages. Others are not there.
async fn load_managed(ctx: &Context<'_>, id: &ID) -> Result<Token, Failure> {
    let id = id.parse().map_err(|_| Failure::BadInput(format!("{:?} is not the id of a token", id.as_str())))?;
    let caller = ctx.caller()?;
    let only = if caller.may(Permission::ManageMembers) { None } else { Some(caller.member) };
    let row = token::find_managed(&*read(ctx).await?, caller.scope(), only, id).await?;
    row.map(Token).ok_or_else(|| Failure::not_found("token", id))
}

/// The token after the change.
#[derive(SimpleObject)]
pub(super) struct TokenPayload {
    /// The token.
    token: Token,
    /// The secret, which is shown this once: the bearer token, and the password for `docker login`. The secret is null
    /// if the mutation made none.
    secret: Option<String>,
    #[graphql(flatten)]
    outcome: Outcome,
}

impl TokenPayload {
    async fn issued(ctx: &Context<'_>, issued: Issued) -> Result<Self> {
        let outcome = Outcome::of(ctx, &issued.executed);
        Ok(Self { token: load(ctx, issued.id).await?, secret: Some(issued.secret), outcome })
    }
}

#[derive(Default)]
pub(super) struct TokenMutation;

#[Object]
impl TokenMutation {
    /// Issues a token of the caller's own, or of a robot for those who manage members. The token can never do more than
    /// its member. A caller with a token needs its scope ADMIN; the new token can do no more than that one, and ends
    /// with it. A request that is sent again with its `Idempotency-Key` gives a new secret in the place of the first.
    /// The request is an error once that secret was used, or once the token was rotated or has ended.
    #[graphql(guard = "SignedIn")]
    async fn token_issue(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The label of the token, of 1 to 100 characters.")] label: String,
        #[graphql(desc = "The scopes of the token, at least one: what it opens.")] scopes: Vec<TokenScope>,
        #[graphql(
            desc = "The patterns of the only repositories that the token is for, such as `team/*`, at most 20; all \
                    repositories if left out or empty. The token pulls, pushes and deletes in these alone. Queries and \
                    mutations read and change these repositories. The token also publishes, promotes and withdraws \
                    releases of applications that run none of the organization's other repositories. Customers, \
                    licenses, targets, members and the log are closed to it."
        )]
        repositories: Option<Vec<Pattern>>,
        #[graphql(desc = "The time at which the token ends by itself; never if left out.")] expires_at: Option<
            DateTime<Utc>,
        >,
        #[graphql(desc = "The id of a robot, a UUID; the caller if left out.")] member: Option<ID>,
    ) -> Result<TokenPayload> {
        let caller = ctx.caller()?;
        let member = match member.map(|id| member::parse_id(&id)).transpose()? {
            Some(id) if id != caller.member => {
                // before the look: who may not manage members learns nothing of them
                caller.check(Permission::ManageMembers)?;
                id
            }
            _ => caller.member,
        };
        let member = member::load(ctx, member).await?.0;
        let expires_at = expires_at.map(|time| when("expiresAt", time)).transpose()?;
        let scopes = scopes.into_iter().map(domain::TokenScope::from).collect();
        let repositories: Vec<_> = repositories.into_iter().flatten().map(|pattern| pattern.0).collect();
        if repositories.len() > MAX_REPOSITORIES {
            return Err(Failure::BadInput(format!("a token may name {MAX_REPOSITORIES} repositories")).into());
        }
        let limits = domain::TokenLimits { scopes, repositories, expires_at };
        let new = NewToken { label: line("label", label, 100)?, limits };
        let issued = tokens::issue(ctx.hub().identities(), &ctx.cause()?, caller, &member, new).await?;
        TokenPayload::issued(ctx, issued).await
    }

    /// Revokes a token: it lets nobody in from the next request on, nor does any token that was made with it. A caller
    /// with a token needs its scope ADMIN, but for the revocation of that token itself.
    #[graphql(guard = "SignedIn")]
    async fn token_revoke(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the token, a UUID.")] id: ID,
    ) -> Result<TokenPayload> {
        let token = load_managed(ctx, &id).await?.0;
        let executed = tokens::revoke(ctx.hub().identities(), &ctx.cause()?, ctx.caller()?, &token).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(TokenPayload { token: load(ctx, token.id).await?, secret: None, outcome })
    }

    /// Issues a new token in the place of this one, with the same label, scopes, repositories and, if it is not given,
    /// expiry. The old token ends after the overlap, so that its users can change over; tokens that were made with it
    /// end with it. The caller needs the right to issue the new token.
    #[graphql(guard = "SignedIn")]
    async fn token_rotate(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the token, a UUID.")] id: ID,
        #[graphql(
            default = 1440,
            desc = "The overlap in minutes for which the old token stays good; a day if left out. More than 90 days \
                    are cut to 90 days."
        )]
        overlap_minutes: u32,
        #[graphql(desc = "The time at which the new token ends by itself; that of the old token if left out.")]
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<TokenPayload> {
        let old = load_managed(ctx, &id).await?.0;
        let member = member::load(ctx, old.member).await?.0;
        let expires_at = expires_at.map(|time| when("expiresAt", time)).transpose()?;
        let overlap = TimeDelta::minutes(overlap_minutes.into());
        let (cause, caller) = (ctx.cause()?, ctx.caller()?);
        let issued =
            tokens::rotate(ctx.hub().identities(), &cause, caller, (&old, &member), overlap, expires_at).await?;
        TokenPayload::issued(ctx, issued).await
    }
}
