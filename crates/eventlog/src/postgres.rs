//! The log in Postgres. One appender task per process commits what is queued as one batch under the lock of the head
//! row; reads go through a small pool; the bell wakes readers here and in other processes.

mod appender;
mod bell;
mod columns;
mod commit;
mod connector;
mod migrate;
mod partitions;
mod queue;
mod quick;
mod reader;
mod rows;
mod session;
mod statements;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use distr_postgres::{Address, AddressError};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};
use uuid::Uuid;

use self::{
    appender::Appender,
    bell::Bell,
    connector::Connector,
    partitions::Partitions,
    queue::{Queue, Request},
    reader::Reader,
};
use crate::{
    Append, AppendError, Appended, Entry, EventLog, Limit, LogIdentity, Page, Position, ReadError, RecordedEvent,
    Selection, StoreError, StreamName, TelemetryRecord, admission,
};

/// Requests that may wait for the appender; further callers wait for a place.
const QUEUE: usize = 4096;

/// Why the log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("the event log's database URL is not valid")]
    Url(#[source] AddressError),
    #[error("the event log's database could not be reached")]
    Reach(#[source] tokio_postgres::Error),
    #[error("the schema of the event log could not be brought up to date")]
    Migrate(#[source] refinery::Error),
    #[error("the event log's database refused a statement")]
    Statement(#[source] tokio_postgres::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The log in a Postgres database of version 15 or later. Share one per process; drop or `close` it to stop its tasks.
#[derive(Debug)]
pub struct PostgresLog {
    queue: Mutex<Option<mpsc::Sender<Request>>>,
    appender: Mutex<Option<JoinHandle<()>>>,
    bell: JoinHandle<()>,
    partitions: JoinHandle<()>,
    reader: Reader,
    head: Arc<watch::Sender<Position>>,
}

impl PostgresLog {
    /// The connections on which it reads: so many readers are served at the same time, and others wait.
    pub const READERS: usize = reader::CONNECTIONS;

    /// Connects to the database by its URL, brings the schema `eventlog` up to date and starts the appender. Its
    /// tasks run on the runtime that calls this.
    pub async fn connect(url: &str) -> Result<Self, ConnectError> {
        Self::connect_to(url.parse::<Address>().map_err(ConnectError::Url)?).await
    }

    /// As `connect`, by an address or a configuration.
    pub async fn connect_to(address: impl Into<Address>) -> Result<Self, ConnectError> {
        let connector = Connector::new(address.into());
        migrate::migrate(&connector).await?;
        let reader = Reader::new(&connector);
        let start = reader.head().await?;

        let head = Arc::new(watch::Sender::new(start));
        let committed = watch::Sender::new(start);
        let bell = Bell::new(connector.clone(), committed.subscribe(), Arc::clone(&head));
        let (sender, receiver) = mpsc::channel(QUEUE);
        let written = watch::Sender::new(None);
        let mut partitions = Partitions::new(connector.clone(), written.subscribe());
        // before the first batch comes; what keeps it from it now may be gone in a while
        if let Err(error) = partitions.make_ahead().await {
            tracing::info!(%error, "days of telemetry are not made yet");
        }
        let appender = Appender::new(connector, Queue::new(receiver), committed, Arc::clone(&head), written);
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            appender: Mutex::new(Some(tokio::spawn(appender.run()))),
            bell: tokio::spawn(bell.run()),
            partitions: tokio::spawn(partitions.run()),
            reader,
            head,
        })
    }

    /// Takes no more appends, and returns when those that were taken are answered. Reading goes on.
    pub async fn close(&self) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
        let appender = self.appender.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(appender) = appender
            && let Err(error) = appender.await
        {
            tracing::error!(%error, "the event log's appender ended badly");
        }
    }

    /// Makes it another log from its head on: what was restored, or copied, goes on apart from what it is a copy of. Whoever has
    /// it open learns of it when it is opened again.
    pub async fn part(&self) -> Result<(), StoreError> {
        self.reader.part().await
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, AppendError>>) -> Request,
    ) -> Result<T, AppendError> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        queue.ok_or(AppendError::Closed)?.send(request(answer)).await.map_err(|_| AppendError::Closed)?;
        answered.await.map_err(|_| AppendError::Closed)?
    }
}

impl Drop for PostgresLog {
    /// The appender ends by itself, once it has answered what is queued.
    fn drop(&mut self) {
        self.bell.abort();
        self.partitions.abort();
    }
}

#[async_trait]
impl EventLog for PostgresLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        admission::check(&append)?;
        self.ask(|answer| Request::Facts(append, answer)).await
    }

    async fn append_telemetry(&self, records: Vec<TelemetryRecord>) -> Result<Position, AppendError> {
        admission::check_telemetry(&records)?;
        self.ask(|answer| Request::Telemetry(records, answer)).await
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
        self.reader.identity().await
    }

    fn wake(&self) -> watch::Receiver<Position> {
        self.head.subscribe()
    }

    async fn drop_telemetry(&self, before: DateTime<Utc>) -> Result<Position, StoreError> {
        self.reader.drop_telemetry(before).await
    }
}
