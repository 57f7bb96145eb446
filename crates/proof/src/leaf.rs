//! What a leaf of an organization's tree is made of. Its bytes are text, one line for each column, and never change: every root that
//! was ever signed rests on them. A payload is in it by its digest, so that a leaf can be shown where the payload is gone.
//!
//! A position is not in it. It counts what others did, and another engine numbers otherwise; the order is the tree's.

use std::fmt::{self, Write};
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use distr_domain::ids::OrganizationId;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::hash::Hash;

/// The SHA-256 of a payload, byte by byte as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayloadDigest([u8; 32]);

/// A text that is not the digest of a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not the digest of a payload: use sha256: and 64 hexadecimal digits")]
pub struct InvalidPayloadDigest(String);

/// An entry without its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Envelope {
    Fact(FactEnvelope),
    Access(AccessEnvelope),
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactEnvelope {
    pub organization: OrganizationId,
    /// `license-8f14e45f-…`
    pub stream: String,
    /// 0-based
    pub revision: u64,
    pub id: Uuid,
    #[serde(rename = "type")]
    pub event_type: String,
    pub schema_version: u16,
    /// `member:…`, `agent:…`
    pub actor: String,
    pub causation: Option<Uuid>,
    pub correlation: Uuid,
    #[serde(with = "micros")]
    pub recorded_at: DateTime<Utc>,
    #[serde(with = "micros")]
    pub committed_at: DateTime<Utc>,
}

/// A use of a right, or its refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessEnvelope {
    pub organization: OrganizationId,
    /// what was used: the id of a repository, a target or a person
    pub subject: Uuid,
    pub id: Uuid,
    #[serde(with = "micros")]
    pub recorded_at: DateTime<Utc>,
    #[serde(with = "micros")]
    pub committed_at: DateTime<Utc>,
}

impl PayloadDigest {
    pub fn of(payload: &[u8]) -> Self {
        Self(Sha256::digest(payload).into())
    }
}

impl FromStr for PayloadDigest {
    type Err = InvalidPayloadDigest;

    fn from_str(text: &str) -> Result<Self, InvalidPayloadDigest> {
        let bytes = text.strip_prefix("sha256:").and_then(|digits| hex::decode(digits).ok());
        let digest =
            bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).filter(|digest| digest.to_string() == text);
        digest.ok_or_else(|| InvalidPayloadDigest(text.chars().take(80).collect()))
    }
}

impl Serialize for PayloadDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PayloadDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for PayloadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl Envelope {
    pub fn id(&self) -> Uuid {
        match self {
            Envelope::Fact(fact) => fact.id,
            Envelope::Access(access) => access.id,
        }
    }

    pub fn organization(&self) -> OrganizationId {
        match self {
            Envelope::Fact(fact) => fact.organization,
            Envelope::Access(access) => access.organization,
        }
    }

    pub fn committed_at(&self) -> DateTime<Utc> {
        match self {
            Envelope::Fact(fact) => fact.committed_at,
            Envelope::Access(access) => access.committed_at,
        }
    }

    /// The leaf's bytes.
    pub fn leaf(&self, payload: PayloadDigest) -> Vec<u8> {
        let mut text = Lines::default();
        match self {
            Envelope::Fact(fact) => {
                text.line("distr", "fact v1");
                text.line("organization", fact.organization.0);
                text.line("stream", &fact.stream);
                text.line("revision", fact.revision);
                text.line("id", fact.id);
                text.line("type", &fact.event_type);
                text.line("schema", fact.schema_version);
                text.line("actor", &fact.actor);
                match fact.causation {
                    Some(causation) => text.line("causation", causation),
                    None => text.line("causation", "-"),
                }
                text.line("correlation", fact.correlation);
                text.line("recorded", rfc3339(fact.recorded_at));
                text.line("committed", rfc3339(fact.committed_at));
            }
            Envelope::Access(access) => {
                text.line("distr", "access v1");
                text.line("organization", access.organization.0);
                text.line("subject", access.subject);
                text.line("id", access.id);
                text.line("recorded", rfc3339(access.recorded_at));
                text.line("committed", rfc3339(access.committed_at));
            }
        }
        text.line("payload", payload);
        text.0.into_bytes()
    }

    pub fn leaf_hash(&self, payload: PayloadDigest) -> Hash {
        Hash::of_leaf(&self.leaf(payload))
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    /// A line break in a value would be a line of its own, so that two entries could have one leaf: it is written as a space, which
    /// no name of a stream, a type or an actor has.
    fn line(&mut self, name: &str, value: impl fmt::Display) {
        let value = value.to_string().replace(['\n', '\r'], " ");
        writeln!(self.0, "{name} {value}").expect("a string takes everything");
    }
}

/// In microseconds, which is what the log keeps.
fn rfc3339(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

mod micros {
    use chrono::{DateTime, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(instant: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::rfc3339(*instant))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        DateTime::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    /// These bytes are for ever: a root that was signed says nothing of others.
    #[test]
    fn the_bytes_of_a_fact() {
        let fact = Envelope::Fact(FactEnvelope {
            organization: OrganizationId(id(1)),
            stream: format!("license-{}", id(2)),
            revision: 7,
            id: id(3),
            event_type: "LicenseIssued".into(),
            schema_version: 2,
            actor: format!("member:{}", id(4)),
            causation: None,
            correlation: id(5),
            recorded_at: Utc.timestamp_micros(1_790_000_000_000_001).unwrap(),
            committed_at: Utc.timestamp_micros(1_790_000_000_500_000).unwrap(),
        });
        let payload = PayloadDigest::of(br#"{"seats":3}"#);
        assert_eq!(
            String::from_utf8(fact.leaf(payload)).unwrap(),
            "distr fact v1\n\
             organization 00000000-0000-0000-0000-000000000001\n\
             stream license-00000000-0000-0000-0000-000000000002\n\
             revision 7\n\
             id 00000000-0000-0000-0000-000000000003\n\
             type LicenseIssued\n\
             schema 2\n\
             actor member:00000000-0000-0000-0000-000000000004\n\
             causation -\n\
             correlation 00000000-0000-0000-0000-000000000005\n\
             recorded 2026-09-21T14:13:20.000001Z\n\
             committed 2026-09-21T14:13:20.500000Z\n\
             payload sha256:24e29793f21eef71e4adffebd3f3d01aa5f05109d42a8e07118795be656b9ef1\n"
        );
        let json = serde_json::to_string(&fact).unwrap();
        assert_eq!(serde_json::from_str::<Envelope>(&json).unwrap(), fact);
    }

    #[test]
    fn the_bytes_of_an_access() {
        let access = Envelope::Access(AccessEnvelope {
            organization: OrganizationId(id(1)),
            subject: id(2),
            id: id(3),
            recorded_at: Utc.timestamp_micros(1_790_000_000_000_000).unwrap(),
            committed_at: Utc.timestamp_micros(1_790_000_000_000_002).unwrap(),
        });
        assert_eq!(
            String::from_utf8(access.leaf(PayloadDigest::of(b""))).unwrap(),
            "distr access v1\n\
             organization 00000000-0000-0000-0000-000000000001\n\
             subject 00000000-0000-0000-0000-000000000002\n\
             id 00000000-0000-0000-0000-000000000003\n\
             recorded 2026-09-21T14:13:20.000000Z\n\
             committed 2026-09-21T14:13:20.000002Z\n\
             payload sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
        );
    }
}
