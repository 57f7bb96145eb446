//! Where the read models are. All SQL names tables without a schema and finds them by the connection's search path, so
//! that the same projections fill the live edition and, for a rebuild, one beside it. A change of shape is a new
//! edition, never an ALTER: when `SHAPE` is higher than what the live one was made with, the hub rebuilds it.

use std::time::Duration;

use deadpool_postgres::Pool;
use distr_postgres::Address;
use tokio_postgres::Client;

use crate::error::ProjectionError;

/// Counts the shapes of the read models. Raise it with any change of a table or of what a projection writes.
pub(crate) const SHAPE: i32 = 31;

/// The read models, their views as of a position of the log, and the analysts' views of them, each in a schema of its own.
/// Views hold on to the tables that they were made over, so all are made, renamed and dropped together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edition {
    pub(crate) tables: &'static str,
    pub(crate) as_of: &'static str,
    pub(crate) views: &'static str,
}

pub(crate) const LIVE: Edition = Edition { tables: LIVE_SCHEMA, as_of: LIVE_AS_OF, views: "analytics" };
pub(crate) const NEXT: Edition = Edition { tables: "read_next", as_of: "as_of_next", views: "analytics_next" };
pub(crate) const OLD: Edition = Edition { tables: "read_old", as_of: "as_of_old", views: "analytics_old" };

pub const LIVE_SCHEMA: &str = "read";
const LIVE_AS_OF: &str = "as_of";

/// Of a question, or of a page that is applied.
const STATEMENT: Duration = Duration::from_secs(15);

const TABLES: &[&str] = &[
    include_str!("schema/checkpoint.sql"),
    include_str!("schema/organization.sql"),
    include_str!("schema/catalog.sql"),
    include_str!("artifact.sql"),
    ENTITLED,
    include_str!("entitlement.sql"),
    include_str!("repository.sql"),
    include_str!("access.sql"),
    include_str!("consequence.sql"),
    include_str!("schema/license.sql"),
    include_str!("schema/fleet.sql"),
    include_str!("schema/rollout.sql"),
    include_str!("schema/past.sql"),
];

/// Views that questions ask; over the tables, and over these as of a position.
const ENTITLED: &str = include_str!("schema/entitled.sql");

/// The tables as of a position.
const AS_OF: &[&str] = &[include_str!("schema/as_of.sql"), ENTITLED];

/// What analysts see of them, and who they are.
const VIEWS: &[&str] = &[
    include_str!("schema/analytics/fleet.sql"),
    include_str!("schema/analytics/licenses.sql"),
    include_str!("schema/analytics/rollouts.sql"),
    include_str!("schema/analytics/role.sql"),
];

/// What the live edition was made with, against this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveShape {
    Current,
    /// by an older program: `reshape` it before it is used
    Older,
    /// by a newer program, which may be running
    Newer {
        live: i32,
        own: i32,
    },
}

/// Makes the live edition if there is none.
pub async fn prepare_live(client: &mut Client) -> Result<LiveShape, ProjectionError> {
    let transaction = client.transaction().await?;
    // two hubs may start at once
    transaction.execute("SELECT pg_advisory_xact_lock(hashtext('distr read models'))", &[]).await?;
    let shape = match shape_of(transaction.client(), &LIVE).await? {
        Some(shape) => shape,
        None => {
            create(&transaction, &LIVE).await?;
            SHAPE
        }
    };
    transaction.commit().await?;
    Ok(match shape {
        SHAPE => LiveShape::Current,
        live if live > SHAPE => LiveShape::Newer { live, own: SHAPE },
        _ => LiveShape::Older,
    })
}

/// None if there is no such edition.
pub(crate) async fn shape_of(client: &Client, edition: &Edition) -> Result<Option<i32>, ProjectionError> {
    let table = format!("{}.shape", edition.tables);
    let exists: bool = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?.get(0);
    match exists {
        true => Ok(Some(client.query_one(&format!("SELECT shape FROM {table}"), &[]).await?.get(0))),
        false => Ok(None),
    }
}

/// Makes an empty edition. Within a transaction, so that one that is there is whole.
pub(crate) async fn create(
    transaction: &tokio_postgres::Transaction<'_>,
    edition: &Edition,
) -> Result<(), ProjectionError> {
    let Edition { tables, as_of, views } = edition;
    transaction
        .batch(&format!(
            "CREATE SCHEMA {tables}; CREATE SCHEMA {as_of}; CREATE SCHEMA {views}; SET LOCAL search_path = {tables};"
        ))
        .await?;
    for script in TABLES {
        transaction.batch(script).await?;
    }
    transaction.batch(&format!("SET LOCAL search_path = {as_of}, {tables};")).await?;
    for script in AS_OF {
        transaction.batch(script).await?;
    }
    transaction
        .batch(&format!(
            "CREATE TABLE {tables}.shape (shape integer NOT NULL); INSERT INTO {tables}.shape VALUES ({SHAPE});"
        ))
        .await?;
    transaction.batch(&format!("SET LOCAL search_path = {views}, {tables};")).await?;
    for script in VIEWS {
        transaction.batch(script).await?;
    }
    Ok(())
}

/// Takes the indexes away that only queries need, and notes them: a table without them is filled several times as quickly.
pub(crate) async fn defer_indexes(
    transaction: &tokio_postgres::Transaction<'_>,
    edition: &Edition,
) -> Result<(), ProjectionError> {
    let tables = edition.tables;
    transaction
        .batch(&format!(
            "CREATE TABLE {tables}.deferred_index AS
             SELECT indexdef AS definition FROM pg_indexes
             WHERE schemaname = '{tables}'
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = format('%I.%I', schemaname, indexname)::regclass);
             DO $$
             DECLARE
                 deferred text;
             BEGIN
                 FOR deferred IN
                     SELECT format('%I.%I', schemaname, indexname) FROM pg_indexes
                     WHERE schemaname = '{tables}'
                       AND indexdef IN (SELECT definition FROM {tables}.deferred_index)
                 LOOP
                     EXECUTE 'DROP INDEX ' || deferred;
                 END LOOP;
             END
             $$"
        ))
        .await?;
    Ok(())
}

/// Makes them, unless that was done, and tells the planner roughly what the tables are like. (Autovacuum looks closer.)
pub(crate) async fn make_deferred_indexes(client: &mut Client, edition: &Edition) -> Result<(), ProjectionError> {
    let table = format!("{}.deferred_index", edition.tables);
    let transaction = client.transaction().await?;
    let exists: bool = transaction.query_one("SELECT to_regclass($1) IS NOT NULL", &[&table]).await?.get(0);
    if !exists {
        return Ok(());
    }
    transaction.batch("SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL default_statistics_target = 10;").await?;
    for row in transaction.query(&format!("SELECT definition FROM {table}"), &[]).await? {
        transaction.batch(row.get(0)).await?;
    }
    transaction.batch(&format!("DROP TABLE {table}")).await?;
    let tables = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = $1";
    for row in transaction.query(tables, &[&edition.tables]).await? {
        transaction.batch(&format!("ANALYZE {}", row.get::<_, &str>(0))).await?;
    }
    Ok(transaction.commit().await?)
}

impl Edition {
    /// From now on the connection's statements find these tables.
    pub(crate) async fn look_into(&self, client: &Client) -> Result<(), ProjectionError> {
        Ok(client.batch(&format!("SET search_path = {}", self.tables)).await?)
    }

    pub(crate) async fn discard(&self, client: &impl Batch) -> Result<(), ProjectionError> {
        let Self { tables, as_of, views } = self;
        let drop = [views, as_of, tables].map(|schema| format!("DROP SCHEMA IF EXISTS {schema} CASCADE;"));
        Ok(client.batch(&drop.concat()).await?)
    }
}

/// A connection for one job.
pub(crate) async fn connect(database: &Address) -> Result<Client, ProjectionError> {
    let database = database.with(|config| {
        config.options("-c jit=off -c timezone=UTC -c client_min_messages=warning");
        config.application_name("distr-hub rebuild");
    });
    Ok(database.connect().await?)
}

/// A pool whose connections look into the live schema, for those who wait for an answer.
pub fn read_pool(database: &Address, size: usize) -> Pool {
    live(database, "distr-hub read models").limited(STATEMENT).pool(size)
}

/// As `read_pool`, of connections that look at the read models as of a position: `past::look_at` says which.
pub fn past_pool(database: &Address, size: usize) -> Pool {
    looking(database, "distr-hub past", &format!("{LIVE_AS_OF},{LIVE_SCHEMA}")).limited(STATEMENT).pool(size)
}

/// As `read_pool`, for jobs whose statements may take hours.
pub fn job_pool(database: &Address, size: usize) -> Pool {
    live(database, "distr-hub jobs").pool(size)
}

fn live(database: &Address, name: &str) -> Address {
    looking(database, name, LIVE_SCHEMA)
}

fn looking(database: &Address, name: &str, schemas: &str) -> Address {
    database.with(|config| {
        config.options(format!("-c search_path={schemas} -c jit=off -c timezone=UTC"));
        config.application_name(name);
    })
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
