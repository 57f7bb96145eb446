//! The tables beside the log: people, credentials, secrets, policies' checkpoints. Schema `ops`.

pub mod credential;
pub mod person;
pub mod secret;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::{Config, NoTls};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Brings the schema to this program's version; forward only, one hub at a time.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    let (mut client, connection) = config.connect(NoTls).await?;
    let connection = tokio::spawn(connection);
    client.batch_execute("SELECT pg_advisory_lock(hashtext('distr operations'))").await?;
    embedded::migrations::runner().set_migration_table_name("distr_migration").run_async(&mut client).await?;
    drop(client);
    connection.await??;
    Ok(())
}

pub fn pool(config: &Config, size: usize) -> Pool {
    let mut config = config.clone();
    // the read models are joined where a credential is checked
    config.options("-c search_path=ops,read -c jit=off");
    config.application_name("distr-hub operations");
    let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager)
        .max_size(size)
        .runtime(deadpool_postgres::Runtime::Tokio1)
        .build()
        .expect("a pool with a runtime is complete")
}
