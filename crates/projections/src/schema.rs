//! Where the read models are. All SQL names tables without a schema and finds them by the connection's search path, so
//! that the same projections fill the live schema and, for a rebuild, one beside it. A change of shape is a new
//! generation, never an ALTER: when `SHAPE` differs from what the live schema was made with, the hub rebuilds it.

use deadpool_postgres::Pool;
use distr_postgres::Address;
use tokio_postgres::Client;

use crate::error::ProjectionError;

pub const LIVE_SCHEMA: &str = "read";
/// Counts the shapes of the read models. Raise it with any change of a table or of what a projection writes.
const SHAPE: i32 = 2;

const TABLES: &[&str] = &[
    include_str!("schema/checkpoint.sql"),
    include_str!("schema/organization.sql"),
    include_str!("schema/catalog.sql"),
    include_str!("artifact.sql"),
    include_str!("schema/license.sql"),
    include_str!("schema/fleet.sql"),
];

/// Makes the live schema if there is none. Says whether it has another shape than this program's, and so must be rebuilt
/// before it is used.
pub async fn prepare_live(client: &mut Client) -> Result<bool, ProjectionError> {
    let transaction = client.transaction().await?;
    // two hubs may start at once
    transaction.execute("SELECT pg_advisory_xact_lock(hashtext('distr read models'))", &[]).await?;
    let exists =
        transaction.query_opt("SELECT 1 FROM pg_namespace WHERE nspname = $1", &[&LIVE_SCHEMA]).await?.is_some();
    if !exists {
        create(&transaction, LIVE_SCHEMA).await?;
    }
    let shape: i32 = transaction.query_one(&format!("SELECT shape FROM {LIVE_SCHEMA}.shape"), &[]).await?.get(0);
    transaction.commit().await?;
    Ok(shape != SHAPE)
}

/// Makes an empty generation in a schema of this name. Leaves the connection looking into it.
pub(crate) async fn create(client: &impl Batch, schema: &str) -> Result<(), ProjectionError> {
    client.batch(&format!("CREATE SCHEMA {schema}; SET search_path = {schema};")).await?;
    for tables in TABLES {
        client.batch(tables).await?;
    }
    client.batch(&format!("CREATE TABLE shape (shape integer NOT NULL); INSERT INTO shape VALUES ({SHAPE});")).await?;
    Ok(())
}

/// A pool whose connections look into the live schema.
pub fn read_pool(database: &Address, size: usize) -> Pool {
    let database = database.with(|config| {
        config.options(format!("-c search_path={LIVE_SCHEMA} -c jit=off"));
        config.application_name("distr-hub read models");
    });
    database.pool(size)
}

/// What can run a script: a client or a transaction.
pub(crate) trait Batch {
    fn batch(&self, sql: &str) -> impl Future<Output = Result<(), tokio_postgres::Error>> + Send;
}

impl Batch for Client {
    async fn batch(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.batch_execute(sql).await
    }
}

impl Batch for tokio_postgres::Transaction<'_> {
    async fn batch(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.batch_execute(sql).await
    }
}
