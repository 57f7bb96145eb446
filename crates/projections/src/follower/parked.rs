//! Dead letters: entries that a follower passes by, in `ops.parked`, which no rebuild touches. Telemetry that cannot be read or
//! applied is parked by the leader itself. A fact stops its follower, until an operator parks it.
//!
//! Read models are folded in the log's order, so a projection takes such an entry only in a rebuild, once it is no longer
//! parked. A policy may take one late: it asks what holds now, so that it does not matter what came since.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::fault::causes;
use distr_eventlog::Position;
use tokio_postgres::Client;

use super::checkpoint::{Checkpoint, Kind};
use super::halt::{BadEntry, Halt};

/// What each follower passes by.
#[derive(Debug, Default)]
pub(crate) struct Parked(BTreeMap<String, BTreeSet<Position>>);

impl Parked {
    pub(crate) async fn of_all(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let mut parked = Self::default();
        for row in client.query("SELECT follower, position FROM ops.parked", &[]).await? {
            parked.0.entry(row.get(0)).or_default().insert(position_of(&row, 1));
        }
        Ok(parked)
    }

    pub(crate) fn has(&self, follower: &str, position: Position) -> bool {
        self.0.get(follower).is_some_and(|positions| positions.contains(&position))
    }
}

/// Parks an entry, unless it is.
pub(crate) async fn park(client: &Client, follower: &str, bad: &BadEntry) -> Result<(), tokio_postgres::Error> {
    let (position, reason) = (bad.position.number() as i64, causes(bad));
    let sql = "INSERT INTO ops.parked (follower, position, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    client.execute(sql, &[&follower, &position, &reason]).await?;
    Ok(())
}

impl Checkpoint {
    /// What this follower passes by from here on.
    pub(super) async fn parked_after(&self, position: Position) -> Result<BTreeSet<Position>, Halt> {
        let client = self.pool().get().await?;
        let sql = "SELECT position FROM ops.parked WHERE follower = $1 AND position > $2";
        let rows = client.query(sql, &[&self.name(), &(position.number() as i64)]).await?;
        Ok(rows.iter().map(|row| position_of(row, 0)).collect())
    }

    pub(super) async fn park(&self, bad: &BadEntry) -> Result<(), Halt> {
        Ok(park(&*self.pool().get().await?, self.name(), bad).await?)
    }

    /// A parked entry that an operator wants to be taken again; only a policy can.
    pub(super) async fn to_retry(&self) -> Result<Option<Position>, Halt> {
        if self.kind() == Kind::Projection {
            return Ok(None);
        }
        let client = self.pool().get().await?;
        let sql = "SELECT position FROM ops.parked WHERE follower = $1 AND retry ORDER BY position LIMIT 1";
        let statement = client.prepare_cached(sql).await?;
        Ok(client.query_opt(&statement, &[&self.name()]).await?.map(|row| position_of(&row, 0)))
    }

    /// It was taken after all, or stays parked for this reason.
    pub(super) async fn retried(&self, position: Position, failure: Option<&Halt>) -> Result<(), Halt> {
        let client = self.pool().get().await?;
        let (name, position) = (self.name(), position.number() as i64);
        match failure {
            None => {
                let sql = "DELETE FROM ops.parked WHERE follower = $1 AND position = $2";
                client.execute(sql, &[&name, &position]).await?;
            }
            Some(halt) => {
                let sql = "UPDATE ops.parked SET retry = false, reason = $3 WHERE follower = $1 AND position = $2";
                client.execute(sql, &[&name, &position, &causes(halt)]).await?;
            }
        }
        Ok(())
    }
}

fn position_of(row: &tokio_postgres::Row, column: usize) -> Position {
    Position::of_number(row.get::<_, i64>(column) as u64)
}
