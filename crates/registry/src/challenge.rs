//! Tells a client without a good token where to get one, and what to ask for (Docker token specification, RFC 6750).

use actix_web::HttpRequest;
use actix_web::http::header::HOST;

use crate::caller::Need;
use crate::client::Client;
use crate::token::SERVICE;

/// What a request was about, as far as a token must be asked for it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// The name is valid: it stands between quotes.
    Repository {
        name: &'a str,
        need: Need,
    },
    /// A blob of another repository, both names valid.
    Mount {
        name: &'a str,
        from: &'a str,
    },
    Catalog,
}

/// `error`: of RFC 6750, when there was a token.
pub(crate) fn bearer(
    request: &HttpRequest,
    public_url: Option<&str>,
    wanted: Option<Wanted<'_>>,
    error: Option<&str>,
) -> String {
    let mut challenge = format!("Bearer realm=\"{}/token\",service=\"{SERVICE}\"", base_url(request, public_url));
    if let Some(wanted) = wanted {
        challenge.push_str(&format!(",scope=\"{}\"", wanted.scope()));
    }
    if let Some(error) = error {
        challenge.push_str(&format!(",error=\"{error}\""));
    }
    challenge
}

impl Wanted<'_> {
    fn scope(self) -> String {
        match self {
            Self::Repository { name, need } => {
                let actions = match need {
                    Need::Look | Need::Pull => "pull",
                    Need::Push => "pull,push",
                    Need::Delete => "pull,delete",
                };
                format!("repository:{name}:{actions}")
            }
            Self::Mount { name, from } => format!("repository:{name}:pull,push repository:{from}:pull"),
            Self::Catalog => "registry:catalog:*".to_owned(),
        }
    }
}

fn base_url(request: &HttpRequest, public_url: Option<&str>) -> String {
    if let Some(url) = public_url {
        return url.trim_end_matches('/').to_owned();
    }
    // HTTP/2 has it in the request's target
    let authority = request.uri().authority().map(|authority| authority.as_str());
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).or(authority).unwrap_or_default();
    // it stands between quotes: what no host has must not end them
    let host: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_:[]".contains(*c)).collect();
    format!("{}://{host}", if Client::of(request).is_secure { "https" } else { "http" })
}

#[cfg(test)]
mod tests {
    use actix_web::HttpMessage;
    use actix_web::test::TestRequest;

    use super::*;

    fn request() -> HttpRequest {
        TestRequest::default()
            .insert_header(("Host", "127.0.0.1:8080"))
            .insert_header(("X-Forwarded-Host", "registry.example.com"))
            .insert_header(("X-Forwarded-Proto", "https"))
            .to_http_request()
    }

    #[test]
    fn the_challenge_names_the_token_endpoint_and_the_scope() {
        let wanted = Some(Wanted::Repository { name: "acme/hello", need: Need::Push });
        assert_eq!(
            bearer(&request(), None, wanted, None),
            "Bearer realm=\"http://127.0.0.1:8080/token\",service=\"distr\",scope=\"repository:acme/hello:pull,push\"",
        );
    }

    #[test]
    fn the_realm_is_the_public_url_or_where_the_request_went() {
        let public = bearer(&request(), Some("https://r.example.com/"), None, Some("invalid_token"));
        assert!(public.starts_with("Bearer realm=\"https://r.example.com/token\""), "{public}");
        assert!(public.ends_with(",error=\"invalid_token\""), "{public}");
        let secure = request();
        secure.extensions_mut().insert(Client { address: None, is_secure: true });
        let asked = bearer(&secure, None, None, None);
        assert!(asked.starts_with("Bearer realm=\"https://127.0.0.1:8080/token\""), "{asked}");
    }

    #[test]
    fn a_host_cannot_leave_its_quotes() {
        let request = TestRequest::default().insert_header(("Host", "a\",scope=\"x")).to_http_request();
        let challenge = bearer(&request, None, None, None);
        assert_eq!(challenge, "Bearer realm=\"http://ascopex/token\",service=\"distr\"");
    }
}
