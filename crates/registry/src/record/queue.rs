//! The queue of access records, and the task that appends what is queued in batches.

use std::sync::Arc;
use std::time::Duration;

use distr_domain::fault::causes;
use distr_eventlog::{AppendError, EventLog, TelemetryRecord};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::error;

use crate::fault::Fault;

const QUEUE: usize = 4096;
const BATCH: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(500);
/// Between two lines in the hub's log of one and the same trouble.
const REMIND: usize = 120;

/// The requests' end of the queue.
#[derive(Clone)]
pub(super) struct Queue(mpsc::Sender<TelemetryRecord>);

/// The task that writes access records. It ends when the registry is dropped and all that was recorded is in the log.
pub struct Recording(JoinHandle<()>);

impl Queue {
    pub(super) fn start(log: Arc<dyn EventLog>) -> (Self, Recording) {
        let (queue, queued) = mpsc::channel(QUEUE);
        (Self(queue), Recording(tokio::spawn(append_batches(log, queued))))
    }

    /// Returns when the record has its place.
    pub(super) async fn put(&self, record: TelemetryRecord) -> Result<(), Fault> {
        let sent = self.0.send_timeout(record, PATIENCE).await;
        sent.map_err(|_| Fault::Unrecorded { seconds: PATIENCE.as_secs() })
    }
}

impl Recording {
    /// Returns when everything that was recorded is in the log.
    pub async fn finished(self) {
        if let Err(error) = self.0.await {
            tracing::error!(%error, "the recording of accesses ended badly");
        }
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
    use bytes::Bytes;
    use chrono::DateTime;
    use distr_domain::ids::OrganizationId;
    use distr_eventlog::TelemetryKind;
    use uuid::Uuid;

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
        let queue = Queue(queue);
        queue.put(record()).await.unwrap();
        assert!(matches!(queue.put(record()).await, Err(Fault::Unrecorded { seconds: 5 })));
        let (recorded, _) = tokio::join!(queue.put(record()), async {
            tokio::time::sleep(PATIENCE / 2).await;
            queued.recv().await
        });
        recorded.unwrap();
    }

    #[tokio::test]
    async fn what_was_recorded_is_in_the_log_when_the_recording_has_finished() {
        use distr_eventlog::{Limit, MemoryLog, Position, Selection};

        let log = Arc::new(MemoryLog::new());
        let (queue, recording) = Queue::start(log.clone());
        for _ in 0..2500 {
            queue.put(record()).await.unwrap();
        }
        drop(queue);
        recording.finished().await;
        let page = log.scan(Position::START, Limit::entries(5000), Selection::Telemetry).await.unwrap();
        assert_eq!(page.entries.len(), 2500);
    }
}
