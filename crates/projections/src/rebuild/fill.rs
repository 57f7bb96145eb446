//! Fills one table of a new generation. Nobody else writes it, so its rows stay in memory from batch to batch: a row is
//! loaded only where it may have been stored and let go since, and is stored once for many entries. New rows go in by
//! `COPY`, changed ones over a temporary table.

use std::collections::HashSet;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::SinkExt;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Transaction};
use uuid::Uuid;

use super::copy;
use crate::error::ProjectionError;
use crate::projection::{Projection, Rows, Seen, Unsaved};
use crate::table::Statements;

/// Rows of one table that stay in memory after they were stored.
const KEPT: usize = 50_000;
/// Bytes of lines that are sent at once.
const CHUNK: usize = 256 * 1024;

/// A table that is being filled, whose row type is forgotten.
#[async_trait]
pub(crate) trait Fill: Send {
    /// Folds the entries into rows in memory.
    async fn fold(&mut self, client: &Client, batch: &[Seen]) -> Result<(), ProjectionError>;

    /// Stores what changed since the last time.
    async fn store(&mut self, transaction: &mut Transaction<'_>) -> Result<(), ProjectionError>;

    fn unsaved(&self) -> Unsaved;
}

pub(crate) struct Filling<P: Projection> {
    statements: Statements<P>,
    rows: Rows<P::Row>,
    /// a row that is not in memory is not in the table
    knows_all: bool,
}

impl<P: Projection> Filling<P> {
    pub(crate) fn new(statements: Statements<P>, is_empty: bool) -> Self {
        Self { statements, rows: Rows::default(), knows_all: is_empty }
    }

    async fn load(&mut self, client: &Client, batch: &[Seen]) -> Result<(), ProjectionError> {
        let keys = batch.iter().flat_map(P::keys).filter(|key| !self.rows.knows(*key));
        let keys: Vec<Uuid> = keys.collect::<HashSet<_>>().into_iter().collect();
        if keys.is_empty() {
            return Ok(());
        }
        keys.iter().for_each(|key| self.rows.note_absent(*key));
        for (key, row) in self.statements.load(client, &keys).await? {
            self.rows.load(key, row);
        }
        Ok(())
    }

    /// Rows that the table does not have, as far as is known.
    async fn insert(&self, transaction: &mut Transaction<'_>, rows: &[&P::Row]) -> Result<(), ProjectionError> {
        let attempt = transaction.transaction().await?;
        match self.copy(&attempt, P::TABLE, rows).await {
            Ok(()) => Ok(attempt.commit().await?),
            // made by an entry that was appended twice
            Err(ProjectionError::Database(error)) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                attempt.rollback().await?;
                self.merge(transaction, rows).await
            }
            Err(error) => Err(error),
        }
    }

    async fn merge(&self, transaction: &Transaction<'_>, rows: &[&P::Row]) -> Result<(), ProjectionError> {
        let (table, merging) = (P::TABLE, format!("pg_temp.merging_{}", P::TABLE));
        transaction.batch_execute(&format!("CREATE TEMP TABLE IF NOT EXISTS merging_{table} (LIKE {table})")).await?;
        self.copy(transaction, &merging, rows).await?;
        transaction.batch_execute(&self.statements.merge_from(&merging)).await?;
        Ok(transaction.batch_execute(&format!("TRUNCATE {merging}")).await?)
    }

    async fn copy(&self, transaction: &Transaction<'_>, table: &str, rows: &[&P::Row]) -> Result<(), ProjectionError> {
        let columns = &self.statements.columns;
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        let sink = transaction.copy_in(&format!("COPY {table} ({}) FROM STDIN", names.join(", "))).await?;
        let mut sink = std::pin::pin!(sink);
        let mut lines = Vec::with_capacity(2 * CHUNK);
        for row in rows {
            copy::put(&mut lines, columns, row).map_err(|source| ProjectionError::Row { table: P::TABLE, source })?;
            if lines.len() >= CHUNK {
                let chunk = std::mem::replace(&mut lines, Vec::with_capacity(2 * CHUNK));
                sink.send(Bytes::from(chunk)).await?;
            }
        }
        sink.send(Bytes::from(lines)).await?;
        sink.finish().await?;
        Ok(())
    }

    /// What is in memory is in the table, too; it is kept as far as there is room.
    fn settle(&mut self) {
        if P::MADE_ONCE {
            self.rows = Rows::default();
            return;
        }
        if self.rows.len() > KEPT {
            // what did not change of late is the least likely to change
            self.rows.forget_unchanged();
            self.knows_all = false;
        }
        if self.rows.len() > KEPT {
            self.rows = Rows::default();
        }
        self.rows.note_saved();
    }
}

#[async_trait]
impl<P: Projection> Fill for Filling<P> {
    async fn fold(&mut self, client: &Client, batch: &[Seen]) -> Result<(), ProjectionError> {
        if !self.knows_all && !P::MADE_ONCE {
            self.load(client, batch).await?;
        }
        for entry in batch {
            P::apply(&mut self.rows, entry);
        }
        Ok(())
    }

    async fn store(&mut self, transaction: &mut Transaction<'_>) -> Result<(), ProjectionError> {
        let (mut new, mut changed) = (vec![], vec![]);
        for (row, is_stored) in self.rows.changed() {
            match is_stored {
                true => changed.push(row),
                false => new.push(row),
            }
        }
        if !new.is_empty() {
            self.insert(transaction, &new).await?;
        }
        if !changed.is_empty() {
            self.merge(transaction, &changed).await?;
        }
        let removed = self.rows.removed();
        if !removed.is_empty() {
            transaction.execute(&self.statements.delete, &[&removed]).await?;
        }
        self.settle();
        Ok(())
    }

    fn unsaved(&self) -> Unsaved {
        self.rows.unsaved()
    }
}
