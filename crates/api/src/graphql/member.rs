//! Members: people and robots. A customer's admin manages those of its customer.

use async_graphql::connection::Connection;
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use distr_domain::ids::MemberId;
use distr_domain::member as domain;
use distr_domain::permission::{CustomerRole, Membership, Permission, VendorRole};
use distr_domain::rejection::Rejection;
use distr_eventlog::Executed;
use distr_projections::member::{self, MemberRow, SignInState as State};
use distr_projections::token;

use super::connection::{connection, cost, paging};
use super::context::{ContextExt, Outcome, line, read};
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

/// The kind of a member: a person or a robot.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "domain::MemberKind")]
pub enum MemberKind {
    /// A person, who signs in with a password.
    Person,
    /// A program, which has tokens alone.
    Robot,
}

/// The way in which a member can sign in, if it can.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "State")]
pub enum SignInState {
    /// No sign-in: the member is a robot, and has tokens alone.
    Never,
    /// A one-time code, with which the person becomes a member.
    Invited,
    /// A password that the person chose.
    Password,
    /// A one-time code for a new password; the old password is void.
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
    /// The id, a UUID.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }

    /// The kind: a person or a robot.
    async fn kind(&self) -> MemberKind {
        self.0.kind.into()
    }

    /// The role, which says what the member may do.
    async fn role(&self) -> Role {
        self.0.membership.into()
    }

    /// The customer whose member it is; null for a member of the vendor.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>> {
        match self.0.customer {
            Some(id) => Ok(Some(customer::load_nested(ctx, id).await?)),
            None => Ok(None),
        }
    }

    /// The way in which the member signs in, and whether an invitation is still open.
    async fn sign_in(&self) -> SignInState {
        self.0.sign_in.into()
    }

    /// The time until which the one-time code of an invitation or of a reset password is good; null without a code.
    async fn code_expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.code_until
    }

    /// The name of the person or the robot; null for a person who has not accepted the invitation yet.
    async fn name(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        Ok(self.person(ctx).await?.map(|person| person.name).filter(|name| !name.is_empty()))
    }

    /// The e-mail address of the person; null for a robot.
    async fn email(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let person = self.person(ctx).await?;
        Ok(person.map(|person| person.email).filter(|_| self.0.kind == domain::MemberKind::Person))
    }

    /// The tokens of the member, the revoked included, in the order in which they were issued.
    async fn tokens(&self, ctx: &Context<'_>) -> Result<Vec<Token>> {
        let tokens = token::of_members(&*read(ctx).await?, self.0.organization, &[self.0.id]).await;
        Ok(tokens.map_err(Failure::from)?.into_iter().map(Token).collect())
    }

    /// The sessions of the person, the oldest first. The list is for those who manage members, and for the person
    /// itself; it is null for others.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Option<Vec<Session>>> {
        let caller = ctx.caller()?;
        match caller.member == self.0.id || caller.may(Permission::ManageMembers) {
            true => Ok(Some(session::of_member(ctx, self.0.id).await?)),
            false => Ok(None),
        }
    }

    /// The time at which the member was invited or added.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

pub(super) async fn load(ctx: &Context<'_>, id: MemberId) -> Result<Member, Failure> {
    let row = member::find(&*read(ctx).await?, ctx.scope()?, id).await?;
    row.map(Member).ok_or_else(|| Failure::not_found("member", id))
}

pub(super) fn parse_id(id: &ID) -> Result<MemberId, Failure> {
    id.parse().map_err(|_| Failure::BadInput(format!("{:?} is not the id of a member", id.as_str())))
}

#[derive(Default)]
pub(super) struct MemberQuery;

#[Object]
impl MemberQuery {
    /// The member with this id.
    #[graphql(guard = "May(Permission::ReadMembers)")]
    async fn member(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the member, a UUID.")] id: ID,
    ) -> Result<Member> {
        Ok(load(ctx, parse_id(&id)?).await?)
    }

    /// The members that the caller may see, in the order of their ids, without those who were removed.
    #[graphql(guard = "May(Permission::ReadMembers)", complexity = "cost(first, child_complexity)")]
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The number of items in a page, from 1 to 500; 50 if left out.")] first: Option<u16>,
        #[graphql(desc = "The cursor of the last item of the page before; the first page if left out.")] after: Option<
            String,
        >,
    ) -> Result<Connection<String, Member>> {
        let page = member::list(&*read(ctx).await?, ctx.scope()?, &paging(first, after)?).await;
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
    /// The code, which is shown this once.
    code: String,
    /// The time at which the code becomes void.
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
    /// Invites a person to become a member: the code is good for `invitationAccept`, once, within seven days. An
    /// invitation is taken back with `memberRemove`. The mutation needs a session; tokens are refused.
    #[graphql(guard = "MayInSession(Permission::ManageMembers)")]
    async fn member_invite(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The e-mail address of the person, of up to 254 characters.")] email: String,
        #[graphql(desc = "The role of the new member.")] role: Role,
        #[graphql(desc = "The name of the customer, for a customer's role only; a customer's member may omit it.")]
        customer: Option<Name>,
    ) -> Result<CodePayload> {
        let membership = membership(ctx, role, customer.as_ref()).await?;
        let email = line("email", email, 254)?;
        let invited = invitations::invite(ctx.hub().identities(), &ctx.cause()?, &email, membership).await?;
        CodePayload::of(ctx, invited).await
    }

    /// Makes a new code for an invitation that nobody has accepted; the code before it is void. The mutation needs a
    /// session; tokens are refused.
    #[graphql(guard = "MayInSession(Permission::ManageMembers)")]
    async fn member_invite_again(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the member, a UUID.")] id: ID,
    ) -> Result<CodePayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        let invited = invitations::renew(ctx.hub().identities(), &ctx.cause()?, member.0.id).await?;
        CodePayload::of(ctx, invited).await
    }

    /// Makes a code for a person who has lost the password, or whose password somebody else knows. The password is void
    /// from now on, and all sessions end; tokens stay. The code is good for `passwordReset`, once, within a day. The
    /// mutation needs a session; tokens are refused.
    #[graphql(guard = "MayInSession(Permission::ManageMembers)")]
    async fn member_reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the member, a UUID.")] id: ID,
    ) -> Result<CodePayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        let invited = invitations::offer_reset(ctx.hub().identities(), &ctx.cause()?, ctx.caller()?, &member.0).await?;
        CodePayload::of(ctx, invited).await
    }

    /// Ends all sessions of a member, who may sign in again. A session is needed to end those of an owner or a customer's
    /// admin.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_end_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the member, a UUID.")] id: ID,
    ) -> Result<SignOutPayload> {
        let member = load(ctx, parse_id(&id)?).await?;
        check_may_appoint(ctx, [member.0.membership])?;
        Ok(session::end_all(ctx, member.0.id, &[]).await?)
    }

    /// Adds a robot, which has tokens and cannot sign in. A session is needed to make it an owner or a customer's admin.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn robot_add(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The name of the robot, of 1 to 200 characters.")] name: String,
        #[graphql(desc = "The role of the new member.")] role: Role,
        #[graphql(desc = "The name of the customer, for a customer's role only; a customer's member may omit it.")]
        customer: Option<Name>,
    ) -> Result<MemberPayload> {
        let membership = membership(ctx, role, customer.as_ref()).await?;
        check_may_appoint(ctx, [membership])?;
        add(ctx, NewMember { membership, name: line("name", name, 200)?, sign_in: None }).await
    }

    /// Changes the role of a member; the last owner who can sign in stays an owner. A session is needed where an owner
    /// or a customer's admin gets or loses the role.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_change_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the member, a UUID.")] id: ID,
        #[graphql(desc = "The role of the member from now on.")] role: Role,
    ) -> Result<MemberPayload> {
        let (member, executed) = as_looked_at(ctx, parse_id(&id)?, Change::Role(role)).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(MemberPayload { member: load(ctx, member.0.id).await?, outcome })
    }

    /// Removes a member: ends its sessions and tokens at once, and erases the person's name and address. An invitation
    /// is taken back in the same way. The last owner who can sign in stays. A session is needed to remove an owner or a
    /// customer's admin.
    #[graphql(guard = "May(Permission::ManageMembers)")]
    async fn member_remove(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the member, a UUID.")] id: ID,
    ) -> Result<MemberPayload> {
        let (member, executed) = as_looked_at(ctx, parse_id(&id)?, Change::Removal).await?;
        let outcome = Outcome::of(ctx, &executed);
        Ok(MemberPayload { member: load(ctx, member.0.id).await?, outcome })
    }
}

async fn add(ctx: &Context<'_>, new: NewMember) -> Result<MemberPayload> {
    let (id, executed) = members::add(ctx.hub().identities(), &ctx.cause()?, new).await?;
    let outcome = Outcome::of(ctx, &executed);
    Ok(MemberPayload { member: load(ctx, id).await?, outcome })
}

/// What is decided about a member.
#[derive(Clone, Copy)]
enum Change {
    Role(Role),
    Removal,
}

/// How often a person in a session looks at a member whose role others keep changing.
const LOOKS: usize = 20;

/// Decides about a member as it was looked at. A person in a session looks again when the role was changed meanwhile, so that no token
/// holds that up by changing it over and over.
async fn as_looked_at(
    ctx: &Context<'_>,
    id: MemberId,
    change: Change,
) -> Result<(Member, Executed<domain::Member>), Failure> {
    let looks = if ctx.caller()?.check_session().is_ok() { LOOKS } else { 1 };
    for left in (0..looks).rev() {
        let member = load(ctx, id).await?;
        match decide(ctx, &member.0, change).await {
            Err(Failure::Rejected(no)) if left > 0 && no.code() == domain::MemberRejection::RoleChanged.code() => {}
            decided => return Ok((member, decided?)),
        }
    }
    Err(Failure::Conflict)
}

async fn decide(ctx: &Context<'_>, member: &MemberRow, change: Change) -> Result<Executed<domain::Member>, Failure> {
    let (identities, cause) = (ctx.hub().identities(), ctx.cause()?);
    match change {
        Change::Role(role) => {
            let membership = of_role(role, member.customer)?;
            check_may_appoint(ctx, [member.membership, membership])?;
            members::change_role(identities, &cause, member, membership).await
        }
        Change::Removal if member.id == ctx.caller()?.member => {
            Err(Failure::BadInput("you cannot remove yourself; ask another owner or admin".into()))
        }
        Change::Removal => {
            check_may_appoint(ctx, [member.membership])?;
            members::remove(identities, &cause, member).await
        }
    }
}

/// Who may manage members is decided by people alone: a member that a token made would stay when the token is gone.
fn check_may_appoint<const N: usize>(ctx: &Context<'_>, memberships: [Membership; N]) -> Result<(), Failure> {
    match memberships.iter().any(|membership| membership.may(Permission::ManageMembers)) {
        true => ctx.caller()?.check_session(),
        false => Ok(()),
    }
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
