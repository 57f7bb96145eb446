//! Issuing, rotating and revoking tokens: the fact in the log, the hash beside it. Who may: a person for itself, and for
//! robots who manages members. With a token, all but its own end needs the scope admin, and what it makes ends with it.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::TokenId;
use distr_domain::member::MemberKind;
use distr_domain::permission::Permission;
use distr_domain::rejection::Rejection;
use distr_domain::token::{Token, TokenCommand, TokenLimits};
use distr_eventlog::Executed;
use distr_projections::member::MemberRow;
use distr_projections::token::TokenRow;

use crate::auth::{Identities, MemberCaller};
use crate::commands::Cause;
use crate::failure::Failure;
use crate::ops::credential::{self, CredentialKind, Maker, NewCredential};

/// Between a token and the one that takes its place; a longer wish is cut to it.
const MAX_OVERLAP: TimeDelta = TimeDelta::days(90);

pub struct NewToken {
    pub label: String,
    pub limits: TokenLimits,
}

pub struct Issued {
    pub id: TokenId,
    pub secret: String,
    pub executed: Executed<Token>,
}

pub async fn issue(
    of: Identities<'_>,
    cause: &Cause,
    caller: &MemberCaller,
    member: &MemberRow,
    new: NewToken,
) -> Result<Issued, Failure> {
    check_issuer(caller, member)?;
    if !member.active {
        return Err(Failure::not_found("member", member.id));
    }
    let id = TokenId(cause.id_of("token"));
    let (parent, at) = (caller.parent(), of.commands.now());
    let own_parent = parent.as_ref().map(|parent| parent.id);
    let command = TokenCommand::Issue { member: member.id, label: new.label, limits: new.limits, parent, at };
    let executed = of.commands.execute::<Token>(cause, id.0, &command).await?;
    check_repeated(of, id, &executed.state, own_parent).await?;
    let secret = credential::new_secret(CredentialKind::Token)?;
    credential::replace(&mut *of.sessions.client().await?, &secret, stored(cause, member, id, &executed, at)).await?;
    Ok(Issued { id, secret, executed })
}

/// The fact says what it may do and until when: the answer to a repeated request is of then.
fn stored(
    cause: &Cause,
    member: &MemberRow,
    id: TokenId,
    executed: &Executed<Token>,
    at: DateTime<Utc>,
) -> NewCredential {
    NewCredential {
        kind: CredentialKind::Token,
        id: id.0,
        organization: cause.organization,
        subject: member.id.0,
        scopes: executed.state.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        expires_at: executed.state.expires_at(),
        maker: Maker::default(),
        at,
    }
}

/// A repeated request gets a new secret in the place of the one whose answer was lost. There is none for a token that has
/// ended or was replaced since, whose secret has arrived because it was used, or that the caller's own token did not make.
async fn check_repeated(
    of: Identities<'_>,
    id: TokenId,
    state: &Token,
    parent: Option<TokenId>,
) -> Result<(), Failure> {
    state.check_live(of.commands.now()).map_err(Failure::rejected)?;
    let used = of.sessions.last_uses.unwritten(id.0).is_some()
        || !credential::last_uses(&*of.sessions.client().await?, &[id.0]).await?.is_empty();
    match state.replaced || used || state.parent != parent {
        false => Ok(()),
        true => Err(Failure::rejected(IssuedBefore { token: id })),
    }
}

/// A repeated request whose first answer has arrived.
#[derive(Debug, thiserror::Error)]
#[error("this request issued token {token} before, whose secret is not shown again; rotate the token")]
pub struct IssuedBefore {
    token: TokenId,
}

impl Rejection for IssuedBefore {
    fn code(&self) -> &'static str {
        "token.issued_before"
    }
}

pub async fn revoke(
    of: Identities<'_>,
    cause: &Cause,
    caller: &MemberCaller,
    token: &TokenRow,
) -> Result<Executed<Token>, Failure> {
    check_revoker(caller, token)?;
    let executed = of.commands.execute::<Token>(cause, token.id.0, &TokenCommand::Revoke).await?;
    credential::delete(&*of.sessions.client().await?, token.id.0).await?;
    Ok(executed)
}

/// A new token like the old one, which ends after `overlap`. Its parent is the token that it is rotated with; who rotates it
/// in a session vouches for it anew.
pub async fn rotate(
    of: Identities<'_>,
    cause: &Cause,
    caller: &MemberCaller,
    old: (&TokenRow, &MemberRow),
    overlap: TimeDelta,
    expires_at: Option<DateTime<Utc>>,
) -> Result<Issued, Failure> {
    let (old, member) = old;
    if caller.parent().is_some_and(|parent| parent.id == old.id) {
        return Err(Failure::Forbidden(
            "a token cannot rotate itself: what it makes ends with it; sign in, or use another token".into(),
        ));
    }
    let now = of.commands.now();
    let until = now + overlap.min(MAX_OVERLAP);
    let limits = TokenLimits {
        scopes: old.scopes.clone(),
        repositories: old.repositories.clone(),
        expires_at: expires_at.or(old.expires_at),
    };
    // refuses before there is a new one
    of.commands.load::<Token>(old.id.0).await?.check_live(now).map_err(Failure::rejected)?;
    let issued = issue(of, cause, caller, member, NewToken { label: old.label.clone(), limits }).await?;
    let ends = of.commands.another(cause);
    let command = TokenCommand::Replace { by: issued.id, until, at: now };
    of.commands.execute::<Token>(&ends, old.id.0, &command).await?;
    credential::expire(&*of.sessions.client().await?, old.id.0, until).await?;
    Ok(issued)
}

/// What a person does with a token is done in its name: nobody else makes one of it.
fn check_issuer(caller: &MemberCaller, member: &MemberRow) -> Result<(), Failure> {
    match (caller.member == member.id, member.kind) {
        (true, _) => caller.check_may_hand_out("issuing a token"),
        (false, MemberKind::Robot) => caller.check(Permission::ManageMembers),
        (false, MemberKind::Person) => {
            caller.check(Permission::ManageMembers)?;
            Err(Failure::Forbidden("a person's tokens are issued and rotated by that person alone".into()))
        }
    }
}

/// A token may always end itself.
fn check_revoker(caller: &MemberCaller, token: &TokenRow) -> Result<(), Failure> {
    match caller.member == token.member {
        _ if caller.via.id() == token.id.0 => Ok(()),
        true => caller.check_may_hand_out("revoking another token"),
        false => caller.check(Permission::ManageMembers),
    }
}
