//! Fills one table of a new edition. Nobody else writes it, so its rows stay in memory from batch to batch: a row is
//! loaded only where it may have been stored and let go since, and is stored once for many entries.

mod change;
mod copy;

use std::collections::HashSet;

use async_trait::async_trait;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::projection::{DecodedEntry, Projection, Rows, Unsaved};
use crate::statements::{Column, Statements};
use change::{Gathered, Lines};

pub(crate) use change::Change;

/// Rows of one table that stay in memory after they were stored.
const KEPT: usize = 50_000;

/// A table that is being filled, whose row type is forgotten.
#[async_trait]
pub(crate) trait Fill: Send {
    /// Whether rows that a batch touches may be in the table alone.
    fn must_load(&self) -> bool;

    /// Loads those, of this batch.
    async fn load(&mut self, client: &Client, batch: &[DecodedEntry]) -> Result<(), ProjectionError>;

    /// Folds the entries into rows in memory.
    fn fold(&mut self, batch: &[DecodedEntry]);

    /// What changed since the last time. It counts as stored from now on.
    fn take(&mut self) -> Result<Change, ProjectionError>;

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

    /// What is in memory is kept as far as there is room.
    fn settle(&mut self) {
        if P::APPEND_ONLY {
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
    fn must_load(&self) -> bool {
        !self.knows_all && !P::APPEND_ONLY
    }

    async fn load(&mut self, client: &Client, batch: &[DecodedEntry]) -> Result<(), ProjectionError> {
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

    fn fold(&mut self, batch: &[DecodedEntry]) {
        for entry in batch {
            self.rows.fold::<P>(entry);
        }
    }

    fn take(&mut self) -> Result<Change, ProjectionError> {
        let columns = self.statements.columns.clone();
        let (mut new, mut changed) = (Lines::new(&columns), Lines::new(&columns));
        for (row, is_stored) in self.rows.changed() {
            let lines = if is_stored { &mut changed } else { &mut new };
            lines.add(row).map_err(|source| ProjectionError::Row { table: P::TABLE, source })?;
        }
        let past_columns: Vec<Column> = columns.iter().cloned().chain([Column::until()]).collect();
        let mut past = Lines::new(&past_columns);
        for row in self.rows.take_past() {
            past.add(&row).map_err(|source| ProjectionError::Row { table: P::TABLE, source })?;
        }
        let removed = self.rows.removed();
        self.settle();
        Ok(Change::new(&self.statements, Gathered { new, changed, past, removed }))
    }

    fn unsaved(&self) -> Unsaved {
        self.rows.unsaved()
    }
}
