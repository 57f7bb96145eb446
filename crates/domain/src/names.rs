//! Names that people choose, parsed once at the edge. A value of one of these types is valid.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A short name: 1 to 63 of `a-z`, `0-9` and `-`, with a letter or digit at both ends (a DNS label, RFC 1123).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// A repository's name within its organization: `path-component [/ path-component]…` of the OCI distribution
/// specification 1.1, at most 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryPath(String);

/// A name that does not fit; the sentence says what would.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {text:?} is not valid: {rule}")]
pub struct InvalidName {
    kind: &'static str,
    text: String,
    rule: &'static str,
}

impl InvalidName {
    pub(crate) fn new(kind: &'static str, text: &str, rule: &'static str) -> Self {
        let text = text.chars().take(80).collect();
        Self { kind, text, rule }
    }
}

impl Slug {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let inner = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
        let bytes = text.as_bytes();
        let valid = (1..=63).contains(&bytes.len())
            && bytes.iter().all(|&c| inner(c) || c == b'-')
            && inner(bytes[0])
            && inner(bytes[bytes.len() - 1]);
        match valid {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "name",
                text,
                "use 1 to 63 lower-case letters, digits and hyphens, beginning and ending with a letter or digit",
            )),
        }
    }
}

impl RepositoryPath {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepositoryPath {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.len() <= 200 && text.split('/').all(is_path_component) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "repository",
                text,
                "use at most 200 lower-case letters and digits, separated by one of . _ __ or hyphens, with / between parts",
            )),
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
fn is_path_component(part: &str) -> bool {
    let bytes = part.as_bytes();
    let mut at = 0;
    loop {
        let start = at;
        while at < bytes.len() && (bytes[at].is_ascii_lowercase() || bytes[at].is_ascii_digit()) {
            at += 1;
        }
        if at == start {
            return false;
        }
        if at == bytes.len() {
            return true;
        }
        let separator = at;
        while at < bytes.len() && bytes[at] == bytes[separator] {
            at += 1;
        }
        match (bytes[separator], at - separator) {
            (b'.', 1) | (b'_', 1 | 2) | (b'-', _) => {}
            _ => return false,
        }
    }
}

macro_rules! text_type {
    ($($name:ident)*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
        impl TryFrom<String> for $name {
            type Error = <$name as FromStr>::Err;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }
    )*};
}
pub(crate) use text_type;
text_type! { Slug RepositoryPath }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_a_dns_label() {
        for good in ["a", "acme", "a-1", "1a", &"x".repeat(63)] {
            assert!(good.parse::<Slug>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "ä", "a b", &"x".repeat(64)] {
            assert!(bad.parse::<Slug>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_repository_path_follows_the_distribution_specification() {
        for good in ["web", "a/b/c", "a.b", "a_b", "a__b", "a---b", "0/1"] {
            assert!(good.parse::<RepositoryPath>().is_ok(), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "a..b", "a___b", "-a", "a-", "A", "a/_b", "a._b"] {
            assert!(bad.parse::<RepositoryPath>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_checked_when_it_is_read_from_json_too() {
        let error = serde_json::from_str::<Slug>("\"No Good\"").unwrap_err().to_string();
        assert!(error.contains("name \"No Good\" is not valid"), "{error}");
    }
}
