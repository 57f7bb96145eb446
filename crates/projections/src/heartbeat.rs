//! Table `heartbeat`: the newest report of each target. However many arrive in a batch, a target costs one row. A report
//! that was counted already changes nothing.

use chrono::{DateTime, Utc};
use distr_domain::agent::{Contact, DeploymentReport, Report, ReportedError, TargetFacts};
use distr_domain::ids::{OrganizationId, TargetId};
use distr_domain::tally::Tally;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, EntryContent, Projection, Rows};
use crate::query::{self, ReadClient};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeartbeatRow {
    /// of the target
    pub id: TargetId,
    pub organization: OrganizationId,
    /// when the hub last heard how things are now; reports of a backlog say how they were
    pub heard_at: Option<DateTime<Utc>>,
    /// of the newest report, by the hub's clock
    pub received_at: DateTime<Utc>,
    /// of the newest report, by the agent's
    pub agent_at: DateTime<Utc>,
    /// how far the agent's clock was ahead of the hub's when it was last heard
    pub clock_offset_ms: Option<i64>,
    pub tally: Tally,
    /// how many were counted
    pub reports: u64,
    /// how many the agent had to let go
    pub missing: u64,
    pub agent_version: String,
    pub facts: Option<TargetFacts>,
    pub deployments: Vec<DeploymentReport>,
    /// what is wrong with the agent itself
    pub error: Option<ReportedError>,
    pub position: u64,
}

pub struct HeartbeatProjection;

impl Projection for HeartbeatProjection {
    type Row = HeartbeatRow;
    const TABLE: &'static str = "heartbeat";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match &entry.content {
            EntryContent::Heartbeat(_) => vec![entry.id],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<HeartbeatRow>, entry: &DecodedEntry) {
        let EntryContent::Heartbeat(report) = &entry.content else { return };
        match rows.get_mut(entry.id) {
            Some(row) => {
                if row.tally.count(report) {
                    take(row, entry, report);
                }
            }
            None => rows.put(entry.id, first(entry, report)),
        }
    }
}

fn first(entry: &DecodedEntry, report: &Report) -> HeartbeatRow {
    let mut row = HeartbeatRow {
        id: TargetId(entry.id),
        organization: entry.organization,
        heard_at: None,
        received_at: entry.at,
        agent_at: report.at,
        clock_offset_ms: None,
        tally: Tally::of(report),
        reports: 0,
        missing: 0,
        agent_version: String::new(),
        facts: None,
        deployments: vec![],
        error: None,
        position: 0,
    };
    take(&mut row, entry, report);
    row
}

fn take(row: &mut HeartbeatRow, entry: &DecodedEntry, report: &Report) {
    row.received_at = entry.at;
    row.agent_at = report.at;
    row.reports += 1;
    row.missing += report.missing.map_or(0, |missing| missing.reports);
    row.agent_version.clone_from(&report.agent_version);
    row.facts.clone_from(&report.facts);
    row.deployments.clone_from(&report.deployments);
    row.error.clone_from(&report.error);
    row.position = entry.position.number();
    if let Some(Contact { sent_at, behind }) = report.contact {
        row.clock_offset_ms = sent_at.map(|sent_at| (sent_at - entry.at).num_milliseconds());
        if behind == 0 {
            row.heard_at = Some(entry.at);
        }
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
