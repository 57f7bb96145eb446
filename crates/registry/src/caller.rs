//! Who calls. The hub knows the credentials; the registry asks it through `Callers`, and keeps the answer in its token.

use async_trait::async_trait;
use distr_domain::entitlement::EntitlementSubject;
use distr_domain::ids::{ApplicationId, CredentialId, CustomerId, OrganizationId, TargetId, TokenId};
use distr_domain::names::RepositoryPath;
use distr_domain::pattern::Pattern;
use distr_domain::permission::{Membership, Permission};
use distr_domain::rejection::Rejection;
use distr_domain::token::TokenScope;
use distr_domain::version::Version;
use distr_eventlog::Actor;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the hub knows of credentials. Faults are faults: a wrong secret and a dead caller are `None`.
#[async_trait]
pub trait Callers: Send + Sync {
    /// Whose username and secret these are: a member's token, or an agent's credential.
    async fn authenticate(&self, username: &str, secret: &str) -> Result<Option<Caller>, CallersFault>;

    /// The caller as it is now; nobody if its own token or credential was revoked or has expired. Never asked for one
    /// without a credential. Asked with each request, so it must be quick.
    async fn current(&self, caller: &Caller) -> Result<Option<Caller>, CallersFault>;
}

pub type CallersFault = Box<dyn std::error::Error + Send + Sync>;

/// A caller, as its registry token carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// nobody's, for a caller without a credential
    pub organization: Option<OrganizationId>,
    pub actor: Actor,
    pub access: CallerAccess,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum CallerAccess {
    /// Whoever shows no credential.
    Anonymous,
    /// A person or a robot, by one of its tokens.
    Member {
        membership: Membership,
        scopes: Vec<TokenScope>,
        /// the only repositories that the token may touch; none named: all
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        repositories: Vec<Pattern>,
        token: TokenId,
    },
    Agent {
        customer: CustomerId,
        target: TargetId,
        credential: CredentialId,
        /// the only releases that it may still have, if it is late with renewing its credential
        #[serde(default, skip_serializing_if = "Option::is_none")]
        only: Option<Vec<RunningRelease>>,
    },
}

/// A release that runs on a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningRelease {
    pub application: ApplicationId,
    pub version: Version,
}

/// What a request does, as far as the caller's own rights go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// To see whether something is there: what a pusher must be able to ask, too.
    Look,
    Pull,
    Push,
    Delete,
}

/// What a caller may do by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Right {
    /// All of it, by this rule.
    Whole { rule: String },
    /// What the licenses of this customer entitle to.
    Licensed { customer: CustomerId },
}

/// A caller that may not do what it asked for, whatever the repository. The text goes on after `<repository>: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct NotAllowed {
    code: &'static str,
    reason: String,
}

impl NotAllowed {
    pub(crate) fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

impl NotAllowed {
    /// For what does not run on the target of a caller that is late.
    pub(crate) fn late() -> Self {
        let reason = "the pull credential has ended, and opens only what runs on its target; \
                      the agent gets a new one as soon as it reaches the hub";
        Self::new("registry.late", reason)
    }
}

impl Rejection for NotAllowed {
    fn code(&self) -> &'static str {
        self.code
    }
}

impl Caller {
    pub(crate) const ANONYMOUS: Self =
        Self { organization: None, actor: Actor::Anonymous, access: CallerAccess::Anonymous };

    /// The credential that it came with.
    pub(crate) fn credential(&self) -> Option<Uuid> {
        match &self.access {
            CallerAccess::Anonymous => None,
            CallerAccess::Member { token, .. } => Some(token.0),
            CallerAccess::Agent { credential, .. } => Some(credential.0),
        }
    }

    pub(crate) fn customer(&self) -> Option<CustomerId> {
        match &self.access {
            CallerAccess::Anonymous => None,
            CallerAccess::Member { membership, .. } => membership.customer(),
            CallerAccess::Agent { customer, .. } => Some(*customer),
        }
    }

    /// The only releases that it may have, if it is late.
    fn only(&self) -> Option<&[RunningRelease]> {
        match &self.access {
            CallerAccess::Agent { only, .. } => only.as_deref(),
            CallerAccess::Anonymous | CallerAccess::Member { .. } => None,
        }
    }

    /// Whether it has its rights only in part, since its credential has ended.
    pub(crate) fn is_late(&self) -> bool {
        self.only().is_some()
    }

    /// Those of `asked` that count for it, whatever the licenses say.
    pub(crate) fn counting(&self, asked: &[EntitlementSubject]) -> Vec<EntitlementSubject> {
        let runs = |asked: &&EntitlementSubject| {
            let is_it = |of: &RunningRelease| {
                of.application == asked.application && Some(&of.version) == asked.version.as_ref()
            };
            self.only().is_none_or(|only| only.iter().any(is_it))
        };
        asked.iter().filter(runs).cloned().collect()
    }

    /// What it may do to this repository of its own organization.
    pub(crate) fn right(&self, repository: &RepositoryPath, need: Need) -> Result<Right, NotAllowed> {
        let right = self.right_somewhere(need)?;
        if let CallerAccess::Member { repositories, .. } = &self.access {
            token_repository(repositories, repository)?;
        }
        Ok(right)
    }

    /// What it may do to those repositories of its own organization that its token may touch.
    pub(crate) fn right_somewhere(&self, need: Need) -> Result<Right, NotAllowed> {
        let changes = matches!(need, Need::Push | Need::Delete);
        match &self.access {
            CallerAccess::Anonymous => Err(NotAllowed::new("registry.anonymous", "sign in first")),
            CallerAccess::Agent { .. } if changes => Err(NotAllowed::new("registry.agent", "an agent may only pull")),
            CallerAccess::Agent { customer, .. } => Ok(Right::Licensed { customer: *customer }),
            CallerAccess::Member { membership, scopes, .. } => {
                token_scope(scopes, need)?;
                member(membership, need)
            }
        }
    }
}

fn token_scope(scopes: &[TokenScope], need: Need) -> Result<(), NotAllowed> {
    let (enough, verb): (&[TokenScope], _) = match need {
        Need::Look => (&[TokenScope::Pull, TokenScope::Push, TokenScope::Delete], "pull"),
        Need::Pull => (&[TokenScope::Pull], "pull"),
        Need::Push => (&[TokenScope::Push], "push"),
        Need::Delete => (&[TokenScope::Delete], "delete"),
    };
    match scopes.iter().any(|scope| enough.contains(scope)) {
        true => Ok(()),
        false => Err(NotAllowed::new("registry.token_scope", format!("the token does not have the scope {verb}"))),
    }
}

fn token_repository(repositories: &[Pattern], repository: &RepositoryPath) -> Result<(), NotAllowed> {
    match repositories.is_empty() || repositories.iter().any(|pattern| pattern.matches(repository.as_str())) {
        true => Ok(()),
        false => Err(NotAllowed::new("registry.token_repository", "the token is for other repositories")),
    }
}

fn member(membership: &Membership, need: Need) -> Result<Right, NotAllowed> {
    let (permission, verb) = match need {
        Need::Look | Need::Pull => (Permission::PullArtifacts, "pull"),
        Need::Push => (Permission::PushArtifacts, "push"),
        Need::Delete => (Permission::DeleteArtifacts, "delete"),
    };
    match membership {
        _ if !membership.may(permission) => {
            Err(NotAllowed::new("registry.role", format!("{} may not {verb}", role(membership))))
        }
        Membership::Vendor { .. } => Ok(Right::Whole { rule: role(membership) }),
        Membership::Customer { customer, .. } => Ok(Right::Licensed { customer: *customer }),
    }
}

/// `role publisher`, `customer role viewer`
fn role(membership: &Membership) -> String {
    let (side, role) = match membership {
        Membership::Vendor { role } => ("role", serde_json::to_value(role)),
        Membership::Customer { role, .. } => ("customer role", serde_json::to_value(role)),
    };
    let role = role.ok().and_then(|role| role.as_str().map(str::to_owned)).unwrap_or_default();
    format!("{side} {role}")
}

#[cfg(test)]
mod tests {
    use distr_domain::permission::{CustomerRole, VendorRole};

    use super::*;

    const CUSTOMER: CustomerId = CustomerId(Uuid::nil());

    fn caller(membership: Membership, scopes: &[TokenScope]) -> Caller {
        Caller {
            organization: Some(OrganizationId(Uuid::nil())),
            actor: Actor::Operator,
            access: CallerAccess::Member {
                membership,
                scopes: scopes.to_vec(),
                repositories: vec!["hello".parse().unwrap(), "team/*".parse().unwrap()],
                token: TokenId(Uuid::nil()),
            },
        }
    }

    fn vendor(role: VendorRole, scopes: &[TokenScope]) -> Caller {
        caller(Membership::Vendor { role }, scopes)
    }

    fn right(caller: &Caller, need: Need) -> Result<Right, NotAllowed> {
        caller.right(&"hello".parse().unwrap(), need)
    }

    fn reason(caller: &Caller, need: Need) -> String {
        right(caller, need).unwrap_err().reason
    }

    #[test]
    fn a_token_that_names_repositories_is_for_no_others() {
        let robot = vendor(VendorRole::Publisher, &[TokenScope::Pull]);
        for (repository, may) in [("hello", true), ("team/a", true), ("hello/web", false), ("teams", false)] {
            assert_eq!(robot.right(&repository.parse().unwrap(), Need::Pull).is_ok(), may, "{repository}");
        }
    }

    #[test]
    fn a_push_needs_the_role_and_the_token_scope() {
        use TokenScope::*;
        let publisher = vendor(VendorRole::Publisher, &[Pull, Push]);
        assert_eq!(right(&publisher, Need::Push), Ok(Right::Whole { rule: "role publisher".into() }));
        let pull_only = vendor(VendorRole::Publisher, &[Pull]);
        assert_eq!(reason(&pull_only, Need::Delete), "the token does not have the scope delete");
        assert_eq!(reason(&vendor(VendorRole::Support, &[Pull, Push]), Need::Push), "role support may not push");
        assert_eq!(reason(&vendor(VendorRole::Auditor, &[Pull]), Need::Pull), "role auditor may not pull");
    }

    #[test]
    fn a_token_that_may_only_push_looks_but_does_not_pull() {
        let robot = vendor(VendorRole::Publisher, &[TokenScope::Push]);
        assert!(right(&robot, Need::Look).is_ok());
        assert_eq!(reason(&robot, Need::Pull), "the token does not have the scope pull");
    }

    #[test]
    fn a_customer_pulls_what_it_licensed_and_pushes_nothing() {
        let admin = Membership::Customer { customer: CUSTOMER, role: CustomerRole::Admin };
        let admin = caller(admin, &[TokenScope::Pull, TokenScope::Push]);
        assert_eq!(right(&admin, Need::Pull), Ok(Right::Licensed { customer: CUSTOMER }));
        assert_eq!(reason(&admin, Need::Push), "customer role admin may not push");
    }

    #[test]
    fn an_agent_only_pulls() {
        let access = CallerAccess::Agent {
            customer: CUSTOMER,
            target: TargetId(Uuid::nil()),
            credential: CredentialId(Uuid::nil()),
            only: None,
        };
        let agent = Caller { access, ..vendor(VendorRole::Owner, &[]) };
        assert_eq!(right(&agent, Need::Look), Ok(Right::Licensed { customer: CUSTOMER }));
        assert_eq!(reason(&agent, Need::Push), "an agent may only pull");
    }
}
