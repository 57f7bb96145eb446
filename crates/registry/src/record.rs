//! Records every push, pull and refusal as telemetry. The request only puts its record into a queue, and a task appends
//! what is queued in batches: the pull path has no write of its own. When the queue is full the request waits; when it waits
//! too long it fails, for nothing is served that is not recorded: a log that is away for long stops the pulls, and memory stays
//! within the queue and one batch. A crash of the hub may lose those two; a stop that cannot wait says how many it lost.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::ids::{ApplicationId, LicenseId};
use distr_domain::oci::Digest;
use distr_eventlog::{AppendError, EventLog, TelemetryKind, TelemetryRecord};
use tokio::sync::mpsc;
use tracing::error;
use uuid::Uuid;

use crate::caller::Right;
use crate::fault::{Fault, causes};
use crate::guard::Visit;
use crate::registry::{Recording, Registry};

const QUEUE: usize = 4096;
const BATCH: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(500);
/// Between two lines in the hub's log of one and the same trouble.
const REMIND: usize = 120;

/// The request's end of the queue.
pub(crate) struct Recorder {
    queue: mpsc::Sender<TelemetryRecord>,
}

/// The license that an answer rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Basis {
    pub(crate) license: Option<LicenseId>,
    pub(crate) application: Option<ApplicationId>,
}

impl Recorder {
    pub(crate) fn start(log: Arc<dyn EventLog>) -> (Self, Recording) {
        let (queue, queued) = mpsc::channel(QUEUE);
        (Self { queue }, Recording(tokio::spawn(append_batches(log, queued))))
    }

    async fn record(&self, record: TelemetryRecord) -> Result<(), Fault> {
        let sent = self.queue.send_timeout(record, PATIENCE).await;
        sent.map_err(|_| Fault::Unrecorded { seconds: PATIENCE.as_secs() })
    }
}

impl Registry {
    pub(crate) async fn record_grant(
        &self,
        visit: &Visit,
        digest: Option<&Digest>,
        basis: Option<Basis>,
        rule: &str,
    ) -> Result<(), Fault> {
        let outcome = AccessOutcome::Granted { rule: rule.to_owned() };
        self.record(visit, digest, basis, outcome).await
    }

    /// A blob that came from another repository. `visit`: of the one that it comes to.
    pub(crate) async fn record_mount(&self, visit: &Visit, blob: &Digest, from: &str) -> Result<(), Fault> {
        let Right::Whole { rule } = &visit.right else { return Ok(()) };
        let subject = format!("{}@{blob}", visit.name);
        let outcome = AccessOutcome::Granted { rule: format!("{rule}, pull from {from}") };
        self.send(AccessAction::Mount, visit, subject, Some(blob), None, outcome).await
    }

    pub(crate) async fn record_refusal(
        &self,
        visit: &Visit,
        basis: Option<Basis>,
        code: &str,
        reason: &str,
    ) -> Result<(), Fault> {
        let outcome = AccessOutcome::Refused { code: code.to_owned(), reason: reason.to_owned() };
        self.record(visit, visit.digest.as_ref(), basis, outcome).await
    }

    async fn record(
        &self,
        visit: &Visit,
        digest: Option<&Digest>,
        basis: Option<Basis>,
        outcome: AccessOutcome,
    ) -> Result<(), Fault> {
        self.send(visit.action, visit, visit.subject.clone(), digest, basis, outcome).await
    }

    async fn send(
        &self,
        action: AccessAction,
        visit: &Visit,
        subject: String,
        digest: Option<&Digest>,
        basis: Option<Basis>,
        outcome: AccessOutcome,
    ) -> Result<(), Fault> {
        let record = AccessRecord {
            action,
            actor: visit.caller.actor.to_string(),
            // of another organization's customer this one knows nothing
            customer: visit.caller.customer().filter(|_| visit.caller.organization == Some(visit.organization)),
            application: basis.and_then(|basis| basis.application),
            license: basis.and_then(|basis| basis.license),
            subject,
            digest: digest.map(Digest::to_string),
            outcome,
            address: visit.source.address.clone(),
            user_agent: visit.source.user_agent.clone(),
        };
        let record = TelemetryRecord {
            id: Uuid::now_v7(),
            organization: visit.organization,
            subject: visit.name.artifact().0,
            kind: TelemetryKind::Access,
            recorded_at: self.now(),
            payload: Bytes::from(serde_json::to_vec(&record).expect("an access record has string keys only")),
        };
        self.recorder.record(record).await
    }
}

/// Ends when the last sender is gone and the queue is empty. Says so if it is ended before.
async fn append_batches(log: Arc<dyn EventLog>, mut queued: mpsc::Receiver<TelemetryRecord>) {
    let mut batch = Vec::new();
    let mut pending = Pending(0);
    while queued.recv_many(&mut batch, BATCH).await > 0 {
        pending.0 = batch.len() + queued.len();
        metrics::gauge!("distr_registry_unrecorded_accesses").set(pending.0 as f64);
        append(log.as_ref(), &batch).await;
        batch.clear();
        pending.0 = queued.len();
    }
    metrics::gauge!("distr_registry_unrecorded_accesses").set(0.0);
}

/// Access records that are not in the log yet.
struct Pending(usize);

impl Drop for Pending {
    fn drop(&mut self) {
        if self.0 > 0 {
            error!(records = self.0, "access records are lost: the hub ended before the log took them");
        }
    }
}

/// Repeats until the log has taken the batch. A batch whose outcome is unknown may stand in the log twice, with the same ids.
/// What the log will never take is left out alone, and counted.
async fn append(log: &dyn EventLog, batch: &[TelemetryRecord]) {
    let mut halves = vec![batch];
    while let Some(part) = halves.pop() {
        let mut attempt = 0;
        loop {
            match log.append_telemetry(part.to_vec()).await {
                Ok(_) => break,
                Err(AppendError::TooLarge { .. }) if part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    halves.extend([second, first]);
                    break;
                }
                Err(error @ AppendError::TooLarge { .. }) => {
                    error!(%error, "an access record is lost");
                    metrics::counter!("distr_registry_lost_accesses_total").increment(1);
                    break;
                }
                Err(fault) => {
                    if attempt % REMIND == 0 {
                        let (records, error) = (batch.len(), causes(&fault));
                        error!(records, attempt, error, "access records cannot be appended");
                    }
                    attempt += 1;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use distr_domain::ids::OrganizationId;

    use super::*;

    fn record() -> TelemetryRecord {
        TelemetryRecord {
            id: Uuid::now_v7(),
            organization: OrganizationId(Uuid::nil()),
            subject: Uuid::nil(),
            kind: TelemetryKind::Access,
            recorded_at: DateTime::UNIX_EPOCH,
            payload: Bytes::new(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_waits_for_a_place_in_the_queue_and_fails_without_one() {
        let (queue, mut queued) = mpsc::channel(1);
        let recorder = Recorder { queue };
        recorder.record(record()).await.unwrap();
        assert!(matches!(recorder.record(record()).await, Err(Fault::Unrecorded { seconds: 5 })));
        let (recorded, _) = tokio::join!(recorder.record(record()), async {
            tokio::time::sleep(PATIENCE / 2).await;
            queued.recv().await
        });
        recorded.unwrap();
    }

    #[tokio::test]
    async fn what_was_recorded_is_in_the_log_when_the_recording_has_finished() {
        use distr_eventlog::{MemoryLog, Position, Selection};

        let log = Arc::new(MemoryLog::new());
        let (recorder, recording) = Recorder::start(log.clone());
        for _ in 0..2500 {
            recorder.record(record()).await.unwrap();
        }
        drop(recorder);
        recording.finished().await;
        let page = log.read_all(Position::START, 5000, Selection::Telemetry).await.unwrap();
        assert_eq!(page.entries.len(), 2500);
    }
}
