//! One handler per path: authenticate, one call, convert.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use distr_domain::agent::{
    AgentError, Contact, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, Report, RotateResponse,
};
use distr_domain::tally::Tally;
use distr_eventlog::{TelemetryKind, TelemetryRecord};

use super::check::{self, Malformed};
use crate::auth::{self, AgentCaller, Caller};
use crate::error::ApiError;
use crate::http::{Readiness, request_info};
use crate::hub::Hub;
use crate::operations::{desired, enrolment};

impl From<Malformed> for ApiError {
    fn from(error: Malformed) -> Self {
        Self::BadInput(error.to_string())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut response = HttpResponse::build(self.status());
        if let ApiError::TooMany { seconds } = self {
            response.insert_header(("Retry-After", seconds.to_string()));
        }
        response.json(AgentError { code: self.code().to_owned(), message: self.to_string() })
    }
}

pub(super) async fn unknown(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Err(ApiError::not_found("agent path", request.path()))
}

pub(super) async fn enrol(
    hub: web::Data<Arc<Hub>>,
    request: HttpRequest,
    body: web::Json<EnrolRequest>,
) -> Result<web::Json<EnrolResponse>, ApiError> {
    let token = bearer(&request).ok_or(ApiError::Unauthenticated)?;
    check::enrolment(&body)?;
    let answer = enrolment::enrol(&hub, &request_info(&request), &token, body.nonce.as_deref()).await?;
    Ok(web::Json(answer))
}

pub(super) async fn rotate(
    hub: web::Data<Arc<Hub>>,
    request: HttpRequest,
) -> Result<web::Json<RotateResponse>, ApiError> {
    let agent = agent(&hub, &request).await?;
    let (credential, secret) = enrolment::rotate(&hub, &request_info(&request), &agent).await?;
    Ok(web::Json(RotateResponse { credential, secret }))
}

/// The reports are durable when the answer leaves.
pub(super) async fn heartbeats(
    hub: web::Data<Arc<Hub>>,
    readiness: web::Data<Arc<Readiness>>,
    request: HttpRequest,
    body: web::Json<HeartbeatRequest>,
) -> Result<web::Json<HeartbeatResponse>, ApiError> {
    // before it has caught up, a hub would tell what was wished for yesterday
    if !readiness.is_ready() {
        return Err(ApiError::NotReady);
    }
    let agent = reporter(&hub, &request).await?;
    if agent.unconfirmed
        && let Err(error) = enrolment::confirm(&hub, &request_info(&request), &agent).await
    {
        error.log(); // the next heartbeat confirms it
    }
    let body = body.into_inner();
    check::reports(&body.reports)?;
    let desired_etag = body.desired_etag.clone();
    let (accepted, known) = (body.reports.len(), hub.tallies.known(&hub.read, &agent).await?);
    let last = known.as_ref().map(|tally| tally.last);
    let stored = store(&hub, &agent, known, body).await?;
    let desired = desired::desired(&hub, &agent, desired_etag.as_deref()).await?;
    Ok(web::Json(HeartbeatResponse {
        accepted,
        repeated: accepted - stored,
        known: last,
        desired,
        interval: hub.settings.heartbeat_seconds,
        rotate: !agent.unconfirmed && hub.clock.now() - agent.since >= hub.settings.credential_age,
    }))
}

/// Appends the reports that are not known to be in the log; how many there were.
async fn store(
    hub: &Hub,
    agent: &AgentCaller,
    known: Option<Tally>,
    request: HeartbeatRequest,
) -> Result<usize, ApiError> {
    let HeartbeatRequest { mut reports, sent_at, behind, .. } = request;
    let newest = reports.last().map(|report| report.id);
    reports.retain(|report| !known.as_ref().is_some_and(|tally| tally.knows(report)));
    for report in &mut reports {
        let is_newest = newest == Some(report.id);
        report.contact = is_newest.then_some(Contact { sent_at, behind });
    }
    if !reports.is_empty() {
        let records = reports.iter().map(|report| record(hub, agent, report)).collect::<Result<_, _>>()?;
        hub.log.append_telemetry(records).await.map_err(ApiError::fault)?;
        metrics::counter!("distr_heartbeats_total").increment(reports.len() as u64);
    }
    hub.tallies.stored(agent.target, known, &reports);
    Ok(reports.len())
}

fn record(hub: &Hub, agent: &AgentCaller, report: &Report) -> Result<TelemetryRecord, ApiError> {
    Ok(TelemetryRecord {
        id: report.id,
        organization: agent.organization,
        subject: agent.target.0,
        kind: TelemetryKind::Heartbeat,
        recorded_at: hub.clock.now(),
        payload: serde_json::to_vec(report).map_err(ApiError::fault)?.into(),
    })
}

/// The agent, counted by itself; whoever is none counts by the address.
async fn reporter(hub: &Hub, request: &HttpRequest) -> Result<AgentCaller, ApiError> {
    match agent(hub, request).await {
        Ok(agent) => hub.limits.check_agent(agent.credential).map(|()| agent),
        Err(refused) => {
            request.peer_addr().map_or(Ok(()), |peer| hub.limits.check_address(peer.ip()))?;
            Err(refused)
        }
    }
}

async fn agent(hub: &Hub, request: &HttpRequest) -> Result<AgentCaller, ApiError> {
    let secret = bearer(request).ok_or(ApiError::Unauthenticated)?;
    match auth::authenticate(hub, &secret).await? {
        Some(Caller::Agent(agent)) => Ok(agent),
        Some(Caller::Member(_)) => Err(ApiError::Forbidden("this path is for agents".into())),
        None => Err(ApiError::Unauthenticated),
    }
}

fn bearer(request: &HttpRequest) -> Option<String> {
    crate::http::bearer(request.headers())
}
