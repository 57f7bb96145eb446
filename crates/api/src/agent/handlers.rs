//! One handler per path: authenticate, one call, convert.

use std::sync::Arc;

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use distr_domain::agent::{
    Contact, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, PullCredentialResponse, Report,
    RotateResponse,
};
use distr_domain::tally::Tally;
use distr_eventlog::{TelemetryKind, TelemetryRecord};

use super::check::{self, Malformed};
use crate::auth::{AgentCaller, Caller};
use crate::error::ApiError;
use crate::failure::Failure;
use crate::health::Readiness;
use crate::hub::Hub;
use crate::operations::{desired, enrolment, pull_credential};
use crate::request::{bearer, read_json, request_info};

/// Bytes of an enrolment, which anybody may send.
const MAX_ENROLMENT: usize = 16 * 1024;
/// Bytes of a request with reports, which are small.
const MAX_REPORTS: usize = 1024 * 1024;

impl From<Malformed> for ApiError {
    fn from(error: Malformed) -> Self {
        Failure::BadInput(error.to_string()).into()
    }
}

pub(super) async fn unknown(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(Failure::not_found("agent path", request.match_info().as_str()).into())
}

pub(super) async fn enrol(
    hub: web::Data<Arc<Hub>>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<web::Json<EnrolResponse>, ApiError> {
    let token = bearer(request.headers()).ok_or(Failure::Unauthenticated)?;
    let body: EnrolRequest = read_json(&request, payload, MAX_ENROLMENT).await?;
    check::enrolment(&body)?;
    let answer = enrolment::enrol(hub.identities(), &request_info(&request), &token, body.nonce.as_deref()).await?;
    hub.sessions.remember_agent(&answer.secret);
    Ok(web::Json(answer))
}

pub(super) async fn rotate(
    hub: web::Data<Arc<Hub>>,
    request: HttpRequest,
) -> Result<web::Json<RotateResponse>, ApiError> {
    let agent = agent(&hub, &request).await?;
    let (credential, secret) = enrolment::rotate(hub.identities(), &request_info(&request), &agent).await?;
    hub.sessions.remember_agent(&secret);
    Ok(web::Json(RotateResponse { credential, secret }))
}

pub(super) async fn pull_credential(
    hub: web::Data<Arc<Hub>>,
    request: HttpRequest,
) -> Result<web::Json<PullCredentialResponse>, ApiError> {
    let agent = agent(&hub, &request).await?;
    Ok(web::Json(pull_credential::make(hub.identities(), &agent).await?))
}

/// The reports are durable when the answer leaves.
pub(super) async fn heartbeats(
    hub: web::Data<Arc<Hub>>,
    readiness: web::Data<Arc<Readiness>>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    // before it has caught up, a hub would tell what was wished for yesterday
    if !readiness.is_ready() {
        return Err(ApiError::NotReady);
    }
    let agent = reporter(&hub, &request).await?;
    if agent.unconfirmed
        && let Err(error) = enrolment::confirm(hub.identities(), &request_info(&request), &agent).await
    {
        error.log(); // the next heartbeat confirms it
    }
    let body: HeartbeatRequest = read_json(&request, payload, MAX_REPORTS).await?;
    // the body may have come slowly, and the target may be retired since
    let agent = self::agent(&hub, &request).await?;
    check::reports(&body.reports)?;
    let desired_etag = body.desired_etag.clone();
    let (accepted, known) = (body.reports.len(), hub.tallies.known(&hub.models.pool, &agent).await?);
    let last = known.as_ref().map(|tally| tally.last);
    let Stored { reports: stored, newest_bytes } = store(&hub, &agent, known, body).await?;
    let desired = desired::desired(hub.desiring(), &agent, desired_etag.as_deref()).await?;
    let tells_desired = desired.is_some();
    let answer = HeartbeatResponse {
        accepted,
        repeated: accepted - stored,
        known: last,
        desired,
        interval: interval(&hub, newest_bytes),
        rotate: !agent.unconfirmed && hub.commands.now() - agent.since >= hub.settings.credential_age,
    };
    let answer = serde_json::to_vec(&answer).map_err(Failure::fault)?;
    if tells_desired {
        hub.limits.charge_desired(agent.target, answer.len());
    }
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(answer))
}

/// Seconds until the next heartbeat. An agent that has more to say says it less often, though not so seldom that it seems silent.
fn interval(hub: &Hub, newest_bytes: usize) -> u32 {
    let longest = u32::try_from(hub.settings.silence.stale_after.num_seconds() / 2).unwrap_or(u32::MAX);
    hub.limits.report_interval(newest_bytes).min(longest).max(hub.settings.heartbeat_seconds)
}

struct Stored {
    reports: usize,
    /// of the newest report
    newest_bytes: usize,
}

/// Appends the reports that are not known to be in the log.
async fn store(
    hub: &Hub,
    agent: &AgentCaller,
    known: Option<Tally>,
    request: HeartbeatRequest,
) -> Result<Stored, ApiError> {
    let HeartbeatRequest { mut reports, sent_at, behind, .. } = request;
    let newest = reports.last().map(|report| report.id);
    reports.retain(|report| !known.as_ref().is_some_and(|tally| tally.knows(report)));
    for report in &mut reports {
        let is_newest = newest == Some(report.id);
        report.contact = is_newest.then_some(Contact { sent_at, behind });
    }
    let mut newest_bytes = 0;
    if !reports.is_empty() {
        let records = reports.iter().map(|report| record(hub, agent, report)).collect::<Result<Vec<_>, _>>()?;
        newest_bytes = records.last().map_or(0, |record| record.payload.len());
        let bytes = records.iter().map(|record| record.payload.len()).sum();
        hub.limits.spend_report_bytes(agent.target, bytes)?;
        if let Err(error) = hub.commands.log.append_telemetry(records).await {
            hub.limits.give_back_report_bytes(agent.target, bytes);
            return Err(error.into());
        }
        metrics::counter!("distr_heartbeats_total").increment(reports.len() as u64);
    }
    hub.tallies.stored(agent.target, known, &reports);
    Ok(Stored { reports: reports.len(), newest_bytes })
}

fn record(hub: &Hub, agent: &AgentCaller, report: &Report) -> Result<TelemetryRecord, ApiError> {
    Ok(TelemetryRecord {
        id: report.id,
        organization: agent.organization,
        subject: agent.target.0,
        kind: TelemetryKind::Heartbeat,
        recorded_at: hub.commands.now(),
        payload: serde_json::to_vec(report).map_err(Failure::fault)?.into(),
    })
}

/// The agent, counted by itself. Whoever is none counts by the address, and costs the database nothing any more after a while: but
/// agents that were here before come in, whoever shares their address.
async fn reporter(hub: &Hub, request: &HttpRequest) -> Result<AgentCaller, ApiError> {
    let address = request_info(request).address;
    let was_here = bearer(request.headers()).is_some_and(|secret| hub.sessions.was_an_agent(&secret));
    if !was_here {
        hub.limits.check_stranger(address)?;
    }
    match agent(hub, request).await {
        Ok(agent) => Ok(hub.limits.check_agent(agent.credential).map(|()| agent)?),
        Err(refused) => {
            hub.limits.charge_stranger(address);
            Err(refused)
        }
    }
}

async fn agent(hub: &Hub, request: &HttpRequest) -> Result<AgentCaller, ApiError> {
    let secret = bearer(request.headers()).ok_or(Failure::Unauthenticated)?;
    match hub.sessions.authenticate(&secret).await? {
        Some(Caller::Agent(agent)) => {
            hub.sessions.remember_agent(&secret);
            Ok(agent)
        }
        Some(Caller::Member(_) | Caller::Puller(_)) => Err(Failure::Forbidden("this path is for agents".into()).into()),
        None => {
            hub.sessions.forget_agent(&secret);
            Err(Failure::Unauthenticated.into())
        }
    }
}
