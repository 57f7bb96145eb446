//! One projection over one batch: load the rows that the batch touches, fold in memory, store what changed and what
//! it was. A few statements however many entries.

use async_trait::async_trait;
use serde::Serialize;
use tokio_postgres::{Client, Transaction, types::Json};
use uuid::Uuid;

use crate::error::ProjectionError;
use crate::fill::{Fill, Filling};
use crate::projection::{DecodedEntry, Projection, Rows};
use crate::statements::{Statements, storable};

/// Many small JSON documents are quicker for the database to take apart than a large one.
const STORED_AT_ONCE: usize = 1_000;

/// A projection whose row type is forgotten, so that a group can hold several.
#[async_trait]
pub(crate) trait Table: Send + Sync {
    /// Its own, and that of what its rows were, if this is kept.
    fn names(&self) -> Vec<String>;

    async fn apply(&self, transaction: &Transaction<'_>, batch: &[DecodedEntry]) -> Result<(), ProjectionError>;

    /// What fills the table of a new edition; `is_empty`: nothing is in it yet.
    fn fill(&self, is_empty: bool) -> Box<dyn Fill>;
}

pub(crate) async fn table<P: Projection>(client: &Client) -> Result<Box<dyn Table>, ProjectionError> {
    Ok(Box::new(Statements::<P>::read(client).await?))
}

async fn store<P: Projection>(
    transaction: &Transaction<'_>,
    statement: &str,
    rows: &[impl Serialize],
) -> Result<(), ProjectionError> {
    if rows.is_empty() {
        return Ok(());
    }
    let statement = transaction.prepare(statement).await?;
    for rows in rows.chunks(STORED_AT_ONCE) {
        let rows = storable(&rows).map_err(|source| ProjectionError::Row { table: P::TABLE, source })?;
        transaction.execute(&statement, &[&Json(rows)]).await?;
    }
    Ok(())
}

#[async_trait]
impl<P: Projection> Table for Statements<P> {
    fn names(&self) -> Vec<String> {
        let past = P::SINCE.map(|_| format!("{}_past", P::TABLE));
        [P::TABLE.to_owned()].into_iter().chain(past).collect()
    }

    async fn apply(&self, transaction: &Transaction<'_>, batch: &[DecodedEntry]) -> Result<(), ProjectionError> {
        let mut keys: Vec<Uuid> = batch.iter().flat_map(P::keys).collect();
        if keys.is_empty() {
            return Ok(());
        }
        keys.sort_unstable();
        keys.dedup();
        let mut rows = Rows::default();
        for (key, row) in self.load(transaction.client(), &keys).await? {
            rows.load(key, row);
        }
        rows.note_all(&keys);
        for entry in batch {
            rows.fold::<P>(entry);
        }
        let past = rows.take_past();
        store::<P>(transaction, &self.store_past, &past).await?;
        let changed: Vec<&P::Row> = rows.changed().map(|(row, _)| row).collect();
        store::<P>(transaction, &self.store, &changed).await?;
        let removed = rows.removed();
        if !removed.is_empty() {
            transaction.execute(&self.delete, &[&removed]).await?;
        }
        Ok(())
    }

    fn fill(&self, is_empty: bool) -> Box<dyn Fill> {
        Box::new(Filling::new(self.clone(), is_empty))
    }
}
