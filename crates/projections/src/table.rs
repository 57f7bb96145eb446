//! One projection over one batch: load the rows that the batch touches, fold in memory, store what changed. Three
//! statements however many entries. Rows cross as JSON, so a row type and its table need no mapping beside serde's.

use std::marker::PhantomData;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio_postgres::{Client, Transaction, types::Json};
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::projection::{Projection, Rows, Seen};

/// Many small JSON documents are quicker for the database to take apart than a large one.
const STORED_AT_ONCE: usize = 1_000;

/// A projection whose row type is forgotten, so that a group can hold several.
#[async_trait]
pub(crate) trait Table: Send + Sync {
    fn name(&self) -> &'static str;

    async fn apply(&self, transaction: &Transaction<'_>, batch: &[Seen]) -> Result<(), ProjectionError>;
}

/// The statements of one table, in the schema that the connection's search path names first.
struct Statements<P> {
    load: String,
    store: String,
    delete: String,
    projection: PhantomData<P>,
}

pub(crate) async fn table<P: Projection>(client: &Client) -> Result<Box<dyn Table>, ProjectionError> {
    let columns = client
        .query(
            "SELECT attname::text FROM pg_attribute
             WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'id'
             ORDER BY attnum",
            &[&P::TABLE],
        )
        .await?;
    let assignments: Vec<String> = columns
        .iter()
        .map(|row| row.get::<_, String>(0))
        .map(|column| format!("{column} = excluded.{column}"))
        .collect();
    let table = P::TABLE;
    Ok(Box::new(Statements::<P> {
        // as text: quicker to make and to read than jsonb, which is read twice
        load: format!("SELECT id, to_json(t)::text FROM {table} t WHERE id = ANY($1)"),
        store: format!(
            "INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)
             ON CONFLICT (id) DO UPDATE SET {}",
            assignments.join(", ")
        ),
        delete: format!("DELETE FROM {table} WHERE id = ANY($1)"),
        projection: PhantomData,
    }))
}

impl<P: Projection> Statements<P> {
    async fn load(&self, transaction: &Transaction<'_>, keys: &[Uuid]) -> Result<Rows<P::Row>, ProjectionError> {
        let mut rows = Rows::default();
        let statement = transaction.prepare(&self.load).await?;
        for row in transaction.query(&statement, &[&keys]).await? {
            let loaded =
                serde_json::from_str(row.get(1)).map_err(|source| ProjectionError::Row { table: P::TABLE, source })?;
            rows.load(row.get(0), loaded);
        }
        Ok(rows)
    }
}

#[async_trait]
impl<P: Projection> Table for Statements<P> {
    fn name(&self) -> &'static str {
        P::TABLE
    }

    async fn apply(&self, transaction: &Transaction<'_>, batch: &[Seen]) -> Result<(), ProjectionError> {
        let mut keys: Vec<Uuid> = batch.iter().flat_map(P::keys).collect();
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        let mut rows = self.load(transaction, &keys).await?;
        for entry in batch {
            P::apply(&mut rows, entry);
        }
        let changed: Vec<&P::Row> = rows.changed().collect();
        if !changed.is_empty() {
            let statement = transaction.prepare(&self.store).await?;
            for rows in changed.chunks(STORED_AT_ONCE) {
                let rows = storable(&rows).map_err(|source| ProjectionError::Row { table: P::TABLE, source })?;
                transaction.execute(&statement, &[&Json(rows)]).await?;
            }
        }
        let removed = rows.removed();
        if !removed.is_empty() {
            transaction.execute(&self.delete, &[&removed]).await?;
        }
        Ok(())
    }
}

/// As JSON that Postgres takes: the one character that its texts cannot hold becomes U+FFFD. The edges refuse it; an event
/// that has it all the same must not stop the read models.
fn storable(rows: &impl Serialize) -> Result<Box<RawValue>, serde_json::Error> {
    let json = serde_json::to_string(rows)?;
    RawValue::from_string(match json.contains("\\u0000") {
        true => json.replace("\\u0000", "\\ufffd"),
        false => json,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_postgres_cannot_hold_is_stored_all_the_same() {
        assert_eq!(storable(&["a\0b", "plain \\ text"]).unwrap().get(), r#"["a\ufffdb","plain \\ text"]"#);
    }
}
