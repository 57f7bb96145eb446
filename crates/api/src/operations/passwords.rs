//! The passwords that people choose.

use distr_domain::ids::{MemberId, OrganizationId};
use distr_domain::member::{Member, MemberCommand};
use distr_eventlog::Executed;
use distr_projections::organization;

use crate::auth::{self, Identities, MemberCaller, RequestInfo, Tried, Via, password};
use crate::commands::Cause;
use crate::failure::Failure;
use crate::ops::person::{self, NewPassword};

/// Changes the password of whoever knows the current one, guesses at which wait and are recorded as those of a sign-in are. Other
/// sessions end. Whoever names the current one as the new one changes nothing: so does a request that is sent again.
pub async fn change_password(
    of: Identities<'_>,
    cause: &Cause,
    (caller, request): (&MemberCaller, &RequestInfo),
    current: String,
    new: String,
) -> Result<Executed<Member>, Failure> {
    let Via::Session { id: session } = &caller.via else { return Err(Failure::Unauthenticated) };
    let own = organization::find(&*of.models.client().await?, caller.organization).await?;
    let own = own.ok_or_else(|| Failure::not_found("organization", caller.organization))?;
    let person = person::by_members(&*of.sessions.client().await?, caller.organization, &[caller.member]).await?;
    let person = person.into_iter().next().ok_or_else(|| Failure::not_found("member", caller.member))?;
    let this = of.sessions.throttle.admit(&own.name, &person.email, request.address, of.commands.now())?;
    let is_another = || Failure::Forbidden("the current password is another".into());
    if !password::verify(current, person.password_hash.clone()).await? {
        if password::verify(new, person.password_hash).await? {
            of.sessions.throttle.succeeded(this);
            return unchanged(of, caller.member).await;
        }
        auth::record_sign_in(of, request, caller.organization, Some(caller.member), Tried::Wrong);
        return Err(is_another());
    }
    of.sessions.throttle.succeeded(this);
    password::check_strength(&new)?;
    let hashed = hash(of, caller.organization, caller.member, new).await?;
    let executed = of.commands.execute::<Member>(cause, caller.member.0, &MemberCommand::ChangePassword).await?;
    crate::pause::at("password.changed").await;
    let new = NewPassword { member: caller.member, hash: &hashed, name: None };
    match person::change_password(&mut *of.sessions.client().await?, new, &person.password_hash, *session).await? {
        true => Ok(executed),
        false => Err(is_another()),
    }
}

async fn unchanged(of: Identities<'_>, member: MemberId) -> Result<Executed<Member>, Failure> {
    Ok(Executed {
        state: of.commands.load::<Member>(member.0).await?,
        revision: None,
        position: None,
        seen: None,
        events: vec![],
    })
}

/// Hashes with the salt of the same address elsewhere, if there is one.
pub(super) async fn hash(
    of: Identities<'_>,
    organization: OrganizationId,
    member: MemberId,
    password: String,
) -> Result<String, Failure> {
    let client = of.sessions.client().await?;
    let own = person::by_members(&client, organization, &[member]).await?;
    let same = match own.first() {
        Some(own) => person::find_by_email(&client, organization, &own.email).await?,
        None => vec![],
    };
    drop(client);
    let others: Vec<String> =
        same.into_iter().filter(|person| person.member != member).map(|person| person.password_hash).collect();
    password::hash(password, &others).await
}
