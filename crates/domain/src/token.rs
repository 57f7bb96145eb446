//! A bearer token of a member. The secret is never here: only its hash is stored, outside the log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider, DomainEvent};
use crate::ids::{MemberId, TokenId};
use crate::instant::shown;
use crate::pattern::Pattern;
use crate::rejection::Rejection;

/// What a token may be used for, within what its member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenScope {
    /// GraphQL queries and subscriptions
    Read,
    /// GraphQL mutations, but for those of `Admin`
    Write,
    /// registry pulls
    Pull,
    /// registry pushes
    Push,
    /// deleting tags and manifests of the registry
    Delete,
    /// managing members, tokens, quotas and policies
    Admin,
}

impl TokenScope {
    pub const ALL: [Self; 6] = [Self::Read, Self::Write, Self::Pull, Self::Push, Self::Delete, Self::Admin];

    /// As it is stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::Admin => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// What a token may do at most, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLimits {
    pub scopes: Vec<TokenScope>,
    /// none: all
    pub repositories: Vec<Pattern>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// The token with which another is made. The other ends with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    pub id: TokenId,
    /// how many tokens there are above it
    pub depth: usize,
    pub limits: TokenLimits,
}

/// Tokens above a token, at most: each look at a token looks at all of them.
pub const MAX_DEPTH: usize = 8;

/// Whether a token has to do with this repository. One that names none has to do with all.
pub fn is_for(repositories: &[Pattern], repository: &str) -> bool {
    repositories.is_empty() || repositories.iter().any(|pattern| pattern.matches(repository))
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TokenEvent {
    /// A token of a member; its secret is in no event.
    TokenIssued {
        member: MemberId,
        label: String,
        scopes: Vec<TokenScope>,
        /// the only repositories that it may touch; none named: all
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repositories: Vec<Pattern>,
        expires_at: Option<DateTime<Utc>>,
        /// the token that it was made with; none, if a person who signed in made it
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<TokenId>,
    },
    /// Another took its place; it ends then, if it does not end sooner.
    TokenReplaced { by: TokenId, until: DateTime<Utc> },
    /// It lets nobody in any more.
    TokenRevoked {},
}
use TokenEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCommand {
    Issue { member: MemberId, label: String, limits: TokenLimits, parent: Option<Parent>, at: DateTime<Utc> },
    Replace { by: TokenId, until: DateTime<Utc>, at: DateTime<Utc> },
    Revoke,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejection {
    #[error("the token exists already")]
    Exists,
    #[error("there is no such token")]
    NotFound,
    #[error("the token is revoked or has expired; issue a new one")]
    Dead,
    #[error("token {label:?} has no scope; give at least one of read, write, pull, push, delete, admin")]
    NoScope { label: String },
    #[error(
        "token {label:?} would have the scope admin for some repositories only, which admin knows nothing of; leave out one of both"
    )]
    AdminOfRepositories { label: String },
    #[error("token {label:?} would have the scope {}, which the token that it is made with has not", scope.as_str())]
    ExceedsScopes { label: String, scope: TokenScope },
    #[error(
        "token {label:?} would be for repositories that the token that it is made with is not for; name some of its patterns: {allowed}"
    )]
    ExceedsRepositories { label: String, allowed: String },
    #[error(
        "token {label:?} would outlive the token that it is made with, which ends at {}; let it end sooner",
        shown(ends_at)
    )]
    Outlives { label: String, ends_at: DateTime<Utc> },
    #[error(
        "token {label:?} would have more than {MAX_DEPTH} tokens above it; make it with one that is nearer to a person"
    )]
    TooDeep { label: String },
    #[error("token {label:?} would expire at {}, which has passed", shown(expires_at))]
    ExpiryPassed { label: String, expires_at: DateTime<Utc> },
}

impl Rejection for TokenRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists => "token.exists",
            Self::NotFound => "token.not_found",
            Self::Dead => "token.dead",
            Self::NoScope { .. } => "token.no_scope",
            Self::AdminOfRepositories { .. } => "token.admin_of_repositories",
            Self::ExceedsScopes { .. } => "token.exceeds_scopes",
            Self::ExceedsRepositories { .. } => "token.exceeds_repositories",
            Self::Outlives { .. } => "token.outlives",
            Self::TooDeep { .. } => "token.too_deep",
            Self::ExpiryPassed { .. } => "token.expiry_passed",
        }
    }
}

#[derive(Debug, Default)]
pub struct Token {
    status: Status,
    expires_at: Option<DateTime<Utc>>,
    pub scopes: Vec<TokenScope>,
    pub parent: Option<TokenId>,
    /// another has taken its place, or will soon
    pub replaced: bool,
}

impl Token {
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.expires_at
    }

    /// Whether it lets anybody in at that time.
    pub fn check_live(&self, at: DateTime<Utc>) -> Result<(), TokenRejection> {
        match self.status {
            Status::None => Err(TokenRejection::NotFound),
            Status::Live if self.expires_at.is_none_or(|expires_at| expires_at > at) => Ok(()),
            Status::Live | Status::Revoked => Err(TokenRejection::Dead),
        }
    }
}

#[derive(Debug, Default, PartialEq)]
enum Status {
    #[default]
    None,
    Live,
    Revoked,
}

impl DomainEvent for TokenEvent {}

impl Decider for Token {
    const CATEGORY: Category = Category::Token;
    type Command = TokenCommand;
    type Event = TokenEvent;
    type Rejection = TokenRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.status) {
            (TokenCommand::Issue { .. }, Status::Live | Status::Revoked) => Err(TokenRejection::Exists),
            (TokenCommand::Issue { member, label, limits, parent, at }, Status::None) => {
                let limits = within(label, limits, parent.as_ref(), *at)?;
                Ok(vec![TokenIssued {
                    member: *member,
                    label: label.clone(),
                    scopes: limits.scopes,
                    repositories: limits.repositories,
                    expires_at: limits.expires_at,
                    parent: parent.as_ref().map(|parent| parent.id),
                }])
            }
            (TokenCommand::Replace { by, until, at }, _) => {
                self.check_live(*at)?;
                Ok(vec![TokenReplaced { by: *by, until: *until }])
            }
            (TokenCommand::Revoke, Status::None) => Err(TokenRejection::NotFound),
            (TokenCommand::Revoke, Status::Live) => Ok(vec![TokenRevoked {}]),
            (TokenCommand::Revoke, Status::Revoked) => Ok(vec![]),
        }
    }

    fn evolve(&mut self, event: &Self::Event) {
        match event {
            TokenIssued { expires_at, scopes, parent, .. } => {
                *self = Self {
                    status: Status::Live,
                    expires_at: *expires_at,
                    scopes: scopes.clone(),
                    parent: *parent,
                    replaced: false,
                };
            }
            TokenReplaced { until, .. } => {
                self.replaced = true;
                self.expires_at = Some(self.expires_at.map_or(*until, |expires_at| expires_at.min(*until)));
            }
            TokenRevoked {} => self.status = Status::Revoked,
        }
    }
}

/// What a new token may do: what is asked for, if its parent may do it too. Without a wish it ends when its parent does.
fn within(
    label: &str,
    asked: &TokenLimits,
    parent: Option<&Parent>,
    at: DateTime<Utc>,
) -> Result<TokenLimits, TokenRejection> {
    let label = || label.to_owned();
    let mut limits = asked.clone();
    if limits.scopes.is_empty() {
        return Err(TokenRejection::NoScope { label: label() });
    }
    if limits.scopes.contains(&TokenScope::Admin) && !limits.repositories.is_empty() {
        return Err(TokenRejection::AdminOfRepositories { label: label() });
    }
    if let Some(expires_at) = limits.expires_at.filter(|expires_at| *expires_at <= at) {
        return Err(TokenRejection::ExpiryPassed { label: label(), expires_at });
    }
    let Some(Parent { limits: own, depth, .. }) = parent else { return Ok(limits) };
    if let Some(scope) = limits.scopes.iter().find(|scope| !own.scopes.contains(scope)) {
        return Err(TokenRejection::ExceedsScopes { label: label(), scope: *scope });
    }
    let covered = |pattern: &Pattern| own.repositories.iter().any(|own| own.covers(pattern));
    if !own.repositories.is_empty() && (limits.repositories.is_empty() || !limits.repositories.iter().all(covered)) {
        let allowed: Vec<_> = own.repositories.iter().map(Pattern::as_str).collect();
        return Err(TokenRejection::ExceedsRepositories { label: label(), allowed: allowed.join(", ") });
    }
    match (limits.expires_at, own.expires_at) {
        (Some(wish), Some(ends_at)) if wish > ends_at => {
            return Err(TokenRejection::Outlives { label: label(), ends_at });
        }
        (wish, ends_at) => limits.expires_at = wish.or(ends_at),
    }
    match *depth < MAX_DEPTH {
        true => Ok(limits),
        false => Err(TokenRejection::TooDeep { label: label() }),
    }
}

#[cfg(test)]
mod tests;
