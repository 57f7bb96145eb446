//! A bearer token of a member. The secret is never here: only its hash is stored, outside the log.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::decider::{Category, Decider};
use crate::ids::{MemberId, TokenId};
use crate::pattern::Pattern;
use crate::rejection::Rejection;

/// What a token may be used for, within what its member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum TokenEvent {
    TokenIssued {
        member: MemberId,
        label: String,
        scopes: Vec<TokenScope>,
        /// the only repositories that it may touch; none named: all
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repositories: Vec<Pattern>,
        expires_at: Option<DateTime<Utc>>,
    },
    /// Another took its place; it ends then, if it does not end sooner.
    TokenReplaced {
        by: TokenId,
        until: DateTime<Utc>,
    },
    TokenRevoked {},
}
use TokenEvent::*;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenCommand {
    Issue {
        member: MemberId,
        label: String,
        scopes: Vec<TokenScope>,
        repositories: Vec<Pattern>,
        expires_at: Option<DateTime<Utc>>,
        at: DateTime<Utc>,
    },
    Replace {
        by: TokenId,
        until: DateTime<Utc>,
        at: DateTime<Utc>,
    },
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
    #[error("token {label:?} has no scope; give at least one of read, write, pull, push, delete")]
    NoScope { label: String },
    #[error("token {label:?} would expire at {expires_at}, which has passed")]
    ExpiryPassed { label: String, expires_at: DateTime<Utc> },
}

impl Rejection for TokenRejection {
    fn code(&self) -> &'static str {
        match self {
            Self::Exists => "token.exists",
            Self::NotFound => "token.not_found",
            Self::Dead => "token.dead",
            Self::NoScope { .. } => "token.no_scope",
            Self::ExpiryPassed { .. } => "token.expiry_passed",
        }
    }
}

#[derive(Debug, Default)]
pub struct Token {
    status: Status,
    expires_at: Option<DateTime<Utc>>,
}

impl Token {
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

impl Decider for Token {
    const CATEGORY: Category = Category::Token;
    type Command = TokenCommand;
    type Event = TokenEvent;
    type Rejection = TokenRejection;

    fn decide(&self, command: &Self::Command) -> Result<Vec<Self::Event>, Self::Rejection> {
        match (command, &self.status) {
            (TokenCommand::Issue { .. }, Status::Live | Status::Revoked) => Err(TokenRejection::Exists),
            (TokenCommand::Issue { label, scopes, .. }, _) if scopes.is_empty() => {
                Err(TokenRejection::NoScope { label: label.clone() })
            }
            (TokenCommand::Issue { label, expires_at: Some(expires_at), at, .. }, _) if expires_at <= at => {
                Err(TokenRejection::ExpiryPassed { label: label.clone(), expires_at: *expires_at })
            }
            (TokenCommand::Issue { member, label, scopes, repositories, expires_at, .. }, Status::None) => {
                Ok(vec![TokenIssued {
                    member: *member,
                    label: label.clone(),
                    scopes: scopes.clone(),
                    repositories: repositories.clone(),
                    expires_at: *expires_at,
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
            TokenIssued { expires_at, .. } => *self = Self { status: Status::Live, expires_at: *expires_at },
            TokenReplaced { until, .. } => {
                self.expires_at = Some(self.expires_at.map_or(*until, |expires_at| expires_at.min(*until)));
            }
            TokenRevoked {} => self.status = Status::Revoked,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::decider::given::given;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn issue(scopes: &[TokenScope], expires_at: Option<DateTime<Utc>>) -> TokenCommand {
        let member = MemberId(Uuid::nil());
        TokenCommand::Issue {
            member,
            label: "ci".into(),
            scopes: scopes.to_vec(),
            repositories: vec![],
            expires_at,
            at: at(100),
        }
    }

    #[test]
    fn a_token_without_scope_is_refused() {
        given::<Token>([]).when(issue(&[], None)).then_rejected(TokenRejection::NoScope { label: "ci".into() });
    }

    #[test]
    fn a_token_that_is_born_expired_is_refused() {
        given::<Token>([])
            .when(issue(&[TokenScope::Pull], Some(at(100))))
            .then_rejected(TokenRejection::ExpiryPassed { label: "ci".into(), expires_at: at(100) });
    }

    #[test]
    fn a_replaced_token_ends_with_the_overlap_or_sooner() {
        let issued = |expires_at| TokenIssued {
            member: MemberId(Uuid::nil()),
            label: "ci".into(),
            scopes: vec![TokenScope::Pull],
            repositories: vec![],
            expires_at,
        };
        let replace = |until, now| TokenCommand::Replace { by: TokenId(Uuid::nil()), until: at(until), at: at(now) };
        let replaced = |until| TokenReplaced { by: TokenId(Uuid::nil()), until: at(until) };
        given::<Token>([issued(None)]).when(replace(200, 100)).then([replaced(200)]);
        given::<Token>([issued(None), replaced(200)]).when(replace(300, 200)).then_rejected(TokenRejection::Dead);
        given::<Token>([issued(Some(at(150))), replaced(200)])
            .when(replace(300, 150))
            .then_rejected(TokenRejection::Dead);
        given::<Token>([issued(None), TokenRevoked {}]).when(replace(200, 100)).then_rejected(TokenRejection::Dead);
        given::<Token>([]).when(replace(200, 100)).then_rejected(TokenRejection::NotFound);
    }

    #[test]
    fn revoking_twice_revokes_once() {
        let issued = TokenIssued {
            member: MemberId(Uuid::nil()),
            label: "ci".into(),
            scopes: vec![TokenScope::Pull],
            repositories: vec![],
            expires_at: None,
        };
        given::<Token>([issued.clone()]).when(TokenCommand::Revoke).then([TokenRevoked {}]);
        given::<Token>([issued, TokenRevoked {}]).when(TokenCommand::Revoke).then_nothing();
    }
}
