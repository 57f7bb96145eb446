//! Moves open rollouts: looks at each when something changed that it may depend on, when its clock says so, and every few
//! seconds, as silence makes no fact. What happens next the engine of the domain says, and what may happen the rollout's own
//! stream: a second hub, or one that looks at something old, exceeds no limit.

mod moving;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Pool;
use distr_domain::decider::Category;
use distr_domain::fleet::Silence;
use distr_domain::ids::{OrganizationId, RolloutId};
use distr_eventlog::{Entry, EventLog, Page, Selection};
use distr_projections::rollout::{self, OpenRollout};
use distr_projections::{Checkpoint, Follower, FollowerHandle, Halt, Kind, Lease, Work, caught};
use tracing::error;
use uuid::Uuid;

use super::{PAGE, STANDBY_POLL};
use crate::commands::Commands;
use crate::failure::Failure;
use crate::models::{Artifacts, ReadModels};
use crate::ops::secret::Vault;

const NAME: &str = "rollouts";

/// Between two looks at a rollout of which nothing new is known: a target may have fallen silent, or come back.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(5);
/// A rollout that cannot be moved is set aside for so long, and the others go on.
const SET_ASIDE: TimeDelta = TimeDelta::seconds(30);
/// Between two rounds of looks, however much changes.
const ROUND_EVERY: Duration = Duration::from_millis(200);
/// After so long a round ends, and the rest of the rollouts is looked at in the next one.
const ROUND_LIMIT: Duration = Duration::from_secs(20);
/// How long a round waits for the read models to show what it was told of.
const SHOWN_WITHIN: Duration = Duration::from_secs(1);

/// The parts of the hub that move rollouts.
pub struct Rollouts {
    pub commands: Commands,
    pub models: ReadModels,
    pub artifacts: Artifacts,
    pub vault: Arc<Vault>,
    pub silence: Silence,
}

impl Rollouts {
    /// Runs on one hub at a time.
    pub fn start(self, log: Arc<dyn EventLog>, pool: Pool, owner: Uuid) -> FollowerHandle {
        let listening_since = self.commands.now();
        let checkpoint = Checkpoint::new(Kind::Policy, NAME, pool.clone(), owner);
        let work = Looking { parts: self, listening_since, pool, agenda: Agenda::default() };
        Follower { checkpoint, log, selection: Selection::Facts, page: PAGE, standby_poll: STANDBY_POLL, work }.start()
    }
}

/// What is to be looked at.
#[derive(Default)]
struct Agenda {
    /// nothing is known of any rollout yet
    is_new: bool,
    /// where something happened since the last round
    changed: BTreeSet<OrganizationId>,
    /// when each open rollout is looked at again
    due: HashMap<RolloutId, DateTime<Utc>>,
    /// when the last round was
    round: Option<Instant>,
}

impl Agenda {
    /// Whether anything may have to be done. Rollouts that nobody knows of yet are found by their facts.
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        let is_early = self.round.is_some_and(|round| round.elapsed() < ROUND_EVERY);
        let is_any = self.is_new || !self.changed.is_empty() || self.due.values().any(|due| *due <= now);
        is_any && !is_early
    }

    fn is_due_for(&self, open: &OpenRollout, now: DateTime<Utc>) -> bool {
        let is_due = self.due.get(&open.id).is_none_or(|due| *due <= now);
        self.is_new || is_due || self.changed.contains(&open.organization)
    }
}

/// Whether a rollout may depend on facts of the category.
fn concerns(category: Category) -> bool {
    matches!(
        category,
        Category::Rollout
            | Category::Deployment
            | Category::Target
            | Category::Release
            | Category::Channel
            | Category::License
            | Category::Member
    )
}

struct Looking {
    parts: Rollouts,
    /// since when this hub takes reports
    listening_since: DateTime<Utc>,
    /// of the checkpoint
    pool: Pool,
    agenda: Agenda,
}

#[async_trait]
impl Work for Looking {
    fn begin(&mut self) {
        self.agenda = Agenda { is_new: true, ..Agenda::default() };
    }

    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt> {
        let facts = page.entries.iter().filter_map(|entry| match entry {
            Entry::Fact(event) if concerns(event.stream.category) => Some(event.organization),
            _ => None,
        });
        self.agenda.changed.extend(facts);
        lease.advance(&self.pool.get().await?, page.scanned_to).await?;
        lease.note(page.scanned_to);
        Ok(())
    }

    async fn tick(&mut self, lease: &Lease) -> Result<(), Halt> {
        if !self.agenda.is_due(self.parts.commands.now()) {
            return Ok(());
        }
        // what the read models do not show yet is looked at when they do
        if self.parts.commands.core.wait_for(lease.position(), SHOWN_WITHIN).await.is_err() {
            return Ok(());
        }
        self.round().await.map_err(Halt::fault)
    }
}

impl Looking {
    async fn round(&mut self) -> Result<(), Failure> {
        let begun = Instant::now();
        let all = rollout::open(&*self.parts.models.client().await?).await?;
        let now = self.parts.commands.now();
        let wanted: Vec<&OpenRollout> = all.iter().filter(|open| self.agenda.is_due_for(open, now)).collect();
        self.agenda.due.retain(|id, _| all.iter().any(|open| open.id == *id));
        self.agenda.is_new = false;
        self.agenda.changed.clear();
        for open in &wanted {
            // due until it was looked at
            self.agenda.due.insert(open.id, now);
        }
        for open in wanted {
            if begun.elapsed() > ROUND_LIMIT {
                break;
            }
            let due = self.look(open).await;
            self.agenda.due.insert(open.id, due);
        }
        self.agenda.round = Some(Instant::now());
        Ok(())
    }

    /// Does what is to be done, and answers when to look again.
    async fn look(&self, open: &OpenRollout) -> DateTime<Utc> {
        let moving = moving::Moving { parts: &self.parts, open, listening_since: self.listening_since };
        let outcome = caught(moving.go_on()).await.map_err(Failure::fault).flatten();
        let now = self.parts.commands.now();
        match outcome {
            Ok(wake) => wake.map_or(now + LOOK_EVERY, |wake| wake.min(now + LOOK_EVERY)),
            Err(failure) => {
                metrics::counter!("distr_rollout_faults_total").increment(1);
                let error = &failure as &dyn std::error::Error;
                error!(rollout = %open.id, error, "a rollout cannot be moved; set aside for {SET_ASIDE}");
                now + SET_ASIDE
            }
        }
    }
}
