//! Adding and removing members: the fact in the log, the person beside it.

use chrono::TimeDelta;
use distr_domain::ids::MemberId;
use distr_domain::member::{Member, MemberCommand, MemberKind};
use distr_domain::organization::{Organization, OrganizationCommand};
use distr_domain::permission::{Membership, VendorRole};
use distr_domain::text::is_unseen;
use distr_eventlog::Executed;
use distr_projections::member::{self, MemberRow, SignInState};

use crate::auth::{Identities, password};
use crate::commands::Cause;
use crate::failure::{Failure, OperationError};
use crate::ops::person::NewPerson;
use crate::ops::{credential, person};
use crate::pause;

/// Longer than the log may take to add a member whose person is there already.
const UNDER_WAY: TimeDelta = TimeDelta::minutes(2);

pub struct NewMember {
    pub membership: Membership,
    pub name: String,
    /// address and password of a person; a robot has none
    pub sign_in: Option<(String, String)>,
}

/// The person first, so that an address that is taken refuses before anything is in the log.
pub async fn add(of: Identities<'_>, cause: &Cause, new: NewMember) -> Result<(MemberId, Executed<Member>), Failure> {
    let id = MemberId(cause.id_of("member"));
    // whoever was added and removed since has no name any more
    if let Some(executed) = of.commands.repeated::<Member>(cause, id.0).await? {
        return Ok((id, executed));
    }
    let kind = if new.sign_in.is_some() { MemberKind::Person } else { MemberKind::Robot };
    let (email, password_hash) = match new.sign_in {
        Some((email, password)) => {
            check_email(&email)?;
            password::check_strength(&password)?;
            (email, password::hash(password, &[]).await?)
        }
        None => (format!("{id}@robot"), person::NO_PASSWORD.to_owned()),
    };
    let row = NewPerson {
        member: id,
        organization: cause.organization,
        customer: new.membership.customer(),
        email: &email,
        name: &new.name,
        password_hash: &password_hash,
        at: of.commands.now(),
    };
    insert(of, row).await?;
    pause::at("member.person").await;
    let command = MemberCommand::Add { kind, membership: new.membership };
    let executed = of.commands.execute::<Member>(cause, id.0, &command).await?;
    Ok((id, executed))
}

/// Whether the log knows of the member, though it may have been removed since.
pub async fn is_known(of: Identities<'_>, id: MemberId) -> Result<bool, Failure> {
    let (_, revision) = distr_eventlog::load::<Member>(of.commands.log.as_ref(), id.0).await?;
    Ok(revision.is_some())
}

/// An address that is held by nobody of the log is free again: the hub that took it ended before it added the member.
pub(super) async fn insert(of: Identities<'_>, row: NewPerson<'_>) -> Result<(), Failure> {
    let client = of.sessions.client().await?;
    let taken = match person::insert(&client, row).await {
        Err(OperationError::Rejected(taken)) => Failure::rejected(taken),
        done => return Ok(done?),
    };
    let held = person::find_by_email(&client, row.organization, row.email).await?;
    let held = held.into_iter().find(|held| held.customer == row.customer);
    let Some(held) = held.filter(|held| row.at - held.since > UNDER_WAY) else { return Err(taken) };
    if is_known(of, held.member).await? {
        return Err(taken);
    }
    person::erase(&client, held.member).await?;
    Ok(person::insert(&client, row).await?)
}

/// The last owner who can sign in stays.
pub async fn remove(of: Identities<'_>, cause: &Cause, member: &MemberRow) -> Result<Executed<Member>, Failure> {
    let_owner_go(of, cause, member).await?;
    let executed =
        of.commands.execute::<Member>(cause, member.id.0, &MemberCommand::Remove { from: member.membership }).await?;
    let client = of.sessions.client().await?;
    credential::delete_of_subject(&client, member.id.0).await?;
    person::erase(&client, member.id).await?;
    Ok(executed)
}

pub async fn change_role(
    of: Identities<'_>,
    cause: &Cause,
    member: &MemberRow,
    membership: Membership,
) -> Result<Executed<Member>, Failure> {
    if membership.customer() == member.membership.customer() && membership != OWNER {
        let_owner_go(of, cause, member).await?;
    }
    let command = MemberCommand::ChangeRole { from: member.membership, membership };
    let executed = of.commands.execute::<Member>(cause, member.id.0, &command).await?;
    if membership == OWNER {
        let command = OrganizationCommand::TakeOwnerBack { member: member.id };
        of.commands.append::<Organization>(&of.commands.another(cause), cause.organization.0, &command).await?;
    }
    Ok(executed)
}

const OWNER: Membership = Membership::Vendor { role: VendorRole::Owner };

/// Before an owner who can sign in loses the role: the organization's own stream says who may leave, and that somebody
/// stays. Two streams change, this one first; what is cut off between them leaves an owner too many, never one too few.
async fn let_owner_go(of: Identities<'_>, cause: &Cause, member: &MemberRow) -> Result<(), Failure> {
    if !member.active || member.membership != OWNER || member.sign_in != SignInState::Password {
        return Ok(());
    }
    let owners = member::owners(&*of.models.client().await?, cause.organization).await?;
    let others = owners.iter().map(|owner| owner.id).collect();
    let command = OrganizationCommand::LetOwnerGo { member: member.id, others };
    of.commands.append::<Organization>(&of.commands.another(cause), cause.organization.0, &command).await?;
    Ok(())
}

pub(super) fn check_email(email: &str) -> Result<(), Failure> {
    let valid = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !email.contains(|c: char| c.is_whitespace() || is_unseen(c));
    match valid {
        true => Ok(()),
        false => Err(Failure::BadInput(format!("{email:?} is not an e-mail address"))),
    }
}
