//! Adding and removing members: the fact in the log, the person beside it.

use distr_domain::ids::MemberId;
use distr_domain::member::{Member, MemberCommand, MemberKind};
use distr_domain::permission::Membership;
use distr_eventlog::Executed;

use crate::auth::password;
use crate::error::ApiError;
use crate::hub::{Cause, Hub};
use crate::ops::{credential, person};

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
    let row = person::NewPerson {
        member: id,
        organization: cause.organization,
        email: &email,
        name: &new.name,
        password_hash: &password_hash,
        at: hub.clock.now(),
    };
    let client = hub.ops.get().await?;
    person::insert(&client, row).await?;
    drop(client);
    let command = MemberCommand::Add { kind, membership: new.membership };
    let executed = hub.execute::<Member>(cause, id.0, &command).await?;
    Ok((id, executed))
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
