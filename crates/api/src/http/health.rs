//! Whether the hub lives, whether it may be used, and its figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
use distr_eventlog::Position;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use crate::hub::Hub;

/// Ready when the read models have caught up with the log as it was at the start; not when the hub is stopping.
#[derive(Default)]
pub struct Readiness {
    caught_up: AtomicBool,
    stopping: AtomicBool,
}

impl Readiness {
    pub fn caught_up(&self) {
        self.caught_up.store(true, Ordering::Release);
    }

    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub fn is_ready(&self) -> bool {
        self.caught_up.load(Ordering::Acquire) && !self.stopping.load(Ordering::Acquire)
    }
}

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

pub(super) async fn ready(readiness: web::Data<Arc<Readiness>>, hub: web::Data<Arc<Hub>>) -> HttpResponse {
    let core = hub.progress.core.position().to_string();
    match readiness.is_ready() {
        true => HttpResponse::Ok().json(json!({ "status": "ready", "position": core })),
        false => {
            HttpResponse::ServiceUnavailable().json(json!({ "status": "catching up or stopping", "position": core }))
        }
    }
}

pub(super) async fn metrics(handle: web::Data<PrometheusHandle>, hub: web::Data<Arc<Hub>>) -> HttpResponse {
    let head = hub.log.head().await.unwrap_or(Position::START);
    metrics::gauge!("distr_log_head").set(head.0 as f64);
    for (group, progress) in
        [("core", &hub.progress.core), ("fleet", &hub.progress.fleet), ("audit", &hub.progress.audit)]
    {
        let lag = head.0.saturating_sub(progress.position().0);
        metrics::gauge!("distr_projection_lag_positions", "group" => group).set(lag as f64);
    }
    for (pool, state) in [("read", hub.read.status()), ("ops", hub.ops.status())] {
        metrics::gauge!("distr_pool_in_use", "pool" => pool).set((state.size - state.available) as f64);
        metrics::gauge!("distr_pool_waiting", "pool" => pool).set(state.waiting as f64);
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(handle.render())
}
