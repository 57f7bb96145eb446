//! Who the caller is, and what it may do.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::CustomerId;
use distr_domain::member::MemberKind;
use distr_domain::permission::{self as domain, CustomerRole, Membership, VendorRole};
use distr_projections::token;
use uuid::Uuid;

use super::context::{ContextExt, read};
use super::customer::{self, Customer};
use super::guard::SignedIn;
use super::loader::{Of, PersonName, PersonOf, failed};
use super::organization::{self, Organization};
use super::scalar::Pattern;
use super::session::Role;
use super::token::{Token, TokenScope};
use crate::auth::{MemberCaller, Via};
use crate::failure::Failure;

/// A permission: what a member may do, by its role and the scopes of its token.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::Permission")]
pub enum Permission {
    /// The right to see applications, releases, channels and repositories; for a customer, those of its licenses.
    ReadCatalog,
    /// The right to change applications, releases, channels and repositories.
    Publish,
    /// The right to see customers and licenses; for a customer, its own.
    ReadCustomers,
    /// The right to create and rename customers, to see the portal as a customer does, and to put alerts off.
    ManageCustomers,
    /// The right to issue, change and end licenses.
    ManageLicenses,
    /// The right to see targets and deployments; for a customer, its own.
    ReadFleet,
    /// The right to register, enrol and retire targets.
    ManageTargets,
    /// The right to deploy to targets, and to set secrets.
    Deploy,
    /// The right to see members and their tokens.
    ReadMembers,
    /// The right to invite and remove members, and to change their roles.
    ManageMembers,
    /// The right to change the organization itself.
    ManageOrganization,
    /// The right to say whose signatures an application trusts.
    ManageSigningPolicy,
    /// The right to see what a rollout would do, and the policies that rollouts go by.
    ReadRolloutPlans,
    /// The right to start rollouts, and to resume, adjust, abort and roll back those that are open.
    RollOut,
    /// The right to pause and halt rollouts, and to approve them where their policy names the role.
    OverseeRollouts,
    /// The right to say which policies rollouts go by.
    ManageRolloutPolicies,
    /// The right to read the event log of the organization.
    ReadLog,
    /// The right to pull from the registry; for a customer, what its licenses entitle it to.
    PullArtifacts,
    /// The right to push to the registry.
    PushArtifacts,
    /// The right to delete from the registry.
    DeleteArtifacts,
}

pub(super) struct Viewer<'a>(&'a MemberCaller);

/// The caller: the member who sent this request.
#[Object]
impl Viewer<'_> {
    /// The id of the member, a UUID.
    async fn member_id(&self) -> ID {
        self.0.member.0.into()
    }

    /// The role of the member.
    async fn role(&self) -> Role {
        self.0.membership.into()
    }

    /// The permissions of the caller: what its role gives, within the scopes of the token if it came with one.
    async fn permissions(&self) -> Vec<Permission> {
        domain::Permission::ALL.into_iter().filter(|permission| self.0.may(*permission)).map(Permission::from).collect()
    }

    /// The organization of the member.
    async fn organization(&self, ctx: &Context<'_>) -> Result<Organization> {
        Ok(organization::load(ctx).await?)
    }

    /// The customer whose member it is; null for a member of the vendor.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.membership.customer() {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The time until which a vendor's member sees what the customer sees, and changes nothing, by `sessionViewAs`; null
    /// for everybody else.
    async fn viewing_until(&self) -> Option<DateTime<Utc>> {
        self.0.viewing_until
    }

    /// The token that the request came with; null in a session.
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

    /// The name of the person or the robot; null if none is known.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.person(ctx).await?.map(|person| person.name).filter(|name| !name.is_empty()))
    }

    /// The e-mail address of the person; null for a robot.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        if self.0.kind == MemberKind::Robot {
            return Ok(None);
        }
        Ok(self.person(ctx).await?.map(|person| person.email))
    }

    /// The tokens of the member, the revoked included, in the order in which they were issued; null if the request came
    /// with a token, or while a vendor's member sees what a customer sees.
    async fn tokens(&self, ctx: &Context<'_>) -> Result<Option<Vec<Token>>> {
        if matches!(self.0.via, Via::Token { .. }) || self.0.viewing_until.is_some() {
            return Ok(None);
        }
        let tokens = token::of_members(&*read(ctx).await?, self.0.organization, &[self.0.member]).await;
        Ok(Some(tokens.map_err(Failure::from)?.into_iter().map(Token).collect()))
    }
}

impl Viewer<'_> {
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<PersonName>, Failure> {
        let key = PersonOf(Of { organization: self.0.organization, id: self.0.member });
        ctx.loader().load_one(key).await.map_err(failed)
    }
}

/// The token that the request came with, and its limits.
#[derive(SimpleObject)]
struct ViewerToken {
    /// The id of the token, a UUID.
    id: ID,
    /// The scopes of the token: what it opens.
    scopes: Vec<TokenScope>,
    /// The patterns of the only repositories that the token is for, in which `*` stands for any run of characters;
    /// empty for all repositories.
    repositories: Vec<Pattern>,
    /// The time at which the token ends by itself; null if it never does.
    expires_at: Option<DateTime<Utc>>,
}

/// A role, and what it lets a member do.
#[derive(SimpleObject)]
struct RoleRights {
    /// The role.
    role: Role,
    /// The permissions that the role gives.
    permissions: Vec<Permission>,
}

impl From<Membership> for RoleRights {
    fn from(membership: Membership) -> Self {
        let given = domain::Permission::ALL.into_iter().filter(|permission| membership.may(*permission));
        Self { role: membership.into(), permissions: given.map(Permission::from).collect() }
    }
}

#[derive(Default)]
pub(super) struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The caller: the member who sent this request.
    #[graphql(guard = "SignedIn")]
    async fn viewer<'a>(&self, ctx: &Context<'a>) -> Result<Viewer<'a>> {
        Ok(Viewer(ctx.caller()?))
    }

    /// The roles that there are, with what each lets a member do. A customer's member sees the roles of customers alone.
    #[graphql(guard = "SignedIn")]
    async fn roles(&self, ctx: &Context<'_>) -> Result<Vec<RoleRights>> {
        let own = ctx.scope()?.customer;
        // what a role gives does not depend on the customer
        let customer = own.unwrap_or(CustomerId(Uuid::nil()));
        let of_vendor = [VendorRole::Owner, VendorRole::Publisher, VendorRole::Support, VendorRole::Auditor]
            .map(|role| Membership::Vendor { role });
        let of_customer =
            [CustomerRole::Admin, CustomerRole::Viewer].map(|role| Membership::Customer { customer, role });
        let shown = of_vendor.into_iter().filter(|_| own.is_none()).chain(of_customer);
        Ok(shown.map(RoleRights::from).collect())
    }
}
