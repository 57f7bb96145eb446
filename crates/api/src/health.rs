//! Whether what the hub rests on answers. It is looked at all the time, with a limit for each look, so that whoever asks gets
//! the last outcome at once, however long the database itself would take to answer.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use deadpool_postgres::Pool;
use distr_domain::oci::Digest;
use distr_eventlog::{EventLog, Position};
use distr_registry::BlobStore;
use metrics::gauge;
use tokio::time::{Instant, interval, timeout};
use tracing::{info, warn};

use crate::failure::Failure;
use crate::models::ReadModels;

const DATABASE_EVERY: Duration = Duration::from_secs(2);
const DATABASE_LIMIT: Duration = Duration::from_secs(5);
/// Without an answer for this long, the database is down.
const DATABASE_SILENT: Duration = Duration::from_secs(15);

const BLOBS_EVERY: Duration = Duration::from_secs(10);
const BLOBS_LIMIT: Duration = Duration::from_secs(10);
const BLOBS_SILENT: Duration = Duration::from_secs(30);
/// Of the empty text: every store can say whether it has it.
const ANY_BLOB: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Behind the head for this long, without a step.
const STILL: Duration = Duration::from_secs(15);
/// Behind the head for this long, steps or not.
const BEHIND: Duration = Duration::from_secs(60);
/// How many heads are kept that a group has not reached.
const HEADS: usize = 64;

pub struct Health(Mutex<Observations>);

struct Observations {
    database: Option<Instant>,
    blobs: Option<Instant>,
    core: Following,
    fleet: Following,
}

/// How a group of read models follows the log.
struct Following {
    at: Position,
    moved: Instant,
    /// Heads that it has not reached, and when they were seen.
    ahead: VecDeque<(Instant, Position)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatchUp {
    Current,
    Behind,
    Still,
}

/// What the hub rests on.
pub struct Probed {
    pub log: Arc<dyn EventLog>,
    pub models: ReadModels,
    /// the operational tables
    pub ops: Pool,
    pub blobs: Arc<dyn BlobStore>,
}

/// Whether the hub has caught up with the log as it was at the start, and is not stopping: what agents and subscribers are
/// answered by. `/readyz` also goes by what the hub rests on.
#[derive(Default)]
pub struct Readiness {
    caught_up: AtomicBool,
    stopping: AtomicBool,
}

impl Readiness {
    pub fn caught_up(&self) {
        self.caught_up.store(true, Ordering::Release);
    }

    pub fn stopping(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    pub fn is_ready(&self) -> bool {
        self.caught_up.load(Ordering::Acquire) && !self.stopping.load(Ordering::Acquire)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub database: bool,
    pub blobs: bool,
    pub core: CatchUp,
    pub fleet: CatchUp,
}

impl Default for Health {
    fn default() -> Self {
        let now = Instant::now();
        Self(Mutex::new(Observations {
            database: None,
            blobs: None,
            core: Following::new(now),
            fleet: Following::new(now),
        }))
    }
}

impl Health {
    pub fn standing(&self) -> Standing {
        let (seen, now) = (self.seen(), Instant::now());
        let is_recent = |at: Option<Instant>, limit| at.is_some_and(|at| now - at < limit);
        Standing {
            database: is_recent(seen.database, DATABASE_SILENT),
            blobs: is_recent(seen.blobs, BLOBS_SILENT),
            core: seen.core.catch_up(now),
            fleet: seen.fleet.catch_up(now),
        }
    }

    /// Looks, until the task is dropped.
    pub async fn watch(self: Arc<Self>, parts: Probed) {
        tokio::join!(self.watch_database(&parts), self.watch_blobs(parts.blobs.as_ref()));
    }

    async fn watch_database(&self, parts: &Probed) {
        let (mut every, mut last) = (interval(DATABASE_EVERY), None);
        loop {
            every.tick().await;
            let head = timeout(DATABASE_LIMIT, round_trip(parts)).await;
            let now = Instant::now();
            if let Ok(Ok(head)) = head {
                let mut seen = self.seen();
                seen.database = Some(now);
                seen.core.note(now, parts.models.progress.core.position(), head);
                seen.fleet.note(now, parts.models.progress.fleet.position(), head);
            }
            let standing = self.standing();
            tell(standing, last);
            last = Some(standing);
        }
    }

    async fn watch_blobs(&self, blobs: &dyn BlobStore) {
        let blob: Digest = ANY_BLOB.parse().expect("a digest");
        let mut every = interval(BLOBS_EVERY);
        loop {
            every.tick().await;
            if let Ok(Ok(_)) = timeout(BLOBS_LIMIT, blobs.size(&blob)).await {
                self.seen().blobs = Some(Instant::now());
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Observations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks through each pool, and the log, which may be in another database.
async fn round_trip(parts: &Probed) -> Result<Position, Failure> {
    let ask = async |pool: &Pool| -> Result<(), Failure> {
        pool.get().await?.simple_query("SELECT 1").await?;
        Ok(())
    };
    let head = async { Ok::<_, Failure>(parts.log.head().await?) };
    let ((), (), head) = tokio::try_join!(ask(&parts.models.pool), ask(&parts.ops), head)?;
    Ok(head)
}

/// In the metrics, and where something has changed in the log.
fn tell(now: Standing, before: Option<Standing>) {
    for (name, is_up) in
        [("distr_database_up", now.database), ("distr_blob_store_up", now.blobs), ("distr_well", now.is_well())]
    {
        gauge!(name).set(f64::from(u8::from(is_up)));
    }
    if before != Some(now) {
        let (database, blobs, read_models) =
            (now.database_in_words(), now.blobs_in_words(), now.read_models_in_words());
        match now.is_well() {
            true => info!(database, blobs, read_models, "what the hub rests on is well"),
            false => warn!(database, blobs, read_models, "what the hub rests on is not well"),
        }
    }
}

impl Standing {
    pub fn is_well(self) -> bool {
        self.database && self.blobs && self.core == CatchUp::Current && self.fleet == CatchUp::Current
    }

    pub fn database_in_words(self) -> &'static str {
        if self.database { "ok" } else { "does not answer" }
    }

    pub fn blobs_in_words(self) -> &'static str {
        if self.blobs { "ok" } else { "do not answer" }
    }

    pub fn read_models_in_words(self) -> &'static str {
        match (self.core, self.fleet) {
            (CatchUp::Still, _) => "core stands still behind the log",
            (_, CatchUp::Still) => "fleet stands still behind the log",
            (CatchUp::Behind, _) => "core is behind the log",
            (_, CatchUp::Behind) => "fleet is behind the log",
            (CatchUp::Current, CatchUp::Current) => "ok",
        }
    }
}

impl Following {
    fn new(now: Instant) -> Self {
        Self { at: Position::START, moved: now, ahead: VecDeque::new() }
    }

    fn note(&mut self, now: Instant, at: Position, head: Position) {
        if at != self.at {
            (self.at, self.moved) = (at, now);
        }
        if self.ahead.len() < HEADS && self.ahead.back().is_none_or(|(_, last)| head > *last) {
            self.ahead.push_back((now, head));
        }
        while self.ahead.front().is_some_and(|(_, head)| *head <= at) {
            self.ahead.pop_front();
        }
    }

    fn catch_up(&self, now: Instant) -> CatchUp {
        let behind = self.ahead.front().map_or(Duration::ZERO, |(seen, _)| now - *seen);
        match (behind >= STILL && now - self.moved >= STILL, behind >= BEHIND) {
            (true, _) => CatchUp::Still,
            (false, true) => CatchUp::Behind,
            (false, false) => CatchUp::Current,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_secs(2);

    /// The catch_ups after each of these steps: where the group stands, and the head.
    fn catch_ups(steps: impl IntoIterator<Item = (u64, u64)>) -> Vec<CatchUp> {
        let mut now = Instant::now();
        let mut following = Following::new(now);
        let steps = steps.into_iter().map(|(at, head)| {
            now += STEP;
            following.note(now, Position::of_number(at), Position::of_number(head));
            following.catch_up(now)
        });
        steps.collect()
    }

    #[test]
    fn a_group_that_reaches_what_was_the_head_lately_is_current() {
        assert!(
            catch_ups((1..100).map(|step| (step * 10, step * 10 + 30))).iter().all(|pace| *pace == CatchUp::Current)
        );
        assert!(catch_ups((1..100).map(|_| (7, 7))).iter().all(|pace| *pace == CatchUp::Current), "nothing to do");
    }

    #[test]
    fn a_group_that_does_not_move_stands_still_until_it_moves() {
        let stuck = catch_ups((1..20).map(|step| (7, 7 + step)));
        assert_eq!((stuck[5], stuck[18]), (CatchUp::Current, CatchUp::Still));
        let freed = catch_ups((1..20).map(|step| (7, 7 + step)).chain([(26, 26)]));
        assert_eq!(freed.last(), Some(&CatchUp::Current));
    }

    #[test]
    fn a_group_that_moves_and_does_not_get_nearer_is_behind() {
        let slow = catch_ups((1..60).map(|step| (step, step * 100)));
        assert_eq!((slow[20], slow[58]), (CatchUp::Current, CatchUp::Behind));
    }
}
