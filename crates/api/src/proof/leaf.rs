//! Which entries of the log are evidence, and so leaves: every fact, and every use or refusal of a right. Heartbeats are not; what
//! they change is a fact.

use distr_domain::ids::OrganizationId;
use distr_eventlog::{Entry, TelemetryKind};
use distr_proof::hash::Hash;
use distr_proof::leaf::{AccessEnvelope, Envelope, FactEnvelope, PayloadDigest};

/// An entry that is evidence.
pub(super) struct Leaf<'a> {
    pub(super) envelope: Envelope,
    pub(super) payload: &'a [u8],
}

impl<'a> Leaf<'a> {
    pub(super) fn of(entry: &'a Entry) -> Option<Self> {
        match entry {
            Entry::Fact(event) => {
                let envelope = Envelope::Fact(FactEnvelope {
                    organization: event.organization,
                    stream: event.stream.to_string(),
                    revision: event.revision,
                    id: event.id,
                    event_type: event.event_type.clone(),
                    schema_version: event.schema_version,
                    actor: event.actor.to_string(),
                    causation: event.causation,
                    correlation: event.correlation,
                    recorded_at: event.recorded_at,
                    committed_at: event.committed_at,
                });
                Some(Self { envelope, payload: &event.payload })
            }
            Entry::Telemetry(recorded) if recorded.record.kind == TelemetryKind::Access => {
                let record = &recorded.record;
                let envelope = Envelope::Access(AccessEnvelope {
                    organization: record.organization,
                    subject: record.subject,
                    id: record.id,
                    recorded_at: record.recorded_at,
                    committed_at: recorded.committed_at,
                });
                Some(Self { envelope, payload: &record.payload })
            }
            Entry::Telemetry(_) => None,
        }
    }

    pub(super) fn organization(&self) -> OrganizationId {
        self.envelope.organization()
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.envelope.leaf(PayloadDigest::of(self.payload))
    }

    pub(super) fn hash(&self) -> Hash {
        self.envelope.leaf_hash(PayloadDigest::of(self.payload))
    }
}
