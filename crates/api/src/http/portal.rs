//! The portal: a document for each side and all paths of it, and the files that it loads. All data comes by GraphQL.

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG, IF_NONE_MATCH, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest;

use crate::edge::Edge;
use crate::error::ApiError;
use crate::failure::Failure;

/// Beginnings of paths that are others': what is not there is not the portal's either.
const OTHERS: [&str; 8] = ["/graphql", "/v2", "/token", "/agent", "/install-agent", "/healthz", "/readyz", "/assets"];

pub(super) async fn document(request: HttpRequest, edge: web::Data<Edge>) -> HttpResponse {
    let side = distr_portal::Side::of(request.path());
    let document = distr_portal::document(side, edge.base.as_str());
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
pub(super) async fn elsewhere(request: HttpRequest, edge: web::Data<Edge>) -> HttpResponse {
    let is_page =
        matches!(*request.method(), Method::GET | Method::HEAD) && takes_pages(&request) && !is_others(request.path());
    match is_page {
        true => document(request, edge).await,
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
    fn paths_of_the_api_are_no_pages() {
        for path in ["/graphql", "/graphql/x", "/v2/", "/v2", "/agent/v1/none", "/assets/none.js", "/token"] {
            assert!(is_others(path), "{path}");
        }
        for path in ["/", "/v/acme/targets", "/tokens", "/v/acme/targets/globex/factory"] {
            assert!(!is_others(path), "{path}");
        }
    }
}
