//! Signing in with a password: a session whose secret is a bearer token for some hours. Each try is recorded, where
//! auditors find it; by the person's id, never by what was typed.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::ids::{CustomerId, MemberId, OrganizationId};
use distr_domain::names::Slug;
use distr_domain::rejection::Rejection;
use distr_eventlog::{Actor, TelemetryKind, TelemetryRecord};

use super::last_use::network;
use super::{Identities, RequestInfo, password};
use crate::commands::Commands;
use crate::failure::Failure;
use crate::models::ReadModels;
use crate::ops::credential::{self, CredentialKind, NewSession, SessionKind};
use crate::ops::person::{self, Person};
use crate::pause;

const SESSION: TimeDelta = TimeDelta::hours(12);
const SEVERAL: &str = "session.several_memberships";
const NO_FIT: &str = "organization, address and password do not fit together";

/// The password fits at more than one customer.
#[derive(Debug, thiserror::Error)]
#[error("you are a member of several customers with this address and password; name the customer")]
pub(crate) struct SeveralMemberships;

impl Rejection for SeveralMemberships {
    fn code(&self) -> &'static str {
        SEVERAL
    }
}

pub struct SignIn {
    pub organization: Slug,
    /// of several memberships with one address, that of this customer
    pub customer: Option<Slug>,
    pub email: String,
    pub password: String,
    pub kind: SessionKind,
}

pub struct SignedIn {
    pub secret: String,
    pub expires_at: DateTime<Utc>,
    pub organization: OrganizationId,
    pub member: MemberId,
}

/// The outcome of a password that somebody gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    /// a session
    Opened,
    /// none of several sessions that it fits
    Several,
    /// nothing, as it is not the password
    Wrong,
}

/// One answer for every wrong combination, after the same work.
pub async fn sign_in(of: Identities<'_>, request: &RequestInfo, attempt: SignIn) -> Result<SignedIn, Failure> {
    let now = of.commands.now();
    let this = of
        .sessions
        .throttle
        .admit(&attempt.organization, &attempt.email, request.address, now)
        .inspect_err(|_| count("throttled"))?;
    let organization = OrganizationId::of(&attempt.organization);
    let people = person::find_by_email(&*of.sessions.client().await?, organization, &attempt.email).await?;
    let first = people.first().map(|person| person.member);
    let stored = people.iter().map(|person| person.password_hash.clone()).collect();
    let fits = password::verify_each(attempt.password, stored).await?;
    let customer = attempt.customer.map(|name| CustomerId::of(organization, &name));
    let of_customer = |person: &Person| customer.is_none() || person.customer == customer;
    let mut fitting = people.into_iter().zip(fits).filter(|(person, fits)| *fits && of_customer(person));
    let found = fitting.next().map(|(person, _)| person);
    let Some(person) = found else {
        record(of, request, organization, first, Tried::Wrong);
        count("refused");
        return Err(no_fit());
    };
    let tried = |tried| record(of, request, organization, Some(person.member), tried);
    of.sessions.throttle.succeeded(this);
    // the vendor's own comes first, and is what is meant without a customer
    if person.customer.is_some() && customer.is_none() && fitting.next().is_some() {
        tried(Tried::Several);
        count("refused");
        return Err(Failure::rejected(SeveralMemberships));
    }
    pause::at("sign_in.verified").await;
    let signed_in = open(of, request, organization, person.member, &person.password_hash, attempt.kind).await?;
    tried(if signed_in.is_some() { Tried::Opened } else { Tried::Wrong });
    count(if signed_in.is_some() { "ok" } else { "refused" });
    signed_in.ok_or_else(no_fit)
}

fn no_fit() -> Failure {
    Failure::Forbidden(NO_FIT.into())
}

/// A session for somebody who has proved to be this member, by the password that has this hash. None: it is not the password
/// any more.
pub async fn open(
    of: Identities<'_>,
    request: &RequestInfo,
    organization: OrganizationId,
    member: MemberId,
    password_hash: &str,
    kind: SessionKind,
) -> Result<Option<SignedIn>, Failure> {
    let (now, secret) = (of.commands.now(), credential::new_secret(CredentialKind::Session)?);
    let made_from = request.address.map(network);
    let user_agent = request.user_agent.as_deref().map(|agent| &agent[..agent.floor_char_boundary(200)]);
    let expires_at = now + SESSION;
    let session = NewSession {
        kind,
        id: of.commands.new_id(),
        organization,
        member,
        password_hash,
        made_from: made_from.as_deref(),
        user_agent,
        at: now,
        expires_at,
    };
    let opened = credential::open_session(&*of.sessions.client().await?, &secret, session).await?;
    Ok(opened.then_some(SignedIn { secret, expires_at, organization, member }))
}

fn count(outcome: &'static str) {
    metrics::counter!("distr_sign_ins_total", "outcome" => outcome).increment(1);
}

/// Beside the answer, whose time tells nothing of it. An organization that is not there has no auditors.
pub fn record(
    of: Identities<'_>,
    request: &RequestInfo,
    organization: OrganizationId,
    member: Option<MemberId>,
    tried: Tried,
) {
    let refused =
        |code: &str, reason: &str| AccessOutcome::Refused { code: code.to_owned(), reason: reason.to_owned() };
    let outcome = match tried {
        Tried::Opened => AccessOutcome::Granted { rule: "password".to_owned() },
        Tried::Several => refused(SEVERAL, "the person is a member of several customers, and named none"),
        Tried::Wrong if member.is_some() => refused("sign_in.wrong_password", NO_FIT),
        Tried::Wrong => refused("sign_in.unknown", NO_FIT),
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
        address: request.address.map(|address| address.to_string()),
        user_agent: request.user_agent.clone(),
    };
    let (commands, models) = (of.commands.clone(), of.models.clone());
    let subject = member.map_or(organization.0, |member| member.0);
    tokio::spawn(async move {
        if let Err(error) = append((&commands, &models), organization, subject, &record).await {
            error.log();
        }
    });
}

async fn append(
    (commands, models): (&Commands, &ReadModels),
    organization: OrganizationId,
    subject: uuid::Uuid,
    record: &AccessRecord,
) -> Result<(), Failure> {
    if distr_projections::organization::find(&*models.client().await?, organization).await?.is_none() {
        return Ok(());
    }
    let record = TelemetryRecord {
        id: commands.new_id(),
        organization,
        subject,
        kind: TelemetryKind::Access,
        recorded_at: commands.now(),
        payload: serde_json::to_vec(record).map_err(Failure::fault)?.into(),
    };
    commands.log.append_telemetry(vec![record]).await.map_err(Failure::fault)?;
    Ok(())
}
