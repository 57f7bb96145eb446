//! What of one table is to be stored. New rows go in by `COPY`, changed ones over a temporary table.

use bytes::Bytes;
use futures_util::{SinkExt, stream};
use serde::Serialize;
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;
use uuid::Uuid;

use super::copy;
use crate::error::ProjectionError;
use crate::projection::Projection;
use crate::statements::{Column, Statements};

/// Bytes of lines that are sent at once.
const CHUNK: usize = 1024 * 1024;

/// Rows as `COPY` takes them.
pub(super) struct Lines<'a> {
    columns: &'a [Column],
    full: Vec<Bytes>,
    last: Vec<u8>,
}

pub(crate) struct Change {
    table: &'static str,
    /// their names
    columns: String,
    merging: String,
    merge: String,
    delete: String,
    new: Vec<Bytes>,
    changed: Vec<Bytes>,
    /// what rows were
    past: Vec<Bytes>,
    removed: Vec<Uuid>,
}

/// The rows of a change.
pub(super) struct Gathered<'a> {
    pub(super) new: Lines<'a>,
    pub(super) changed: Lines<'a>,
    pub(super) past: Lines<'a>,
    pub(super) removed: Vec<Uuid>,
}

impl<'a> Lines<'a> {
    pub(super) fn new(columns: &'a [Column]) -> Self {
        Self { columns, full: vec![], last: vec![] }
    }

    pub(super) fn add(&mut self, row: &impl Serialize) -> Result<(), serde_json::Error> {
        copy::put(&mut self.last, self.columns, row)?;
        if self.last.len() >= CHUNK {
            self.full.push(std::mem::take(&mut self.last).into());
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<Bytes> {
        if !self.last.is_empty() {
            self.full.push(self.last.into());
        }
        self.full
    }
}

impl Change {
    pub(super) fn new<P: Projection>(statements: &Statements<P>, gathered: Gathered<'_>) -> Self {
        let Gathered { new, changed, past, removed } = gathered;
        let columns: Vec<&str> = statements.columns.iter().map(|column| column.name.as_str()).collect();
        let merging = format!("pg_temp.merging_{}", P::TABLE);
        Self {
            table: P::TABLE,
            columns: columns.join(", "),
            merge: statements.merge_from(&merging),
            merging,
            delete: statements.delete.clone(),
            new: new.finish(),
            changed: changed.finish(),
            past: past.finish(),
            removed,
        }
    }

    pub(crate) async fn store(&self, transaction: &mut Transaction<'_>) -> Result<(), ProjectionError> {
        if !self.new.is_empty() {
            self.insert(transaction).await?;
        }
        if !self.changed.is_empty() {
            self.merge(transaction, &self.changed).await?;
        }
        if !self.past.is_empty() {
            let (table, columns) = (format!("{}_past", self.table), format!("{}, until", self.columns));
            self.copy(transaction, &table, &columns, &self.past).await?;
        }
        if !self.removed.is_empty() {
            transaction.execute(&self.delete, &[&self.removed]).await?;
        }
        Ok(())
    }

    /// Rows that the table does not have, as far as is known.
    async fn insert(&self, transaction: &mut Transaction<'_>) -> Result<(), ProjectionError> {
        let attempt = transaction.transaction().await?;
        match self.copy(&attempt, self.table, &self.columns, &self.new).await {
            Ok(()) => Ok(attempt.commit().await?),
            // made by an entry that was appended twice
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                attempt.rollback().await?;
                self.merge(transaction, &self.new).await
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn merge(&self, transaction: &Transaction<'_>, lines: &[Bytes]) -> Result<(), ProjectionError> {
        let Self { table, merging, .. } = self;
        transaction.batch_execute(&format!("CREATE TEMP TABLE IF NOT EXISTS merging_{table} (LIKE {table})")).await?;
        self.copy(transaction, merging, &self.columns, lines).await?;
        transaction.batch_execute(&self.merge).await?;
        Ok(transaction.batch_execute(&format!("TRUNCATE {merging}")).await?)
    }

    async fn copy(
        &self,
        transaction: &Transaction<'_>,
        table: &str,
        columns: &str,
        lines: &[Bytes],
    ) -> Result<(), tokio_postgres::Error> {
        let sink = transaction.copy_in(&format!("COPY {table} ({columns}) FROM STDIN")).await?;
        let mut sink = std::pin::pin!(sink);
        sink.send_all(&mut stream::iter(lines.iter().cloned().map(Ok))).await?;
        sink.finish().await?;
        Ok(())
    }
}
