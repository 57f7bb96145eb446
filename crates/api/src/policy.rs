//! Policies turn events into commands. Each follows the log on its own checkpoint, which no rebuild rewinds, and may see
//! an entry twice: what it commands is then nothing new, because a decider emits nothing when nothing would change. One
//! whose commands depend on the order of entries moves its checkpoint right before an entry that it acts on, so that no
//! earlier one is looked at in the light of a later one.

mod observation;
mod seats;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use distr_eventlog::{Entry, Page, Position, Selection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info};
use uuid::Uuid;

use crate::error::ApiError;
use crate::hub::Hub;

pub use observation::Observation;
pub use seats::{Seats, UnusedSeats};

#[async_trait]
pub trait Policy: Send + 'static {
    /// Of its checkpoint: a row of `ops.policy`.
    fn name(&self) -> &'static str;
    fn selection(&self) -> Selection;
    /// It follows from its checkpoint on, as if it had just been started.
    fn begin(&mut self) {}
    /// An error means that the entry will be handed over again.
    async fn handle(&mut self, hub: &Hub, entry: &Entry, place: &mut Place) -> Result<(), Interrupted>;
}

/// Why a policy did not take an entry.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    #[error("another hub has taken over")]
    TakenOver,
    /// The entry is to be handed over again later.
    #[error("it is too early for the next entry")]
    TooEarly,
    #[error(transparent)]
    Fault(#[from] ApiError),
}

/// Where a policy stands in the log, as long as it holds its lease.
pub struct Place {
    name: &'static str,
    owner: Uuid,
    epoch: i64,
    at: Position,
}

impl Place {
    async fn acquire(hub: &Hub, name: &'static str, owner: Uuid) -> Result<Option<Self>, ApiError> {
        let client = hub.ops.get().await?;
        let acquired = client.query_opt(include_str!("policy/acquire.sql"), &[&name, &owner, &LEASE_SECONDS]).await?;
        Ok(acquired.map(|row| Self { name, owner, epoch: row.get(1), at: Position(row.get::<_, i64>(0) as u64) }))
    }

    /// All before this entry is done with.
    pub async fn right_before(&mut self, hub: &Hub, position: Position) -> Result<(), Interrupted> {
        match before(position) {
            before if before > self.at => self.advance(hub, before).await,
            _ => Ok(()),
        }
    }

    async fn advance(&mut self, hub: &Hub, to: Position) -> Result<(), Interrupted> {
        let client = hub.ops.get().await.map_err(ApiError::from)?;
        let statement = client.prepare_cached(include_str!("policy/advance.sql")).await.map_err(ApiError::from)?;
        let position = to.0 as i64;
        let moved =
            client.execute(&statement, &[&self.name, &self.owner, &self.epoch, &position, &LEASE_SECONDS]).await;
        match moved.map_err(ApiError::from)? {
            1 => {
                self.at = to;
                Ok(())
            }
            _ => Err(Interrupted::TakenOver),
        }
    }

    async fn release(self, hub: &Hub) -> Result<(), ApiError> {
        let sql = "UPDATE policy SET lease_until = NULL WHERE name = $1 AND epoch = $2";
        hub.ops.get().await?.execute(sql, &[&self.name, &self.epoch]).await?;
        Ok(())
    }
}

const PAGE: usize = 500;
const LEASE_SECONDS: f64 = 5.0;
const POLL: Duration = Duration::from_secs(1);
const RETRY: Duration = Duration::from_secs(1);

pub struct PolicyHandle {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl PolicyHandle {
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Runs the policy on one hub at a time: by a lease whose epoch is checked with each move of the checkpoint.
pub fn start(hub: Arc<Hub>, policy: impl Policy, owner: Uuid) -> PolicyHandle {
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(run(hub, policy, owner, stopped));
    PolicyHandle { stop, task }
}

async fn run(hub: Arc<Hub>, mut policy: impl Policy, owner: Uuid, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        match follow(&hub, &mut policy, owner, &mut stopped).await {
            Ok(()) => {}
            Err(Interrupted::Fault(fault)) => {
                error!(policy = policy.name(), error = &fault as &dyn std::error::Error, "policy stopped; retrying");
                fault.log();
            }
            Err(interrupted) => info!(policy = policy.name(), "{interrupted}"),
        }
        let _ = tokio::time::timeout(RETRY, stopped.changed()).await;
    }
}

async fn follow(
    hub: &Hub,
    policy: &mut impl Policy,
    owner: Uuid,
    stopped: &mut watch::Receiver<bool>,
) -> Result<(), Interrupted> {
    let Some(mut place) = Place::acquire(hub, policy.name(), owner).await? else { return Ok(()) };
    info!(policy = policy.name(), position = place.at.0, epoch = place.epoch, "following");
    policy.begin();
    let mut wake = hub.log.wake();
    while !*stopped.borrow() {
        wake.borrow_and_update();
        let begun = place.at;
        let page = hub.log.read_all(begun, PAGE, policy.selection()).await.map_err(ApiError::from)?;
        let done = hand_over(hub, policy, &page, &mut place).await?;
        place.advance(hub, done).await?; // renews the lease, too
        let is_early = done < page.scanned_to;
        if is_early || done == begun {
            tokio::select! {
                // what is too early does not become due by what comes after it
                _ = tokio::time::timeout(POLL, wake.changed()), if !is_early => {}
                _ = tokio::time::sleep(POLL), if is_early => {}
                _ = stopped.changed() => {}
            }
        }
    }
    Ok(place.release(hub).await?)
}

/// As a place to read on from: the entry at `position` is then the next.
fn before(position: Position) -> Position {
    Position(position.0 - 1)
}

/// How far it came: to the end of the page, or right before an entry that it is too early for.
async fn hand_over(
    hub: &Hub,
    policy: &mut impl Policy,
    page: &Page,
    place: &mut Place,
) -> Result<Position, Interrupted> {
    for entry in &page.entries {
        match policy.handle(hub, entry, place).await {
            Err(Interrupted::TooEarly) => return Ok(before(entry.position())),
            taken => taken?,
        }
    }
    Ok(page.scanned_to)
}
