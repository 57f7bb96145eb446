//! Digests, tags and descriptors, as the OCI image and distribution specifications 1.1 define them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::{InvalidName, text_type};

/// `sha256:<64 hex>` or `sha512:<128 hex>`, lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Sha256,
    Sha512,
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

/// What a request names: a tag that moves, or a digest that does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Reference {
    Tag(Tag),
    Digest(Digest),
}

/// A blob or manifest that a manifest points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    pub digest: Digest,
    /// bytes
    pub size: u64,
    pub media_type: String,
}

impl Digest {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn algorithm(&self) -> Algorithm {
        match self.0.starts_with("sha256:") {
            true => Algorithm::Sha256,
            false => Algorithm::Sha512,
        }
    }

    pub fn hex(&self) -> &str {
        &self.0["sha256:".len()..]
    }
}

impl FromStr for Digest {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let valid = match text.split_once(':') {
            Some(("sha256", hex)) => hex.len() == 64 && is_hex(hex),
            Some(("sha512", hex)) => hex.len() == 128 && is_hex(hex),
            _ => false,
        };
        match valid {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new("digest", text, "use sha256: or sha512: and lower-case hex")),
        }
    }
}

impl Tag {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names what is attached to a manifest, as clients without a referrers API do: `sha256-<64 hex>`, with a suffix
    /// such as `.sig` by some.
    pub fn is_referrer_tag(&self) -> bool {
        let (stem, suffix) = self.0.split_once('.').unwrap_or((&self.0, "sig"));
        let hex = stem.strip_prefix("sha256-").or_else(|| stem.strip_prefix("sha512-"));
        hex.is_some_and(|hex| hex.len() == 64 && is_hex(hex))
            && !suffix.is_empty()
            && suffix.bytes().all(|c| c.is_ascii_lowercase())
    }

    /// Whether it names what is attached to this manifest. Of the digest, the tag has no more than 64 characters.
    pub fn is_referrer_tag_of(&self, subject: &Digest) -> bool {
        let algorithm = &subject.0[.."sha256".len()];
        let rest = self.0.strip_prefix(algorithm).and_then(|rest| rest.strip_prefix('-'));
        self.is_referrer_tag() && rest.is_some_and(|rest| rest.starts_with(&subject.hex()[..64]))
    }
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

impl FromStr for Tag {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let bytes = text.as_bytes();
        let first = |c: u8| c.is_ascii_alphanumeric() || c == b'_';
        let valid = (1..=128).contains(&bytes.len())
            && first(bytes[0])
            && bytes.iter().all(|&c| first(c) || c == b'.' || c == b'-');
        match valid {
            true => Ok(Self(text.to_owned())),
            false => {
                Err(InvalidName::new("tag", text, "use 1 to 128 letters, digits, _ . and -, not beginning with . or -"))
            }
        }
    }
}

impl FromStr for Reference {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.contains(':') {
            true => text.parse().map(Reference::Digest),
            false => text.parse().map(Reference::Tag),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Tag(tag) => tag.fmt(f),
            Reference::Digest(digest) => digest.fmt(f),
        }
    }
}

text_type! { Digest Tag }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_names_its_algorithm_and_has_its_length() {
        let digest: Digest = format!("sha512:{}", "0f".repeat(64)).parse().unwrap();
        assert_eq!(digest.algorithm(), Algorithm::Sha512);
        assert_eq!(digest.hex(), "0f".repeat(64));
        for bad in ["", "sha256:", "md5:00", &format!("sha256:{}", "0F".repeat(32)), &"0".repeat(64)] {
            assert!(bad.parse::<Digest>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_with_a_colon_is_a_digest() {
        assert!(matches!("1.0.0".parse(), Ok(Reference::Tag(_))));
        assert!("sha256:short".parse::<Reference>().is_err());
    }
}
