//! The log into the new generation. Pages are read and decoded ahead, while the rows of those before are folded in memory;
//! now and then the rows are stored and the checkpoints moved, in one transaction. Never further than asked, so that two
//! generations can be brought to the same positions.

mod ahead;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use distr_eventlog::{EventLog, Page, Position, Selection};
use tokio_postgres::{Client, Transaction};

use super::Step;
use super::fill::Fill;
use crate::error::ProjectionError;
use crate::group::Group;
use crate::projection::Seen;
use crate::schema::{Generation, NEXT};
use ahead::{Decoded, PAGE, pages};

/// What is stored at once at most, about: what a rebuild that is ended has to do again, and what has to fit into memory.
const ENTRIES: usize = 1_000_000;
const NEW_ROWS: usize = 25_000;
const ROWS: usize = 100_000;

/// Where the groups of a generation stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Positions(BTreeMap<String, Position>);

impl Positions {
    /// None of a generation that is not there.
    pub(super) async fn of(client: &Client, generation: &Generation) -> Result<Self, ProjectionError> {
        let sql = format!("SELECT group_name, position FROM {}.checkpoint", generation.tables);
        let rows = client.query(&sql, &[]).await?;
        Ok(Self::from_rows(&rows))
    }

    pub(super) fn from_rows(rows: &[tokio_postgres::Row]) -> Self {
        Self(rows.iter().map(|row| (row.get(0), Position(row.get::<_, i64>(1) as u64))).collect())
    }

    pub(super) fn everywhere(groups: &[Group], at: Position) -> Self {
        Self(groups.iter().map(|group| (group.name.to_owned(), at)).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Position)> {
        self.0.iter().map(|(group, at)| (group.as_str(), *at))
    }

    pub(super) fn least(&self) -> Position {
        self.0.values().copied().min().unwrap_or_default()
    }

    fn most(&self) -> Position {
        self.0.values().copied().max().unwrap_or_default()
    }

    /// A group that is new with this program gets as far as the others.
    pub(super) fn of_group(&self, group: &str) -> Position {
        self.0.get(group).copied().unwrap_or_else(|| self.most())
    }

    /// How many positions the group that is furthest behind lacks.
    pub(super) fn behind(&self, live: &Self) -> u64 {
        self.iter().map(|(group, at)| live.of_group(group).0.saturating_sub(at.0)).max().unwrap_or_default()
    }
}

/// The connection that looks into the new generation, and what it is filled with.
pub(super) struct Builder<'a> {
    pub(super) client: &'a mut Client,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) groups: &'a [Group],
    /// of each group, its tables
    fills: Vec<Vec<Box<dyn Fill>>>,
    /// entries, by this run
    pub(super) applied: u64,
}

impl<'a> Builder<'a> {
    pub(super) async fn new(
        client: &'a mut Client,
        log: Arc<dyn EventLog>,
        groups: &'a [Group],
    ) -> Result<Self, ProjectionError> {
        let positions = Positions::of(client, &NEXT).await?;
        let fill = |group: &Group| {
            let is_empty = positions.of_group(group.name) == Position::START;
            group.tables.iter().map(|table| table.fill(is_empty)).collect()
        };
        let fills = groups.iter().map(fill).collect();
        Ok(Self { client, log, groups, fills, applied: 0 })
    }

    pub(super) async fn positions(&self) -> Result<Positions, ProjectionError> {
        Positions::of(self.client, &NEXT).await
    }

    /// Brings each group to where `goal` has it; those that stand together go together as far as they can.
    pub(super) async fn replay_to(
        &mut self,
        goal: &Positions,
        told: &mut (impl FnMut(Step<'_>) + Send),
    ) -> Result<(), ProjectionError> {
        let groups = self.groups;
        let level = self.positions().await?.most();
        let end_together = groups.iter().map(|group| goal.of_group(group.name)).min().unwrap_or_default();
        for (number, group) in groups.iter().enumerate() {
            self.replay(number..number + 1, level.min(goal.of_group(group.name)), told).await?;
        }
        self.replay(0..groups.len(), end_together, told).await?;
        for (number, group) in groups.iter().enumerate() {
            self.replay(number..number + 1, goal.of_group(group.name), told).await?;
        }
        Ok(())
    }

    /// The groups stand at one position, or have nothing to do.
    async fn replay(
        &mut self,
        which: Range<usize>,
        to: Position,
        told: &mut (impl FnMut(Step<'_>) + Send),
    ) -> Result<(), ProjectionError> {
        let groups = &self.groups[which.clone()];
        let positions = self.positions().await?;
        let mut stored = groups.iter().map(|group| positions.of_group(group.name)).min().unwrap_or_default();
        if stored >= to {
            return Ok(());
        }
        let mut pages = pages(self.log.clone(), stored..to, selection(groups));
        let mut since = 0;
        let mut at = stored;
        while at < to {
            let Decoded { batch, scanned_to } = pages.next().await?;
            let fills = &mut self.fills[which.clone()];
            for fill in fills.iter_mut().flatten() {
                fill.fold(self.client, &batch).await?;
            }
            since += batch.len();
            at = scanned_to;
            if at == to || is_much(fills, since) {
                self.store(which.clone(), stored, at).await?;
                self.applied += since as u64;
                told(Step::Building { done: at, head: self.log.head().await?, applied: self.applied });
                (stored, since) = (at, 0);
            }
        }
        Ok(())
    }

    async fn store(&mut self, which: Range<usize>, from: Position, to: Position) -> Result<(), ProjectionError> {
        let mut transaction = self.client.transaction().await?;
        transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
        for fill in self.fills[which.clone()].iter_mut().flatten() {
            fill.store(&mut transaction).await?;
        }
        move_checkpoints(&transaction, &self.groups[which], from, to).await?;
        Ok(transaction.commit().await?)
    }
}

fn is_much(fills: &[Vec<Box<dyn Fill>>], entries: usize) -> bool {
    let unsaved = fills.iter().flatten().map(|fill| fill.unsaved());
    let (new, changed) = unsaved.fold((0, 0), |(new, changed), of| (new + of.new, changed + of.changed));
    entries >= ENTRIES || new >= NEW_ROWS || new + changed >= ROWS
}

/// Applies a page to groups that stand at `from`, and moves their checkpoints.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    groups: &[Group],
    page: &Page,
    from: Position,
) -> Result<(), ProjectionError> {
    let batch: Vec<Seen> = page.entries.iter().map(Seen::decode).collect::<Result<_, _>>()?;
    transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
    for table in groups.iter().flat_map(|group| &group.tables) {
        table.apply(transaction, &batch).await?;
    }
    move_checkpoints(transaction, groups, from, page.scanned_to).await
}

async fn move_checkpoints(
    transaction: &Transaction<'_>,
    groups: &[Group],
    from: Position,
    to: Position,
) -> Result<(), ProjectionError> {
    let names: Vec<&str> = groups.iter().map(|group| group.name).collect();
    let (from, to) = (from.0 as i64, to.0 as i64);
    let sql =
        format!("UPDATE {}.checkpoint SET position = $2 WHERE group_name = ANY($1) AND position = $3", NEXT.tables);
    let moved = transaction.execute(&sql, &[&names, &to, &from]).await?;
    match moved as usize == names.len() {
        true => Ok(()),
        false => Err(ProjectionError::LeaseLost { group: groups[0].name }),
    }
}

/// A page that ends at `to` at the latest.
pub(super) async fn read(
    log: &dyn EventLog,
    after: Position,
    to: Position,
    selection: Selection,
) -> Result<Page, ProjectionError> {
    let mut page = log.read_all(after, PAGE, selection).await?;
    page.entries.retain(|entry| entry.position() <= to);
    page.scanned_to = page.scanned_to.min(to);
    Ok(page)
}

pub(super) fn selection(groups: &[Group]) -> Selection {
    match groups {
        [group] => group.selection,
        _ => Selection::All,
    }
}
