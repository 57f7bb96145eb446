//! Policies turn events into commands. Each follows the log on its own checkpoint, which no rebuild rewinds, and may see
//! an entry twice: what it commands is then nothing new, because a decider emits nothing when nothing would change.

mod observation;
mod seats;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use distr_eventlog::{Entry, Position, Selection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info};
use uuid::Uuid;

use crate::error::ApiError;
use crate::hub::Hub;

pub use observation::Observation;
pub use seats::Seats;

#[async_trait]
pub trait Policy: Send + 'static {
    /// Of its checkpoint: a row of `ops.policy`.
    fn name(&self) -> &'static str;
    fn selection(&self) -> Selection;
    /// An error means that the entry will be handed over again.
    async fn handle(&mut self, hub: &Hub, entry: &Entry) -> Result<(), ApiError>;
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
        if let Err(fault) = follow(&hub, &mut policy, owner, &mut stopped).await {
            error!(policy = policy.name(), error = &fault as &dyn std::error::Error, "policy stopped; retrying");
            fault.log();
        }
        let _ = tokio::time::timeout(RETRY, stopped.changed()).await;
    }
}

async fn follow(
    hub: &Hub,
    policy: &mut impl Policy,
    owner: Uuid,
    stopped: &mut watch::Receiver<bool>,
) -> Result<(), ApiError> {
    let acquired = hub
        .ops
        .get()
        .await?
        .query_opt(include_str!("policy/acquire.sql"), &[&policy.name(), &owner, &LEASE_SECONDS])
        .await?;
    let Some(row) = acquired else { return Ok(()) };
    let (mut at, epoch) = (Position(row.get::<_, i64>(0) as u64), row.get::<_, i64>(1));
    info!(policy = policy.name(), position = at.0, epoch, "following");
    let mut wake = hub.log.wake();
    while !*stopped.borrow() {
        wake.borrow_and_update();
        let page = hub.log.read_all(at, PAGE, policy.selection()).await?;
        for entry in &page.entries {
            policy.handle(hub, entry).await?;
        }
        if !advance(hub, policy.name(), owner, epoch, page.scanned_to).await? {
            return Ok(()); // another hub has taken over
        }
        if page.scanned_to == at {
            tokio::select! {
                _ = tokio::time::timeout(POLL, wake.changed()) => {}
                _ = stopped.changed() => {}
            }
        }
        at = page.scanned_to;
    }
    let sql = "UPDATE policy SET lease_until = NULL WHERE name = $1 AND epoch = $2";
    hub.ops.get().await?.execute(sql, &[&policy.name(), &epoch]).await?;
    Ok(())
}

async fn advance(hub: &Hub, name: &str, owner: Uuid, epoch: i64, to: Position) -> Result<bool, ApiError> {
    let client = hub.ops.get().await?;
    let statement = client.prepare_cached(include_str!("policy/advance.sql")).await?;
    let to = to.0 as i64;
    Ok(client.execute(&statement, &[&name, &owner, &epoch, &to, &LEASE_SECONDS]).await? == 1)
}
