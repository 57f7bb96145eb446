//! What happens often and matters for a while: heartbeats, accesses to the registry. Stored in blocks, kept for a
//! configured time. What telemetry *changes* is a fact, and goes through `append`.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use distr_domain::ids::OrganizationId;
use uuid::Uuid;

use crate::Position;

/// The kinds of records. The number is stored: never change one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TelemetryKind {
    /// What an agent reports at an interval.
    Heartbeat,
    /// A pull, push or refusal of the registry.
    Access,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryRecord {
    pub id: Uuid,
    pub organization: OrganizationId,
    /// What it is about: the target of a heartbeat, the artifact of an access.
    pub subject: Uuid,
    pub kind: TelemetryKind,
    /// By the caller's clock; kept to the microsecond.
    pub recorded_at: DateTime<Utc>,
    pub payload: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedTelemetry {
    pub position: Position,
    /// By the log's own clock, as that of a fact. Of what an earlier version wrote, the newest time in its block.
    pub committed_at: DateTime<Utc>,
    pub record: TelemetryRecord,
}

impl TelemetryKind {
    pub const ALL: [TelemetryKind; 2] = [TelemetryKind::Heartbeat, TelemetryKind::Access];

    pub const fn as_str(self) -> &'static str {
        match self {
            TelemetryKind::Heartbeat => "heartbeat",
            TelemetryKind::Access => "access",
        }
    }

    pub(crate) const fn number(self) -> u16 {
        match self {
            TelemetryKind::Heartbeat => 1,
            TelemetryKind::Access => 2,
        }
    }

    pub(crate) fn of_number(number: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}
