//! The log: the port, made of its parts.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_eventlog::adapter::check_telemetry;
use distr_eventlog::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogIdentity, Page, Position, ReadError, RecordedEvent,
    Selection, StoreError, StreamName, TelemetryRecord,
};
use eventstore::ClientSettings;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::appending::Appender;
use crate::facts::Clock;
use crate::follower::Follower;
use crate::link::Link;
use crate::marks::Maker;
use crate::own;
use crate::reading::Reader;
use crate::retention::Gone;
use crate::seen::Seen;
use crate::streams::Streams;
use crate::telemetry::{Call, Packer};

/// Calls that may wait for the task that packs telemetry; further callers wait for a place.
const QUEUE: usize = 4096;

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It does not repeat the URL, which may hold a password.
    #[error("the event log's URL is not valid: use esdb://HOST:PORT?tls=… or kurrentdb://…")]
    Url,
    #[error("the client of the event log's server could not be made: {0}")]
    Client(String),
    #[error("the event log's server does not answer as KurrentDB does")]
    Reach(#[source] StoreError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The log in KurrentDB or EventStoreDB. Share one per process; drop or `close` it to stop its tasks.
pub struct KurrentLog {
    link: Arc<Link>,
    appender: Appender,
    reader: Reader,
    seen: Arc<Seen>,
    gone: Arc<Gone>,
    telemetry: Mutex<Option<mpsc::Sender<Call>>>,
    packer: Mutex<Option<JoinHandle<()>>>,
    follower: JoinHandle<()>,
    closing: watch::Sender<bool>,
}

impl KurrentLog {
    /// Opens the log at the URL, and names it if it is new. Its tasks run on the runtime that calls this.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        let settings: ClientSettings = url.parse().map_err(|_| ConnectError::Url)?;
        let link = Link::new(settings).map_err(ConnectError::Client)?;
        own::name(&link).await.map_err(ConnectError::Reach)?;
        let (clock, seen, gone, streams) =
            (Arc::new(Clock::default()), Arc::new(Seen::default()), Arc::new(Gone::default()), Arc::default());
        gone.load(&link).await.map_err(ConnectError::Reach)?;
        let maker = Maker::start(&link).await.map_err(ConnectError::Reach)?;
        let reader = Reader {
            link: link.clone(),
            seen: seen.clone(),
            gone: gone.clone(),
            streams: Arc::<Streams>::clone(&streams),
        };
        reader.head().await?;
        let (sender, calls) = mpsc::channel(QUEUE);
        let packer =
            Packer { link: link.clone(), clock: clock.clone(), seen: seen.clone(), process: Uuid::now_v7(), calls };
        let follower =
            Follower { link: link.clone(), clock: clock.clone(), seen: seen.clone(), gone: gone.clone(), maker };
        Ok(Self {
            appender: Appender { link: link.clone(), clock, seen: seen.clone(), streams },
            reader,
            link,
            seen,
            gone,
            telemetry: Mutex::new(Some(sender)),
            packer: Mutex::new(Some(tokio::spawn(packer.run()))),
            follower: tokio::spawn(follower.run()),
            closing: watch::Sender::new(false),
        })
    }

    /// Takes no more appends, and returns when those that were taken are answered. Reading goes on.
    pub async fn close(&self) {
        self.closing.send_replace(true);
        self.telemetry.lock().unwrap_or_else(PoisonError::into_inner).take();
        let packer = self.packer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(packer) = packer
            && let Err(error) = packer.await
        {
            tracing::error!(%error, "the task that packs telemetry ended badly");
        }
        // each append that is on its way holds a receiver
        self.closing.closed().await;
    }
}

impl Drop for KurrentLog {
    /// The packer ends by itself, once it has answered what is queued.
    fn drop(&mut self) {
        self.follower.abort();
    }
}

#[async_trait]
impl EventLog for KurrentLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let on_its_way = self.closing.subscribe();
        if *on_its_way.borrow() {
            return Err(AppendError::Closed);
        }
        let known = self.appender.turn(&append).await?;
        let appender = self.appender.clone();
        // a caller that goes away does not end it half-way
        let appended = tokio::spawn(async move {
            let appended = appender.append(append, known).await;
            drop(on_its_way);
            appended
        });
        appended.await.unwrap_or(Err(AppendError::Closed))
    }

    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError> {
        check_telemetry(&records)?;
        let queue = self.telemetry.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        queue.ok_or(AppendError::Closed)?.send((records, answer)).await.map_err(|_| AppendError::Closed)?;
        answered.await.map_err(|_| AppendError::Closed)?
    }

    async fn read_stream(
        &self,
        stream: &StreamName,
        from_revision: u64,
        limit: usize,
    ) -> Result<Vec<RecordedEvent>, ReadError> {
        self.reader.stream(stream, from_revision, limit).await
    }

    async fn scan(&self, after: Position, limit: Limit, selection: Selection) -> Result<Page, ReadError> {
        self.reader.page(after, limit, selection).await
    }

    async fn entry(&self, at: Position) -> Result<Option<Entry>, ReadError> {
        self.reader.entry(at).await
    }

    async fn find(&self, id: Uuid) -> Result<Option<RecordedEvent>, ReadError> {
        self.reader.find(id).await
    }

    async fn seek(&self, instant: DateTime<Utc>) -> Result<Position, ReadError> {
        self.reader.seek(instant).await
    }

    async fn head(&self) -> Result<Position, ReadError> {
        self.reader.head().await
    }

    async fn identity(&self) -> Result<LogIdentity, ReadError> {
        Ok(own::identity(&self.link).await?)
    }

    fn wake(&self) -> watch::Receiver<Position> {
        self.seen.end.subscribe()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.gone.drop_before(&self.link, before).await
    }
}
