//! Table `heartbeat`: the newest report of each target. However many arrive in a batch, a target costs one row.

use chrono::{DateTime, Utc};
use distr_domain::agent::DeploymentReport;
use distr_domain::ids::{OrganizationId, TargetId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{Projection, Rows, Seen, What};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeartbeatRow {
    /// of the target
    pub id: TargetId,
    pub organization: OrganizationId,
    /// by the hub's clock
    pub received_at: DateTime<Utc>,
    /// by the agent's
    pub agent_at: DateTime<Utc>,
    pub boot: Uuid,
    pub sequence: u64,
    pub agent_version: String,
    pub deployments: Vec<DeploymentReport>,
    pub position: u64,
}

pub struct HeartbeatProjection;

impl Projection for HeartbeatProjection {
    type Row = HeartbeatRow;
    const TABLE: &'static str = "heartbeat";

    fn keys(entry: &Seen) -> Vec<Uuid> {
        match &entry.what {
            What::Heartbeat(_) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<HeartbeatRow>, entry: &Seen) {
        let What::Heartbeat(report) = &entry.what else { return };
        // a report that was sent again, or overtaken within the same run of the agent, is older news
        if let Some(row) = rows.get_mut(entry.id)
            && row.boot == report.boot
            && row.sequence >= report.sequence
        {
            return;
        }
        rows.put(
            entry.id,
            HeartbeatRow {
                id: TargetId(entry.id),
                organization: entry.organization,
                received_at: entry.at,
                agent_at: report.at,
                boot: report.boot,
                sequence: report.sequence,
                agent_version: report.agent_version.clone(),
                deployments: report.deployments.clone(),
                position: entry.position.0,
            },
        );
    }
}

pub async fn of_targets(
    client: &ReadClient,
    organization: OrganizationId,
    targets: &[TargetId],
) -> Result<Vec<HeartbeatRow>, QueryError> {
    let targets: Vec<Uuid> = targets.iter().map(|target| target.0).collect();
    query::all(client, include_str!("heartbeat/of_targets.sql"), &[&organization.0, &targets]).await
}
