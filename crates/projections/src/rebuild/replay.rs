//! The log into the new generation: large pages, the next one read while this one is applied, rows and checkpoints in one
//! transaction. Never further than asked, so that two generations can be brought to the same positions.

use std::collections::BTreeMap;

use distr_eventlog::{EventLog, Page, Position, Selection};
use tokio_postgres::{Client, Transaction};

use super::Step;
use crate::error::ProjectionError;
use crate::group::Group;
use crate::projection::Seen;
use crate::schema::{Generation, NEXT};

/// Large, so that a target whose heartbeats fill the log is written once for many of them.
const PAGE: usize = 30_000;

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
    pub(super) log: &'a dyn EventLog,
    pub(super) groups: &'a [Group],
    /// entries, by this run
    pub(super) applied: u64,
}

impl Builder<'_> {
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
        let together: Vec<&Group> = groups.iter().collect();
        let level = self.positions().await?.most();
        let end_together = groups.iter().map(|group| goal.of_group(group.name)).min().unwrap_or_default();
        for group in groups {
            self.replay(&[group], level.min(goal.of_group(group.name)), told).await?;
        }
        self.replay(&together, end_together, told).await?;
        for group in groups {
            self.replay(&[group], goal.of_group(group.name), told).await?;
        }
        Ok(())
    }

    /// The groups stand at one position, or have nothing to do.
    async fn replay(
        &mut self,
        groups: &[&Group],
        to: Position,
        told: &mut (impl FnMut(Step<'_>) + Send),
    ) -> Result<(), ProjectionError> {
        let positions = self.positions().await?;
        let mut at = groups.iter().map(|group| positions.of_group(group.name)).min().unwrap_or_default();
        if at >= to {
            return Ok(());
        }
        let selection = selection(groups);
        let mut page = read(self.log, at, to, selection).await?;
        loop {
            let scanned_to = page.scanned_to;
            let apply = apply_page(self.client, groups, &page, at);
            let read_on = async {
                match scanned_to < to {
                    true => read(self.log, scanned_to, to, selection).await.map(Some),
                    false => Ok(None),
                }
            };
            let ((), next) = tokio::try_join!(apply, read_on)?;
            self.applied += page.entries.len() as u64;
            told(Step::Building { done: scanned_to, head: self.log.head().await?, applied: self.applied });
            at = scanned_to;
            match next {
                Some(next) => page = next,
                None => return Ok(()),
            }
        }
    }
}

async fn apply_page(
    client: &mut Client,
    groups: &[&Group],
    page: &Page,
    from: Position,
) -> Result<(), ProjectionError> {
    let transaction = client.transaction().await?;
    apply(&transaction, groups, page, from).await?;
    transaction.commit().await?;
    Ok(())
}

/// Applies a page to groups that stand at `from`, and moves their checkpoints.
pub(super) async fn apply(
    transaction: &Transaction<'_>,
    groups: &[&Group],
    page: &Page,
    from: Position,
) -> Result<(), ProjectionError> {
    let batch: Vec<Seen> = page.entries.iter().map(Seen::decode).collect::<Result<_, _>>()?;
    transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
    for table in groups.iter().flat_map(|group| &group.tables) {
        table.apply(transaction, &batch).await?;
    }
    let names: Vec<&str> = groups.iter().map(|group| group.name).collect();
    let (from, to) = (from.0 as i64, page.scanned_to.0 as i64);
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

pub(super) fn selection(groups: &[&Group]) -> Selection {
    match groups {
        [group] => group.selection,
        _ => Selection::All,
    }
}
