//! The tables beside the log: people, credentials, secrets, policies' checkpoints, portal hosts, what proves history. Schema `ops`.

pub mod credential;
pub mod followed_log;
pub mod master_key;
pub mod person;
pub mod portal_host;
pub mod proof_key;
pub mod secret;
pub mod signed_root;
pub mod tree;

use std::time::Duration;

use deadpool_postgres::Pool;
use distr_postgres::Address;

/// All go by an index, and somebody waits for each.
const STATEMENT: Duration = Duration::from_secs(15);

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Brings the schema to this program's version; forward only, one hub at a time.
pub async fn migrate(database: &Address) -> anyhow::Result<()> {
    let mut client = database.connect().await?;
    client.batch_execute("SELECT pg_advisory_lock(hashtext('distr operations'))").await?;
    // where the first version kept it
    client
        .batch_execute(
            "CREATE SCHEMA IF NOT EXISTS ops;
             DO $$ BEGIN
                 IF to_regclass('public.distr_migration') IS NOT NULL AND to_regclass('ops.migration') IS NULL THEN
                     ALTER TABLE public.distr_migration RENAME TO migration;
                     ALTER TABLE public.migration SET SCHEMA ops;
                 END IF;
             END $$",
        )
        .await?;
    // the lock goes with the connection
    embedded::migrations::runner().set_migration_table_name("ops.migration").run_async(&mut client).await?;
    Ok(())
}

pub fn pool(database: &Address, size: usize) -> Pool {
    let database = database.with(|config| {
        // the read models are joined where a credential is checked
        config.options("-c search_path=ops,read -c jit=off");
        config.application_name("distr-hub operations");
    });
    database.limited(STATEMENT).pool(size)
}
