//! Signing in with a password: a session whose secret is a bearer token for some hours. Each try is recorded, where
//! auditors find it; by the person's id, never by what was typed.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::ids::{MemberId, OrganizationId};
use distr_domain::names::Slug;
use distr_eventlog::{Actor, TelemetryKind, TelemetryRecord};

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
pub async fn sign_in(hub: &Arc<Hub>, request: &RequestInfo, attempt: SignIn) -> Result<SignedIn, ApiError> {
    let address = request.address.as_deref().unwrap_or_default();
    let now = hub.clock.now();
    let this =
        hub.sign_ins.admit(&attempt.organization, &attempt.email, address, now).inspect_err(|_| count("throttled"))?;
    let organization = OrganizationId::of(&attempt.organization);
    let person = person::find_by_email(&hub.ops.get().await?, organization, &attempt.email).await?;
    let stored = person.as_ref().map_or(password::NOBODY, |person| &person.password_hash).to_owned();
    let matches = password::verify(attempt.password, stored).await?;
    record(hub, request, organization, person.as_ref().map(|person| person.member), matches);
    let Some(person) = person.filter(|_| matches) else {
        count("refused");
        return Err(ApiError::Forbidden("organization, address and password do not fit together".into()));
    };
    hub.sign_ins.succeeded(this);
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
    credential::insert(&hub.ops.get().await?, &secret, session).await?;
    count("ok");
    Ok(SignedIn { secret, expires_at: now + SESSION, organization, member: person.member })
}

fn count(outcome: &'static str) {
    metrics::counter!("distr_sign_ins_total", "outcome" => outcome).increment(1);
}

/// Beside the answer, whose time tells nothing of it. An organization that is not there has no auditors.
fn record(
    hub: &Arc<Hub>,
    request: &RequestInfo,
    organization: OrganizationId,
    member: Option<MemberId>,
    matches: bool,
) {
    let outcome = match matches {
        true => AccessOutcome::Granted { rule: "password".to_owned() },
        false => AccessOutcome::Refused {
            code: if member.is_some() { "sign_in.wrong_password" } else { "sign_in.unknown" }.to_owned(),
            reason: "organization, address and password do not fit together".to_owned(),
        },
    };
    let record = AccessRecord {
        action: AccessAction::SignIn,
        actor: member.map_or(Actor::Anonymous, Actor::Member).to_string(),
        customer: None,
        application: None,
        license: None,
        subject: "session".to_owned(),
        digest: None,
        outcome,
        address: request.address.clone(),
        user_agent: request.user_agent.clone(),
    };
    let (hub, subject) = (hub.clone(), member.map_or(organization.0, |member| member.0));
    tokio::spawn(async move {
        if let Err(error) = append(&hub, organization, subject, &record).await {
            error.log();
        }
    });
}

async fn append(
    hub: &Hub,
    organization: OrganizationId,
    subject: uuid::Uuid,
    record: &AccessRecord,
) -> Result<(), ApiError> {
    if distr_projections::organization::find(&hub.read().await?, organization).await?.is_none() {
        return Ok(());
    }
    let record = TelemetryRecord {
        id: hub.clock.new_id(),
        organization,
        subject,
        kind: TelemetryKind::Access,
        recorded_at: hub.clock.now(),
        payload: serde_json::to_vec(record).map_err(ApiError::fault)?.into(),
    };
    hub.log.append_telemetry(vec![record]).await.map_err(ApiError::fault)?;
    Ok(())
}
