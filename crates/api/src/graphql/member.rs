//! Members: people and robots. A customer's admin manages those of its customer.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::MemberId;
use distr_domain::member as domain;
use distr_domain::permission::{CustomerRole, Membership, Permission, VendorRole};
use distr_projections::member::{self, MemberRow};
use distr_projections::token;

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, read, text};
use super::customer::{self, Customer};
use super::guard::May;
use super::loader::{Of, PersonName, PersonOf, failed};
use super::scalar::Name;
use super::session::Role;
use super::token::Token;
use crate::error::ApiError;
use crate::operations::members::{self, NewMember};

pub(super) struct Member(pub MemberRow);

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MemberKind")]
pub enum MemberKind {
    Person,
    Robot,
}

impl Member {
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<PersonName>, ApiError> {
        let key = PersonOf(Of { organization: self.0.organization, id: self.0.id });
        ctx.loader().load_one(key).await.map_err(failed)
    }
}

#[Object]
impl Member {
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    async fn kind(&self) -> MemberKind {
        self.0.kind.into()
    }

    async fn role(&self) -> Role {
        self.0.membership.into()
    }

    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// Of a person, or what a robot is called.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.person(ctx).await?.map(|person| person.name))
    }

    /// Nothing for a robot.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let person = self.person(ctx).await?;
        Ok(person.map(|person| person.email).filter(|_| self.0.kind == domain::MemberKind::Person))
    }

    /// In the order in which they were issued, the revoked included.
    async fn tokens(&self, ctx: &Context<'_>) -> Result<Vec<Token>> {
        let tokens = token::of_members(&read(ctx).await?, self.0.organization, &[self.0.id]).await;
        Ok(tokens.map_err(ApiError::from)?.into_iter().map(Token).collect())
    }

    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

pub(super) async fn load(ctx: &Context<'_>, id: MemberId) -> Result<Member, ApiError> {
    let row = member::find(&read(ctx).await?, ctx.scope()?, id).await?;
    row.map(Member).ok_or_else(|| ApiError::not_found("member", id))
}

pub(super) fn parse_id(id: &ID) -> Result<MemberId, ApiError> {
    id.parse().map_err(|_| ApiError::BadInput(format!("{:?} is not the id of a member", id.as_str())))
}

#[derive(Default)]
pub(super) struct MemberQuery;

#[Object]
impl MemberQuery {
    #[graphql(guard = "May(Permission::ReadMembers)")]
    async fn member(&self, ctx: &Context<'_>, id: ID) -> Result<Member> {
        Ok(load(ctx, parse_id(&id)?).await?)
    }

    /// Those who were not removed.
    #[graphql(guard = "May(Permission::ReadMembers)", complexity = "cost(first, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        first: Option<u16>,
        after: Option<String>,
    ) -> Result<Connection<String, Member>> {
        let page = member::list(&read(ctx).await?, ctx.scope()?, &paging(first, after)?).await;
        Ok(connection(page.map_err(ApiError::from)?, Member))
    }
}

#[derive(SimpleObject)]
pub(super) struct MemberPayload {
    member: Member,
    #[graphql(flatten)]
    outcome: Outcome,
}

#[derive(Default)]
pub(super) struct MemberMutation;

#[Object]
impl MemberMutation {
    /// A person who signs in with this password.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_add(
        &self,
        ctx: &Context<'_>,
        email: String,
        name: String,
        password: String,
        role: Role,
        customer: Option<Name>,
    ) -> Result<MemberPayload> {
        let membership = membership(ctx, role, customer.as_ref()).await?;
        let email = Some((text("email", email, 254)?, password));
        add(ctx, NewMember { membership, name: text("name", name, 200)?, sign_in: email }).await
    }

    /// A robot: it has tokens and cannot sign in.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn robot_add(
        &self,
        ctx: &Context<'_>,
        name: String,
        role: Role,
        customer: Option<Name>,
    ) -> Result<MemberPayload> {
        let membership = membership(ctx, role, customer.as_ref()).await?;
        add(ctx, NewMember { membership, name: text("name", name, 200)?, sign_in: None }).await
    }

    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_change_role(&self, ctx: &Context<'_>, id: ID, role: Role) -> Result<MemberPayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        let membership = of_role(role, member.0.customer)?;
        let command = domain::MemberCommand::ChangeRole { membership };
        let executed = ctx.hub().execute::<domain::Member>(&ctx.cause()?, member.0.id.0, &command).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(MemberPayload { member: load(ctx, member.0.id).await?, outcome })
    }

    /// Ends the member's sessions and tokens at once, and erases the person's name and address.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_remove(&self, ctx: &Context<'_>, id: ID) -> Result<MemberPayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        if member.0.id == ctx.caller()?.member {
            return Err(ApiError::BadInput("you cannot remove yourself; ask another owner or admin".into()).into());
        }
        let executed = members::remove(ctx.hub(), &ctx.cause()?, member.0.id).await?;
        let outcome = Outcome::of(ctx.hub(), &executed);
        Ok(MemberPayload { member: load(ctx, member.0.id).await?, outcome })
    }
}

async fn add(ctx: &Context<'_>, new: NewMember) -> Result<MemberPayload> {
    let (id, executed) = members::add(ctx.hub(), &ctx.cause()?, new).await?;
    let outcome = Outcome::of(ctx.hub(), &executed);
    Ok(MemberPayload { member: load(ctx, id).await?, outcome })
}

/// What a role means together with the customer that is named. A customer's admin adds to its own customer only.
async fn membership(ctx: &Context<'_>, role: Role, customer: Option<&Name>) -> Result<Membership, ApiError> {
    let own = ctx.scope()?.customer;
    let id = match customer {
        Some(name) => Some(customer::load(ctx, name).await?.0.id),
        None => own,
    };
    of_role(role, id)
}

fn of_role(role: Role, customer: Option<distr_domain::ids::CustomerId>) -> Result<Membership, ApiError> {
    let vendor = match role {
        Role::Owner => VendorRole::Owner,
        Role::Publisher => VendorRole::Publisher,
        Role::Support => VendorRole::Support,
        Role::Auditor => VendorRole::Auditor,
        Role::CustomerAdmin | Role::CustomerViewer => {
            let customer = customer.ok_or_else(|| ApiError::BadInput("a customer's role needs the customer".into()))?;
            let role = if role == Role::CustomerAdmin { CustomerRole::Admin } else { CustomerRole::Viewer };
            return Ok(Membership::Customer { customer, role });
        }
    };
    match customer {
        None => Ok(Membership::Vendor { role: vendor }),
        Some(_) => Err(ApiError::BadInput("this role is the vendor's; a customer's member is admin or viewer".into())),
    }
}
