//! Table `deployment`: what is asked for on each target and how it stands, by the facts.

use chrono::{DateTime, Utc};
use distr_domain::agent::{DataRemoval, ErrorCategory, Step};
use distr_domain::deployment::{DeploymentEvent, Desired, Phase};
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, DeploymentId, OrganizationId, RolloutId, TargetId};
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRow {
    pub id: DeploymentId,
    pub organization: OrganizationId,
    pub customer: CustomerId,
    pub target: TargetId,
    pub application: ApplicationId,
    pub generation: u64,
    pub desired: Desired,
    pub removal: Option<DataRemoval>,
    pub phase: Phase,
    pub phase_since: DateTime<Utc>,
    pub step: Option<Step>,
    /// what really runs, as far as it was reported
    pub running_version: Option<Version>,
    pub running_generation: Option<u64>,
    /// what was changed by hand and not yet repaired
    pub drift: Option<String>,
    pub error_category: Option<ErrorCategory>,
    pub error: Option<String>,
    /// it changes too often for each change to be told
    pub flapping: bool,
    pub changed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub position: u64,
}

pub struct DeploymentProjection;

impl Projection for DeploymentProjection {
    type Row = DeploymentRow;
    const TABLE: &'static str = "deployment";
    const SINCE: Option<fn(&DeploymentRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match entry.fact() {
            Some(Fact::Deployment(_)) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<DeploymentRow>, entry: &DecodedEntry) {
        let Some(Fact::Deployment(event)) = entry.fact() else { return };
        if let DeploymentEvent::DesiredReleaseSet { generation, desired, .. } = event {
            return set_desired(rows, entry, *generation, desired);
        }
        let Some(row) = rows.get_mut(entry.id) else { return };
        row.position = entry.position.number();
        row.changed_at = entry.at;
        let before = row.phase;
        observe(row, event);
        if row.phase != before {
            row.phase_since = entry.at;
        }
    }
}

fn set_desired(rows: &mut Rows<DeploymentRow>, entry: &DecodedEntry, generation: u64, desired: &Desired) {
    let before = rows.get_mut(entry.id).map(|row| row.clone());
    let row = DeploymentRow {
        id: DeploymentId(entry.id),
        organization: entry.organization,
        customer: desired.customer,
        target: desired.target,
        application: desired.application,
        generation,
        desired: desired.clone(),
        removal: None,
        phase: Phase::Progressing,
        phase_since: entry.at,
        step: None,
        running_version: before.as_ref().and_then(|row| row.running_version.clone()),
        running_generation: before.as_ref().and_then(|row| row.running_generation),
        drift: None,
        error_category: None,
        error: None,
        flapping: false,
        changed_at: entry.at,
        created_at: before.map_or(entry.at, |row| row.created_at),
        position: entry.position.number(),
    };
    rows.put(entry.id, row);
}

fn observe(row: &mut DeploymentRow, event: &DeploymentEvent) {
    match event {
        DeploymentEvent::DesiredReleaseSet { .. } => {}
        DeploymentEvent::RemovalRequested { generation, data, asked_by, .. } => {
            row.generation = *generation;
            row.removal = Some(*data);
            row.desired.asked_by = *asked_by;
            row.phase = Phase::Removing;
            row.flapping = false;
            row.step = None;
            row.error_category = None;
            row.error = None;
        }
        DeploymentEvent::DeploymentHeld { reason, .. } => {
            row.phase = Phase::Held;
            row.step = None;
            row.error_category = Some(ErrorCategory::Policy);
            row.error = Some(reason.clone());
        }
        DeploymentEvent::DeploymentStepped { step, .. } => {
            go_on(row, *step);
            row.error_category = None;
            row.error = None;
        }
        DeploymentEvent::DeploymentRetrying { step, category, reason, .. } => {
            go_on(row, *step);
            row.error_category = Some(*category);
            row.error = Some(reason.clone());
        }
        DeploymentEvent::DeploymentHealthy { generation, version, .. } => {
            row.phase = Phase::Healthy;
            row.step = Some(Step::Applied);
            row.running_version = Some(version.clone());
            row.running_generation = Some(*generation);
            row.error_category = None;
            row.error = None;
        }
        DeploymentEvent::DeploymentUnhealthy { reason, .. } => {
            row.phase = Phase::Unhealthy;
            row.error_category = Some(ErrorCategory::Unhealthy);
            row.error = Some(reason.clone());
        }
        DeploymentEvent::DeploymentFailed { category, reason, running, .. } => {
            row.phase = Phase::Failed;
            row.step = Some(Step::Failed);
            row.running_version = running.clone();
            row.error_category = Some(*category);
            row.error = Some(reason.clone());
        }
        DeploymentEvent::DeploymentFlapping { .. } => row.flapping = true,
        DeploymentEvent::DeploymentSteady { .. } => row.flapping = false,
        DeploymentEvent::DriftDetected { detail, .. } => row.drift = Some(detail.clone()),
        DeploymentEvent::DriftRepaired { .. } => row.drift = None,
        DeploymentEvent::DeploymentRemoved { .. } => {
            row.phase = Phase::Removed;
            row.step = Some(Step::Removed);
            row.running_version = None;
            row.running_generation = None;
            row.drift = None;
            row.error_category = None;
            row.error = None;
        }
    }
}

/// Something is being done, so that nothing holds it.
fn go_on(row: &mut DeploymentRow, step: Step) {
    row.step = Some(step);
    if row.phase == Phase::Held {
        row.phase = if row.removal.is_some() { Phase::Removing } else { Phase::Progressing };
    }
}

pub async fn find(client: &ReadClient, scope: Scope, id: DeploymentId) -> Result<Option<DeploymentRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    query::find(client, include_str!("deployment/find.sql"), &[&scope.organization.0, &customer, &id.0]).await
}

/// Without the removed. `of` narrows it to one target.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    of: Option<TargetId>,
    paging: &Paging,
) -> Result<ListPage<DeploymentRow>, QueryError> {
    let of = of.map(|target| target.0);
    query::list(client, include_str!("deployment/list.sql"), scope, paging, &[&of]).await
}

/// Of all these targets, the removed included.
pub async fn of_targets(
    client: &ReadClient,
    scope: Scope,
    targets: &[TargetId],
) -> Result<Vec<DeploymentRow>, QueryError> {
    let customer = scope.customer.map(|customer| customer.0);
    let targets: Vec<Uuid> = targets.iter().map(|target| target.0).collect();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 3] = [&scope.organization.0, &customer, &targets];
    query::all(client, include_str!("deployment/of_targets.sql"), &parameters).await
}

/// For batched loading, the removed included.
pub async fn by_ids(
    client: &ReadClient,
    organization: OrganizationId,
    ids: &[DeploymentId],
) -> Result<Vec<DeploymentRow>, QueryError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    query::all(client, include_str!("deployment/by_ids.sql"), &[&organization.0, &ids]).await
}

/// The version that was asked for last by anybody but this rollout.
pub async fn wanted_before(
    client: &ReadClient,
    id: DeploymentId,
    rollout: RolloutId,
) -> Result<Option<Version>, QueryError> {
    query::find(client, include_str!("deployment/wanted_before.sql"), &[&id.0, &rollout.0]).await
}
