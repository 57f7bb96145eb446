//! Whether the hub lives, and whether it may be used.

use std::sync::Arc;

use actix_web::{HttpResponse, web};
use distr_registry::DiskReserve;
use serde_json::json;

use crate::health::{Health, Readiness};

/// Bytes; a database takes room for more than what it is given.
const ENOUGH_FOR_A_FACT: u64 = 16 << 20;

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// A hub whose disk is at its reserve is ready: agents, deletes and queries go on, and only pushes are refused. It says so.
/// How far it is, and so how much there is, is in the log and the metrics: this is open to everybody.
pub(super) async fn ready(
    readiness: web::Data<Arc<Readiness>>,
    health: web::Data<Arc<Health>>,
    disk: web::Data<Arc<DiskReserve>>,
) -> HttpResponse {
    let disk = match disk.standing() {
        Some(standing) if standing.free < ENOUGH_FOR_A_FACT => "full: nothing can be stored",
        Some(standing) if standing.is_reached() => "reserve reached: uploads and pushes are refused",
        _ => "ok",
    };
    let standing = health.standing();
    let (status, mut response) = match (readiness.is_ready(), standing.is_well()) {
        (true, true) => ("ready", HttpResponse::Ok()),
        (true, false) => ("not ready", HttpResponse::ServiceUnavailable()),
        (false, _) => ("catching up or stopping", HttpResponse::ServiceUnavailable()),
    };
    response.json(json!({
        "status": status,
        "database": standing.database_in_words(),
        "blobs": standing.blobs_in_words(),
        "readModels": standing.read_models_in_words(),
        "disk": disk,
    }))
}
