//! What waits for the appender, taken in pieces that one transaction can carry. Nobody waits for a batch to fill: it
//! grows by itself while the last one is being committed.

use tokio::sync::{mpsc, oneshot};

use crate::{Append, AppendError, Appended, Position, TelemetryRecord};

const BATCH_EVENTS: usize = 1000;
const BATCH_RECORDS: usize = 5000;
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// What a caller asks for, and where it waits for the answer.
#[derive(Debug)]
pub(super) enum Request {
    Facts(Append, oneshot::Sender<Result<Appended, AppendError>>),
    Telemetry(Vec<TelemetryRecord>, oneshot::Sender<Result<Position, AppendError>>),
}

#[derive(Debug)]
pub(super) struct Queue {
    receiver: mpsc::Receiver<Request>,
    /// Did not fit into the last batch.
    held: Option<Request>,
}

#[derive(Default)]
struct Weight {
    events: usize,
    records: usize,
    bytes: usize,
}

impl Queue {
    pub(super) fn new(receiver: mpsc::Receiver<Request>) -> Self {
        Self { receiver, held: None }
    }

    /// Requests that wait.
    pub(super) fn depth(&self) -> usize {
        self.receiver.len() + usize::from(self.held.is_some())
    }

    /// The next batch, at least one request; None when the log is closed and everything is taken.
    pub(super) async fn take(&mut self) -> Option<Vec<Request>> {
        let first = match self.held.take() {
            Some(request) => request,
            None => self.receiver.recv().await?,
        };
        let mut weight = Weight::default();
        weight.add(&first);
        let mut batch = vec![first];
        while let Ok(request) = self.receiver.try_recv() {
            weight.add(&request);
            if weight.too_heavy() {
                self.held = Some(request);
                break;
            }
            batch.push(request);
        }
        Some(batch)
    }
}

impl Weight {
    fn add(&mut self, request: &Request) {
        match request {
            Request::Facts(append, _) => {
                self.events += append.events.len();
                self.bytes += append.size();
            }
            Request::Telemetry(records, _) => {
                self.records += records.len();
                self.bytes += records.iter().map(|record| record.payload.len()).sum::<usize>();
            }
        }
    }

    fn too_heavy(&self) -> bool {
        self.events > BATCH_EVENTS || self.records > BATCH_RECORDS || self.bytes > BATCH_BYTES
    }
}
