//! The name of one decider's stream: its category and its id.

use std::{fmt, str::FromStr};

use distr_domain::decider::{Category, Decider};
use uuid::Uuid;

/// Written `category-<uuid>`; a category has no hyphen, so that the first one always ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamName {
    pub category: Category,
    pub id: Uuid,
}

/// A text that names no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stream {0:?} is not valid: use a known category, a hyphen and a UUID")]
pub struct InvalidStreamName(String);

impl StreamName {
    pub fn of<D: Decider>(id: Uuid) -> Self {
        Self { category: D::CATEGORY, id }
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.category.as_str(), self.id)
    }
}

impl FromStr for StreamName {
    type Err = InvalidStreamName;

    fn from_str(text: &str) -> Result<Self, InvalidStreamName> {
        let parts = text.split_once('-').and_then(|(category, id)| {
            let id = id.parse().ok()?;
            Some(Self { category: Category::parse(category)?, id })
        });
        parts.ok_or_else(|| InvalidStreamName(text.chars().take(80).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_name_survives_text() {
        let name = StreamName { category: Category::License, id: Uuid::from_u128(7) };
        assert_eq!(name.to_string(), "license-00000000-0000-0000-0000-000000000007");
        assert_eq!(name.to_string().parse(), Ok(name));
        for bad in ["license", "license-7", "nonsense-00000000-0000-0000-0000-000000000007"] {
            assert!(bad.parse::<StreamName>().is_err(), "{bad}");
        }
    }
}
