//! What an `Authorization` header says: `Basic` (RFC 7617) at the token endpoint, `Bearer` (RFC 6750) everywhere else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The user name and the secret of a `Basic` header.
pub(crate) fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(username, secret)| (username.to_owned(), secret.to_owned()))
}

pub(crate) fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_basic_header_has_a_user_name_and_a_secret() {
        let header = format!("Basic {}", STANDARD.encode("ci:dst_a:b"));
        assert_eq!(basic(&header), Some(("ci".to_owned(), "dst_a:b".to_owned())));
        for bad in ["Basic", "Basic !", "Bearer Y2k6eA==", &format!("Basic {}", STANDARD.encode("ci"))] {
            assert_eq!(basic(bad), None, "{bad}");
        }
    }
}
