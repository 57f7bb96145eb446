//! One-time codes with which people choose their own passwords: to become a member, and to get in again. A code is shown
//! once to whoever made it, ends, and is stored as a hash. The fact comes first: a code whose answer was lost is still good,
//! until it and the password are changed in one transaction.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::MemberId;
use distr_domain::member::{Member, MemberCommand, SignIn};
use distr_domain::permission::{Membership, Permission};
use distr_eventlog::{Actor, Executed};
use distr_projections::member::MemberRow;

use super::handed_out::HandedOut;
use super::members::{check_email, insert};
use super::passwords;
use crate::auth::presence::Right as _;
use crate::auth::{self, Identities, MemberCaller, RequestInfo, SignedIn, password};
use crate::commands::Cause;
use crate::failure::Failure;
use crate::ops::credential::{self, CredentialKind, Maker, NewCredential, SessionKind};
use crate::ops::person::{self, NO_PASSWORD, NewPassword, NewPerson};

/// A week: people are on holiday.
const INVITATION: TimeDelta = TimeDelta::days(7);
const PASSWORD_RESET: TimeDelta = TimeDelta::days(1);

pub struct Invited {
    pub member: MemberId,
    pub code: String,
    pub expires_at: DateTime<Utc>,
    pub executed: Executed<Member>,
}

/// The person has no name yet, and nobody but itself chooses its password.
pub async fn invite(
    of: Identities<'_>,
    cause: &Cause,
    email: &str,
    membership: Membership,
) -> Result<Invited, Failure> {
    check_email(email)?;
    let id = MemberId(cause.id_of("member"));
    let at = of.commands.now();
    let customer = membership.customer();
    let (organization, password_hash) = (cause.organization, NO_PASSWORD);
    insert(of, NewPerson { member: id, organization, customer, email, name: "", password_hash, at }).await?;
    crate::pause::at("member.person").await;
    let command = MemberCommand::Invite { membership, expires_at: at + INVITATION };
    let executed = of.commands.execute::<Member>(cause, id.0, &command).await?;
    offered(of, cause, id, CredentialKind::Invitation, executed).await
}

/// A new code in the place of the one before.
pub async fn renew(of: Identities<'_>, cause: &Cause, member: MemberId) -> Result<Invited, Failure> {
    let command = MemberCommand::RenewInvitation { expires_at: of.commands.now() + INVITATION };
    let executed = of.commands.execute::<Member>(cause, member.0, &command).await?;
    offered(of, cause, member, CredentialKind::Invitation, executed).await
}

/// The person is out at once, with all its sessions, until it chooses a password with the code.
pub async fn offer_reset(
    of: Identities<'_>,
    cause: &Cause,
    caller: &MemberCaller,
    member: &MemberRow,
) -> Result<Invited, Failure> {
    if caller.member == member.id {
        return Err(Failure::BadInput("change your own password with passwordChange (`distr password change`)".into()));
    }
    let command = MemberCommand::OfferPasswordReset { expires_at: of.commands.now() + PASSWORD_RESET };
    let executed = of.commands.execute::<Member>(cause, member.id.0, &command).await?;
    // a repeated request after the code was used must not take the new password away
    if !matches!(executed.state.sign_in, SignIn::Resetting { .. }) {
        return Err(Failure::rejected(distr_domain::member::MemberRejection::CodeVoid));
    }
    offered(of, cause, member.id, CredentialKind::PasswordReset, executed).await
}

/// A code that the state calls for; a repeated request after it was used makes none.
async fn offered(
    of: Identities<'_>,
    cause: &Cause,
    member: MemberId,
    kind: CredentialKind,
    executed: Executed<Member>,
) -> Result<Invited, Failure> {
    let expires_at = match (executed.state.sign_in, kind) {
        (SignIn::Invited { until }, CredentialKind::Invitation) => until,
        (SignIn::Resetting { until }, CredentialKind::PasswordReset) => until,
        _ => return Err(Failure::rejected(distr_domain::member::MemberRejection::CodeVoid)),
    };
    let (id, code) = (of.commands.new_id(), credential::new_secret(kind)?);
    let stored = NewCredential {
        kind,
        id,
        organization: cause.organization,
        subject: member.0,
        scopes: vec![],
        expires_at: Some(expires_at),
        maker: Maker::of(&cause.actor),
        at: of.commands.now(),
    };
    if kind == CredentialKind::PasswordReset {
        crate::pause::at("password.reset_offered").await;
    }
    // repeated, it may come after a password that was chosen meanwhile
    let void_password = executed.position.is_some();
    person::offer_code(&mut *of.sessions.client().await?, member, (&code, stored), void_password).await?;
    Ok(Invited { member, code, expires_at, executed })
}

/// What a person chooses with a code: the password, and the name if the code is an invitation's.
pub struct Chosen {
    pub name: Option<String>,
    pub password: String,
    /// of the session that is opened
    pub session: SessionKind,
}

/// A one-time code is used: whoever has it is the person that it was made for.
pub async fn use_code(
    of: Identities<'_>,
    request: &RequestInfo,
    code: &str,
    Chosen { name, password, session }: Chosen,
) -> Result<SignedIn, Failure> {
    let kind = if name.is_some() { CredentialKind::Invitation } else { CredentialKind::PasswordReset };
    let void = || Failure::rejected(distr_domain::member::MemberRejection::CodeVoid);
    let found =
        credential::find_code(&*of.sessions.client().await?, kind, code, of.commands.now()).await?.ok_or_else(void)?;
    let invitation = HandedOut::by(found.maker, of, found.organization, Permission::ManageMembers);
    if !invitation.lasts().await? {
        return Err(void());
    }
    password::check_strength(&password)?;
    let hashed = passwords::hash(of, found.organization, found.member, password).await?;
    let at = of.commands.now();
    let command = match kind {
        CredentialKind::Invitation => MemberCommand::AcceptInvitation { at },
        _ => MemberCommand::ResetPassword { at },
    };
    let cause = Cause {
        organization: found.organization,
        actor: Actor::Member(found.member),
        causation: None,
        correlation: request.correlation,
        command: of.commands.new_id(),
    };
    // the hash takes its time, in which the maker may have gone
    invitation.used(of.commands.execute::<Member>(&cause, found.member.0, &command)).await?.ok_or_else(void)?;
    let mut client = of.sessions.client().await?;
    let new = NewPassword { member: found.member, hash: &hashed, name: name.as_deref() };
    if !person::set_password_with(&mut client, new, code).await? {
        return Err(void());
    }
    drop(client);
    let opened = auth::open_session(of, request, found.organization, found.member, &hashed, session);
    let opened = opened.await?;
    opened.ok_or_else(void)
}
