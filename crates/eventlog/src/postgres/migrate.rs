//! Brings the schema `eventlog` up to date: forward only, once, whoever starts at the same time.

use super::{ConnectError, connector::Connector};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number, the same in every version: who holds this advisory lock migrates.
const LOCK: i64 = 0x6469_7374_7265_766c;

pub(super) async fn migrate(connector: &Connector) -> Result<(), ConnectError> {
    // an index may take its time, and so may the process that migrates before this one
    let mut client = connector.connect_for_job("migration").await.map_err(ConnectError::Reach)?;
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await.map_err(ConnectError::Statement)?;
    client.batch_execute("CREATE SCHEMA IF NOT EXISTS eventlog").await.map_err(ConnectError::Statement)?;
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name("eventlog.migration");
    // the lock goes with the connection
    runner.run_async(&mut client).await.map(drop).map_err(ConnectError::Migrate)
}
