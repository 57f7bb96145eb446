//! Requests of browsers. A cookie comes with whatever page makes a browser ask, so it counts for the hub's own pages alone: by
//! their origin, and by what a page of another origin cannot send without asking first, which nobody here answers.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use distr_registry::Client;
use url::Url;

use crate::auth::Sessions;
use crate::auth::cookie::SessionCookie;
use crate::error::ApiError;

const MARK: &str = "x-distr-portal";
const FETCH_SITE: &str = "sec-fetch-site";

/// A page of this hub, in a browser that may be signed in.
pub(super) struct Page {
    pub(super) cookie: SessionCookie,
    pub(super) secret: Option<String>,
}

/// Nothing for programs, and for whoever shows a secret of another kind. A cookie that a page of another origin sends along is
/// refused.
pub(super) fn page(request: &HttpRequest, sessions: &Sessions) -> Result<Option<Page>, ApiError> {
    let headers = request.headers();
    if headers.contains_key(header::AUTHORIZATION) {
        return Ok(None);
    }
    let is_secure = Client::of(request).is_secure;
    // the browser knows how it speaks, whatever a proxy says or leaves out
    let by_https =
        is_secure || headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let (_, secret) = cookie(headers, sessions, is_secure);
    let cookie = SessionCookie::new(&sessions.cookie, by_https);
    let host = host(request);
    match is_marked(headers) && is_own(headers, &host, is_secure) {
        true => Ok(Some(Page { cookie, secret })),
        false if secret.is_some() => Err(ApiError::ForeignOrigin),
        false => Ok(None),
    }
}

/// The secret in the cookie of a socket that one of the hub's own pages opens.
pub(super) fn socket_secret(request: &HttpRequest, sessions: &Sessions) -> Option<String> {
    let (headers, is_secure) = (request.headers(), Client::of(request).is_secure);
    let host = host(request);
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    let (_, secret) = cookie(headers, sessions, is_secure);
    secret.filter(|_| is_origin_of(origin, &host, is_secure))
}

/// As the browser named it: a proxy passes it on, and what it says beside it is not asked.
pub(super) fn host(request: &HttpRequest) -> String {
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    header.or(request.uri().authority().map(|host| host.as_str())).unwrap_or_default().to_owned()
}

fn cookie(headers: &HeaderMap, sessions: &Sessions, is_secure: bool) -> (SessionCookie, Option<String>) {
    let cookie = SessionCookie::new(&sessions.cookie, is_secure);
    let secret = cookie.find(headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok()));
    (cookie, secret)
}

/// Whether the request has the headers that forms and pages of other origins cannot send.
fn is_marked(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text("content-type").split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") && text(MARK) == "1"
}

fn is_own(headers: &HeaderMap, host: &str, is_secure: bool) -> bool {
    match headers.get(header::ORIGIN) {
        Some(origin) => origin.to_str().is_ok_and(|origin| is_origin_of(origin, host, is_secure)),
        None => headers.get(FETCH_SITE).is_some_and(|site| site.as_bytes() == b"same-origin"),
    }
}

/// Whether the origin is the host that was asked. A proxy that is not trusted may have spoken HTTPS for a hub that does not know.
fn is_origin_of(origin: &str, host: &str, is_secure: bool) -> bool {
    let Ok(origin) = Url::parse(origin) else { return false };
    let scheme = origin.scheme();
    if !(scheme == "https" || scheme == "http" && !is_secure) {
        return false;
    }
    Url::parse(&format!("{scheme}://{host}")).is_ok_and(|asked| asked.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let lines = lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        lines.collect()
    }

    #[test]
    fn an_origin_is_the_host_that_was_asked() {
        assert!(is_origin_of("http://127.0.0.1:8080", "127.0.0.1:8080", false));
        assert!(is_origin_of("https://hub.example", "hub.example", true));
        assert!(is_origin_of("https://hub.example", "HUB.example:443", true));
        // behind a proxy that speaks HTTPS
        assert!(is_origin_of("https://hub.example", "hub.example", false));
        for (origin, host, is_secure) in [
            ("http://hub.example", "hub.example", true),
            ("http://127.0.0.1:8081", "127.0.0.1:8080", false),
            ("http://evil.example", "hub.example", false),
            ("http://hub.example.evil.example", "hub.example", false),
            ("null", "hub.example", false),
            ("file://", "hub.example", false),
            ("", "hub.example", false),
        ] {
            assert!(!is_origin_of(origin, host, is_secure), "{origin} {host}");
        }
    }

    #[test]
    fn a_page_is_told_from_a_form() {
        let json = ("content-type", "application/json; charset=utf-8");
        assert!(is_marked(&headers(&[json, ("x-distr-portal", "1")])));
        assert!(!is_marked(&headers(&[json])));
        assert!(!is_marked(&headers(&[("content-type", "text/plain"), ("x-distr-portal", "1")])));
        assert!(!is_marked(&headers(&[("x-distr-portal", "1")])));
    }

    #[test]
    fn without_an_origin_the_browser_says_whose_page_it_is() {
        let own = |lines| is_own(&headers(lines), "hub.example", true);
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")]));
        assert!(!own(&[]));
    }
}
