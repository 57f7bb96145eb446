//! Between a domain event, serialized as `{"type": …, "data": …}`, and the log's two columns: the type's name, and the
//! data's JSON as it is.

use std::borrow::Cow;

use bytes::Bytes;
use distr_domain::decider::DomainEvent;
use serde::{
    Deserialize,
    de::{
        DeserializeSeed, MapAccess,
        value::{BorrowedStrDeserializer, MapAccessDeserializer},
    },
};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Position;

/// An event that does not have the shape `{"type": …, "data": …}`.
#[derive(Debug, thiserror::Error)]
#[error("an event of the domain could not be encoded as type and data")]
pub struct EncodeError {
    #[from]
    source: serde_json::Error,
}

/// An event of the log that the domain does not know, or knows in another shape.
#[derive(Debug, thiserror::Error)]
#[error("event {id} of type {event_type:?} at position {position} could not be decoded")]
pub struct DecodeError {
    pub event_type: String,
    pub id: Uuid,
    pub position: Position,
    #[source]
    pub source: serde_json::Error,
}

#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(rename = "type", borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

pub(crate) fn encode<E: DomainEvent>(event: &E) -> Result<(String, Bytes), EncodeError> {
    let json = serde_json::to_vec(event)?;
    let tagged: Tagged<'_> = serde_json::from_slice(&json)?;
    let payload = tagged.data.map_or(Bytes::new(), |data| Bytes::copy_from_slice(data.get().as_bytes()));
    Ok((tagged.event_type.into_owned(), payload))
}

pub(crate) fn decode<E: DomainEvent>(event_type: &str, payload: &[u8]) -> Result<E, serde_json::Error> {
    E::deserialize(MapAccessDeserializer::new(Columns { event_type, payload, next: Field::Type }))
}

/// The two columns seen as the map that the event was: no copy, no second parse.
struct Columns<'de> {
    event_type: &'de str,
    payload: &'de [u8],
    next: Field,
}

enum Field {
    Type,
    Data,
    End,
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = serde_json::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Self::Error> {
        let key = match self.next {
            Field::Type => "type",
            Field::Data if !self.payload.is_empty() => "data",
            Field::Data | Field::End => return Ok(None),
        };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Self::Error> {
        if let Field::Type = self.next {
            self.next = Field::Data;
            return seed.deserialize(BorrowedStrDeserializer::new(self.event_type));
        }
        self.next = Field::End;
        let mut json = serde_json::Deserializer::from_slice(self.payload);
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
            assert_eq!(decode::<Event>(&encoded.0, &encoded.1).unwrap(), event);
        }
        let none = encode(&Event::Named(None)).unwrap();
        assert_eq!(decode::<Event>(&none.0, &none.1).unwrap(), Event::Named(None));
    }

    #[test]
    fn an_unknown_type_or_shape_is_an_error() {
        assert!(decode::<Event>("Renamed", b"{}").is_err());
        assert!(decode::<Event>("Opened", b"{}").is_err());
        assert!(decode::<Event>("Opened", b"{\"name\":\"a\"} {}").is_err());
    }
}
