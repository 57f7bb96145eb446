//! The statements of a read model's table. Rows cross as JSON, so a row type and its table need no mapping beside serde's.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::projection::Projection;

#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) is_json: bool,
}

impl Column {
    /// The last column of a table of what rows were.
    pub(crate) fn until() -> Self {
        Self { name: "until".to_owned(), is_json: false }
    }
}

/// The statements of one table, in the schema that the connection's search path names first.
pub(crate) struct Statements<P> {
    pub(crate) columns: Arc<[Column]>,
    pub(crate) delete: String,
    pub(crate) load: String,
    pub(crate) store: String,
    pub(crate) store_past: String,
    projection: PhantomData<P>,
}

impl<P> Clone for Statements<P> {
    fn clone(&self) -> Self {
        Self {
            columns: self.columns.clone(),
            delete: self.delete.clone(),
            load: self.load.clone(),
            store: self.store.clone(),
            store_past: self.store_past.clone(),
            projection: PhantomData,
        }
    }
}

impl<P: Projection> Statements<P> {
    /// For the columns that the table has in this database.
    pub(crate) async fn read(client: &Client) -> Result<Self, ProjectionError> {
        let columns = client
            .query(
                "SELECT attname::text, atttypid = 'jsonb'::regtype FROM pg_attribute
             WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped
             ORDER BY attnum",
                &[&P::TABLE],
            )
            .await?;
        let columns: Arc<[Column]> =
            columns.iter().map(|row| Column { name: row.get(0), is_json: row.get(1) }).collect();
        let table = P::TABLE;
        Ok(Self {
            // as text: quicker to make and to read than jsonb, which is read twice
            load: format!("SELECT id, to_json(t)::text FROM {table} t WHERE id = ANY($1)"),
            store: upsert::<P>(&columns, &format!("jsonb_populate_recordset(NULL::{table}, $1)")),
            // its columns are those of the table, and the last one
            store_past: format!(
                "INSERT INTO {table}_past SELECT * FROM jsonb_populate_recordset(NULL::{table}_past, $1)"
            ),
            delete: format!("DELETE FROM {table} WHERE id = ANY($1)"),
            columns,
            projection: PhantomData,
        })
    }

    pub(crate) async fn load(&self, client: &Client, keys: &[Uuid]) -> Result<Vec<(Uuid, P::Row)>, ProjectionError> {
        let statement = client.prepare(&self.load).await?;
        let rows = client.query(&statement, &[&keys]).await?;
        let rows = rows.iter().map(|row| Ok((row.get(0), serde_json::from_str(row.get(1))?)));
        rows.collect::<Result<_, _>>().map_err(|source| ProjectionError::Row { table: P::TABLE, source })
    }

    /// Inserts or replaces, or where rows never change inserts what is new, by the rows of a table of the same columns.
    pub(crate) fn merge_from(&self, table: &str) -> String {
        upsert::<P>(&self.columns, table)
    }
}

fn upsert<P: Projection>(columns: &[Column], from: &str) -> String {
    let rest = columns.iter().map(|column| &column.name).filter(|name| *name != "id");
    let assignments: Vec<String> = rest.map(|column| format!("{column} = excluded.{column}")).collect();
    let (table, assignments) = (P::TABLE, assignments.join(", "));
    let again = if P::APPEND_ONLY { "NOTHING".to_owned() } else { format!("UPDATE SET {assignments}") };
    format!("INSERT INTO {table} SELECT * FROM {from} ON CONFLICT (id) DO {again}")
}

/// As JSON that Postgres takes: the one character that its texts cannot hold becomes U+FFFD. The edges refuse it; an event
/// that has it all the same must not stop the read models.
pub(crate) fn storable(rows: &impl Serialize) -> Result<Box<RawValue>, serde_json::Error> {
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
