//! Who is asking: from a bearer token to a caller with a role and scopes. What a caller may do is the domain's table
//! (`permission`); that it is asked is `graphql::guard` and the handlers.

pub mod cookie;
pub mod last_use;
pub mod open_sockets;
pub mod password;
pub mod presence;
mod sessions;
mod sign_in;
pub mod throttle;

use std::net::IpAddr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use distr_domain::ids::{CredentialId, CustomerId, MemberId, OrganizationId, TargetId, TokenId};
use distr_domain::member::MemberKind;
use distr_domain::names::RepositoryPath;
use distr_domain::pattern::Pattern;
use distr_domain::permission::{CustomerRole, Membership, Permission};
use distr_domain::rejection::Rejection;
use distr_domain::token::{Parent, TokenLimits, TokenScope, is_for};
use distr_eventlog::Actor;
use distr_projections::Scope;
use tokio_postgres::Row;
use tokio_postgres::types::Json;
use uuid::Uuid;

use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use crate::limits::holder::Holder;
use crate::models::ReadModels;
use crate::ops::credential::CredentialKind;

pub use sessions::Sessions;
pub use sign_in::{SignIn, SignedIn, Tried, open as open_session, record as record_sign_in, sign_in};

/// The code for what a page of another origin asks with a browser's session.
pub const FOREIGN_ORIGIN: &str = "session.origin";

/// Whoever showed a credential that lets in.
#[derive(Debug, Clone)]
pub enum Caller {
    Member(MemberCaller),
    Agent(AgentCaller),
    /// A cluster's node, by what its agent gave it to pull with.
    Puller(Puller),
}

#[derive(Debug, Clone)]
pub struct Puller {
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub target: TargetId,
    pub credential: CredentialId,
    /// its agent was long not able to get another
    pub is_late: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberCaller {
    pub organization: OrganizationId,
    pub member: MemberId,
    pub kind: MemberKind,
    pub membership: Membership,
    pub via: Via,
    /// A vendor's member sees until then what a customer's viewer sees, and changes nothing: `membership` is the viewer's.
    pub viewing_until: Option<DateTime<Utc>>,
}

/// A vendor's member sees what a customer sees, and would change something.
#[derive(Debug, thiserror::Error)]
#[error("you see the portal as a customer does, and change nothing; end the view first")]
struct Viewing;

impl Rejection for Viewing {
    fn code(&self) -> &'static str {
        "session.viewing"
    }
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
    Session {
        id: Uuid,
    },
    Token {
        id: Uuid,
        depth: usize,
        /// the first of those that it comes from, itself if it comes from none
        root: Uuid,
        limits: TokenLimits,
        /// of those with whose tokens it was made: it can do no more than they
        above: Vec<Membership>,
    },
}

impl Via {
    /// Of the credential that was shown.
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Session { id } | Self::Token { id, .. } => *id,
        }
    }

    /// Of the credential that somebody holds who shows this one, or one that it was made with.
    pub const fn root(&self) -> Uuid {
        match self {
            Self::Session { id } => *id,
            Self::Token { root, .. } => *root,
        }
    }
}

/// The parts of the hub that members, their tokens and agents' credentials have to do with: facts in the log, and what is no
/// fact beside it.
#[derive(Clone, Copy)]
pub struct Identities<'a> {
    pub commands: &'a Commands,
    pub models: &'a ReadModels,
    pub sessions: &'a Arc<Sessions>,
}

/// Where a request came from, and the id that ties together all that follows from it.
#[derive(Debug, Clone)]
pub struct RequestInfo {
    pub correlation: Uuid,
    pub address: Option<IpAddr>,
    pub user_agent: Option<String>,
}

impl MemberCaller {
    /// The holder of the share of the hub that its requests have.
    pub fn holder(&self) -> Holder {
        Holder { group: (self.organization, self.scope().customer), member: self.member, credential: self.via.root() }
    }

    pub fn scope(&self) -> Scope {
        Scope { organization: self.organization, customer: self.membership.customer() }
    }

    /// The cause of a command with this id.
    pub fn cause(&self, request: &RequestInfo, command: Uuid) -> Cause {
        Cause {
            organization: self.organization,
            actor: self.actor(),
            causation: None,
            correlation: request.correlation,
            command,
        }
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
            Via::Session { .. } => (vec![], vec![], vec![]),
            Via::Token { limits, above, .. } => (limits.scopes.clone(), limits.repositories.clone(), above.clone()),
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
            Via::Token { above, .. } if !above.iter().all(|above| above.may(permission)) => {
                refused("which the role of whoever made your token does not give".to_owned())
            }
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

    /// For all that is written.
    pub fn check_not_viewing(&self) -> Result<(), Failure> {
        match self.viewing_until {
            None => Ok(()),
            Some(_) => Err(Failure::rejected(Viewing)),
        }
    }

    /// For what a token never does: it would outlive the token. Nor does who sees what a customer sees.
    pub fn check_session(&self) -> Result<(), Failure> {
        self.check_not_viewing()?;
        match &self.via {
            Via::Session { .. } => Ok(()),
            Via::Token { .. } => {
                Err(Failure::Forbidden("a token cannot do this, whatever its scopes; sign in with a password".into()))
            }
        }
    }

    /// For what gives somebody else a credential. What a token hands out may outlive it.
    pub fn check_may_hand_out(&self, what: &str) -> Result<(), Failure> {
        match &self.via {
            Via::Token { limits, .. } if !limits.scopes.contains(&TokenScope::Admin) => {
                Err(Failure::Forbidden(format!("{what} with a token needs the scope admin")))
            }
            _ => Ok(()),
        }
    }

    /// The token that it came with, as the parent of those that it makes.
    pub fn parent(&self) -> Option<Parent> {
        match &self.via {
            Via::Session { .. } => None,
            Via::Token { id, depth, limits, .. } => {
                Some(Parent { id: TokenId(*id), depth: *depth, limits: limits.clone() })
            }
        }
    }
}

/// Whether a member may see what a customer sees: the vendor's owners and its support.
pub fn may_view(membership: Membership) -> bool {
    membership.customer().is_none() && membership.may(Permission::ManageCustomers)
}

fn as_viewer(customer: CustomerId) -> Membership {
    Membership::Customer { customer, role: CustomerRole::Viewer }
}

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
        Some(CredentialKind::Pull) => Some(Caller::Puller(Puller {
            organization,
            customer: CustomerId(row.get("customer")),
            target: TargetId(subject),
            credential: CredentialId(id),
            is_late: row.get("late"),
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
                    let above: Option<Json<Vec<Membership>>> = row.get("above");
                    let above = above.map(|Json(above)| above).unwrap_or_default();
                    Via::Token { id, depth: depth.unsigned_abs() as usize, root: row.get("root"), limits, above }
                }
                false => Via::Session { id },
            };
            let kind = if member_kind == "robot" { MemberKind::Robot } else { MemberKind::Person };
            let viewed: Option<Uuid> = row.get("viewed");
            // whoever may do so no more sees its own again
            let viewed = viewed.filter(|_| may_view(membership));
            let (membership, viewing_until) = match viewed {
                Some(customer) => (as_viewer(CustomerId(customer)), row.get("viewed_until")),
                None => (membership, None),
            };
            let member = MemberId(subject);
            Some(Caller::Member(MemberCaller { organization, member, kind, membership, via, viewing_until }))
        }
        // what is good for one thing opens nothing else
        Some(CredentialKind::Enrolment | CredentialKind::Invitation | CredentialKind::PasswordReset) | None => None,
    }
}
