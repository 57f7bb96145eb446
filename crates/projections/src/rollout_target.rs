//! Table `rollout_target`: each target in each rollout, in its wave, and what became of it. Why one waits is no row: it follows from
//! the clock and from others, and is computed for what is shown.

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, OrganizationId, RolloutId, TargetId};
use distr_domain::rollout::{Class, RolloutEvent};
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutTargetRow {
    /// of the rollout and the target
    pub id: Uuid,
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub rollout: RolloutId,
    pub target: TargetId,
    /// counted from 1
    pub wave: u32,
    /// what became of it; of a rollout that has ended, everybody has one in the answers of `list`
    pub class: Option<Class>,
    /// of the class
    pub reason: Option<String>,
    /// none if it waits or is settled
    pub in_flight_since: Option<DateTime<Utc>>,
    /// the version that it was released for last, and which try of it that is
    pub hop: Option<Version>,
    pub attempt: Option<u32>,
    pub settled_at: Option<DateTime<Utc>>,
    pub position: u64,
}

pub struct RolloutTargetProjection;

fn key(rollout: Uuid, target: TargetId) -> Uuid {
    Uuid::new_v5(&rollout, target.0.as_bytes())
}

/// The targets of which a fact speaks.
fn targets(event: &RolloutEvent) -> Vec<TargetId> {
    use RolloutEvent::*;
    match event {
        TargetsPlaced { targets, .. } => targets.iter().map(|placed| placed.target).collect(),
        TargetsReleased { targets, .. } => targets.iter().map(|start| start.target).collect(),
        TargetsLeft { targets, .. }
        | TargetsSettled { targets, .. }
        | TargetsAmended { targets, .. }
        | TargetsWithdrawn { targets, .. } => targets.clone(),
        _ => vec![],
    }
}

impl Projection for RolloutTargetProjection {
    type Row = RolloutTargetRow;
    const TABLE: &'static str = "rollout_target";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Rollout(event)) => targets(event).into_iter().map(|target| key(entry.id, target)).collect(),
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<RolloutTargetRow>, entry: &DecodedEntry) {
        use RolloutEvent::*;
        let Some(Fact::Rollout(event)) = entry.fact() else { return };
        match event {
            TargetsPlaced { wave, targets, .. } => {
                for placed in targets {
                    let row = RolloutTargetRow {
                        id: key(entry.id, placed.target),
                        organization: entry.organization,
                        customer: placed.customer,
                        rollout: RolloutId(entry.id),
                        target: placed.target,
                        wave: *wave,
                        class: None,
                        reason: None,
                        in_flight_since: None,
                        hop: None,
                        attempt: None,
                        settled_at: None,
                        position: entry.position.number(),
                    };
                    rows.put(row.id, row);
                }
            }
            TargetsLeft { targets, .. } => targets.iter().for_each(|target| rows.remove(key(entry.id, *target))),
            TargetsReleased { targets, .. } => {
                for start in targets {
                    change(rows, entry, start.target, |row| {
                        row.in_flight_since = Some(entry.at);
                        row.hop = Some(start.hop.clone());
                        row.attempt = Some(start.attempt);
                    });
                }
            }
            TargetsSettled { class, reason, targets, .. } | TargetsAmended { to: class, reason, targets, .. } => {
                for target in targets {
                    change(rows, entry, *target, |row| {
                        row.in_flight_since = None;
                        row.class = Some(*class);
                        row.reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
                        row.settled_at = Some(entry.at);
                    });
                }
            }
            TargetsWithdrawn { targets, .. } => {
                targets.iter().for_each(|target| change(rows, entry, *target, |row| row.in_flight_since = None));
            }
            _ => {}
        }
    }
}

fn change(
    rows: &mut Rows<RolloutTargetRow>,
    entry: &DecodedEntry,
    target: TargetId,
    change: impl FnOnce(&mut RolloutTargetRow),
) {
    if let Some(row) = rows.get_mut(key(entry.id, target)) {
        row.position = entry.position.number();
        change(row);
    }
}

/// How many targets of a wave are where. Of an ended rollout nobody waits or is in flight.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WaveCount {
    pub rollout: RolloutId,
    /// counted from 1
    pub wave: u32,
    pub waiting: u32,
    pub in_flight: u32,
    pub succeeded: u32,
    pub failed: u32,
    pub lost: u32,
    /// settled in another way
    pub apart: u32,
}

/// Which members of a rollout are listed. Empty parts narrow nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub wave: Option<u32>,
    pub state: Option<WantedState>,
    pub targets: Option<Vec<TargetId>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedState {
    Waiting,
    InFlight,
    Settled(Class),
}

impl WantedState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InFlight => "in_flight",
            Self::Settled(class) => class.as_str(),
        }
    }
}

/// The members of a rollout that the scope may see, by wave, then in an order that stays.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    rollout: RolloutId,
    wanted: Wanted,
    paging: &Paging,
) -> Result<ListPage<RolloutTargetRow>, QueryError> {
    let wave = wanted.wave.map(i64::from);
    let state = wanted.state.map(WantedState::as_str);
    let targets: Option<Vec<Uuid>> = wanted.targets.map(|targets| targets.iter().map(|target| target.0).collect());
    let sql = include_str!("rollout_target/list.sql");
    query::list(client, sql, scope, paging, &[&rollout.0, &wave, &state, &targets]).await
}

/// A target that waits in an open rollout of an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Waiting {
    pub target: TargetId,
    pub application: ApplicationId,
    pub rollout: RolloutId,
}

/// The open rollouts in which these targets of an organization wait, the oldest first.
pub async fn waiting(
    client: &ReadClient,
    organization: OrganizationId,
    targets: &[TargetId],
) -> Result<Vec<Waiting>, QueryError> {
    let targets: Vec<Uuid> = targets.iter().map(|target| target.0).collect();
    query::all(client, include_str!("rollout_target/waiting.sql"), &[&organization.0, &targets]).await
}

/// All members of all rollouts, as the rows have them: of a rollout that has ended, some have no class.
pub async fn every(client: &ReadClient) -> Result<Vec<RolloutTargetRow>, QueryError> {
    query::all(client, include_str!("rollout_target/every.sql"), &[]).await
}

/// The counts of each wave that has members in the scope.
pub async fn counts(client: &ReadClient, scope: Scope, rollouts: &[RolloutId]) -> Result<Vec<WaveCount>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    let rollouts: Vec<Uuid> = rollouts.iter().map(|rollout| rollout.0).collect();
    let sql = include_str!("rollout_target/counts.sql");
    query::all(client, sql, &[&scope.organization.0, &customer, &rollouts]).await
}
