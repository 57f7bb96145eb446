//! `/agent/v1`: what agents say and are told. The shapes are `distr_domain::agent`; `openapi.yaml` describes them.

mod check;
mod handlers;
mod openapi;

use actix_web::web;

/// Where agents report; its limits are by agent.
pub const HEARTBEATS: &str = "/agent/v1/heartbeats";

pub fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::scope("/agent/v1")
            .route("/openapi.yaml", web::get().to(openapi::describe))
            .route("/enrol", web::post().to(handlers::enrol))
            .route("/heartbeats", web::post().to(handlers::heartbeats))
            .route("/credential", web::post().to(handlers::rotate))
            .route("/pull-credential", web::post().to(handlers::pull_credential))
            .default_service(web::to(handlers::unknown)),
    );
}
