//! Who is asking: from a bearer token to a caller with a role and scopes. What a caller may do is the domain's table
//! (`permission`); that it is asked is `graphql::guard` and the handlers.

pub mod last_use;
pub mod open_sockets;
pub mod password;
mod sign_in;
pub mod throttle;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use distr_domain::ids::{CredentialId, CustomerId, MemberId, OrganizationId, TargetId, TokenId};
use distr_domain::member::MemberKind;
use distr_domain::names::RepositoryPath;
use distr_domain::pattern::Pattern;
use distr_domain::permission::{Membership, Permission};
use distr_domain::token::{Parent, TokenLimits, TokenScope, is_for};
use distr_eventlog::Actor;
use distr_projections::{Scope, Together};
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::clock::SharedClock;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::ops::credential::{self, CredentialKind};

pub use sign_in::{SignIn, SignedIn, Tried, open as open_session, record as record_sign_in, sign_in};

/// Whoever showed a credential that lets in.
#[derive(Debug, Clone)]
pub enum Caller {
    Member(MemberCaller),
    Agent(AgentCaller),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberCaller {
    pub organization: OrganizationId,
    pub member: MemberId,
    pub kind: MemberKind,
    pub membership: Membership,
    pub via: Via,
}

#[derive(Debug, Clone)]
pub struct AgentCaller {
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub target: TargetId,
    pub credential: CredentialId,
    /// when the credential was made, by the hub's clock
    pub since: DateTime<Utc>,
    /// it is the newest, and the one before it has not ended yet
    pub unconfirmed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    Session { id: Uuid },
    Token { id: Uuid, depth: usize, limits: TokenLimits },
}

impl Via {
    /// Of the credential that was shown.
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Session { id } | Self::Token { id, .. } => *id,
        }
    }
}

/// Where a request came from, and the id that ties together all that follows from it.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    pub correlation: Uuid,
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl MemberCaller {
    pub fn scope(&self) -> Scope {
        Scope { organization: self.organization, customer: self.membership.customer() }
    }

    pub fn actor(&self) -> Actor {
        match self.kind {
            MemberKind::Person => Actor::Member(self.member),
            MemberKind::Robot => Actor::Robot(self.member),
        }
    }

    /// Whether it is who it was and may do what it could. When its token ends is no part of it: what is told of that in
    /// advance, as by a rotation, ends nothing before its time.
    fn has_same_rights_as(&self, before: &Self) -> bool {
        let rights = |caller: &Self| match &caller.via {
            Via::Session { .. } => (vec![], vec![]),
            Via::Token { limits, .. } => (limits.scopes.clone(), limits.repositories.clone()),
        };
        let who = |caller: &Self| (caller.organization, caller.member, caller.membership, caller.via.id());
        who(self) == who(before) && rights(self) == rights(before)
    }

    /// By role, and by what its token is for if it came with a token.
    pub fn may(&self, permission: Permission) -> bool {
        self.check(permission).is_ok()
    }

    pub fn check(&self, permission: Permission) -> Result<(), Failure> {
        let refused = |why: String| Err(Failure::Forbidden(format!("this needs the permission {permission:?}, {why}")));
        match &self.via {
            _ if !self.membership.may(permission) => refused("which your role does not give".to_owned()),
            Via::Token { limits, .. } if !limits.scopes.contains(&permission.scope()) => {
                refused(format!("for which your token lacks the scope {}", permission.scope().as_str()))
            }
            Via::Token { limits, .. } if !limits.repositories.is_empty() && !permission.is_of_repositories() => {
                refused("and your token is for some repositories only".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// The only repositories that it may touch; none: all.
    pub fn repositories(&self) -> &[Pattern] {
        match &self.via {
            Via::Session { .. } => &[],
            Via::Token { limits, .. } => &limits.repositories,
        }
    }

    /// Tokens may be for some repositories only.
    pub fn check_repository(&self, repository: &RepositoryPath) -> Result<(), Failure> {
        match is_for(self.repositories(), repository.as_str()) {
            true => Ok(()),
            false => Err(Failure::Forbidden(format!("your token is for other repositories than {repository}"))),
        }
    }

    /// For what has to do with more than repositories.
    pub fn check_unlimited(&self) -> Result<(), Failure> {
        match self.repositories() {
            [] => Ok(()),
            _ => Err(Failure::Forbidden(
                "your token is for some repositories only, and this has to do with more; use another token".into(),
            )),
        }
    }

    /// For what a token never does: it would outlive the token.
    pub fn check_session(&self) -> Result<(), Failure> {
        match &self.via {
            Via::Session { .. } => Ok(()),
            Via::Token { .. } => {
                Err(Failure::Forbidden("a token cannot do this, whatever its scopes; sign in with a password".into()))
            }
        }
    }

    /// The token that it came with, as the parent of those that it makes.
    pub fn parent(&self) -> Option<Parent> {
        match &self.via {
            Via::Session { .. } => None,
            Via::Token { id, depth, limits } => {
                Some(Parent { id: TokenId(*id), depth: *depth, limits: limits.clone() })
            }
        }
    }
}

/// Nobody if the secret is unknown, expired or revoked, or its member or target is gone: told apart by no answer.
pub async fn authenticate(hub: &Hub, secret: &str) -> Result<Option<Caller>, Failure> {
    Ok(hub.callers.find(credential::hash(secret)).await?)
}

/// By the hash of what they show: one query for all who come at the same time.
pub fn callers(ops: Pool, clock: SharedClock) -> Together<Vec<u8>, Caller> {
    Together::start(move |hashes: Vec<Vec<u8>>| {
        let (ops, clock) = (ops.clone(), clock.clone());
        async move {
            let client = ops.get().await?;
            let statement = client.prepare_cached(&BY_SECRETS).await?;
            let rows = client.query(&statement, &[&hashes, &clock.now()]).await?;
            Ok::<_, Failure>(rows.iter().filter_map(|row| Some((row.get("hash"), caller(row)?))).collect())
        }
    })
}

/// By the id of a session, token or agent's credential, for those who showed its secret a while ago.
pub fn callers_again(ops: Pool, clock: SharedClock) -> Together<Uuid, Caller> {
    Together::start(move |ids: Vec<Uuid>| {
        let (ops, clock) = (ops.clone(), clock.clone());
        async move {
            let client = ops.get().await?;
            let statement = client.prepare_cached(&BY_IDS).await?;
            let rows = client.query(&statement, &[&ids, &clock.now()]).await?;
            Ok::<_, Failure>(rows.iter().filter_map(|row| Some((row.get("id"), caller(row)?))).collect())
        }
    })
}

/// The same by the id of a session, token or agent's credential, for those who showed its secret a while ago.
pub async fn authenticate_again(hub: &Hub, id: Uuid) -> Result<Option<Caller>, Failure> {
    Ok(hub.callers_again.find(id).await?)
}

/// The same for many at once; who is not in the answer may not come in.
async fn authenticate_all_again(hub: &Hub, ids: &[Uuid]) -> Result<HashMap<Uuid, Caller>, Failure> {
    let client = hub.ops.get().await?;
    let statement = client.prepare_cached(&BY_IDS).await?;
    let rows = client.query(&statement, &[&ids, &hub.clock.now()]).await?;
    Ok(rows.iter().filter_map(|row| Some((row.get("id"), caller(row)?))).collect())
}

const BY_SECRET: &str = include_str!("auth/authenticate.sql");
static BY_SECRETS: LazyLock<String> = LazyLock::new(|| BY_SECRET.replace("c.hash = $1", "c.hash = ANY($1)"));
static BY_IDS: LazyLock<String> = LazyLock::new(|| BY_SECRET.replace("c.hash = $1", "c.id = ANY($1)"));

fn caller(row: &Row) -> Option<Caller> {
    let kind: String = row.get("kind");
    let organization = OrganizationId(row.get("organization"));
    let (id, subject): (Uuid, Uuid) = (row.get("id"), row.get("subject"));
    match CredentialKind::parse(&kind) {
        Some(CredentialKind::Agent) => Some(Caller::Agent(AgentCaller {
            organization,
            customer: CustomerId(row.get("customer")),
            target: TargetId(subject),
            credential: CredentialId(id),
            since: row.get("created_at"),
            unconfirmed: row.get("unconfirmed"),
        })),
        Some(CredentialKind::Session | CredentialKind::Token) => {
            let Json(membership): Json<Membership> = row.get("membership");
            let member_kind: String = row.get("member_kind");
            let scopes: Vec<String> = row.get("scopes");
            let via = match kind == CredentialKind::Token.as_str() {
                true => {
                    let Json(repositories): Json<Vec<Pattern>> = row.get("repositories");
                    let scopes = scopes.iter().filter_map(|scope| TokenScope::parse(scope)).collect();
                    let expires_at = row.get("expires_at");
                    let depth: i32 = row.get("depth");
                    let limits = TokenLimits { scopes, repositories, expires_at };
                    Via::Token { id, depth: depth.unsigned_abs() as usize, limits }
                }
                false => Via::Session { id },
            };
            let kind = if member_kind == "robot" { MemberKind::Robot } else { MemberKind::Person };
            Some(Caller::Member(MemberCaller { organization, member: MemberId(subject), kind, membership, via }))
        }
        // what is good for one thing opens nothing else
        Some(CredentialKind::Enrolment | CredentialKind::Invitation | CredentialKind::PasswordReset) | None => None,
    }
}
