use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_domain::{decider::Category, ids::OrganizationId};
use futures_util::{StreamExt, pin_mut};
use uuid::Uuid;

use super::*;
use crate::{
    Actor, Append, AppendError, Appended, Entry, Expected, LogIdentity, MemoryLog, NewEvent, RecordedEvent, StoreError,
    StreamName, TelemetryRecord,
};

/// A log whose wake-ups get lost, every one.
struct Silent {
    log: MemoryLog,
    never: watch::Sender<Position>,
}

#[async_trait]
impl EventLog for Silent {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }
    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError> {
        self.log.append_telemetry(records).await
    }
    async fn read_stream(&self, stream: &StreamName, from: u64, limit: usize) -> Result<Vec<RecordedEvent>, ReadError> {
        self.log.read_stream(stream, from, limit).await
    }
    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        self.log.scan(after, limit, selection).await
    }
    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        self.log.entry(at).await
    }
    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        self.log.find(id).await
    }
    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        self.log.seek(instant).await
    }
    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        self.log.identity().await
    }
    async fn head(&self) -> Result<Position, ReadError> {
        self.log.head().await
    }
    fn wake(&self) -> watch::Receiver<Position> {
        self.never.subscribe()
    }
    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.log.drop_telemetry(before).await
    }
}

fn append() -> Append {
    let event =
        NewEvent { id: Uuid::new_v4(), event_type: "Happened".into(), schema_version: 1, payload: Default::default() };
    Append {
        stream: StreamName { category: Category::License, id: Uuid::new_v4() },
        organization: OrganizationId(Uuid::nil()),
        expected: Expected::NoStream,
        events: vec![event],
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::nil(),
        recorded_at: DateTime::UNIX_EPOCH,
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_gets_on_without_any_wake_up() {
    let log = Arc::new(Silent { log: MemoryLog::new(), never: watch::Sender::new(Position::START) });
    let pages = subscribe_all(Arc::clone(&log) as Arc<dyn EventLog>, Position::START, Selection::All);
    pin_mut!(pages);
    for position in 1..=3 {
        let (page, appended) = futures_util::join!(timeout(Duration::from_secs(60), pages.next()), async {
            tokio::task::yield_now().await;
            log.append(append()).await
        });
        assert_eq!(appended.unwrap().position, Position::of_number(position));
        assert_eq!(page.unwrap().unwrap().unwrap().scanned_to, Position::of_number(position));
    }
}

#[tokio::test]
async fn a_subscription_ends_after_an_error() {
    let pages = subscribe_all(Arc::new(MemoryLog::new()), Position::of_number(1), Selection::All);
    pin_mut!(pages);
    assert!(matches!(pages.next().await, Some(Err(ReadError::BeyondHead { .. }))));
    assert!(pages.next().await.is_none());
}
