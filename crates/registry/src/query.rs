//! The query of a request, and of a link in an answer.

use actix_web::{HttpRequest, web};

use crate::error::OciError;

/// A parameter of the query; of one that is repeated, the first.
pub(crate) fn parameter(request: &HttpRequest, name: &str) -> Option<String> {
    parameters(request).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

pub(crate) fn parameters(request: &HttpRequest) -> Vec<(String, String)> {
    web::Query::from_query(request.query_string()).map(web::Query::into_inner).unwrap_or_default()
}

/// Whether path and query are made of texts that can be looked for. No name has a NUL, and Postgres takes none.
pub(crate) fn check_texts(request: &HttpRequest) -> Result<(), OciError> {
    if request.uri().path().contains("%00") {
        return Err(OciError::ParameterInvalid("the path has a NUL character (%00); leave it out".to_owned()));
    }
    match parameters(request).into_iter().find(|(key, value)| key.contains('\0') || value.contains('\0')) {
        Some((key, _)) => {
            let message = format!("the parameter {key:?} has a NUL character (%00); leave it out");
            Err(OciError::ParameterInvalid(message))
        }
        None => Ok(()),
    }
}

/// The query of a link.
pub(crate) fn query(parameters: &[(&str, String)]) -> String {
    serde_urlencoded::to_string(parameters).expect("pairs of texts make a query")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(uri: &str) -> HttpRequest {
        TestRequest::with_uri(uri).to_http_request()
    }

    #[test]
    fn a_repeated_parameter_is_its_first() {
        assert_eq!(parameter(&request("/?n=1&last=a%2Fb&n=2"), "n").as_deref(), Some("1"));
        assert_eq!(parameter(&request("/?last=a%2Fb"), "last").as_deref(), Some("a/b"));
        assert_eq!(parameter(&request("/"), "n"), None);
        assert_eq!(query(&[("last", "a/b".to_owned())]), "last=a%2Fb");
    }

    #[test]
    fn a_text_with_a_nul_is_refused_wherever_it_stands() {
        for bad in ["/v2/a%00b/", "/?a=%00", "/?%00=a"] {
            assert!(matches!(check_texts(&request(bad)), Err(OciError::ParameterInvalid(_))), "{bad}");
        }
        check_texts(&request("/v2/a/tags/list?n=%30")).unwrap();
    }
}
