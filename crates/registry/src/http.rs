//! The whole surface of the registry on one screen; one file per endpoint group.

mod base;
mod blobs;
mod capacity;
mod catalog;
mod conditional;
mod manifests;
mod page;
mod referrers;
mod tags;
mod token;
mod uploads;

use std::convert::Infallible;

use actix_web::body::{MessageBody, SizedStream};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, Resource};
use futures_util::stream;

use crate::registry::Registry;

/// Mounts the registry at the root: `/v2/…` and `/token`. The app's data must hold `web::Data<Registry>`, and no middleware
/// may compress, buffer or rewrite what goes through here.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/token").route(web::get().to(token::by_basic)).route(web::post().to(token::by_grant)));
    let base = resource(&["/v2", "/v2/"], "GET, HEAD");
    // Docker's client up to 20.10 takes nothing for a registry that does not say so, also when it refuses
    let version = DefaultHeaders::new().add(("Docker-Distribution-Api-Version", "registry/2.0"));
    config.service(base.route(web::get().to(base::check)).route(web::head().to(base::check)).wrap(version));
    config.service(resource(&["/v2/_catalog"], "GET").route(web::get().to(catalog::list)));
    config.service(resource(&["/v2/{name:.+}/referrers/{digest:[^/]+}"], "GET").route(web::get().to(referrers::list)));
    config.service(resource(&["/v2/{name:.+}/tags/list"], "GET").route(web::get().to(tags::list)));
    config.service(
        resource(&["/v2/{name:.+}/manifests/{reference:[^/]+}"], "GET, HEAD, PUT, DELETE")
            .route(web::get().to(manifests::get))
            .route(web::head().to(manifests::head))
            .route(web::put().to(manifests::put))
            .route(web::delete().to(manifests::delete)),
    );
    let uploads = resource(&["/v2/{name:.+}/blobs/uploads", "/v2/{name:.+}/blobs/uploads/"], "POST");
    config.service(uploads.route(web::post().to(uploads::start)));
    config.service(
        resource(&["/v2/{name:.+}/blobs/uploads/{id:[^/]+}"], "GET, PATCH, PUT, DELETE")
            .route(web::get().to(uploads::status))
            .route(web::patch().to(uploads::append))
            .route(web::put().to(uploads::finish))
            .route(web::delete().to(uploads::cancel)),
    );
    config.service(
        resource(&["/v2/{name:.+}/blobs/{digest:[^/]+}"], "GET, HEAD, DELETE")
            .route(web::get().to(blobs::get))
            .route(web::head().to(blobs::head))
            .route(web::delete().to(blobs::delete)),
    );
    config.service(web::resource("/v2/{rest:.*}").default_service(web::to(base::refuse_path)));
}

/// Answers other methods than those that it has as everything here is answered: first the token, then an error of the registry's
/// kind.
fn resource(paths: &[&str], allow: &'static str) -> Resource {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    let refuse =
        move |request: HttpRequest, registry: web::Data<Registry>| base::refuse_method(request, registry, allow);
    web::resource(paths).default_service(web::to(refuse))
}

/// Bytes of blobs and manifests that come in or go out.
fn measure_bytes(direction: &'static str, bytes: u64) {
    metrics::counter!("distr_registry_bytes_total", "direction" => direction).increment(bytes);
}

/// The answer to a `HEAD`: it says the length of what a `GET` would bring.
fn no_body(length: u64) -> impl MessageBody + 'static {
    SizedStream::new(length, stream::empty::<Result<Bytes, Infallible>>())
}
