//! The portal: a document for each side and all paths of it, and the files that it loads. All data comes by GraphQL. A document is
//! for the hub's own host and for portal hosts: at another name that leads here, there is none.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use aws_lc_rs::digest;
use distr_domain::names::Slug;
use distr_portal::{Brand, Side};

use crate::edge::Edge;
use crate::error::ApiError;
use crate::failure::Failure;
use crate::hub::Hub;
use crate::operations::portal::{self, Found};

use super::browser;

/// Beginnings of paths that are others': what is not there is not the portal's either.
const OTHERS: [&str; 9] =
    ["/graphql", "/v2", "/token", "/agent", "/install-agent", "/healthz", "/readyz", "/assets", "/branding"];

pub(super) async fn document(request: HttpRequest, edge: web::Data<Edge>, hub: web::Data<Arc<Hub>>) -> HttpResponse {
    let host = browser::host(&request);
    let found = match hub.portals().at(&host).await {
        Ok(found) => found,
        Err(failure) => return ApiError::from(failure).error_response(),
    };
    let (side, organization) = match &found {
        Found::Hub => (Side::of(request.match_info().as_str()), customers_of(request.match_info().as_str())),
        Found::PortalOf(organization) => (Side::Customer, Some(organization.clone())),
        Found::Nothing => return misdirected(&hub, &host),
    };
    let brand = match organization {
        Some(organization) => brand(&hub, &organization, found != Found::Hub).await,
        None => None,
    };
    let document = distr_portal::document(side, edge.base.as_str(), brand.as_ref());
    let hash = digest::digest(&digest::SHA256, document.html.as_bytes());
    let etag = format!("\"{}\"", hex::encode(&hash.as_ref()[..12]));
    let is_known = request.headers().get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    for header in distr_portal::HEADERS {
        response.insert_header(header);
    }
    response.insert_header((ETAG, etag));
    match is_known {
        true => response.finish(),
        false => response.content_type("text/html; charset=utf-8").body(document.html),
    }
}

/// The organization whose customers' page this is.
fn customers_of(path: &str) -> Option<Slug> {
    path.strip_prefix("/p/")?.split('/').next()?.parse().ok()
}

async fn brand(hub: &Hub, organization: &Slug, has_host: bool) -> Option<Brand> {
    let row = hub.portals().shown(organization, has_host).await.ok()??;
    Some(portal::brand(&row, has_host))
}

/// Another name that leads to this machine, which a stranger may have given it: a page there would be another's origin.
fn misdirected(hub: &Hub, host: &str) -> HttpResponse {
    let mut response = HttpResponse::MisdirectedRequest();
    for header in distr_portal::HEADERS {
        response.insert_header(header);
    }
    let public = &hub.settings.public_url;
    response.content_type("text/plain; charset=utf-8").body(format!(
        "No portal is at the host {host:?}. This hub is at {public}.\n\
         Its operator says where else: DISTR_PUBLIC_URL for the hub, `distr-hub portal-host add` for an organization's customers.\n"
    ))
}

pub(super) async fn asset(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asset = distr_portal::asset(&name, accepted).ok_or_else(|| Failure::not_found("file of the portal", &*name))?;
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((VARY, "accept-encoding"));
    response.insert_header(("cross-origin-resource-policy", "same-origin"));
    if let Some(encoding) = asset.encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    Ok(response.content_type(asset.content_type).body(asset.bytes.into_owned()))
}

/// Any path that is nobody else's: a person who opens it gets the portal, which knows its own paths.
pub(super) async fn elsewhere(request: HttpRequest, edge: web::Data<Edge>, hub: web::Data<Arc<Hub>>) -> HttpResponse {
    let is_page = matches!(*request.method(), Method::GET | Method::HEAD)
        && takes_pages(&request)
        && !is_others(request.match_info().as_str());
    match is_page {
        true => document(request, edge, hub).await,
        false => HttpResponse::NotFound().finish(),
    }
}

fn takes_pages(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

fn is_others(path: &str) -> bool {
    OTHERS.iter().any(|other| path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customers_page_says_whose_customers_they_are() {
        assert_eq!(customers_of("/p/acme/targets").unwrap().as_str(), "acme");
        assert_eq!(customers_of("/p/acme").unwrap().as_str(), "acme");
        for none in ["/p", "/p/", "/v/acme", "/p/Not A Name", "/"] {
            assert_eq!(customers_of(none), None, "{none}");
        }
    }

    #[test]
    fn paths_of_the_api_are_no_pages() {
        for path in
            ["/graphql", "/graphql/x", "/v2/", "/v2", "/agent/v1/none", "/assets/none.js", "/token", "/branding/x"]
        {
            assert!(is_others(path), "{path}");
        }
        for path in ["/", "/v/acme/targets", "/tokens", "/v/acme/targets/globex/factory"] {
            assert!(!is_others(path), "{path}");
        }
    }
}
