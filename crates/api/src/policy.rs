//! Policies turn events into commands. Each follows the log on its own checkpoint, which no rebuild rewinds, and may see
//! an entry twice: what it commands is then nothing new, because a decider emits nothing when nothing would change.
//!
//! A policy says which entries have to wait for each other: those of one lane are handled in their order, those of different
//! lanes at the same time, so that nobody's entries wait for what somebody else made long. The checkpoint moves right after
//! an entry that a policy acted on, so that after a take-over no earlier one is looked at in the light of a later one; a
//! policy of many lanes keeps its own note of how far each is.

mod lanes;
mod observation;
mod rollouts;
mod seats;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use distr_domain::decider::{Category, Decider};
use distr_domain::rejection::Rejection;
use distr_eventlog::{DecodeError, Entry, EventLog, ExecuteError, Executed, Kept, Page, Position, Selection};
use distr_projections::{BadEntry, Checkpoint, Follower, FollowerHandle, Halt, Kind, Lease, Work};
use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use tracing::warn;
use uuid::Uuid;

use crate::commands::{Cause, Commands};
use crate::failure::Failure;
use lanes::{AT_ONCE, Lanes};

pub use observation::Observation;
pub use rollouts::Rollouts;
pub use seats::{Seats, UnusedSeats};

#[async_trait]
pub trait Policy: Send + Sync + 'static {
    /// Of its checkpoint: a row of `ops.policy`.
    fn name(&self) -> &'static str;
    fn selection(&self) -> Selection;
    /// The entries that are handled in their order. All, unless it says otherwise.
    fn lane(&self, _: &Entry) -> Uuid {
        Uuid::nil()
    }
    /// It follows from its checkpoint on, as if it had just been started.
    fn begin(&mut self) {}
    /// After an error the entry is handed over again. A rejection of a command is none: `command` records it.
    async fn handle(&self, entry: &Entry, lease: &Lease) -> Result<Outcome, Interrupted>;
}

/// What a policy made of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The entry asks for nothing, or there is a note that keeps it from being acted on again.
    Passed,
    /// Commands were given that only the checkpoint keeps from being given again.
    Acted,
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
    Unreadable(#[from] DecodeError),
    #[error("the record cannot be read")]
    UnreadableTelemetry(#[source] serde_json::Error),
    #[error(transparent)]
    Fault(#[from] Failure),
}

/// A policy could not take an entry that another time, or another hub, may take.
#[derive(Debug, thiserror::Error)]
#[error("policy {policy:?} could not take entry {position}")]
struct PolicyFault {
    policy: &'static str,
    position: Position,
    source: Failure,
}

const PAGE: usize = 500;
const STANDBY_POLL: Duration = Duration::from_secs(1);
/// The checkpoint moves at least this often, also over entries that ask for nothing.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(1);

/// Runs the policy on one hub at a time.
pub fn start(log: Arc<dyn EventLog>, pool: Pool, owner: Uuid, policy: impl Policy) -> FollowerHandle {
    let checkpoint = Checkpoint::new(Kind::Policy, policy.name(), pool.clone(), owner);
    let selection = policy.selection();
    let work = Handing { pool, policy };
    Follower { checkpoint, log, selection, page: PAGE, standby_poll: STANDBY_POLL, work }.start()
}

/// Decides and appends. A rule's "no" is an answer: it is recorded, and the policy goes on without what the command would
/// have led to.
async fn command<D: Decider>(
    commands: &Commands,
    policy: &'static str,
    cause: &Cause,
    stream: Uuid,
    kept: Kept<D>,
    command: &D::Command,
) -> Result<Option<Executed<D>>, Failure> {
    match commands.append_to::<D>(cause, stream, kept, command).await {
        Err(ExecuteError::Rejected(rejection)) => {
            note_refusal(policy, D::CATEGORY, stream, &rejection);
            Ok(None)
        }
        outcome => Ok(Some(outcome?)),
    }
}

fn note_refusal(policy: &'static str, category: Category, stream: Uuid, rejection: &impl Rejection) {
    metrics::counter!("distr_policy_rejections_total", "policy" => policy).increment(1);
    let (category, code) = (category.as_str(), rejection.code());
    warn!(policy, category, %stream, code, %rejection, "a rule said no to a policy; passed");
}

/// Hands entries over to a policy.
struct Handing<P> {
    /// of the checkpoint
    pool: Pool,
    policy: P,
}

#[async_trait]
impl<P: Policy> Work for Handing<P> {
    fn begin(&mut self) {
        self.policy.begin();
    }

    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt> {
        let (this, begun) = (&*self, Instant::now());
        let mut lanes = Lanes::of(&page.entries, |entry| this.policy.lane(entry));
        let (mut under_way, mut halt) = (FuturesUnordered::new(), None);
        // one that was parked is taken again behind the checkpoint
        let reached = |lanes: &Lanes<'_>| match lanes.reached() {
            Some(entry) => lease.position().max(entry.position()),
            None => lease.position(),
        };
        loop {
            while halt.is_none() && begun.elapsed() < CHECKPOINT_EVERY && under_way.len() < AT_ONCE {
                let Some(index) = lanes.next() else { break };
                let handed = this.hand_over(&page.entries[index], lease);
                under_way.push(handed.map(move |outcome| (index, outcome)));
            }
            let Some((index, outcome)) = under_way.next().await else { break };
            match outcome {
                Ok(outcome) => {
                    lanes.done(index);
                    if outcome == Outcome::Acted {
                        this.advance(lease, reached(&lanes)).await?;
                    }
                }
                // of several that could not be taken, the first is told
                Err(error) => halt = halt.or(Some(error)),
            }
        }
        if halt.is_none() && lanes.are_done() {
            return this.advance(lease, page.scanned_to).await;
        }
        let is_well = halt.as_ref().is_none_or(|halt| matches!(halt, Halt::Early));
        if reached(&lanes) > lease.position() || (is_well && !lease.is_confirmed()) {
            this.advance(lease, reached(&lanes)).await?;
        }
        halt.map_or(Ok(()), Err)
    }
}

impl<P: Policy> Handing<P> {
    async fn hand_over(&self, entry: &Entry, lease: &Lease) -> Result<Outcome, Halt> {
        let (policy, position) = (self.policy.name(), entry.position());
        match self.policy.handle(entry, lease).await {
            Ok(outcome) => Ok(outcome),
            Err(Interrupted::TakenOver) => Err(Halt::Lost),
            Err(Interrupted::TooEarly) => Err(Halt::Early),
            Err(Interrupted::Unreadable(error)) if error.source.is_newer() => {
                Err(Halt::Newer { position, source: Box::new(error) })
            }
            Err(error @ (Interrupted::Unreadable(_) | Interrupted::UnreadableTelemetry(_))) => {
                let is_fact = matches!(entry, Entry::Fact(_));
                Err(Halt::Bad(BadEntry { position, is_fact, source: Box::new(error) }))
            }
            Err(Interrupted::Fault(source)) => Err(Halt::fault(PolicyFault { policy, position, source })),
        }
    }

    async fn advance(&self, lease: &Lease, to: Position) -> Result<(), Halt> {
        lease.advance(&self.pool.get().await?, to).await?;
        lease.note(to);
        Ok(())
    }
}
