//! Adding and removing members: the fact in the log, the person beside it.

use chrono::TimeDelta;
use distr_domain::ids::MemberId;
use distr_domain::member::{Member, MemberCommand, MemberKind};
use distr_domain::permission::Membership;
use distr_eventlog::Executed;

use crate::auth::password;
use crate::error::ApiError;
use crate::hub::{Cause, Hub};
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
pub async fn add(hub: &Hub, cause: &Cause, new: NewMember) -> Result<(MemberId, Executed<Member>), ApiError> {
    let id = MemberId(cause.id_of("member"));
    let kind = if new.sign_in.is_some() { MemberKind::Person } else { MemberKind::Robot };
    let (email, password_hash) = match new.sign_in {
        Some((email, password)) => {
            check_email(&email)?;
            password::check_strength(&password)?;
            (email, password::hash(password).await?)
        }
        // nobody signs in as a robot: no password has this hash
        None => (format!("{id}@robot"), "*".to_owned()),
    };
    let row = NewPerson {
        member: id,
        organization: cause.organization,
        email: &email,
        name: &new.name,
        password_hash: &password_hash,
        at: hub.clock.now(),
    };
    insert(hub, row).await?;
    pause::at("member.person").await;
    let command = MemberCommand::Add { kind, membership: new.membership };
    let executed = hub.execute::<Member>(cause, id.0, &command).await?;
    Ok((id, executed))
}

/// Whether the log knows of the member, though it may have been removed since.
pub async fn is_known(hub: &Hub, id: MemberId) -> Result<bool, ApiError> {
    let (_, revision) = distr_eventlog::load::<Member>(hub.log.as_ref(), id.0).await?;
    Ok(revision.is_some())
}

/// An address that is held by nobody of the log is free again: the hub that took it ended before it added the member.
async fn insert(hub: &Hub, row: NewPerson<'_>) -> Result<(), ApiError> {
    let client = hub.ops.get().await?;
    let taken = match person::insert(&client, row).await {
        Err(taken @ ApiError::Rejected { .. }) => taken,
        done => return done,
    };
    let held = person::find_by_email(&client, row.organization, row.email).await?;
    let Some(held) = held.filter(|held| row.at - held.since > UNDER_WAY) else { return Err(taken) };
    if is_known(hub, held.member).await? {
        return Err(taken);
    }
    person::erase(&client, held.member).await?;
    person::insert(&client, row).await
}

pub async fn remove(hub: &Hub, cause: &Cause, id: MemberId) -> Result<Executed<Member>, ApiError> {
    let executed = hub.execute::<Member>(cause, id.0, &MemberCommand::Remove).await?;
    let client = hub.ops.get().await?;
    credential::delete_of_subject(&client, id.0).await?;
    person::erase(&client, id).await?;
    Ok(executed)
}

fn check_email(email: &str) -> Result<(), ApiError> {
    let valid = email.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        && !email.contains(char::is_whitespace);
    match valid {
        true => Ok(()),
        false => Err(ApiError::BadInput(format!("{email:?} is not an e-mail address"))),
    }
}
