//! Issuing and revoking tokens: the fact in the log, the hash beside it.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::{MemberId, TokenId};
use distr_domain::pattern::Pattern;
use distr_domain::permission::Permission;
use distr_domain::token::{Token, TokenCommand, TokenScope};
use distr_eventlog::Executed;
use distr_projections::token::TokenRow;

use super::load;
use crate::auth::{MemberCaller, Via, scope_name};
use crate::error::ApiError;
use crate::hub::{Cause, Hub};
use crate::ops::credential::{self, CredentialKind, NewCredential};

/// Between a token and the one that takes its place; a longer wish is cut to it.
const MAX_OVERLAP: TimeDelta = TimeDelta::days(90);

pub struct NewToken {
    pub member: MemberId,
    pub label: String,
    pub scopes: Vec<TokenScope>,
    /// none: all
    pub repositories: Vec<Pattern>,
    pub expires_at: Option<DateTime<Utc>>,
}

pub async fn issue(
    hub: &Hub,
    cause: &Cause,
    caller: &MemberCaller,
    new: NewToken,
) -> Result<(TokenId, String, Executed<Token>), ApiError> {
    check_owner(caller, new.member)?;
    check_scopes(caller, &new)?;
    let (id, secret) = (TokenId(cause.id_of("token")), credential::new_secret(CredentialKind::Token)?);
    let at = hub.clock.now();
    let scopes = new.scopes.iter().map(|scope| scope_name(*scope).to_owned()).collect();
    let command = TokenCommand::Issue {
        member: new.member,
        label: new.label,
        scopes: new.scopes,
        repositories: new.repositories,
        expires_at: new.expires_at,
        at,
    };
    let executed = hub.execute::<Token>(cause, id.0, &command).await?;
    let stored = NewCredential {
        kind: CredentialKind::Token,
        id: id.0,
        organization: cause.organization,
        subject: new.member.0,
        scopes,
        expires_at: new.expires_at,
        at,
    };
    credential::insert(&hub.ops.get().await?, &secret, stored).await?;
    Ok((id, secret, executed))
}

pub async fn revoke(
    hub: &Hub,
    cause: &Cause,
    caller: &MemberCaller,
    token: &TokenRow,
) -> Result<Executed<Token>, ApiError> {
    check_owner(caller, token.member)?;
    let executed = hub.execute::<Token>(cause, token.id.0, &TokenCommand::Revoke).await?;
    credential::delete(&hub.ops.get().await?, token.id.0).await?;
    Ok(executed)
}

/// A new token like the old one, which ends after `overlap`.
pub async fn rotate(
    hub: &Hub,
    cause: &Cause,
    caller: &MemberCaller,
    old: &TokenRow,
    overlap: TimeDelta,
    expires_at: Option<DateTime<Utc>>,
) -> Result<(TokenId, String, Executed<Token>), ApiError> {
    let now = hub.clock.now();
    let until = now + overlap.min(MAX_OVERLAP);
    let new = NewToken {
        member: old.member,
        label: old.label.clone(),
        scopes: old.scopes.clone(),
        repositories: old.repositories.clone(),
        expires_at: expires_at.or(old.expires_at),
    };
    // refuses before there is a new one
    load::<Token>(hub, old.id.0).await?.check_live(now).map_err(ApiError::rejected)?;
    let issued = issue(hub, cause, caller, new).await?;
    let ends = Cause { command: hub.clock.new_id(), actor: cause.actor.clone(), ..*cause };
    let command = TokenCommand::Replace { by: issued.0, until, at: now };
    hub.execute::<Token>(&ends, old.id.0, &command).await?;
    credential::expire(&hub.ops.get().await?, old.id.0, until).await?;
    Ok(issued)
}

fn check_owner(caller: &MemberCaller, member: MemberId) -> Result<(), ApiError> {
    match caller.member == member {
        true => Ok(()),
        false => caller.check(Permission::ManageMembers),
    }
}

/// A token never begets one that may do more than itself.
fn check_scopes(caller: &MemberCaller, new: &NewToken) -> Result<(), ApiError> {
    let Via::Token { scopes: own, repositories, .. } = &caller.via else { return Ok(()) };
    if !own.contains(&TokenScope::Write) {
        return Err(ApiError::Forbidden("issuing a token needs the scope write".into()));
    }
    if !repositories.is_empty() && *repositories != new.repositories {
        return Err(ApiError::Forbidden(
            "your token is for some repositories only; name the same for the new one".into(),
        ));
    }
    match new.scopes.iter().find(|scope| !own.contains(scope)) {
        None => Ok(()),
        Some(more) => Err(ApiError::Forbidden(format!("your token does not have the scope {}", scope_name(*more)))),
    }
}
