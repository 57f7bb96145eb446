//! What changed, for those who watch: each hub follows the log itself and tells its subscribers once the read models show
//! the change. A slow subscriber is told that it missed some, and reads again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use distr_domain::decider::Category;
use distr_domain::ids::OrganizationId;
use distr_eventlog::{Entry, EventLog, Position, Selection, TelemetryKind, subscribe_all};
use distr_projections::Progress;
use futures_util::StreamExt;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::traces::Traces;

/// More than this behind, and a subscriber is told that it missed some.
const BACKLOG: usize = 1_024;
const RETRY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub organization: OrganizationId,
    pub what: Changed,
    /// of the organization, target, deployment …
    pub id: Uuid,
    pub position: Position,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Fact(Category),
    Heartbeat,
}

#[derive(Clone)]
pub struct Changes {
    sender: broadcast::Sender<Change>,
    traces: Traces,
}

impl Changes {
    pub fn new(traces: Traces) -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG), traces }
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.sender.subscribe()
    }

    /// Follows the log from `after` until the task is dropped.
    pub async fn follow(self, log: Arc<dyn EventLog>, after: Position, mut core: Progress, mut fleet: Progress) {
        let mut at = after;
        loop {
            let mut pages = std::pin::pin!(subscribe_all(log.clone(), at, Selection::All));
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => {
                        self.publish(&page.entries, &mut core, &mut fleet).await;
                        at = page.scanned_to;
                    }
                    Err(error) => {
                        tracing::error!(error = &error as &dyn std::error::Error, "cannot follow the log; retrying");
                    }
                }
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn publish(&self, entries: &[Entry], core: &mut Progress, fleet: &mut Progress) {
        let read = Instant::now();
        for entry in entries {
            let shown = match entry {
                Entry::Fact(_) => &mut *core,
                Entry::Telemetry(_) => &mut *fleet,
            };
            while shown.position() < entry.position() {
                shown.changed().await;
            }
            // nobody may be listening
            if let Some(change) = change(entry)
                && let Ok(watchers) = self.sender.send(change)
            {
                self.traces.told(entry, watchers, read.elapsed());
            }
        }
    }
}

fn change(entry: &Entry) -> Option<Change> {
    match entry {
        Entry::Fact(event) => Some(Change {
            organization: event.organization,
            what: Changed::Fact(event.stream.category),
            id: event.stream.id,
            position: event.position,
        }),
        Entry::Telemetry(recorded) if recorded.record.kind == TelemetryKind::Heartbeat => Some(Change {
            organization: recorded.record.organization,
            what: Changed::Heartbeat,
            id: recorded.record.subject,
            position: recorded.position,
        }),
        Entry::Telemetry(_) => None,
    }
}
