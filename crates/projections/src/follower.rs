//! The one way to follow the log on behalf of all hubs: read models and policies are moved by it. Of all hubs one at a time
//! leads, by a lease in the checkpoint's row; a timer renews the lease beside the work, however long a page takes. The lease's
//! epoch is checked by each statement that moves the checkpoint, so that a hub that was paused changes nothing when it wakes.
//!
//! A hub that cannot go on gives its lease back and stays away for longer than a lease lasts, so that a healthy one leads. It
//! comes back earlier if the row's error is gone: another hub went on, or an operator parked the entry (`parked`).

mod away;
mod checkpoint;
mod halt;
mod lease;
mod parked;
mod progress;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use distr_eventlog::{Entry, EventLog, Limit, Page, Position, Selection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{debug, error, info, warn};

use away::Away;

use crate::caught::{Panicked, caught};

pub use checkpoint::{Checkpoint, Kind};
pub use halt::{BadEntry, Halt};
pub use lease::Lease;
pub(crate) use parked::{Parked, park};
pub use progress::Progress;

/// How long a leader sleeps at most when nothing wakes it.
const POLL: Duration = Duration::from_secs(1);
/// Between two tries of a follower that cannot even look at its checkpoint.
const RETRY: Duration = Duration::from_secs(1);
/// Reading a page takes no longer than this where the log is well.
const READ_LIMIT: Duration = Duration::from_secs(10);
/// One call of `Work::take` takes no longer than this; otherwise it hangs, and another hub may have more luck.
const WORK_LIMIT: Duration = Duration::from_secs(60);

/// What is done with the entries.
#[async_trait]
pub trait Work: Send + Sync + 'static {
    /// It leads from now on, as if it had just been started.
    fn begin(&mut self) {}

    /// Does what is due by the clock. Called while it leads: at least once a second, and after each page.
    async fn tick(&mut self, _: &Lease) -> Result<(), Halt> {
        Ok(())
    }

    /// Deals with the page's entries, and moves the checkpoint as far as everything is dealt with: to the end of the page, or less
    /// far if that took a while. After an error the checkpoint stands before the entry that is meant. Entries after the checkpoint
    /// come again; whoever dealt with some of them all the same knows that by a note of its own.
    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt>;
}

/// What follows the log, and how.
pub struct Follower<W> {
    pub checkpoint: Checkpoint,
    pub log: Arc<dyn EventLog>,
    pub selection: Selection,
    /// entries that are read at once
    pub page: usize,
    /// how often a hub that does not lead looks how far the leader is
    pub standby_poll: Duration,
    pub work: W,
}

/// A follower that runs.
pub struct FollowerHandle {
    pub name: &'static str,
    pub progress: Progress,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl FollowerHandle {
    /// Finishes the page at hand and gives the lease back.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

impl<W: Work> Follower<W> {
    pub fn start(self) -> FollowerHandle {
        let (stop, stopped) = watch::channel(false);
        let (name, progress) = (self.checkpoint.name(), self.checkpoint.progress());
        let following = Following { limit: self.page, away: Away::default(), follower: self, stopped };
        FollowerHandle { name, progress, stop, task: tokio::spawn(following.run()) }
    }
}

struct Following<W> {
    follower: Follower<W>,
    stopped: watch::Receiver<bool>,
    /// Entries of the next page. Smaller after a page that failed, then larger again.
    limit: usize,
    away: Away,
}

impl<W: Work> Following<W> {
    async fn run(mut self) {
        while !*self.stopped.borrow() {
            let pause = match self.lead_or_stand_by().await {
                Ok(()) => self.follower.standby_poll,
                Err(Halt::Lost) => {
                    info!(name = self.follower.checkpoint.name(), "{}", Halt::Lost);
                    self.follower.standby_poll
                }
                Err(halt) => {
                    let checkpoint = &self.follower.checkpoint;
                    checkpoint.count_failure();
                    let (kind, name, after) = (checkpoint.kind(), checkpoint.name(), checkpoint.position().number());
                    let error = &halt as &dyn std::error::Error;
                    error!(%kind, name, after, error, "stopped; another hub may go on, this one tries again later");
                    RETRY
                }
            };
            let _ = timeout(pause, self.stopped.changed()).await;
        }
    }

    /// One stretch of leading, or one look at how far the leader is.
    async fn lead_or_stand_by(&mut self) -> Result<(), Halt> {
        let Follower { checkpoint, log, .. } = &self.follower;
        let standing = checkpoint.look().await?;
        if !standing.is_free || self.away.is_away(standing.has_error) {
            return Ok(());
        }
        // who cannot read the log leaves the lease to those who can
        within(READ_LIMIT, "reading the log's head", log.head()).await?;
        let Some(lease) = checkpoint.acquire().await? else { return Ok(()) };
        info!(kind = %checkpoint.kind(), name = checkpoint.name(), after = lease.position().number(), "leading");
        let renewal = lease.renewal();
        let outcome = tokio::select! {
            outcome = self.lead(&lease) => outcome,
            lost = renewal.keep_up() => Err(lost),
        };
        if let Err(halt) = &outcome {
            self.limit = (self.limit / 2).max(1);
            if !matches!(halt, Halt::Lost) {
                self.away.begin(halt);
            }
        }
        lease.release(outcome.as_ref().err()).await;
        outcome
    }

    async fn lead(&mut self, lease: &Lease) -> Result<(), Halt> {
        self.follower.work.begin();
        let mut parked = self.follower.checkpoint.parked_after(lease.position()).await?;
        let mut wake = self.follower.log.wake();
        let mut looked = Instant::now();
        while !*self.stopped.borrow() {
            if looked.elapsed() >= POLL {
                self.retry_parked(lease).await?;
                looked = Instant::now();
            }
            if lease.is_confirmed() {
                within(WORK_LIMIT, "what is due", caught(self.follower.work.tick(lease))).await??;
            }
            wake.borrow_and_update();
            let mut page = self.read(lease.position(), self.limit).await?;
            page.entries.retain(|entry| !parked.contains(&entry.position()));
            let is_new = page.scanned_to > lease.position();
            if !is_new && lease.is_confirmed() {
                tokio::select! {
                    _ = timeout(POLL, wake.changed()) => {}
                    _ = self.stopped.changed() => {}
                }
                continue;
            }
            match self.take(&page, lease).await {
                Ok(()) => {
                    self.limit = (self.limit * 2).min(self.follower.page);
                    if is_new {
                        self.away.forget();
                    }
                }
                // what is too early does not become due by what comes after it
                Err(Halt::Early) => {
                    let _ = timeout(POLL, self.stopped.changed()).await;
                }
                // smaller and smaller pages go round everything that is sound, up to the entry that is not
                Err(Halt::Page(_)) => {
                    self.limit = (page.entries.len() / 2).max(1);
                    debug!(name = lease.name(), limit = self.limit, "page failed; shrinking");
                }
                Err(Halt::Bad(bad)) if !bad.is_fact => {
                    self.follower.checkpoint.park(&bad).await?;
                    let (position, error) = (bad.position.number(), &bad as &dyn std::error::Error);
                    warn!(name = lease.name(), position, error, "parked a record of telemetry; going on");
                    parked.insert(bad.position);
                }
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }

    /// What an entry makes the work panic with is the entry's fault.
    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt> {
        let blamed = |panicked: Panicked| match page.entries.as_slice() {
            [] => Halt::fault(panicked),
            [entry] => {
                let (position, is_fact) = (entry.position(), matches!(entry, Entry::Fact(_)));
                Halt::Bad(BadEntry { position, is_fact, source: panicked.into() })
            }
            _ => Halt::Page(panicked.into()),
        };
        let taken = caught(self.follower.work.take(page, lease));
        within(WORK_LIMIT, "a page", async { taken.await.map_err(blamed).flatten() }).await
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Page, Halt> {
        let Follower { log, selection, .. } = &self.follower;
        within(READ_LIMIT, "reading the log", log.scan(after, Limit::entries(limit), *selection)).await
    }

    /// What an operator wants to be taken again; the checkpoint stays.
    async fn retry_parked(&mut self, lease: &Lease) -> Result<(), Halt> {
        while let Some(position) = self.follower.checkpoint.to_retry().await? {
            let entry = within(READ_LIMIT, "reading an entry", self.follower.log.entry(position)).await?;
            let page = Page { entries: entry.into_iter().collect(), scanned_to: lease.position() };
            let failure = match self.take(&page, lease).await {
                // nothing was learnt of the entry
                Err(halt @ (Halt::Lost | Halt::Fault(_) | Halt::TooSlow { .. })) => return Err(halt),
                outcome => outcome.err(),
            };
            info!(
                name = lease.name(),
                position = position.number(),
                is_taken = failure.is_none(),
                "took a parked entry again"
            );
            self.follower.checkpoint.retried(position, failure.as_ref()).await?;
        }
        Ok(())
    }
}

async fn within<T, E: Into<Halt>>(
    limit: Duration,
    what: &'static str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Halt> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(Into::into),
        Err(_) => Err(Halt::TooSlow { what }),
    }
}
