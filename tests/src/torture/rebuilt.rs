//! The read models against others that are made from zero beside them, as `distr-hub rebuild --verify` does it: table by
//! table, by checksums.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use distr_eventlog::{Position, PostgresLog};
use distr_projections::{RebuildOptions, verify};

use super::cluster::Cluster;
use super::findings::Findings;

/// While nobody writes.
pub(crate) async fn compare(cluster: &Cluster, head: Position, findings: &mut Findings) -> Result<()> {
    let log = Arc::new(PostgresLog::connect_to(cluster.config()?).await?);
    let from_zero = RebuildOptions { restart: true, ..RebuildOptions::default() };
    let comparison = verify(&cluster.config()?.into(), log.clone(), from_zero, |_| {}).await;
    log.close().await;
    let comparison = comparison.context("the read models could not be made from zero")?;
    ensure!(comparison.position >= head, "the read models stand at {}, the log at {head}", comparison.position);
    for table in &comparison.tables {
        let differences = table.differences.iter();
        findings
            .differences
            .extend(differences.map(|difference| format!("{} {} {}", table.table, difference.key, difference.kind)));
    }
    Ok(())
}
