//! Events as the log keeps them, and as the code knows them: `{"type": …, "data": …}` taken apart into a type, a schema version and
//! data as JSON. Every reader of events decodes them here; so an old shape is brought to today's here, and nowhere else.

use std::borrow::Cow;
use std::cell::Cell;

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer};
use serde::de::{DeserializeSeed, MapAccess};
use serde_json::value::RawValue;

use crate::decider::DomainEvent;

/// The newest schema version of events that this program writes and reads.
pub const SCHEMA_VERSION: u16 = 3;

/// An event of the log, not decoded yet.
#[derive(Debug, Clone, Copy)]
pub struct StoredEvent<'a> {
    pub event_type: &'a str,
    pub schema_version: u16,
    /// JSON; empty when the type says all
    pub data: &'a [u8],
}

/// An event that this program cannot read: a newer one wrote it, or it is damaged.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error("it has schema version {0}, and this program reads versions up to {SCHEMA_VERSION}; run the newer program")]
    Newer(u16),
    #[error("its type is unknown to this program; run the newer program that wrote it")]
    UnknownType(#[source] serde_json::Error),
    #[error("it has another shape")]
    Shape(#[source] serde_json::Error),
}

impl DecodeError {
    /// Whether a newer program wrote the event, and can read it.
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Newer(_) | Self::UnknownType(_))
    }
}

impl StoredEvent<'_> {
    pub fn decode<E: DomainEvent>(self) -> Result<E, DecodeError> {
        let Self { event_type, schema_version, data } = self;
        if schema_version > SCHEMA_VERSION {
            return Err(DecodeError::Newer(schema_version));
        }
        let is_known_type = Cell::new(false);
        let columns = Columns { event_type, data, next: Field::Type, is_known_type: &is_known_type };
        E::deserialize(MapAccessDeserializer::new(columns)).map_err(|source| match is_known_type.get() {
            true => DecodeError::Shape(source),
            false => DecodeError::UnknownType(source),
        })
    }
}

/// An event's type and its data, of the event's schema version.
pub fn encode<E: DomainEvent>(event: &E) -> Result<(String, Vec<u8>), serde_json::Error> {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(rename = "type", borrow)]
        event_type: Cow<'a, str>,
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }

    let json = serde_json::to_vec(event)?;
    let tagged: Tagged<'_> = serde_json::from_slice(&json)?;
    let data = tagged.data.map_or(vec![], |data| data.get().as_bytes().to_vec());
    Ok((tagged.event_type.into_owned(), data))
}

/// The two columns seen as the map that the event was: no copy, no second parse.
struct Columns<'de, 'known> {
    event_type: &'de str,
    data: &'de [u8],
    next: Field,
    is_known_type: &'known Cell<bool>,
}

enum Field {
    Type,
    Data,
    End,
}

impl<'de> MapAccess<'de> for Columns<'de, '_> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let key = match self.next {
            Field::Type => "type",
            Field::Data if !self.data.is_empty() => "data",
            Field::Data | Field::End => return Ok(None),
        };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        if let Field::Type = self.next {
            self.next = Field::Data;
            let event_type = seed.deserialize(BorrowedStrDeserializer::new(self.event_type))?;
            self.is_known_type.set(true);
            return Ok(event_type);
        }
        self.next = Field::End;
        let mut json = serde_json::Deserializer::from_slice(self.data);
        let value = seed.deserialize(&mut json)?;
        json.end()?;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Detail {
        name: String,
        size: Option<u64>,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type", content = "data")]
    enum Event {
        Opened { name: String },
        Detailed(Detail),
        Named(Option<String>),
        Closed,
    }

    impl DomainEvent for Event {}

    fn read(event_type: &str, data: &[u8]) -> Result<Event, DecodeError> {
        StoredEvent { event_type, schema_version: SCHEMA_VERSION, data }.decode()
    }

    #[test]
    fn every_kind_of_variant_survives() {
        let detail = Detail { name: "\"ü\"\n".into(), size: None };
        let events = [
            (Event::Opened { name: "a".into() }, "Opened", r#"{"name":"a"}"#),
            (Event::Detailed(detail), "Detailed", r#"{"name":"\"ü\"\n","size":null}"#),
            (Event::Named(Some("x".into())), "Named", "\"x\""),
            (Event::Closed, "Closed", ""),
        ];
        for (event, event_type, payload) in events {
            let encoded = encode(&event).unwrap();
            assert_eq!((encoded.0.as_str(), &encoded.1[..]), (event_type, payload.as_bytes()));
            assert_eq!(read(&encoded.0, &encoded.1).unwrap(), event);
        }
        let none = encode(&Event::Named(None)).unwrap();
        assert_eq!(read(&none.0, &none.1).unwrap(), Event::Named(None));
    }

    #[test]
    fn an_unknown_type_or_shape_is_an_error() {
        assert!(matches!(read("Renamed", b"{}"), Err(DecodeError::UnknownType(_))));
        assert!(matches!(read("Opened", b"{}"), Err(DecodeError::Shape(_))));
        assert!(matches!(read("Opened", b"{\"name\":\"a\"} {}"), Err(DecodeError::Shape(_))));
    }

    #[test]
    fn what_a_newer_program_wrote_is_refused_by_name() {
        let newer = StoredEvent { event_type: "Opened", schema_version: SCHEMA_VERSION + 1, data: b"{\"name\":\"a\"}" };
        let refused = newer.decode::<Event>().unwrap_err();
        assert!(refused.is_newer() && read("Renamed", b"{}").unwrap_err().is_newer());
        assert!(!read("Opened", b"{}").unwrap_err().is_newer());
        assert_eq!(
            refused.to_string(),
            "it has schema version 4, and this program reads versions up to 3; run the newer program"
        );
    }
}
