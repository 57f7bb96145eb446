//! The hub's HTTP surface: everything that is served, on one screen.

mod branding;
mod browser;
mod explorer;
mod graphql;
mod health;
mod history;
mod install;
mod middleware;
mod opaque;
mod portal;
pub mod scrape;
mod slow;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use actix_http::HttpService;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Server, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use distr_registry::{DiskReserve, Registry};

use crate::config::HttpConfig;
use crate::edge::{self, Edge, REQUEST_HEAD};
use crate::graphql::Schema;
use crate::health::{Health, Readiness};
use crate::hub::Hub;

/// GraphQL documents with their variables; compose files are the largest part.
const MAX_GRAPHQL_BODY: usize = 4 * 1024 * 1024;
/// Time that requests in flight get to end when the hub stops. A push that is cut off is resumed by its client.
const SHUTDOWN_SECONDS: u64 = 5;
/// Longer than agents are silent between two heartbeats, unless they are told to be: each keeps its connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Of one worker. It is never reached: `edge::connections` has the limits that matter.
const MAX_CONNECTIONS: usize = 200_000;

#[derive(Clone)]
pub struct Served {
    pub hub: Arc<Hub>,
    pub schema: Schema,
    pub registry: web::Data<Registry>,
    pub readiness: Arc<Readiness>,
    pub health: Arc<Health>,
    pub edge: Edge,
    pub disk: Arc<DiskReserve>,
}

/// Starts to listen. An address that is taken is an error here.
pub fn serve(config: &HttpConfig, served: Served) -> std::io::Result<Server> {
    let builder = Server::build();
    let stopping = builder.graceful_shutdown_signal();
    let builder =
        builder.max_concurrent_connections(MAX_CONNECTIONS).shutdown_timeout(SHUTDOWN_SECONDS).disable_signals();
    let server = builder.bind("hub", config.listen, move || {
        let stopping = stopping.clone();
        let http = HttpService::build()
            .client_request_timeout(REQUEST_HEAD)
            .keep_alive(KEEP_ALIVE)
            .on_connect_ext(edge::streams::count)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            });
        let app = app(served.clone()).into_factory().map_err(|error: Error| error.error_response());
        edge::accept(served.edge.clone()).and_then(http.finish(map_config(app, |()| AppConfig::default())))
    })?;
    Ok(server.run())
}

fn app(
    served: Served,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::new(served.hub.clone()))
        .app_data(web::Data::new(served.schema.clone()))
        .app_data(web::Data::new(served.readiness.clone()))
        .app_data(web::Data::new(served.health.clone()))
        .app_data(web::Data::new(served.edge.clone()))
        .app_data(web::Data::new(served.disk.clone()))
        .app_data(served.registry.clone())
        .wrap(from_fn(slow::bodies))
        .wrap(from_fn(middleware::limit))
        .wrap(from_fn(edge::streams::limit))
        .wrap(from_fn(middleware::catch))
        .wrap(from_fn(middleware::trace))
        .wrap(from_fn(edge::edge))
        .configure(routes)
}

fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/healthz", web::get().to(health::alive))
        .route("/readyz", web::get().to(health::ready))
        .route("/install-agent", web::get().to(install::script))
        .route("/agent/v1/binary", web::get().to(install::binary))
        .service(
            web::resource("/graphql")
                .route(web::post().to(graphql::execute))
                .route(web::get().guard(graphql::is_upgrade()).to(graphql::subscribe))
                .route(web::get().to(explorer::page))
                .route(web::method(Method::OPTIONS).to(opaque::preflight))
                .wrap(from_fn(opaque::guard)),
        )
        .route("/graphql/explorer/{name}", web::get().to(explorer::file))
        .route("/", web::get().to(portal::document))
        .route("/log/{organization}/checkpoint", web::get().to(history::checkpoint))
        .route("/log/{organization}/tile/{path:.+}", web::get().to(history::tile))
        .route("/log/{organization}/entries", web::get().to(history::entries))
        .route("/log/{organization}/leaves", web::get().to(history::leaves))
        .route("/branding/{name}", web::get().to(branding::file))
        .route("/assets/{name}", web::get().to(portal::asset))
        .configure(crate::agent::configure)
        .configure(distr_registry::configure)
        .default_service(web::to(portal::elsewhere));
}
