//! Table `heartbeat_hour`: how many reports a target made in each hour, by its own clock and whenever they came. A report
//! that is sent again falls into the same hour, whose row knows it.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use distr_domain::agent::Report;
use distr_domain::ids::{OrganizationId, TargetId};
use distr_domain::tally::Tally;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::QueryError;
use crate::projection::{DecodedEntry, EntryContent, Projection, Rows};
use crate::query::{self, ListPage, Paging, ReadClient, Scope};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeartbeatHourRow {
    /// of target and hour
    pub id: Uuid,
    pub organization: OrganizationId,
    pub target: TargetId,
    /// its beginning
    pub hour: DateTime<Utc>,
    pub reports: u64,
    /// how many the agent had to let go before one of these
    pub missing: u64,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
    pub tally: Tally,
    pub position: u64,
}

pub struct HeartbeatHourProjection;

impl Projection for HeartbeatHourProjection {
    type Row = HeartbeatHourRow;
    const TABLE: &'static str = "heartbeat_hour";

    fn keys(entry: &DecodedEntry) -> Vec<Uuid> {
        match &entry.content {
            EntryContent::Heartbeat(report) => vec![key(entry.id, hour(report))],
            _ => vec![],
        }
    }

    fn apply(rows: &mut Rows<HeartbeatHourRow>, entry: &DecodedEntry) {
        let EntryContent::Heartbeat(report) = &entry.content else { return };
        let hour = hour(report);
        let key = key(entry.id, hour);
        let missing = report.missing.map_or(0, |missing| missing.reports);
        match rows.get_mut(key) {
            Some(row) => {
                if row.tally.count(report) {
                    row.reports += 1;
                    row.missing += missing;
                    row.first_at = row.first_at.min(report.at);
                    row.last_at = row.last_at.max(report.at);
                    row.position = entry.position.number();
                }
            }
            None => {
                let row = HeartbeatHourRow {
                    id: key,
                    organization: entry.organization,
                    target: TargetId(entry.id),
                    hour,
                    reports: 1,
                    missing,
                    first_at: report.at,
                    last_at: report.at,
                    tally: Tally::of(report),
                    position: entry.position.number(),
                };
                rows.put(key, row);
            }
        }
    }
}

/// A time so far off that it has no hour is one by itself.
fn hour(report: &Report) -> DateTime<Utc> {
    report.at.duration_trunc(TimeDelta::hours(1)).unwrap_or(report.at)
}

fn key(target: Uuid, hour: DateTime<Utc>) -> Uuid {
    Uuid::new_v5(&target, &hour.timestamp().to_be_bytes())
}

/// The latest first.
pub async fn list(
    client: &ReadClient,
    scope: Scope,
    of: TargetId,
    paging: &Paging,
) -> Result<ListPage<HeartbeatHourRow>, QueryError> {
    query::list(client, include_str!("heartbeat_hour/list.sql"), scope, paging, &[&of.0]).await
}
