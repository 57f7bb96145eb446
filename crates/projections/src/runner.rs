//! Keeps the read models of one group up with the log: rows and checkpoint change in one transaction. What leads, reads pages
//! and waits is `follower`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use distr_eventlog::{Entry, EventLog, Page, Position, Selection};
use tracing::warn;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::follower::{BadEntry, Checkpoint, Follower, FollowerHandle, Halt, Kind, Lease, Work, park};
use crate::group::Group;
use crate::projection::DecodedEntry;

const PAGE: usize = 1_000;
/// Mutations of a hub that does not lead wait for its look at the leader's progress.
const STANDBY_POLL: Duration = Duration::from_millis(50);

/// Told of each page that is applied, and how long that took.
type Applied = Box<dyn Fn(&[Entry], Duration) + Send + Sync>;

pub struct Runner {
    group: Group,
    pool: Pool,
    applied: Applied,
}

/// As much of a page as can be read, and passed.
struct Decoded {
    sound: Vec<DecodedEntry>,
    /// telemetry that cannot be read
    parked: Vec<BadEntry>,
    /// up to here; none if the first entry stops the group
    to: Option<Position>,
    /// why the next entry stops it
    halt: Option<Halt>,
}

impl Runner {
    /// `owner` is this process; no two have the same.
    pub fn start(
        group: Group,
        log: Arc<dyn EventLog>,
        pool: Pool,
        owner: Uuid,
        applied: impl Fn(&[Entry], Duration) + Send + Sync + 'static,
    ) -> FollowerHandle {
        let checkpoint = Checkpoint::new(Kind::Projection, group.name, pool.clone(), owner);
        let selection = group.selection;
        let work = Self { group, pool, applied: Box::new(applied) };
        Follower { checkpoint, log, selection, page: PAGE, standby_poll: STANDBY_POLL, work }.start()
    }

    /// Applies a batch and moves the checkpoint: both, or neither.
    async fn apply(
        &self,
        batch: &[DecodedEntry],
        parked: &[BadEntry],
        to: Position,
        lease: &Lease,
    ) -> Result<(), Halt> {
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
        for bad in parked {
            park(transaction.client(), self.group.name, bad).await?;
        }
        lease.advance(&transaction, to).await?;
        transaction.commit().await?;
        lease.note(to);
        if !batch.is_empty() {
            let group = self.group.name;
            metrics::histogram!("distr_projection_batch_seconds", "group" => group)
                .record(begun.elapsed().as_secs_f64());
            metrics::counter!("distr_projection_entries_total", "group" => group).increment(batch.len() as u64);
        }
        Ok(())
    }
}

#[async_trait]
impl Work for Runner {
    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt> {
        let Decoded { sound, parked, to, halt } = decode(page);
        if let Some(to) = to {
            let begun = Instant::now();
            self.apply(&sound, &parked, to, lease).await.map_err(|halt| match (halt, &page.entries[..]) {
                (Halt::Page(source), [entry]) => bad(entry, source),
                (halt, _) => halt,
            })?;
            (self.applied)(&page.entries[..sound.len() + parked.len()], begun.elapsed());
            if let Some(bad) = parked.first() {
                let (group, count, error) = (self.group.name, parked.len(), bad as &dyn std::error::Error);
                warn!(
                    group,
                    count,
                    first = bad.position.number(),
                    error,
                    "parked telemetry that cannot be read; going on"
                );
            }
        }
        halt.map_or(Ok(()), Err)
    }
}

fn decode(page: &Page) -> Decoded {
    let (mut sound, mut parked, mut to) = (Vec::with_capacity(page.entries.len()), vec![], None);
    for entry in &page.entries {
        match DecodedEntry::decode(entry).map_err(|error| unreadable(entry, error)) {
            Ok(seen) => sound.push(seen),
            Err(Halt::Bad(bad)) if !bad.is_fact => parked.push(bad),
            Err(halt) => return Decoded { sound, parked, to, halt: Some(halt) },
        }
        to = Some(entry.position());
    }
    Decoded { sound, parked, to: Some(page.scanned_to), halt: None }
}

fn unreadable(entry: &Entry, error: ProjectionError) -> Halt {
    match error {
        ProjectionError::Unreadable { position, source } if source.is_newer() => {
            Halt::Newer { position, source: Box::new(source) }
        }
        error => bad(entry, Box::new(error)),
    }
}

fn bad(entry: &Entry, source: Box<dyn std::error::Error + Send + Sync>) -> Halt {
    Halt::Bad(BadEntry { position: entry.position(), is_fact: matches!(entry, Entry::Fact(_)), source })
}
