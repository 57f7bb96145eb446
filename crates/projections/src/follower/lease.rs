//! The right to move a checkpoint, as long as no other hub has taken it over.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use deadpool_postgres::GenericClient;
use distr_domain::fault::causes;
use distr_eventlog::Position;
use tokio::time::{sleep, timeout};
use tracing::debug;
use uuid::Uuid;

use super::checkpoint::Checkpoint;
use super::halt::Halt;

/// How long a lease lasts that nobody renews.
pub(super) const LEASE: Duration = Duration::from_secs(5);
/// Between two renewals: several may fail.
const RENEWAL: Duration = Duration::from_millis(1_250);

pub struct Lease {
    checkpoint: Checkpoint,
    epoch: i64,
    /// seen by those who work at the same time
    position: AtomicU64,
    is_confirmed: AtomicBool,
}

impl Lease {
    pub(super) fn new(checkpoint: Checkpoint, position: Position, epoch: i64) -> Self {
        checkpoint.publish(position);
        Self { checkpoint, epoch, position: position.number().into(), is_confirmed: false.into() }
    }

    /// All up to here is done with.
    pub fn position(&self) -> Position {
        Position::of_number(self.position.load(Relaxed))
    }

    pub fn name(&self) -> &'static str {
        self.checkpoint.name()
    }

    pub fn owner(&self) -> Uuid {
        self.checkpoint.owner()
    }

    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The checkpoint was moved under this lease, or found where it stood; an error of an earlier leader is gone with that.
    pub fn is_confirmed(&self) -> bool {
        self.is_confirmed.load(Relaxed)
    }

    /// Moves the checkpoint, on a connection or within a transaction; `note` it once that is committed.
    pub async fn advance(&self, client: &impl GenericClient, to: Position) -> Result<(), Halt> {
        let kind = self.checkpoint.kind();
        let sql = format!(
            "UPDATE {} SET position = $5, error = NULL, lease_until = clock_timestamp() + make_interval(secs => $6)
             WHERE {} = $1 AND owner = $2 AND epoch = $3 AND position = $4",
            kind.table(),
            kind.key()
        );
        let (from, to) = (self.position().number() as i64, to.number() as i64);
        let statement = client.prepare_cached(&sql).await?;
        let (name, owner, seconds) = (self.name(), self.owner(), LEASE.as_secs_f64());
        match client.execute(&statement, &[&name, &owner, &self.epoch, &from, &to, &seconds]).await? {
            1 => Ok(()),
            _ => Err(Halt::Lost),
        }
    }

    /// The checkpoint stands here, durably.
    pub fn note(&self, at: Position) {
        self.position.store(at.number(), Relaxed);
        self.is_confirmed.store(true, Relaxed);
        self.checkpoint.publish(at);
    }

    /// Best effort: a lease that is not given back ends by itself. An operator finds the error in the row.
    pub(super) async fn release(self, halt: Option<&Halt>) {
        let error = halt.filter(|halt| !matches!(halt, Halt::Lost)).map(|halt| causes(halt));
        let kind = self.checkpoint.kind();
        let sql = format!(
            "UPDATE {} SET lease_until = NULL, error = coalesce($3, error) WHERE {} = $1 AND epoch = $2",
            kind.table(),
            kind.key()
        );
        let giving_back = async {
            let client = self.checkpoint.pool().get().await?;
            client.execute(&sql, &[&self.name(), &self.epoch, &error]).await?;
            Ok::<_, Halt>(())
        };
        if !matches!(timeout(LEASE, giving_back).await, Ok(Ok(()))) {
            debug!(name = self.name(), "the lease was not given back");
        }
    }

    pub(super) fn renewal(&self) -> Renewal {
        Renewal { checkpoint: self.checkpoint.clone(), epoch: self.epoch }
    }
}

/// What renews a lease beside the work.
pub(super) struct Renewal {
    checkpoint: Checkpoint,
    epoch: i64,
}

impl Renewal {
    /// Returns when another hub has the lease. A lease that could not be renewed for a while is still this hub's, if no other took
    /// it: the epoch decides.
    pub(super) async fn keep_up(self) -> Halt {
        loop {
            sleep(RENEWAL).await;
            // it may wait for the work's own transaction, which holds the row until it is on the disk
            if let Ok(Ok(false)) = timeout(LEASE, self.renew()).await {
                return Halt::Lost;
            }
        }
    }

    async fn renew(&self) -> Result<bool, Halt> {
        let kind = self.checkpoint.kind();
        let sql = format!(
            "UPDATE {} SET lease_until = clock_timestamp() + make_interval(secs => $4)
             WHERE {} = $1 AND owner = $2 AND epoch = $3",
            kind.table(),
            kind.key()
        );
        let mut client = self.checkpoint.pool().get().await?;
        let transaction = client.transaction().await?;
        // a slow disk must not end a lease, and after a crash of the database nobody needs it
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        let (name, owner) = (self.checkpoint.name(), self.checkpoint.owner());
        let statement = transaction.prepare_cached(&sql).await?;
        let renewed = transaction.execute(&statement, &[&name, &owner, &self.epoch, &LEASE.as_secs_f64()]).await?;
        transaction.commit().await?;
        Ok(renewed == 1)
    }
}
