//! Table `generation`: each wish for a version on a target, or for its removal, and what became of it. `deployment` says how
//! things stand now; this is how they came about.

use chrono::{DateTime, Utc};
use distr_domain::agent::ErrorCategory;
use distr_domain::deployment::DeploymentEvent;
use distr_domain::fact::Fact;
use distr_domain::ids::{ApplicationId, CustomerId, DeploymentId, LicenseId, OrganizationId, RolloutId, TargetId};
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::projection::{DecodedEntry, Projection, Rows};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GenerationRow {
    /// of the deployment and the generation
    pub id: Uuid,
    pub organization: OrganizationId,
    pub deployment: DeploymentId,
    pub generation: u64,
    pub customer: CustomerId,
    pub target: TargetId,
    pub application: ApplicationId,
    pub license: LicenseId,
    /// none for a removal
    pub version: Option<Version>,
    pub requested_at: DateTime<Utc>,
    pub requested_by: String,
    /// when it was first healthy, or gone
    pub done_at: Option<DateTime<Utc>>,
    /// when it was given up
    pub failed_at: Option<DateTime<Utc>>,
    pub error_category: Option<ErrorCategory>,
    pub error: Option<String>,
    /// the rollout that asked for it, and which of its tries this was
    pub rollout: Option<RolloutId>,
    pub attempt: Option<u32>,
    pub position: u64,
}

pub struct GenerationProjection;

impl Projection for GenerationProjection {
    type Row = GenerationRow;
    const TABLE: &'static str = "generation";
    const SINCE: Option<fn(&GenerationRow) -> u64> = Some(|row| row.position);

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        let Some(Fact::Deployment(event)) = entry.fact() else { return vec![] };
        match event {
            DeploymentEvent::DesiredReleaseSet { generation, .. } => vec![key(entry.id, *generation)],
            DeploymentEvent::RemovalRequested { generation, .. } => {
                vec![key(entry.id, *generation), key(entry.id, generation.saturating_sub(1))]
            }
            DeploymentEvent::DeploymentHealthy { generation, .. }
            | DeploymentEvent::DeploymentFailed { generation, .. }
            | DeploymentEvent::DeploymentRemoved { generation, .. } => vec![key(entry.id, *generation)],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<GenerationRow>, entry: &DecodedEntry) {
        let Some(Fact::Deployment(event)) = entry.fact() else { return };
        match event {
            DeploymentEvent::DesiredReleaseSet { generation, desired, origin, .. } => {
                let row = GenerationRow {
                    id: key(entry.id, *generation),
                    organization: entry.organization,
                    deployment: DeploymentId(entry.id),
                    generation: *generation,
                    customer: desired.customer,
                    target: desired.target,
                    application: desired.application,
                    license: desired.license,
                    version: Some(desired.version.clone()),
                    requested_at: entry.at,
                    requested_by: entry.actor.clone(),
                    done_at: None,
                    failed_at: None,
                    error_category: None,
                    error: None,
                    rollout: origin.map(|origin| origin.rollout),
                    attempt: origin.map(|origin| origin.attempt),
                    position: entry.position.number(),
                };
                rows.put(row.id, row);
            }
            DeploymentEvent::RemovalRequested { generation, .. } => remove(rows, entry, *generation),
            DeploymentEvent::DeploymentHealthy { generation, .. }
            | DeploymentEvent::DeploymentRemoved { generation, .. } => {
                if let Some(row) = rows.get_mut(key(entry.id, *generation)) {
                    row.done_at.get_or_insert(entry.at);
                    row.position = entry.position.number();
                }
            }
            DeploymentEvent::DeploymentFailed { generation, category, reason, .. } => {
                if let Some(row) = rows.get_mut(key(entry.id, *generation)) {
                    row.failed_at = Some(entry.at);
                    row.error_category = Some(*category);
                    row.error = Some(reason.clone());
                    row.position = entry.position.number();
                }
            }
            _ => {}
        }
    }
}

/// A removal is of what the wish before it was for.
fn remove(rows: &mut Rows<GenerationRow>, entry: &DecodedEntry, generation: u64) {
    let Some(before) = rows.get_mut(key(entry.id, generation.saturating_sub(1))).map(|row| row.clone()) else { return };
    let row = GenerationRow {
        id: key(entry.id, generation),
        generation,
        version: None,
        requested_at: entry.at,
        requested_by: entry.actor.clone(),
        done_at: None,
        failed_at: None,
        error_category: None,
        error: None,
        rollout: None,
        attempt: None,
        position: entry.position.number(),
        ..before
    };
    rows.put(row.id, row);
}

fn key(deployment: Uuid, generation: u64) -> Uuid {
    Uuid::new_v5(&deployment, format!("generation/{generation}").as_bytes())
}
