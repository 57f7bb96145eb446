//! The hub's HTTP surface: everything that is served, on one screen.

mod graphql;
mod health;
mod install;
pub mod limits;
mod middleware;
pub mod scrape;
mod slow;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::header::{self, HeaderMap};
use actix_web::middleware::from_fn;
use actix_web::{App, HttpMessage, HttpRequest, HttpServer, web};
use distr_registry::Registry;
use uuid::Uuid;

use crate::auth::RequestInfo;
use crate::config::HttpConfig;
use crate::error::ApiError;
use crate::graphql::Schema;
use crate::hub::Hub;

pub use health::Readiness;

/// GraphQL documents with their variables; compose files are the largest part.
const MAX_GRAPHQL_BODY: usize = 4 * 1024 * 1024;
/// Time that requests in flight get to end when the hub stops. A push that is cut off is resumed by its client.
const SHUTDOWN_SECONDS: u64 = 5;
/// For the head of a request, from its first byte or the opening of the connection on.
const REQUEST_HEAD: Duration = Duration::from_secs(10);
/// Longer than agents are silent between two heartbeats, unless they are told to be: each keeps its connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Of one worker, and there is one for each core. Who comes then waits in the kernel's queue.
const MAX_CONNECTIONS: usize = 20_000;

#[derive(Clone)]
pub struct Served {
    pub hub: Arc<Hub>,
    pub schema: Schema,
    pub registry: web::Data<Registry>,
    pub readiness: Arc<Readiness>,
}

/// Starts to listen. An address that is taken is an error here.
pub fn serve(config: &HttpConfig, served: Served) -> std::io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(served.hub.clone()))
            .app_data(web::Data::new(served.schema.clone()))
            .app_data(web::Data::new(served.readiness.clone()))
            .app_data(served.registry.clone())
            .wrap(from_fn(slow::bodies))
            .wrap(from_fn(middleware::limit))
            .wrap(from_fn(middleware::trace))
            .configure(routes)
    });
    let server = server
        .client_request_timeout(REQUEST_HEAD)
        .keep_alive(KEEP_ALIVE)
        .max_connections(MAX_CONNECTIONS)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
    Ok(server.bind(config.listen)?.run())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .route("/install-agent", web::get().to(install::script))
        .route("/agent/v1/binary", web::get().to(install::binary))
        .service(
            web::resource("/graphql")
                .app_data(json_body(MAX_GRAPHQL_BODY))
                .route(web::post().to(graphql::execute))
                .route(web::get().guard(graphql::is_upgrade()).to(graphql::subscribe))
                .route(web::get().to(graphql::explorer)),
        )
        .configure(crate::agent::configure)
        .configure(distr_registry::configure);
}

/// Takes JSON bodies up to this size, and says what is wrong with one that it does not take.
pub(crate) fn json_body(limit: usize) -> web::JsonConfig {
    web::JsonConfig::default()
        .limit(limit)
        .error_handler(|error, _| ApiError::BadInput(format!("the body is not what this path takes: {error}")).into())
}

/// What the middleware noted of the request.
pub fn request_info(request: &HttpRequest) -> RequestInfo {
    request.extensions().get::<RequestInfo>().cloned().unwrap_or_else(|| RequestInfo {
        correlation: Uuid::nil(),
        address: None,
        user_agent: None,
    })
}

/// The secret of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then(|| secret.to_owned())
}
