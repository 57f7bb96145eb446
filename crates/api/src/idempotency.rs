//! The header `Idempotency-Key`: a GraphQL request that is sent again with the same key and the same body has no second
//! effect, and is answered with what it led to. For a client that does not know whether its first one arrived.
//!
//! Nothing is stored for it: the ids of the commands, and of what they make, follow from the key. Secrets that are shown
//! once are made anew for the answer.

use actix_web::http::header::HeaderMap;
use async_graphql::Request;
use aws_lc_rs::digest::{SHA256, digest};
use distr_domain::ids::MemberId;
use uuid::Uuid;

use crate::failure::Failure;

const HEADER: &str = "Idempotency-Key";
const MAX: usize = 200;

/// A request that may come again.
#[derive(Debug, Clone)]
pub struct Repeatable {
    key: String,
    /// of the operation and its variables: the same key with another body is another request
    body: [u8; 32],
}

impl Repeatable {
    /// Nothing without the header.
    pub fn of(headers: &HeaderMap, request: &Request) -> Result<Option<Self>, Failure> {
        let Some(value) = headers.get(HEADER) else { return Ok(None) };
        let key = value.to_str().unwrap_or_default();
        if key.is_empty() || key.len() > MAX {
            let message = format!("{HEADER} must have 1 to {MAX} visible ASCII characters; use a new UUID");
            return Err(Failure::BadInput(message));
        }
        let asked = (&request.query, &request.operation_name, &request.variables);
        let body = serde_json::to_vec(&asked).map_err(Failure::fault)?;
        let body = digest(&SHA256, &body).as_ref().try_into().expect("SHA-256 has 32 bytes");
        Ok(Some(Self { key: key.to_owned(), body }))
    }

    /// The command's id for one field of the request. Keys of different members do not meet.
    pub fn command(&self, member: MemberId, field: &str) -> Uuid {
        let name = [self.key.as_bytes(), b"\n", field.as_bytes(), b"\n", &self.body].concat();
        Uuid::new_v5(&member.0, &name)
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn command(key: &str, query: &str, member: u128, field: &str) -> Uuid {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("idempotency-key");
        headers.insert(name, HeaderValue::from_str(key).unwrap());
        let repeatable = Repeatable::of(&headers, &Request::new(query)).unwrap().unwrap();
        repeatable.command(MemberId(Uuid::from_u128(member)), field)
    }

    #[test]
    fn the_same_request_of_the_same_member_is_the_same_command_and_no_other_is() {
        let first = command("k", "{ a }", 1, "a");
        assert_eq!(first, command("k", "{ a }", 1, "a"));
        for other in [
            command("l", "{ a }", 1, "a"),
            command("k", "{ b }", 1, "a"),
            command("k", "{ a }", 2, "a"),
            command("k", "{ a }", 1, "b"),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_key_that_cannot_be_one_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(Repeatable::of(&headers, &Request::new("")).unwrap().is_none());
        for bad in ["", "ü", &"k".repeat(201)] {
            headers
                .insert(HeaderName::from_static("idempotency-key"), HeaderValue::from_bytes(bad.as_bytes()).unwrap());
            assert!(Repeatable::of(&headers, &Request::new("")).is_err(), "{bad:?}");
        }
    }
}
