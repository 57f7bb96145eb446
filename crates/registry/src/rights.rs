//! What a caller may do to a repository, whatever its token was asked for: by itself, or because the repository is public.
//! What licenses say of a single manifest or blob comes after, in `entitlements`.

use deadpool_postgres::Pool;
use distr_domain::artifact::Visibility;
use distr_projections::repository;

use crate::caller::{Caller, Need, NotAllowed, Right};
use crate::fault::Fault;
use crate::name::RepositoryName;
use crate::scope::{Access, Action};

/// The reason why a caller has no right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Whoever signs in may learn more.
    SignIn,
    /// Of another organization: as unknown as what nobody has.
    Unknown,
    NotAllowed(NotAllowed),
}

/// The rights of callers, with what the read models say of their repositories.
#[derive(Clone)]
pub(crate) struct Rights {
    pool: Pool,
}

impl Rights {
    pub(crate) fn new(pool: Pool) -> Self {
        Self { pool }
    }

    /// The right of this caller to this repository, by itself or because the repository is public.
    pub(crate) async fn of(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        need: Need,
    ) -> Result<Result<Right, Refused>, Fault> {
        let own = own(caller, name, need);
        let may_be_public = !is_whole(&own) && matches!(need, Need::Look | Need::Pull);
        let is_public = may_be_public && self.is_public(name).await?;
        Ok(or_public(own, is_public))
    }

    /// Of what a token is asked for, what its caller may have. What licenses decide is left in: they are asked at each use.
    pub(crate) async fn allowed(&self, caller: &Caller, asked: Vec<Access>) -> Result<Vec<Access>, Fault> {
        let mut allowed = Vec::with_capacity(asked.len());
        for mut access in asked {
            if access.is_catalog() && caller.right_somewhere(Need::Pull).is_ok() {
                allowed.push(access);
                continue;
            }
            let Ok(name) = access.name.parse::<RepositoryName>() else { continue };
            let mut actions = Vec::with_capacity(access.actions.len());
            for action in access.actions {
                if self.of(caller, &name, need(action)).await?.is_ok() {
                    actions.push(action);
                }
            }
            access.actions = actions;
            if !access.actions.is_empty() {
                allowed.push(access);
            }
        }
        Ok(allowed)
    }

    async fn is_public(&self, name: &RepositoryName) -> Result<bool, Fault> {
        let visibility = repository::visibility(&self.pool.get().await?, name.artifact()).await?;
        Ok(visibility == Visibility::Public)
    }
}

/// To pull from a repository of which it is known whether it is public.
pub(crate) fn to_pull(caller: &Caller, name: &RepositoryName, need: Need, is_public: bool) -> Result<Right, Refused> {
    or_public(own(caller, name, need), is_public)
}

fn own(caller: &Caller, name: &RepositoryName, need: Need) -> Result<Right, Refused> {
    match caller.organization {
        None => Err(Refused::SignIn),
        Some(organization) if organization != name.organization() => Err(Refused::Unknown),
        Some(_) => caller.right(&name.path, need).map_err(Refused::NotAllowed),
    }
}

fn or_public(own: Result<Right, Refused>, is_public: bool) -> Result<Right, Refused> {
    match is_public && !is_whole(&own) {
        true => Ok(Right::Whole { rule: "public repository".to_owned() }),
        false => own,
    }
}

fn is_whole(right: &Result<Right, Refused>) -> bool {
    matches!(right, Ok(Right::Whole { .. }))
}

fn need(action: Action) -> Need {
    match action {
        Action::Pull => Need::Pull,
        Action::Push => Need::Push,
        Action::Delete => Need::Delete,
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::ids::{OrganizationId, TokenId};
    use distr_domain::permission::{Membership, VendorRole};
    use distr_domain::token::TokenScope;
    use distr_eventlog::Actor;
    use uuid::Uuid;

    use super::*;
    use crate::caller::CallerAccess;

    fn name() -> RepositoryName {
        "acme/hello".parse().unwrap()
    }

    fn caller(organization: OrganizationId, role: VendorRole) -> Caller {
        let access = CallerAccess::Member {
            membership: Membership::Vendor { role },
            scopes: vec![TokenScope::Pull],
            repositories: vec![],
            token: TokenId(Uuid::nil()),
        };
        Caller { organization: Some(organization), actor: Actor::Operator, access }
    }

    #[test]
    fn a_public_repository_is_pulled_from_by_whoever_has_no_right_of_its_own() {
        let public = Ok(Right::Whole { rule: "public repository".to_owned() });
        let stranger = caller(OrganizationId(Uuid::nil()), VendorRole::Owner);
        let auditor = caller(name().organization(), VendorRole::Auditor);
        for caller in [Caller::ANONYMOUS, stranger, auditor] {
            assert_eq!(to_pull(&caller, &name(), Need::Pull, true), public, "{caller:?}");
        }
        let publisher = caller(name().organization(), VendorRole::Publisher);
        let own = Ok(Right::Whole { rule: "role publisher".to_owned() });
        assert_eq!(to_pull(&publisher, &name(), Need::Pull, true), own);
    }

    #[test]
    fn a_private_repository_is_unknown_to_other_organizations() {
        let stranger = caller(OrganizationId(Uuid::nil()), VendorRole::Owner);
        assert_eq!(to_pull(&stranger, &name(), Need::Pull, false), Err(Refused::Unknown));
        assert_eq!(to_pull(&Caller::ANONYMOUS, &name(), Need::Pull, false), Err(Refused::SignIn));
        let auditor = caller(name().organization(), VendorRole::Auditor);
        assert!(matches!(to_pull(&auditor, &name(), Need::Pull, false), Err(Refused::NotAllowed(_))));
    }
}
