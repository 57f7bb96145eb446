//! The schema `registry` and its migrations.

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number, the same in every version: who holds this advisory lock migrates.
const LOCK: i64 = 0x6469_7374_7272_6567;

#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    #[error("the schema of the registry could not be prepared")]
    Prepare(#[from] tokio_postgres::Error),
    #[error("the schema of the registry could not be brought up to date")]
    Migrate(#[from] refinery::Error),
}

/// Brings the schema `registry` up to date: forward only, once, whoever starts at the same time.
pub async fn migrate(client: &mut tokio_postgres::Client) -> Result<(), MigrateError> {
    client.execute("SELECT pg_advisory_lock($1)", &[&LOCK]).await?;
    client.batch_execute("CREATE SCHEMA IF NOT EXISTS registry").await?;
    let mut runner = embedded::migrations::runner();
    runner.set_migration_table_name("registry.migration");
    let migrated = runner.run_async(client).await.map(drop);
    client.execute("SELECT pg_advisory_unlock($1)", &[&LOCK]).await?;
    Ok(migrated?)
}
