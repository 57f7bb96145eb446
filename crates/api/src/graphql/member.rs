//! Members: people and robots. A customer's admin manages those of its customer.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::MemberId;
use distr_domain::member as domain;
use distr_domain::permission::{CustomerRole, Membership, Permission, VendorRole};
use distr_projections::member::{self, MemberRow, SignInState as State};
use distr_projections::token;

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, read, text};
use super::customer::{self, Customer};
use super::guard::{May, MayInSession};
use super::loader::{Of, PersonName, PersonOf, failed};
use super::scalar::Name;
use super::session::{self, Role, Session, SignOutPayload};
use super::token::Token;
use crate::failure::Failure;
use crate::operations::invitations::{self, Invited};
use crate::operations::members::{self, NewMember};

pub(super) struct Member(pub MemberRow);

/// What a member is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MemberKind")]
pub enum MemberKind {
    /// A person, who signs in with a password.
    Person,
    /// A program, which has tokens alone.
    Robot,
}

/// Whether a member can sign in, and how.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum SignInState {
    /// a robot: with tokens alone
    Never,
    /// has a one-time code to become a member with
    Invited,
    /// with a password
    Password,
    /// has a one-time code for a new password; the old one is void
    Resetting,
}

impl Member {
    async fn person(&self, ctx: &Context<'_>) -> Result<Option<PersonName>, Failure> {
        let key = PersonOf(Of { organization: self.0.organization, id: self.0.id });
        ctx.loader().load_one(key).await.map_err(failed)
    }
}

/// A person or a robot with a role in the organization or in one of its customers.
#[Object]
impl Member {
    /// The id.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// Whether it is a person or a robot.
    async fn kind(&self) -> MemberKind {
        self.0.kind.into()
    }

    /// The role, which says what it may do.
    async fn role(&self) -> Role {
        self.0.membership.into()
    }

    /// The customer whose member it is; none: the vendor's.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// How the member gets in, and whether an invitation is still open.
    async fn sign_in(&self) -> SignInState {
        self.0.sign_in.into()
    }

    /// Until when the one-time code of an invitation or of a reset password is good.
    async fn code_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.code_until
    }

    /// What a person is called, once the invitation is accepted, or a robot.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.person(ctx).await?.map(|person| person.name).filter(|name| !name.is_empty()))
    }

    /// Nothing for a robot.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let person = self.person(ctx).await?;
        Ok(person.map(|person| person.email).filter(|_| self.0.kind == domain::MemberKind::Person))
    }

    /// In the order in which they were issued, the revoked included.
    async fn tokens(&self, ctx: &Context<'_>) -> Result<Vec<Token>> {
        let tokens = token::of_members(&read(ctx).await?, self.0.organization, &[self.0.id]).await;
        Ok(tokens.map_err(Failure::from)?.into_iter().map(Token).collect())
    }

    /// Where the person is signed in, the oldest first; for those who manage members, and for oneself. Nothing for others.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Option<Vec<Session>>> {
        let caller = ctx.caller()?;
        match caller.member == self.0.id || caller.may(Permission::ManageMembers) {
            true => Ok(Some(session::of_member(ctx, self.0.id).await?)),
            false => Ok(None),
        }
    }

    /// The time at which it became a member.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

pub(super) async fn load(ctx: &Context<'_>, id: MemberId) -> Result<Member, Failure> {
    let row = member::find(&read(ctx).await?, ctx.scope()?, id).await?;
    row.map(Member).ok_or_else(|| Failure::not_found("member", id))
}

pub(super) fn parse_id(id: &ID) -> Result<MemberId, Failure> {
    id.parse().map_err(|_| Failure::BadInput(format!("{:?} is not the id of a member", id.as_str())))
}

#[derive(Default)]
pub(super) struct MemberQuery;

#[Object]
impl MemberQuery {
    /// One member.
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
        Ok(connection(page.map_err(Failure::from)?, Member))
    }
}

/// The member after the change.
#[derive(SimpleObject)]
pub(super) struct MemberPayload {
    /// The member.
    member: Member,
    #[graphql(flatten)]
    outcome: Outcome,
}

/// A one-time code for a person, to be handed on to that person alone.
#[derive(SimpleObject)]
pub(super) struct CodePayload {
    /// The member that the code is for.
    member: Member,
    /// Shown this once.
    code: String,
    /// The time at which the code is void.
    expires_at: DateTime<Utc>,
    #[graphql(flatten)]
    outcome: Outcome,
}

impl CodePayload {
    async fn of(ctx: &Context<'_>, invited: Invited) -> Result<Self> {
        let Invited { member, code, expires_at, executed } = invited;
        let outcome = Outcome::of(ctx, &executed);
        Ok(Self { member: load(ctx, member).await?, code, expires_at, outcome })
    }
}

#[derive(Default)]
pub(super) struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Offers a person to become a member: the code is good for seven days, and once, for `invitationAccept`. In a session
    /// only. An invitation is taken back with `memberRemove`.
    #[graphql(guard = "MayInSession(Permission::ManageMembers)")]
    async fn member_invite(
        &self,
        ctx: &Context<'_>,
        email: String,
        role: Role,
        #[graphql(desc = "for the roles of a customer")] customer: Option<Name>,
    ) -> Result<CodePayload> {
        let membership = membership(ctx, role, customer.as_ref()).await?;
        let email = text("email", email, 254)?;
        let invited = invitations::invite(ctx.hub().identities(), &ctx.cause()?, &email, membership).await?;
        CodePayload::of(ctx, invited).await
    }

    /// A new code for an invitation that nobody accepted; the one before is void. In a session only.
    #[graphql(guard = "MayInSession(Permission::ManageMembers)")]
    async fn member_invite_again(&self, ctx: &Context<'_>, id: ID) -> Result<CodePayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        let invited = invitations::renew(ctx.hub().identities(), &ctx.cause()?, member.0.id).await?;
        CodePayload::of(ctx, invited).await
    }

    /// For somebody who has lost the password, or whose password somebody else knows: it is void from now on, all sessions
    /// end, and the code is good for a day, and once, for `passwordReset`. Tokens stay. In a session only.
    #[graphql(guard = "MayInSession(Permission::ManageMembers)")]
    async fn member_reset_password(&self, ctx: &Context<'_>, id: ID) -> Result<CodePayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        let invited = invitations::offer_reset(ctx.hub().identities(), &ctx.cause()?, ctx.caller()?, &member.0).await?;
        CodePayload::of(ctx, invited).await
    }

    /// Ends all sessions of a member, who may sign in again.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_end_sessions(&self, ctx: &Context<'_>, id: ID) -> Result<SignOutPayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        Ok(session::end_all(ctx, member.0.id, &[]).await?)
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

    /// The last owner who can sign in stays one. Only in a session does a person become an owner or a customer's admin.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_change_role(&self, ctx: &Context<'_>, id: ID, role: Role) -> Result<MemberPayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        if member.0.kind == domain::MemberKind::Person && matches!(role, Role::Owner | Role::CustomerAdmin) {
            ctx.caller()?.check_session()?;
        }
        let membership = of_role(role, member.0.customer)?;
        let executed = members::change_role(ctx.hub().identities(), &ctx.cause()?, &member.0, membership).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(MemberPayload { member: load(ctx, member.0.id).await?, outcome })
    }

    /// Ends the member's sessions and tokens at once, and erases the person's name and address; takes an invitation back.
    /// The last owner who can sign in stays.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_remove(&self, ctx: &Context<'_>, id: ID) -> Result<MemberPayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        if member.0.id == ctx.caller()?.member {
            return Err(Failure::BadInput("you cannot remove yourself; ask another owner or admin".into()).into());
        }
        let executed = members::remove(ctx.hub().identities(), &ctx.cause()?, &member.0).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(MemberPayload { member: load(ctx, member.0.id).await?, outcome })
    }
}

async fn add(ctx: &Context<'_>, new: NewMember) -> Result<MemberPayload> {
    let (id, executed) = members::add(ctx.hub().identities(), &ctx.cause()?, new).await?;
    let outcome = Outcome::of(ctx, &executed);
    Ok(MemberPayload { member: load(ctx, id).await?, outcome })
}

/// What a role means together with the customer that is named. A customer's admin adds to its own customer only.
async fn membership(ctx: &Context<'_>, role: Role, customer: Option<&Name>) -> Result<Membership, Failure> {
    let own = ctx.scope()?.customer;
    let id = match customer {
        Some(name) => Some(customer::load(ctx, name).await?.0.id),
        None => own,
    };
    of_role(role, id)
}

fn of_role(role: Role, customer: Option<distr_domain::ids::CustomerId>) -> Result<Membership, Failure> {
    let vendor = match role {
        Role::Owner => VendorRole::Owner,
        Role::Publisher => VendorRole::Publisher,
        Role::Support => VendorRole::Support,
        Role::Auditor => VendorRole::Auditor,
        Role::CustomerAdmin | Role::CustomerViewer => {
            let customer = customer.ok_or_else(|| Failure::BadInput("a customer's role needs the customer".into()))?;
            let role = if role == Role::CustomerAdmin { CustomerRole::Admin } else { CustomerRole::Viewer };
            return Ok(Membership::Customer { customer, role });
        }
    };
    match customer {
        None => Ok(Membership::Vendor { role: vendor }),
        Some(_) => Err(Failure::BadInput("this role is the vendor's; a customer's member is admin or viewer".into())),
    }
}
