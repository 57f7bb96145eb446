//! Makes the read models anew from the log: in a schema beside the live one, which serves on until the new one takes its
//! name. The old one goes in the same transaction, so that no query ever finds none.

use std::sync::Arc;

use distr_eventlog::{EventLog, Position};
use distr_postgres::Address;
use tokio_postgres::Client;

use crate::error::ProjectionError;
use crate::group::{Group, groups};
use crate::projection::Seen;
use crate::schema::{LIVE_SCHEMA, create};

const NEXT_SCHEMA: &str = "read_next";
const PAGE: usize = 2_000;

#[derive(Debug)]
pub struct RebuildReport {
    /// every group stands here, or further
    pub position: Position,
    /// entries applied, by group
    pub applied: Vec<(&'static str, u64)>,
}

/// Replays the whole log. The runners of the live schema must not run: their checkpoints are replaced.
pub async fn rebuild(
    database: &Address,
    log: Arc<dyn EventLog>,
    mut progress: impl FnMut(&'static str, Position, Position),
) -> Result<RebuildReport, ProjectionError> {
    let mut client = database.connect().await?;
    client.batch_execute(&format!("DROP SCHEMA IF EXISTS {NEXT_SCHEMA} CASCADE")).await?;
    create(&client, NEXT_SCHEMA).await?;
    let mut report = RebuildReport { position: Position(u64::MAX), applied: vec![] };
    for group in groups(&client).await? {
        let (position, applied) = replay(&mut client, &group, log.as_ref(), &mut progress).await?;
        report.position = report.position.min(position);
        report.applied.push((group.name, applied));
    }
    swap(&mut client).await?;
    Ok(report)
}

async fn replay(
    client: &mut Client,
    group: &Group,
    log: &dyn EventLog,
    progress: &mut impl FnMut(&'static str, Position, Position),
) -> Result<(Position, u64), ProjectionError> {
    let mut at = Position::START;
    let mut applied = 0;
    loop {
        let page = log.read_all(at, PAGE, group.selection).await?;
        if page.scanned_to == at {
            return Ok((at, applied));
        }
        let batch: Vec<Seen> = page.entries.iter().map(Seen::decode).collect::<Result<_, _>>()?;
        let transaction = client.transaction().await?;
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        for table in &group.tables {
            table.apply(&transaction, &batch).await?;
        }
        let checkpoint = "UPDATE checkpoint SET position = $2 WHERE group_name = $1";
        transaction.execute(checkpoint, &[&group.name, &(page.scanned_to.0 as i64)]).await?;
        transaction.commit().await?;
        at = page.scanned_to;
        applied += batch.len() as u64;
        progress(group.name, at, log.head().await?);
    }
}

/// A renamed schema keeps its tables; queries that were planned before are planned again by name.
async fn swap(client: &mut Client) -> Result<(), ProjectionError> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute(&format!(
            "DROP SCHEMA IF EXISTS {LIVE_SCHEMA} CASCADE; ALTER SCHEMA {NEXT_SCHEMA} RENAME TO {LIVE_SCHEMA};"
        ))
        .await?;
    transaction.commit().await?;
    Ok(())
}
