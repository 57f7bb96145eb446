//! Bearer tokens of members, for programs. The secret is shown once.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::TokenId;
use distr_domain::permission::Permission;
use distr_domain::token as domain;
use distr_projections::token::{self, TokenRow};

use super::context::{ContextExt, Outcome, read, text, when};
use super::guard::SignedIn;
use super::loader::{UseOf, failed};
use super::member;
use super::scalar::Pattern;
use crate::auth::last_use::LastUse;
use crate::error::ApiError;
use crate::operations::tokens::{self, NewToken};

/// They travel in every registry token.
const MAX_REPOSITORIES: usize = 20;

pub(super) struct Token(pub TokenRow);

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::TokenScope")]
pub enum TokenScope {
    /// GraphQL queries and subscriptions
    Read,
    /// GraphQL mutations
    Write,
    /// registry pulls
    Pull,
    /// registry pushes
    Push,
    /// deleting tags and manifests of the registry
    Delete,
}

#[Object]
impl Token {
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    async fn label(&self) -> &str {
        &self.0.label
    }

    async fn scopes(&self) -> Vec<TokenScope> {
        self.0.scopes.iter().copied().map(TokenScope::from).collect()
    }

    /// The only repositories that it may touch, `*` standing for any run of characters; none: all.
    async fn repositories(&self) -> Vec<Pattern> {
        self.0.repositories.iter().cloned().map(Pattern).collect()
    }

    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When it let somebody in last, to the minute. Nothing once it is revoked.
    async fn last_used_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime<Utc>>> {
        Ok(self.last_use(ctx).await?.map(|used| used.at))
    }

    /// The network that it was used from last: `203.0.113.0/24`. The registry does not tell.
    async fn last_used_from(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.last_use(ctx).await?.and_then(|used| used.from))
    }
}

impl Token {
    async fn last_use(&self, ctx: &Context<'_>) -> Result<Option<LastUse>, ApiError> {
        let written = ctx.loader().load_one(UseOf(self.0.id)).await.map_err(failed)?;
        Ok(match ctx.hub().uses.unwritten(self.0.id.0) {
            Some(used) => {
                let before = written.and_then(|written| written.from);
                Some(LastUse { from: used.from.or(before), ..used })
            }
            None => written,
        })
    }
}

async fn load(ctx: &Context<'_>, id: TokenId) -> Result<Token, ApiError> {
    let row = token::find(&read(ctx).await?, ctx.organization()?, id).await?;
    row.map(Token).ok_or_else(|| ApiError::not_found("token", id))
}

/// A token that the caller may manage: its own, or one of the members that it manages. Others are not there.
async fn load_managed(ctx: &Context<'_>, id: &ID) -> Result<Token, ApiError> {
    let id = id.parse().map_err(|_| ApiError::BadInput(format!("{:?} is not the id of a token", id.as_str())))?;
    let caller = ctx.caller()?;
    let only = if caller.may(Permission::ManageMembers) { None } else { Some(caller.member) };
    let row = token::find_managed(&read(ctx).await?, caller.scope(), only, id).await?;
    row.map(Token).ok_or_else(|| ApiError::not_found("token", id))
}

#[derive(SimpleObject)]
pub(super) struct TokenPayload {
    token: Token,
    /// Shown this once: the bearer token, and the password for `docker login`.
    secret: Option<String>,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct TokenMutation;

#[Object]
impl TokenMutation {
    /// A token of the caller's own; of another member or a robot for those who manage members. It can never do more
    /// than its member.
    #[graphql(guard = "SignedIn")]
    async fn token_issue(
        &self,
        ctx: &Context<'_>,
        label: String,
        scopes: Vec<TokenScope>,
        #[graphql(desc = "the only repositories that it may touch, as patterns: `team/*`; none: all")]
        repositories: Option<Vec<Pattern>>,
        expires_at: Option<DateTime<Utc>>,
        member: Option<ID>,
    ) -> Result<TokenPayload> {
        let caller = ctx.caller()?;
        let member = match member.map(|id| member::parse_id(&id)).transpose()? {
            Some(id) if id != caller.member => {
                // before the look: who may not manage members learns nothing of them
                caller.check(Permission::ManageMembers)?;
                member::load(ctx, id).await?.0.id
            }
            _ => caller.member,
        };
        let expires_at = expires_at.map(|time| when("expiresAt", time)).transpose()?;
        let scopes = scopes.into_iter().map(domain::TokenScope::from).collect();
        let repositories: Vec<_> = repositories.into_iter().flatten().map(|pattern| pattern.0).collect();
        if repositories.len() > MAX_REPOSITORIES {
            return Err(ApiError::BadInput(format!("a token may name {MAX_REPOSITORIES} repositories")).into());
        }
        let new = NewToken { member, label: text("label", label, 100)?, scopes, repositories, expires_at };
        let (id, secret, executed) = tokens::issue(ctx.hub(), &ctx.cause()?, caller, new).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(TokenPayload { token: load(ctx, id).await?, secret: Some(secret), outcome })
    }

    /// It lets nobody in from the next request on.
    #[graphql(guard = "SignedIn")]
    async fn token_revoke(&self, ctx: &Context<'_>, id: ID) -> Result<TokenPayload> {
        let token = load_managed(ctx, &id).await?.0;
        let executed = tokens::revoke(ctx.hub(), &ctx.cause()?, ctx.caller()?, &token).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(TokenPayload { token: load(ctx, token.id).await?, secret: None, outcome })
    }

    /// A new token in the place of this one, with the same label, scopes and, if it is not given, expiry. The old one ends
    /// after the overlap, so that its users can change over.
    #[graphql(guard = "SignedIn")]
    async fn token_rotate(
        &self,
        ctx: &Context<'_>,
        id: ID,
        #[graphql(default = 1440)] overlap_minutes: u32,
        expires_at: Option<DateTime<Utc>>,
    ) -> Result<TokenPayload> {
        let old = load_managed(ctx, &id).await?.0;
        let expires_at = expires_at.map(|time| when("expiresAt", time)).transpose()?;
        let overlap = TimeDelta::minutes(overlap_minutes.into());
        let (id, secret, executed) =
            tokens::rotate(ctx.hub(), &ctx.cause()?, ctx.caller()?, &old, overlap, expires_at).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(TokenPayload { token: load(ctx, id).await?, secret: Some(secret), outcome })
    }
}
