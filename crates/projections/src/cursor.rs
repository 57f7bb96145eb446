//! Where a page of a list begins, as a text for whoever reads on. Opaque to them, and no secret: it says no more than the item.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDateTime;
use uuid::Uuid;

/// The place after an item of a list: its sort key and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) key: String,
    pub(crate) id: Uuid,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cursor {0:?} is not one that this list has given out; begin without a cursor")]
pub struct InvalidCursor(pub(crate) String);

impl Cursor {
    /// The cursor of a list that is in the order of these ids alone.
    pub fn of(id: Uuid) -> Self {
        Self { key: String::new(), id }
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}/{}", self.id, self.key))
    }

    pub fn decode(text: &str) -> Result<Self, InvalidCursor> {
        let invalid = || InvalidCursor(text.chars().take(80).collect());
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
        let plain = String::from_utf8(bytes).map_err(|_| invalid())?;
        let (id, key) = plain.split_once('/').filter(|(_, key)| !key.contains('\0')).ok_or_else(invalid)?;
        Ok(Self { key: key.to_owned(), id: id.parse().map_err(|_| invalid())? })
    }

    /// For a list whose key is a time.
    pub(crate) fn is_timed(&self) -> bool {
        NaiveDateTime::parse_from_str(&self.key, "%Y-%m-%d %H:%M:%S%.f").is_ok()
    }

    /// For a list whose key is a number.
    pub(crate) fn is_numbered(&self) -> bool {
        self.key.len() <= 20 && self.key.parse::<i64>().is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_encoding_whatever_the_key() {
        let cursor = Cursor { key: "a/b ü".into(), id: Uuid::from_u128(7) };
        assert_eq!(Cursor::decode(&cursor.encode()).unwrap(), cursor);
    }

    #[test]
    fn a_cursor_of_another_list_is_no_time() {
        let of = |key: &str| Cursor { key: key.into(), id: Uuid::from_u128(7) };
        assert!(of("2026-12-02 09:30:00.123456").is_timed());
        assert!(!of("factory").is_timed() && !of("17").is_timed() && !of("").is_timed());
    }

    #[test]
    fn a_cursor_that_was_not_given_out_is_refused() {
        assert!(matches!(Cursor::decode("nonsense"), Err(InvalidCursor(_))));
    }
}
