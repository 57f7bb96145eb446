//! Table `rollout`: each rollout with its plan, its phase and its waves. How many targets of a wave are where is counted in
//! `rollout_target` when somebody asks: a count that each fact changes would need to know what each target was before.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, OrganizationId, RolloutId};
use distr_domain::names::Slug;
use distr_domain::rollout::policy::Limits;
use distr_domain::rollout::{Approved, HaltCause, Kind, Phase, Planned, RolloutEvent, WavePhase};
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cursor::InvalidCursor;
use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

mod candidates;
mod evolve;

pub use candidates::{Candidate, CandidateClaim, CandidateWish, candidates};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutRow {
    pub id: RolloutId,
    pub organization: OrganizationId,
    pub application: ApplicationId,
    pub name: Slug,
    pub version: Version,
    pub kind: Kind,
    pub plan: Planned,
    /// as they were adjusted last
    pub limits: Limits,
    pub phase: Phase,
    pub waves: Vec<RolloutWave>,
    pub approvals: Vec<Approved>,
    /// why it was halted last
    pub halted_by: Option<HaltCause>,
    /// of the last person who paused, halted, resumed or ended it
    pub reason: Option<String>,
    pub planned_by: String,
    pub planned_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    /// when the last wave had passed
    pub tail_from: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub changed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

/// A wave as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RolloutWave {
    #[serde(flatten)]
    pub phase: WavePhase,
    pub opened_at: Option<DateTime<Utc>>,
    /// when it passed, or was skipped
    pub done_at: Option<DateTime<Utc>>,
    /// why it was skipped
    pub skipped: Option<String>,
    /// codes of what holds it
    pub holds: BTreeSet<String>,
}

pub struct RolloutProjection;

impl Projection for RolloutProjection {
    type Row = RolloutRow;
    const TABLE: &'static str = "rollout";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Rollout(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<RolloutRow>, entry: &DecodedEntry) {
        let Some(Fact::Rollout(event)) = entry.fact() else { return };
        if let RolloutEvent::RolloutPlanned { plan, .. } = event {
            let created_at = rows.get_mut(entry.id).map_or(entry.at, |row| row.created_at);
            return rows.put(entry.id, RolloutRow::planned(entry, plan, created_at));
        }
        if let Some(row) = rows.get_mut(entry.id) {
            row.position = entry.position.number();
            row.changed_at = entry.at;
            row.take(event, entry.at);
        }
    }
}

impl RolloutRow {
    fn planned(entry: &DecodedEntry, plan: &Planned, created_at: DateTime<Utc>) -> Self {
        Self {
            id: RolloutId(entry.id),
            organization: entry.organization,
            application: plan.application,
            name: plan.name.clone(),
            version: plan.version.clone(),
            kind: plan.kind,
            limits: plan.policy.limits.clone(),
            phase: Phase::Planned,
            waves: plan.policy.waves.iter().map(|_| RolloutWave::default()).collect(),
            plan: plan.clone(),
            approvals: vec![],
            halted_by: None,
            reason: None,
            planned_by: entry.actor.clone(),
            planned_at: entry.at,
            started_at: None,
            tail_from: None,
            ended_at: None,
            changed_at: entry.at,
            created_at,
            position: entry.position.number(),
        }
    }
}

/// A rollout that the scope may see: a customer sees those that have one of its targets as a member.
pub async fn find(client: &ReadClient, scope: Scope, id: RolloutId) -> Result<Option<RolloutRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("rollout/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// The newest first, of those that the scope may see. `of` narrows it to one application, and `is_open` to those that have not ended,
/// or have.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    of: Option<ApplicationId>,
    is_open: Option<bool>,
    paging: &Paging,
) -> Result<ListPage<RolloutRow>, QueryError> {
    if let Some(cursor) = paging.after.as_ref().filter(|cursor| !cursor.is_timed()) {
        return Err(InvalidCursor(cursor.encode().chars().take(80).collect()).into());
    }
    let of = of.map(|application| application.0);
    query::list(client, include_str!("rollout/list.sql"), scope, paging, &[&of, &is_open]).await
}

/// All rollouts of all organizations, in the order of their ids.
pub async fn every(client: &ReadClient) -> Result<Vec<RolloutRow>, QueryError> {
    query::all(client, include_str!("rollout/every.sql"), &[]).await
}

/// A rollout that has to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct OpenRollout {
    pub id: RolloutId,
    pub organization: OrganizationId,
    pub application: ApplicationId,
}

/// All rollouts of all organizations that have not ended, or were stopped for good within the last week and may have wishes to take
/// back: by application, in the order in which they were made.
pub async fn open(client: &ReadClient) -> Result<Vec<OpenRollout>, QueryError> {
    query::all(client, include_str!("rollout/open.sql"), &[]).await
}
