//! The record of accesses: every push, pull and refusal, as telemetry. A request only puts its record into a queue, and a task
//! appends what is queued in batches: the pull path has no write of its own. When the queue is full the request waits; when it
//! waits too long it fails, for nothing is served that is not recorded: a log that is away for long stops the pulls, and memory
//! stays within the queue and one batch. A crash of the hub may lose those two; a stop that cannot wait says how many it lost.

mod queue;

use std::sync::Arc;

use bytes::Bytes;
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::ids::{ApplicationId, LicenseId};
use distr_domain::oci::Digest;
use distr_domain::rejection::Rejection;
use distr_eventlog::{EventLog, TelemetryKind, TelemetryRecord};
use uuid::Uuid;

use crate::caller::Right;
use crate::clock::Clock;
use crate::error::OciError;
use crate::fault::{Fault, OperationError};
use crate::visit::Visit;

use self::queue::Queue;
pub use self::queue::Recording;

/// The recorder of accesses.
#[derive(Clone)]
pub(crate) struct Recorder {
    queue: Queue,
    clock: Clock,
}

/// The license that an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) license: Option<LicenseId>,
    pub(crate) application: Option<ApplicationId>,
}

impl Recorder {
    /// Within a runtime.
    pub(crate) fn start(log: Arc<dyn EventLog>, clock: Clock) -> (Self, Recording) {
        let (queue, recording) = Queue::start(log);
        (Self { queue, clock }, recording)
    }

    pub(crate) async fn grant(
        &self,
        visit: &Visit,
        digest: Option<&Digest>,
        basis: Option<Basis>,
        rule: &str,
    ) -> Result<(), Fault> {
        let outcome = AccessOutcome::Granted { rule: rule.to_owned() };
        self.record(visit, access(visit, digest, basis, outcome)).await
    }

    /// The change that a caller with its whole right has made.
    pub(crate) async fn change(&self, visit: &Visit, digest: Option<&Digest>) -> Result<(), Fault> {
        match &visit.right {
            Right::Whole { rule } => self.grant(visit, digest, None, rule).await,
            Right::Licensed { .. } => Ok(()),
        }
    }

    /// The mount of a blob that came from another repository to the visited one.
    pub(crate) async fn mount(&self, visit: &Visit, blob: &Digest, from: &str) -> Result<(), Fault> {
        let Right::Whole { rule } = &visit.right else { return Ok(()) };
        let outcome = AccessOutcome::Granted { rule: format!("{rule}, pull from {from}") };
        let access = access(visit, Some(blob), None, outcome);
        let subject = format!("{}@{blob}", visit.name);
        self.record(visit, AccessRecord { action: AccessAction::Mount, subject, ..access }).await
    }

    pub(crate) async fn refusal(&self, visit: &Visit, basis: Option<Basis>, no: &dyn Rejection) -> Result<(), Fault> {
        let outcome = AccessOutcome::Refused { code: no.code().to_owned(), reason: no.to_string() };
        self.record(visit, access(visit, visit.digest.as_ref(), basis, outcome)).await
    }

    /// Records the refusal and answers with it; `about` is what was refused.
    pub(crate) async fn deny(&self, visit: &Visit, about: &str, no: &dyn Rejection) -> OciError {
        match self.refusal(visit, None, no).await {
            Ok(()) => OciError::Denied { reason: format!("{about}: {no}") },
            Err(fault) => fault.into(),
        }
    }

    /// The result of an operation on the visited repository. What its rule refuses is denied.
    pub(crate) async fn or_deny<T, R: Rejection>(
        &self,
        visit: &Visit,
        done: Result<T, OperationError<R>>,
    ) -> Result<T, OciError> {
        match done {
            Ok(done) => Ok(done),
            Err(OperationError::Rejected(no)) => Err(self.deny(visit, &visit.name.to_string(), &no).await),
            Err(OperationError::Fault(fault)) => Err(fault.into()),
        }
    }

    async fn record(&self, visit: &Visit, access: AccessRecord) -> Result<(), Fault> {
        let record = TelemetryRecord {
            id: Uuid::now_v7(),
            organization: visit.organization,
            subject: visit.name.artifact().0,
            kind: TelemetryKind::Access,
            recorded_at: (self.clock)(),
            payload: Bytes::from(serde_json::to_vec(&access).expect("an access record has string keys only")),
        };
        self.queue.put(record).await
    }
}

fn access(visit: &Visit, digest: Option<&Digest>, basis: Option<Basis>, outcome: AccessOutcome) -> AccessRecord {
    AccessRecord {
        action: visit.action,
        actor: visit.caller.actor.to_string(),
        // of another organization's customer this one knows nothing
        customer: visit.caller.customer().filter(|_| visit.caller.organization == Some(visit.organization)),
        application: basis.and_then(|basis| basis.application),
        license: basis.and_then(|basis| basis.license),
        subject: visit.subject.clone(),
        digest: digest.map(Digest::to_string),
        outcome,
        address: visit.source.address.clone(),
        user_agent: visit.source.user_agent.clone(),
    }
}
