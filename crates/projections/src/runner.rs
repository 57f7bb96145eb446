//! Keeps the read models of one group up with the log: read a page, apply it and move the checkpoint in one transaction,
//! say so. Of all hubs one at a time moves a group: it holds a lease in the checkpoint's row, and its epoch is checked by
//! the same statement that moves the position, so that a runner that was paused changes nothing when it wakes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use deadpool_postgres::Pool;
use distr_eventlog::{Entry, EventLog, Position, Selection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::Transaction;
use tracing::{debug, error, info};
use uuid::Uuid;

use crate::error::{ProjectionError, WaitError};
use crate::group::Group;
use crate::projection::Seen;
use crate::schema::SHAPE;

const PAGE: usize = 1_000;
const LEASE_SECONDS: f64 = 5.0;
/// How long a runner sleeps at most when nothing wakes it; well inside the lease, which it also renews then.
const POLL: Duration = Duration::from_millis(1_000);
/// How often a node whose runner stands by looks how far the other one is.
const STANDBY_POLL: Duration = Duration::from_millis(50);
const RETRY: Duration = Duration::from_secs(1);

/// How far a group is; shared by all who wait for it.
#[derive(Debug, Clone)]
pub struct Progress {
    position: watch::Receiver<Position>,
}

impl Progress {
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Returns when the read models show the log up to `position`, or when `limit` has passed.
    pub async fn wait_for(&self, position: Position, limit: Duration) -> Result<(), WaitError> {
        let mut receiver = self.position.clone();
        let reached = receiver.wait_for(|at| *at >= position);
        match tokio::time::timeout(limit, reached).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(WaitError { wanted: position, at: self.position() }),
        }
    }

    /// Returns when the position has moved since the last call on this handle.
    pub async fn changed(&mut self) -> Position {
        // a runner that is gone says no more; its readers wait for their own end
        if self.position.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        *self.position.borrow_and_update()
    }
}

/// Told of each page that is applied, and how long that took.
type Applied = Box<dyn Fn(&[Entry], Duration) + Send + Sync>;

pub struct Runner {
    group: Group,
    log: Arc<dyn EventLog>,
    pool: Pool,
    owner: Uuid,
    progress: watch::Sender<Position>,
    applied: Applied,
}

/// A running runner.
pub struct RunnerHandle {
    pub group: &'static str,
    pub progress: Progress,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl RunnerHandle {
    /// Finishes the page at hand and gives the lease back.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

struct Lease {
    position: Position,
    epoch: i64,
}

impl Runner {
    /// `owner` is this process; no two have the same.
    pub fn start(
        group: Group,
        log: Arc<dyn EventLog>,
        pool: Pool,
        owner: Uuid,
        applied: impl Fn(&[Entry], Duration) + Send + Sync + 'static,
    ) -> RunnerHandle {
        let (progress, receiver) = watch::channel(Position::START);
        let (stop, stopped) = watch::channel(false);
        let name = group.name;
        let runner = Self { group, log, pool, owner, progress, applied: Box::new(applied) };
        let task = tokio::spawn(runner.run(stopped));
        RunnerHandle { group: name, progress: Progress { position: receiver }, stop, task }
    }

    async fn run(self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            let pause = match self.lead_or_follow(&mut stopped).await {
                Ok(()) => STANDBY_POLL,
                Err(ProjectionError::LeaseLost { .. }) => STANDBY_POLL,
                Err(fault) => {
                    metrics::counter!("distr_projection_failures_total", "group" => self.group.name).increment(1);
                    error!(
                        group = self.group.name,
                        error = &fault as &dyn std::error::Error,
                        "projection stopped; retrying"
                    );
                    RETRY
                }
            };
            let _ = tokio::time::timeout(pause, stopped.changed()).await;
        }
    }

    /// One stretch of leading, or one look at how far the leader is.
    async fn lead_or_follow(&self, stopped: &mut watch::Receiver<bool>) -> Result<(), ProjectionError> {
        let Some(lease) = self.acquire().await? else {
            return self.follow().await;
        };
        info!(group = self.group.name, position = lease.position.0, epoch = lease.epoch, "projecting");
        let outcome = self.lead(lease, stopped).await;
        if let Err(fault) = &outcome {
            self.note_error(fault).await;
        }
        outcome
    }

    async fn acquire(&self) -> Result<Option<Lease>, ProjectionError> {
        let client = self.pool.get().await?;
        let sql = include_str!("runner/acquire.sql");
        let row = client.query_opt(sql, &[&self.group.name, &self.owner, &LEASE_SECONDS, &SHAPE]).await?;
        Ok(row.map(|row| Lease { position: position_at(&row, 0), epoch: row.get(1) }))
    }

    async fn follow(&self) -> Result<(), ProjectionError> {
        let client = self.pool.get().await?;
        let sql = "SELECT position, shape FROM checkpoint, shape WHERE group_name = $1";
        let row = client.query_one(sql, &[&self.group.name]).await?;
        self.publish(position_at(&row, 0));
        match row.get(1) {
            SHAPE => Ok(()),
            live => Err(ProjectionError::OtherShape { live, own: SHAPE }),
        }
    }

    async fn lead(&self, mut lease: Lease, stopped: &mut watch::Receiver<bool>) -> Result<(), ProjectionError> {
        self.publish(lease.position);
        let mut wake = self.log.wake();
        let mut limit = PAGE;
        while !*stopped.borrow() {
            wake.borrow_and_update();
            let page = self.log.read_all(lease.position, limit, self.group.selection).await?;
            if page.scanned_to == lease.position {
                self.advance(&[], &mut lease, page.scanned_to).await?; // renews the lease
                tokio::select! {
                    _ = tokio::time::timeout(POLL, wake.changed()) => {}
                    _ = stopped.changed() => {}
                }
                continue;
            }
            let batch: Vec<Seen> = page.entries.iter().map(Seen::decode).collect::<Result<_, _>>()?;
            let begun = Instant::now();
            match self.advance(&batch, &mut lease, page.scanned_to).await {
                Ok(()) => {
                    (self.applied)(&page.entries, begun.elapsed());
                    limit = (limit * 2).min(PAGE);
                }
                // smaller and smaller pages go round everything that is sound, up to the entry that is not
                Err(fault) if limit > 1 && !matches!(fault, ProjectionError::LeaseLost { .. }) => {
                    debug!(group = self.group.name, limit, "page failed; shrinking");
                    limit = limit.min(batch.len().max(2)) / 2;
                }
                Err(fault) => {
                    error!(group = self.group.name, after = lease.position.0, "cannot apply the next entry");
                    return Err(fault);
                }
            }
        }
        self.release(&lease).await
    }

    /// Applies a batch and moves the checkpoint: both, or neither.
    async fn advance(&self, batch: &[Seen], lease: &mut Lease, to: Position) -> Result<(), ProjectionError> {
        let begun = Instant::now();
        let mut client = self.pool.get().await?;
        let transaction = client.transaction().await?;
        // the log is the truth: what a crash takes back here is applied again. But a mutation that has waited for its facts
        // reads them then, and must not find that they are gone
        if self.group.selection != Selection::Facts {
            transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        }
        for table in &self.group.tables {
            table.apply(&transaction, batch).await?;
        }
        self.move_checkpoint(&transaction, lease, to).await?;
        transaction.commit().await?;
        lease.position = to;
        self.publish(to);
        if !batch.is_empty() {
            let group = self.group.name;
            metrics::histogram!("distr_projection_batch_seconds", "group" => group)
                .record(begun.elapsed().as_secs_f64());
            metrics::counter!("distr_projection_entries_total", "group" => group).increment(batch.len() as u64);
        }
        Ok(())
    }

    async fn move_checkpoint(
        &self,
        transaction: &Transaction<'_>,
        lease: &Lease,
        to: Position,
    ) -> Result<(), ProjectionError> {
        let (from, to) = (lease.position.0 as i64, to.0 as i64);
        let statement = transaction.prepare(include_str!("runner/advance.sql")).await?;
        let moved = transaction
            .execute(&statement, &[&self.group.name, &self.owner, &lease.epoch, &from, &to, &LEASE_SECONDS])
            .await?;
        match moved {
            1 => Ok(()),
            _ => Err(ProjectionError::LeaseLost { group: self.group.name }),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), ProjectionError> {
        let client = self.pool.get().await?;
        client
            .execute(
                "UPDATE checkpoint SET lease_until = NULL WHERE group_name = $1 AND epoch = $2",
                &[&self.group.name, &lease.epoch],
            )
            .await?;
        Ok(())
    }

    /// Best effort: what an operator sees of a group that does not go on.
    async fn note_error(&self, fault: &ProjectionError) {
        let mut text = fault.to_string();
        let mut source = std::error::Error::source(fault);
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        if let Ok(client) = self.pool.get().await {
            let sql = "UPDATE checkpoint SET error = $2 WHERE group_name = $1";
            let _ = client.execute(sql, &[&self.group.name, &text]).await;
        }
    }

    fn publish(&self, position: Position) {
        self.progress.send_if_modified(|at| std::mem::replace(at, position) != position);
    }
}

fn position_at(row: &tokio_postgres::Row, column: usize) -> Position {
    Position(row.get::<_, i64>(column) as u64)
}
