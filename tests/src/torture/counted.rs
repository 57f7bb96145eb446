//! Each report counts once, however often it was sent and stored: the hours of each target have together as many as there
//! are different ones in the log.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use distr_eventlog::{Entry, TelemetryKind};
use tokio_postgres::Client;
use uuid::Uuid;

use super::findings::Findings;

/// Answers with how many reports are in the log more than once.
pub(crate) async fn check(client: &Client, entries: &[Entry], findings: &mut Findings) -> Result<usize> {
    let (mut reports, mut repeated): (HashMap<Uuid, HashSet<Uuid>>, _) = (HashMap::new(), 0);
    for entry in entries {
        if let Entry::Telemetry(recorded) = entry
            && recorded.record.kind == TelemetryKind::Heartbeat
        {
            let is_new = reports.entry(recorded.record.subject).or_default().insert(recorded.record.id);
            repeated += usize::from(!is_new);
        }
    }
    let sql = "SELECT target, sum(reports)::bigint FROM read.heartbeat_hour GROUP BY target";
    let rows = client.query(sql, &[]).await?;
    let counted: HashMap<Uuid, i64> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (target, reports) in reports {
        let (counted, reports) = (counted.get(&target).copied().unwrap_or(0), reports.len() as i64);
        match counted - reports {
            0 => {}
            more @ 1.. => findings.doubled.push(format!("of target {target}, {more} reports are counted too often")),
            less => findings.lost.push(format!("of target {target}, {} reports are not counted", -less)),
        }
    }
    Ok(repeated)
}
