//! One handler per path: authenticate, one call, convert.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use distr_domain::agent::{
    AgentError, EnrolRequest, EnrolResponse, HeartbeatRequest, HeartbeatResponse, Report, RotateResponse,
};
use distr_eventlog::{TelemetryKind, TelemetryRecord};

use crate::auth::{self, AgentCaller, Caller};
use crate::error::ApiError;
use crate::http::{Readiness, request_info};
use crate::hub::Hub;
use crate::operations::{desired, enrolment};

/// More in one request is refused whole; an agent sends the rest with the next.
const MAX_REPORTS: usize = 1_000;
const MAX_DEPLOYMENTS: usize = 200;
const MAX_TEXT: usize = 2_000;

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
    _body: web::Json<EnrolRequest>,
) -> Result<web::Json<EnrolResponse>, ApiError> {
    let token = bearer(&request).ok_or(ApiError::Unauthenticated)?;
    Ok(web::Json(enrolment::enrol(&hub, &request_info(&request), &token).await?))
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
    let agent = agent(&hub, &request).await?;
    let HeartbeatRequest { reports, desired_etag } = body.into_inner();
    check(&reports)?;
    let accepted = reports.len();
    if accepted > 0 {
        let records = reports.iter().map(|report| record(&hub, &agent, report)).collect::<Result<_, _>>()?;
        hub.log.append_telemetry(records).await.map_err(ApiError::fault)?;
        metrics::counter!("distr_heartbeats_total").increment(accepted as u64);
    }
    let desired = desired::desired(&hub, &agent, desired_etag.as_deref()).await?;
    Ok(web::Json(HeartbeatResponse { accepted, desired, interval: hub.settings.heartbeat_seconds }))
}

fn check(reports: &[Report]) -> Result<(), ApiError> {
    if reports.len() > MAX_REPORTS {
        let message = format!("{} reports in one request; send at most {MAX_REPORTS}", reports.len());
        return Err(ApiError::BadInput(message));
    }
    for report in reports {
        let deployments = &report.deployments;
        if deployments.len() > MAX_DEPLOYMENTS {
            let message =
                format!("report {} has {} deployments; at most {MAX_DEPLOYMENTS}", report.id, deployments.len());
            return Err(ApiError::BadInput(message));
        }
        // revisions and generations are signed in the database
        let too_large = deployments.iter().any(|deployment| i64::try_from(deployment.generation).is_err());
        if too_large || i64::try_from(report.sequence).is_err() {
            return Err(ApiError::BadInput(format!("report {} has a number out of range", report.id)));
        }
        let texts = deployments.iter().flat_map(|deployment| {
            let error = deployment.error.as_ref().map(|error| &error.text);
            error.into_iter().chain(&deployment.drift)
        });
        if let Some(text) = texts.into_iter().find(|text| text.chars().count() > MAX_TEXT) {
            let length = text.chars().count();
            let message = format!("report {} has a text of {length} characters; at most {MAX_TEXT}", report.id);
            return Err(ApiError::BadInput(message));
        }
    }
    Ok(())
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
