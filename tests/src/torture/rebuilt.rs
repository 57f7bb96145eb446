//! The read models against others that are made from zero beside them, by the hub's own projections: table by table, row
//! by row.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use deadpool_postgres::{Manager, Pool};
use distr_eventlog::{EventLog, Position, PostgresLog};
use distr_projections::{LIVE_SCHEMA, Runner, groups};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use super::cluster::Cluster;
use super::findings::Findings;

const FRESH: &str = "read_from_zero";
const MADE_WITHIN: Duration = Duration::from_secs(600);
/// Of a table, so many rows that differ are shown.
const SHOWN: i64 = 3;

/// While nobody writes.
pub(crate) async fn compare(cluster: &Cluster, head: Position, findings: &mut Findings) -> Result<()> {
    let client = cluster.connect().await?;
    let tables = tables(&client).await?;
    make_tables(&client, &tables).await?;
    replay(cluster, head).await?;
    for table in &tables {
        findings.differences.extend(differences(&client, table).await?);
    }
    client.batch_execute(&format!("DROP SCHEMA {FRESH} CASCADE")).await?;
    Ok(())
}

/// Those with rows that projections make.
async fn tables(client: &Client) -> Result<Vec<String>> {
    let sql = "SELECT tablename::text FROM pg_tables
               WHERE schemaname = $1 AND tablename NOT IN ('checkpoint', 'shape') ORDER BY tablename";
    let rows = client.query(sql, &[&LIVE_SCHEMA]).await?;
    ensure!(!rows.is_empty(), "schema {LIVE_SCHEMA} has no tables");
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

async fn make_tables(client: &Client, tables: &[String]) -> Result<()> {
    client.batch_execute(&format!("DROP SCHEMA IF EXISTS {FRESH} CASCADE; CREATE SCHEMA {FRESH}")).await?;
    for table in tables.iter().map(String::as_str).chain(["checkpoint"]) {
        let sql = format!("CREATE TABLE {FRESH}.{table} (LIKE {LIVE_SCHEMA}.{table} INCLUDING ALL)");
        client.batch_execute(&sql).await?;
    }
    let groups = format!("INSERT INTO {FRESH}.checkpoint (group_name) SELECT group_name FROM {LIVE_SCHEMA}.checkpoint");
    client.batch_execute(&groups).await?;
    Ok(())
}

async fn replay(cluster: &Cluster, head: Position) -> Result<()> {
    let log = Arc::new(PostgresLog::connect_to(cluster.config()?).await?);
    let mut config = cluster.config()?;
    config.options(format!("-c search_path={FRESH} -c jit=off"));
    let pool = Pool::builder(Manager::new(config, NoTls)).max_size(4).build()?;
    let of_groups = groups(&*pool.get().await?).await?;
    let start = |group| Runner::start(group, log.clone() as Arc<dyn EventLog>, pool.clone(), Uuid::new_v4());
    let runners: Vec<_> = of_groups.into_iter().map(start).collect();
    for runner in &runners {
        let reached = runner.progress.wait_for(head, MADE_WITHIN).await;
        reached.with_context(|| format!("group {} of the read models from zero", runner.group))?;
    }
    for runner in runners {
        runner.stop().await;
    }
    log.close().await;
    Ok(())
}

async fn differences(client: &Client, table: &str) -> Result<Vec<String>> {
    let side = |schema: &str, other: &str| {
        format!(
            "SELECT to_jsonb(t)::text AS row FROM {schema}.{table} t
             EXCEPT ALL SELECT to_jsonb(t)::text FROM {other}.{table} t"
        )
    };
    let (live, fresh) = (side(LIVE_SCHEMA, FRESH), side(FRESH, LIVE_SCHEMA));
    let sql = format!(
        "(SELECT 'live', row FROM ({live}) AS alone LIMIT $1) UNION ALL (SELECT 'from zero', row FROM ({fresh}) AS alone LIMIT $1)"
    );
    let rows = client.query(&sql, &[&SHOWN]).await?;
    let differing = rows.iter().map(|row| (row.get(0), row.get(1)));
    Ok(differing.map(|(side, row): (String, String)| format!("table {table}, {side} alone: {row}")).collect())
}
