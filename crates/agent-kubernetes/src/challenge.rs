//! What a registry says to a request without a credential: how to ask again (RFC 6750, RFC 7617, Docker token specification). Pure.

/// The way to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// by user and password at the registry itself
    Basic,
    /// by a token that another address gives for them
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// Nothing if it is none of both.
pub fn read(header: &str) -> Option<Challenge> {
    let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    let parameters = parameters(rest);
    let value = |name: &str| parameters.iter().find(|(of, _)| of.eq_ignore_ascii_case(name)).map(|(_, is)| is.clone());
    let realm = value("realm").filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
    Some(Challenge::Bearer { realm, service: value("service"), scope: value("scope") })
}

/// `name="value"` or `name=value`, separated by commas; a comma between quotes is part of the value.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut rest = text.trim_start();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        found.push((name.trim().to_owned(), value.trim().to_owned()));
        rest = after.trim_start_matches([',', ' ']);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_read_as_registries_write_it() {
        let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| {
            let owned = |text: Option<&str>| text.map(str::to_owned);
            Some(Challenge::Bearer { realm: realm.to_owned(), service: owned(service), scope: owned(scope) })
        };
        for (text, challenge) in [
            (
                r#"Bearer realm="https://h/token",service="distr",scope="repository:a/b:pull,push""#,
                bearer("https://h/token", Some("distr"), Some("repository:a/b:pull,push")),
            ),
            (r#"bearer realm="https://h/t", error="invalid_token""#, bearer("https://h/t", None, None)),
            ("Bearer realm=https://h/t,service=s", bearer("https://h/t", Some("s"), None)),
            ("Basic realm=\"registry\"", Some(Challenge::Basic)),
            ("Bearer service=\"s\"", None),
            ("Negotiate", None),
            ("", None),
            (r#"Bearer realm="unended"#, bearer("unended", None, None)),
        ] {
            assert_eq!(read(text), challenge, "{text}");
        }
    }
}
