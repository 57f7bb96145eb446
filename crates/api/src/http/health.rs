//! Whether the hub lives, and whether it may be used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::{HttpResponse, web};
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
