//! A place in the whole log. Ordered, and opaque to all but the adapters: nobody computes another one from it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The number of an entry. Written as decimal text wherever it leaves the process: JSON cannot carry 64-bit integers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(u64);

/// A text that is not a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("position {0:?} is not valid: use a decimal number from 0 to 9223372036854775807")]
pub struct InvalidPosition(String);

impl Position {
    /// Before everything; the first entry is at 1.
    pub const START: Position = Position(0);
    /// The greatest number that every store can hold.
    pub const MAX: Position = Position(i64::MAX as u64);

    /// The place that this number was given for, by `number`.
    pub const fn of_number(number: u64) -> Self {
        Self(number)
    }

    /// For storing and showing.
    pub const fn number(self) -> u64 {
        self.0
    }

    /// About how many entries stand behind this one, up to the head: for people and gauges. Stores may count places that hold none.
    pub const fn behind(self, head: Position) -> u64 {
        head.0.saturating_sub(self.0)
    }

    pub(crate) const fn plus(self, count: u64) -> Self {
        Self(self.0 + count)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Position {
    type Err = InvalidPosition;

    fn from_str(text: &str) -> Result<Self, InvalidPosition> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse().map(Self) {
            Ok(position) if digits && position <= Self::MAX => Ok(position),
            _ => Err(InvalidPosition(text.chars().take(40).collect())),
        }
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_decimal_text_outside() {
        assert_eq!(serde_json::to_string(&Position(42)).unwrap(), "\"42\"");
        assert_eq!(serde_json::from_str::<Position>("\"42\"").unwrap(), Position(42));
        for bad in ["", "-1", "+1", "1.0", "a", "9223372036854775808", " 1"] {
            assert!(bad.parse::<Position>().is_err(), "{bad}");
        }
    }
}
