//! Labels: short words with values, by which people sort what they have.

use std::collections::BTreeMap;
use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::names::{InvalidName, text_type};
use crate::text::misleads;

/// The word of a label: `tier`, `acme.example/region`; 1 to 63 of `a-z`, `0-9` and `.`, `-`, `_`, `/`, with a letter or a digit at
/// both ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelKey(String);

/// The value of a label: up to 63 characters of one line; it may be empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelValue(String);

pub type Labels = BTreeMap<LabelKey, LabelValue>;

/// Of one thing.
pub const MAX_LABELS: usize = 32;

impl LabelKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl LabelValue {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LabelKey {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_/".contains(&byte);
        let (first, last) = (text.bytes().next(), text.bytes().next_back());
        match text.len() <= 63 && is_end(first) && is_end(last) && text.bytes().all(is_inner) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "label",
                text,
                "use 1 to 63 lower-case letters, digits and . - _ / with a letter or digit at both ends",
            )),
        }
    }
}

impl FromStr for LabelValue {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        match text.chars().count() <= 63 && text.trim() == text && !text.contains(misleads) {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidName::new(
                "value of a label",
                text,
                "use at most 63 characters of one line, without a space at either end",
            )),
        }
    }
}

text_type! { LabelKey LabelValue }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_a_short_word() {
        for good in ["a", "tier", "acme.example/region", "a_b-c", &"x".repeat(63)] {
            assert!(good.parse::<LabelKey>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a/", "Tier", "a b", "a=b", "ä", &"x".repeat(64)] {
            assert!(bad.parse::<LabelKey>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_value_is_one_line() {
        for good in ["", "gold", "Berlin, Haus 3", "東京", &"é".repeat(63)] {
            assert!(good.parse::<LabelValue>().is_ok(), "{good}");
        }
        for bad in [" a", "a ", "a\nb", "a\u{202e}b", &"x".repeat(64)] {
            assert!(bad.parse::<LabelValue>().is_err(), "{bad}");
        }
    }
}
