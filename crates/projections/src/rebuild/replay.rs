//! The log into the new edition. Pages are read and decoded ahead, while the rows of those before are folded in memory;
//! now and then the rows are stored and the checkpoints moved, in one transaction, while more are folded. Never further than
//! asked, so that two editions can be brought to the same positions.

mod ahead;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use distr_eventlog::{EventLog, Limit, Page, Position, Selection};
use tokio_postgres::{Client, Transaction};

use super::Step;
use crate::error::ProjectionError;
use crate::fill::{Change, Fill};
use crate::follower::{BadEntry, Parked, park};
use crate::group::Group;
use crate::schema::{Edition, NEXT};
use ahead::{Decoded, PAGE, Pages, Passing, decode, pages};

/// What is stored at once at most, about: what a rebuild that is ended has to do again, and what has to fit into memory.
const ENTRIES: usize = 1_000_000;
const NEW_ROWS: usize = 25_000;
const ROWS: usize = 50_000;

/// Where the groups of an edition stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Positions(BTreeMap<String, Position>);

impl Positions {
    /// None of an edition that is not there.
    pub(super) async fn of(client: &Client, edition: &Edition) -> Result<Self, ProjectionError> {
        let sql = format!("SELECT group_name, position FROM {}.checkpoint", edition.tables);
        let rows = client.query(&sql, &[]).await?;
        Ok(Self::from_rows(&rows))
    }

    pub(super) fn from_rows(rows: &[tokio_postgres::Row]) -> Self {
        Self(rows.iter().map(|row| (row.get(0), Position::of_number(row.get::<_, i64>(1) as u64))).collect())
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
        self.iter().map(|(group, at)| at.behind(live.of_group(group))).max().unwrap_or_default()
    }
}

/// The connection that looks into the new edition, and what it is filled with.
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
        let passing = Arc::new(Passing::of(groups, Parked::of_all(self.client).await?));
        let mut pages = pages(self.log.clone(), stored..to, selection(groups), passing);
        let fills = groups.iter().zip(&mut self.fills[which.clone()]);
        let mut fills: Vec<GroupFill<'_>> = fills
            .flat_map(|(group, fills)| fills.iter_mut().map(|fill| GroupFill { group: group.name, fill }))
            .collect();
        let mut gathered = gather(Some(self.client), &mut pages, &mut fills, stored, to).await?;
        loop {
            let Gathered { at, entries, unreadable } = gathered;
            let changes: Vec<Change> = fills.iter_mut().map(|of| of.fill.take()).collect::<Result<_, _>>()?;
            let storing = store(self.client, groups, &changes, &unreadable, stored..at);
            if at == to || fills.iter().any(|of| of.fill.must_load()) {
                storing.await?;
                gathered = gather(Some(self.client), &mut pages, &mut fills, at, to).await?;
            } else {
                let gathering = gather(None, &mut pages, &mut fills, at, to);
                ((), gathered) = tokio::try_join!(storing, gathering)?;
            }
            self.applied += entries as u64;
            told(Step::Building { done: at, head: self.log.head().await?, applied: self.applied });
            if at == to {
                return Ok(());
            }
            stored = at;
        }
    }
}

/// What fills a table, and whose it is.
struct GroupFill<'a> {
    group: &'static str,
    fill: &'a mut Box<dyn Fill>,
}

/// How far rows were folded, and how many entries it took.
struct Gathered {
    at: Position,
    entries: usize,
    unreadable: Vec<BadEntry>,
}

/// Folds pages until there is much to store, or nothing to fold. `client`: to load rows with; while it stores, nothing is loaded.
async fn gather(
    client: Option<&Client>,
    pages: &mut Pages,
    fills: &mut [GroupFill<'_>],
    from: Position,
    to: Position,
) -> Result<Gathered, ProjectionError> {
    let mut gathered = Gathered { at: from, entries: 0, unreadable: vec![] };
    while gathered.at < to && !is_much(fills, gathered.entries) {
        let Decoded { batch, unreadable, scanned_to } = pages.next().await?;
        let parked = &pages.passing.parked;
        for GroupFill { group, fill } in fills.iter_mut() {
            if let Some(client) = client.filter(|_| fill.must_load()) {
                fill.load(client, &batch).await?;
            }
            for wanted in batch.split(|entry| parked.has(group, entry.position)) {
                fill.fold(wanted);
            }
        }
        gathered.at = scanned_to;
        gathered.entries += batch.len();
        gathered.unreadable.extend(unreadable);
    }
    Ok(gathered)
}

/// Rows and checkpoints: both, or neither.
async fn store(
    client: &mut Client,
    groups: &[Group],
    changes: &[Change],
    unreadable: &[BadEntry],
    range: Range<Position>,
) -> Result<(), ProjectionError> {
    let mut transaction = client.transaction().await?;
    transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
    for change in changes {
        change.store(&mut transaction).await?;
    }
    park_telemetry(&transaction, groups, unreadable).await?;
    move_checkpoints(&transaction, groups, range.start, range.end).await?;
    Ok(transaction.commit().await?)
}

/// As the live runners do.
async fn park_telemetry(
    transaction: &Transaction<'_>,
    groups: &[Group],
    unreadable: &[BadEntry],
) -> Result<(), ProjectionError> {
    for group in groups.iter().filter(|group| group.selection != Selection::Facts) {
        for bad in unreadable {
            park(transaction.client(), group.name, bad).await?;
        }
    }
    Ok(())
}

fn is_much(fills: &[GroupFill<'_>], entries: usize) -> bool {
    let unsaved = fills.iter().map(|of| of.fill.unsaved());
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
    let passing = Passing::of(groups, Parked::of_all(transaction.client()).await?);
    let Decoded { batch, unreadable, .. } = decode(page, &passing)?;
    transaction.batch_execute("SET LOCAL synchronous_commit = off").await?;
    for group in groups {
        for wanted in batch.split(|entry| passing.parked.has(group.name, entry.position)) {
            for table in &group.tables {
                table.apply(transaction, wanted).await?;
            }
        }
    }
    park_telemetry(transaction, groups, &unreadable).await?;
    move_checkpoints(transaction, groups, from, page.scanned_to).await
}

async fn move_checkpoints(
    transaction: &Transaction<'_>,
    groups: &[Group],
    from: Position,
    to: Position,
) -> Result<(), ProjectionError> {
    let names: Vec<&str> = groups.iter().map(|group| group.name).collect();
    let (from, to) = (from.number() as i64, to.number() as i64);
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
    let mut page = log.scan(after, Limit::entries(PAGE), selection).await?;
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
