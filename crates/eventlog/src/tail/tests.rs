use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use distr_domain::decider::Category;
use distr_domain::ids::OrganizationId;
use futures_util::StreamExt;
use proptest::prelude::*;
use tokio::time::timeout;

use super::*;
use crate::{Actor, Expected, MemoryLog, NewEvent, TelemetryKind, subscribe_all};

/// A log that counts how often it is read, and may be out of reach.
#[derive(Default)]
struct Watched {
    log: MemoryLog,
    scans: AtomicUsize,
    is_away: AtomicBool,
}

#[async_trait]
impl EventLog for Watched {
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
        self.scans.fetch_add(1, Ordering::SeqCst);
        match self.is_away.load(Ordering::SeqCst) {
            true => Err(ReadError::BeyondHead { after, head: Position::START }),
            false => self.log.scan(after, limit, selection).await,
        }
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
        self.log.wake()
    }
    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.log.drop_telemetry(before).await
    }
}

async fn happen(log: &dyn EventLog, size: usize) {
    let payload = vec![b' '; size].into();
    let event = NewEvent { id: Uuid::new_v4(), event_type: "Happened".into(), schema_version: 1, payload };
    let append = Append {
        stream: StreamName { category: Category::License, id: Uuid::new_v4() },
        organization: OrganizationId(Uuid::nil()),
        expected: Expected::NoStream,
        events: vec![event],
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::nil(),
        recorded_at: DateTime::UNIX_EPOCH,
    };
    log.append(append).await.unwrap();
}

async fn beat(log: &dyn EventLog, count: usize) {
    let record = || TelemetryRecord {
        id: Uuid::new_v4(),
        organization: OrganizationId(Uuid::nil()),
        subject: Uuid::nil(),
        kind: TelemetryKind::Heartbeat,
        recorded_at: DateTime::UNIX_EPOCH,
        payload: vec![0; 10].into(),
    };
    log.append_telemetry((0..count).map(|_| record()).collect()).await.unwrap();
}

/// All positions up to the head, as a follower meets them.
async fn followed(log: Arc<dyn EventLog>, after: Position, selection: Selection) -> Vec<u64> {
    let head = log.head().await.unwrap();
    let mut pages = std::pin::pin!(subscribe_all(log, after, selection));
    let (mut at, mut met) = (after, vec![]);
    while at < head {
        let page = timeout(Duration::from_secs(60), pages.next()).await.expect("a page").unwrap().unwrap();
        assert!(page.scanned_to > at);
        at = page.scanned_to;
        met.extend(page.entries.iter().map(|entry| entry.position().number()));
    }
    met
}

#[derive(Debug, Clone)]
enum Step {
    Happen(usize),
    Beat(usize),
    Follow(u64, Selection),
}

fn step() -> impl Strategy<Value = Step> {
    let selection = prop::sample::select(vec![Selection::All, Selection::Facts, Selection::Telemetry]);
    prop_oneof![
        3 => (1..60_usize).prop_map(Step::Happen),
        2 => (1..5_usize).prop_map(Step::Beat),
        2 => (0..40_u64, selection).prop_map(|(after, selection)| Step::Follow(after, selection)),
    ]
}

proptest! {
    /// However little is kept, and from wherever.
    #[test]
    fn a_follower_meets_what_is_in_the_log(steps in prop::collection::vec(step(), 1..60), kept in 0..300_usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let log = Arc::new(Watched::default());
            let tail: Arc<dyn EventLog> = Arc::new(Tail::keeping(log.clone(), kept));
            for step in steps {
                match step {
                    Step::Happen(size) => happen(&*log, size).await,
                    Step::Beat(count) => beat(&*log, count).await,
                    Step::Follow(after, selection) => {
                        let after = Position::of_number(after).min(log.head().await.unwrap());
                        let expected = followed(log.clone(), after, selection).await;
                        assert_eq!(followed(tail.clone(), after, selection).await, expected);
                    }
                }
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_is_read_once_for_all_who_follow_it() {
    let log = Arc::new(Watched::default());
    let tail: Arc<dyn EventLog> = Arc::new(Tail::start(log.clone()));
    sleep(Duration::from_millis(10)).await;
    let before = log.scans.load(Ordering::SeqCst);
    let followers = (0..20).map(|_| {
        let tail = tail.clone();
        async move { std::pin::pin!(subscribe_all(tail, Position::START, Selection::Facts)).next().await }
    });
    let (pages, ()) = tokio::join!(futures_util::future::join_all(followers), async {
        sleep(Duration::from_millis(10)).await;
        happen(&*log, 10).await;
    });
    assert!(pages.into_iter().all(|page| page.unwrap().unwrap().entries.len() == 1));
    let scans = log.scans.load(Ordering::SeqCst) - before;
    assert!(scans <= 3, "{scans} reads for 20 followers");
}

#[tokio::test(start_paused = true)]
async fn while_the_log_is_away_its_followers_are_told() {
    let log = Arc::new(Watched::default());
    let tail = Tail::start(log.clone());
    sleep(Duration::from_millis(10)).await;
    happen(&*log, 10).await;
    sleep(Duration::from_millis(10)).await;
    let end = Position::of_number(1);
    assert!(tail.scan(end, Limit::entries(10), Selection::All).await.unwrap().entries.is_empty());
    log.is_away.store(true, Ordering::SeqCst);
    sleep(FRESH * 2).await;
    tail.scan(end, Limit::entries(10), Selection::All).await.unwrap_err();
    // what was read stays true
    assert_eq!(tail.scan(Position::START, Limit::entries(10), Selection::All).await.unwrap().scanned_to, end);
    log.is_away.store(false, Ordering::SeqCst);
    happen(&*log, 10).await;
    sleep(RETRY * 2).await;
    assert_eq!(tail.scan(end, Limit::entries(10), Selection::All).await.unwrap().entries.len(), 1);
}
