//! Signing in with a password: a session whose secret is a bearer token for some hours.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::ids::{MemberId, OrganizationId};
use distr_domain::names::Slug;

use super::{RequestInfo, password};
use crate::error::ApiError;
use crate::hub::Hub;
use crate::ops::credential::{self, CredentialKind, NewCredential};
use crate::ops::person;

const SESSION: TimeDelta = TimeDelta::hours(12);

pub struct SignIn {
    pub organization: Slug,
    pub email: String,
    pub password: String,
}

pub struct SignedIn {
    pub secret: String,
    pub expires_at: DateTime<Utc>,
    pub organization: OrganizationId,
    pub member: MemberId,
}

/// One answer for every wrong combination, after the same work.
pub async fn sign_in(hub: &Hub, request: &RequestInfo, attempt: SignIn) -> Result<SignedIn, ApiError> {
    let address = request.address.as_deref().unwrap_or_default();
    hub.limits.check_sign_in(&attempt.organization, &attempt.email, address).inspect_err(|_| count("throttled"))?;
    let organization = OrganizationId::of(&attempt.organization);
    let client = hub.ops.get().await?;
    let person = person::find_by_email(&client, organization, &attempt.email).await?;
    let stored = person.as_ref().map_or(password::NOBODY, |person| &person.password_hash).to_owned();
    let matches = password::verify(attempt.password, stored).await?;
    let Some(person) = person.filter(|_| matches) else {
        count("refused");
        return Err(ApiError::Forbidden("organization, address and password do not fit together".into()));
    };
    let (now, secret) = (hub.clock.now(), credential::new_secret(CredentialKind::Session)?);
    let session = NewCredential {
        kind: CredentialKind::Session,
        id: hub.clock.new_id(),
        organization,
        subject: person.member.0,
        scopes: vec![],
        expires_at: Some(now + SESSION),
        at: now,
    };
    credential::insert(&client, &secret, session).await?;
    count("ok");
    Ok(SignedIn { secret, expires_at: now + SESSION, organization, member: person.member })
}

fn count(outcome: &'static str) {
    metrics::counter!("distr_sign_ins_total", "outcome" => outcome).increment(1);
}
