//! The path of `DISTR_PUBLIC_URL`. A proxy in front may strip it or keep it: what comes with it is served as if it came
//! without. The registry is at `/v2/` of the host in any case, as Docker looks nowhere else.

use actix_web::dev::ServiceRequest;
use actix_web::http::uri::{PathAndQuery, Uri};
use url::Url;

/// Empty, or `/distr` of `https://example.com/distr/`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

impl BasePath {
    pub fn of(public_url: &Url) -> Self {
        Self(public_url.path().trim_end_matches('/').to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn strip(&self, request: &mut ServiceRequest) {
        let Some(uri) = self.without(request.uri()) else { return };
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }

    /// Nothing if the path does not begin with it.
    fn without(&self, uri: &Uri) -> Option<Uri> {
        let whole = uri.path_and_query()?.as_str();
        let rest = whole.strip_prefix(self.0.as_str()).filter(|_| !self.0.is_empty())?;
        let rest = match rest.bytes().next() {
            Some(b'/') => rest.to_owned(),
            None | Some(b'?') => format!("/{rest}"),
            Some(_) => return None,
        };
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(rest).ok()?);
        Uri::from_parts(parts).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_is_stripped_where_it_stands_whole() {
        let base = BasePath::of(&"https://example.com/distr/".parse().unwrap());
        let stripped = |path: &str| base.without(&path.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(stripped("/distr/graphql?a=b").as_deref(), Some("/graphql?a=b"));
        assert_eq!(stripped("/distr").as_deref(), Some("/"));
        assert_eq!(stripped("/distr?a").as_deref(), Some("/?a"));
        assert_eq!(stripped("/distribution"), None);
        assert_eq!(stripped("/v2/distr/"), None);
        let none = BasePath::of(&"https://example.com".parse().unwrap());
        assert_eq!(none.without(&"/graphql".parse().unwrap()), None);
    }
}
