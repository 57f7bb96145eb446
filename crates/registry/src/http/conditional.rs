//! Conditional requests (RFC 9110 section 13). What is served here never changes under its digest, which is its entity tag.

use actix_web::http::header::{HeaderName, IF_NONE_MATCH, IF_RANGE, RANGE};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use distr_domain::oci::Digest;

pub(super) fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client has it already.
pub(super) fn is_known(request: &HttpRequest, digest: &Digest) -> bool {
    let etag = etag(digest);
    let matches = |known: &str| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag;
    request
        .headers()
        .get_all(IF_NONE_MATCH)
        .filter_map(|header| header.to_str().ok())
        .any(|header| header.split(',').any(|known| matches(known.trim())))
}

/// 304 with the headers that a 200 would have, but for those of the body.
pub(super) fn not_modified(digest: &Digest) -> HttpResponse {
    let mut response: HttpResponseBuilder = HttpResponse::NotModified();
    response
        .insert_header((actix_web::http::header::ETAG, etag(digest)))
        .insert_header(("Docker-Content-Digest", digest.as_str()))
        .finish()
}

/// The `Range` header, unless it is meant for something else than what is there.
pub(super) fn range<'a>(request: &'a HttpRequest, digest: &Digest) -> Option<&'a str> {
    let text = |name: HeaderName| request.headers().get(name).and_then(|header| header.to_str().ok());
    match text(IF_RANGE) {
        Some(expected) if expected.trim() != etag(digest) => None,
        _ => text(RANGE),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn digest() -> Digest {
        format!("sha256:{}", "a".repeat(64)).parse().unwrap()
    }

    #[test]
    fn an_entity_tag_is_compared_weakly_and_in_lists() {
        let own = etag(&digest());
        for known in [own.clone(), format!("W/{own}"), format!("\"x\", {own}"), "*".to_owned()] {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, known.clone())).to_http_request();
            assert!(is_known(&request, &digest()), "{known}");
        }
        for unknown in ["\"x\"", "", &own[1..]] {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, unknown)).to_http_request();
            assert!(!is_known(&request, &digest()), "{unknown}");
        }
    }

    #[test]
    fn a_range_of_another_entity_is_not_looked_at() {
        let request = |expected: &str| {
            let request = TestRequest::default().insert_header((RANGE, "bytes=0-1"));
            request.insert_header((IF_RANGE, expected)).to_http_request()
        };
        assert_eq!(range(&request(&etag(&digest())), &digest()), Some("bytes=0-1"));
        assert_eq!(range(&request("\"x\""), &digest()), None);
    }
}
