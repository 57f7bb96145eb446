//! The careful way of a batch: one transaction, two round trips. First: lock the head row, and only then look which ids
//! are known and where the streams stand (each statement has its own snapshot, so that it sees all that was committed
//! before the lock was granted). Then, after the decisions: insert, move the head, commit.

use futures_util::try_join;
use tokio_postgres::{Error, Row, types::ToSql};
use uuid::Uuid;

use super::{
    columns::Columns,
    rows::{self, only_if},
    session::{CommitError, Session},
};
use crate::block::{self, Block};
use crate::{
    Append, AppendError, Appended, Position, StreamName,
    admission::{Known, Verdict},
    page::Head,
};

/// What a batch asks for: appends in the order of the queue, and all telemetry as one block.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) facts: Vec<&'a Append>,
    pub(super) block: Option<Block>,
}

/// What a batch adds to the log: facts first, then the block.
#[derive(Debug)]
pub(super) struct Additions<'a> {
    pub(super) columns: Columns<'a>,
    pub(super) block: Option<&'a Block>,
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Committed {
    pub(super) head: Position,
    /// One for each append.
    pub(super) facts: Vec<Result<Appended, AppendError>>,
    /// Where the block begins, if there is one.
    pub(super) block: Option<Position>,
}

/// What the first round trip found, under the head's lock.
struct Opened {
    head: Head,
    known: Known,
    known_block: Option<Position>,
}

/// Commits the batch. After an error that leaves the connection alive, the caller rolls back.
///
/// `rerun_after`: the batch may have been committed before, behind this position; facts are known by their ids at any
/// time, the block is looked for there.
pub(super) async fn commit(
    session: &Session,
    work: &Work<'_>,
    rerun_after: Option<Position>,
) -> Result<Committed, CommitError> {
    let Opened { head, mut known, known_block } = open(session, work, rerun_after).await?;
    let mut last = head.position;
    let mut columns = Columns::default();
    let mut facts = Vec::with_capacity(work.facts.len());
    for append in &work.facts {
        facts.push(match known.admit(append, last) {
            Verdict::Take(appended) => {
                columns.push(append, appended.first_revision, false);
                last = appended.position;
                Ok(appended)
            }
            Verdict::Answer(appended) => Ok(appended),
            Verdict::Refuse(error) => Err(error),
        });
    }
    let block = work.block.as_ref().filter(|_| known_block.is_none());
    let new_block = block.map(|_| last.plus(1));
    last = last.plus(block.map_or(0, |block| block.count));

    if last == head.position {
        session.client.batch_execute("ROLLBACK").await?;
    } else {
        let additions = Additions { columns, block };
        let written = write(session, &additions).await?;
        additions.check(written)?;
    }
    Ok(Committed { head: last, facts, block: known_block.or(new_block) })
}

async fn open(session: &Session, work: &Work<'_>, rerun_after: Option<Position>) -> Result<Opened, CommitError> {
    let streams = rows::distinct_streams(&work.facts);
    let categories: Vec<&str> = streams.iter().map(|stream| stream.category.as_str()).collect();
    let stream_ids: Vec<Uuid> = streams.iter().map(|stream| stream.id).collect();
    let event_ids: Vec<Uuid> = work.facts.iter().flat_map(|append| &append.events).map(|event| event.id).collect();
    let facts = !event_ids.is_empty();
    let by_stream: [&(dyn ToSql + Sync); 2] = [&categories, &stream_ids];
    let by_id: [&(dyn ToSql + Sync); 1] = [&event_ids];
    let client = &session.client;

    // polled in this order, hence sent in this order, without waiting for the answers in between
    let (_, head, revisions, ids, blocks) = try_join!(
        client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
        client.query_one(&session.lock_head, &[]),
        only_if(facts, client.query(&session.stream_revisions, &by_stream)),
        only_if(facts, client.query(&session.known_ids, &by_id)),
        known_block(session, work, rerun_after),
    )?;
    let known_block = match blocks.first() {
        Some(row) => Some(rows::position(row, 0)?),
        None => None,
    };
    Ok(Opened { head: rows::head(&head)?, known: known(&streams, &revisions, &ids)?, known_block })
}

async fn known_block(session: &Session, work: &Work<'_>, rerun_after: Option<Position>) -> Result<Vec<Row>, Error> {
    match (&work.block, rerun_after) {
        (Some(block), Some(after)) => {
            session.client.query(&session.known_block, &[&(after.number() as i64), &block.id]).await
        }
        _ => Ok(Vec::new()),
    }
}

fn known(streams: &[StreamName], revisions: &[Row], ids: &[Row]) -> Result<Known, CommitError> {
    let mut known = Known::default();
    for row in revisions {
        let number: i64 = row.try_get(0)?;
        let stream = usize::try_from(number - 1).ok().and_then(|index| streams.get(index));
        let stream = stream.ok_or_else(|| CommitError::Nonsense(format!("stream number {number}")))?;
        known.revisions.insert(*stream, rows::number(row, 1)?);
    }
    for row in ids {
        let (id, stored) = rows::stored(row)?;
        known.ids.insert(id, stored);
    }
    Ok(known)
}

/// How many rows of each table a batch wrote: events, blocks, heads.
pub(super) type Written = (u64, u64, u64);

/// Puts the rows behind the head, whose lock the transaction holds, and commits: statements that are sent together, in this
/// order. A transaction in which one has failed answers the commit by rolling back.
pub(super) async fn write(session: &Session, additions: &Additions<'_>) -> Result<Written, Error> {
    let client = &session.client;
    let counts: [&(dyn ToSql + Sync); 2] = [&additions.facts(), &additions.records()];
    let (events, blocks, heads, ()) = try_join!(
        additions.columns.insert(client, &session.insert_events),
        insert_block(session, additions),
        client.execute(&session.move_head, &counts),
        client.batch_execute("COMMIT"),
    )?;
    Ok((events, blocks, heads))
}

async fn insert_block(session: &Session, additions: &Additions<'_>) -> Result<u64, Error> {
    let Some(Block { id, newest_at, raw_size, body, .. }) = additions.block else {
        return Ok(0);
    };
    let (facts, records) = (additions.facts(), additions.records());
    let row: [&(dyn ToSql + Sync); 7] = [id, &facts, &records, newest_at, &block::FORMAT, raw_size, body];
    session.client.execute(&session.insert_block, &row).await
}

impl Additions<'_> {
    fn facts(&self) -> i64 {
        self.columns.len() as i64
    }

    fn records(&self) -> i64 {
        self.block.map_or(0, |block| block.count as i64)
    }

    pub(super) fn check(&self, written: Written) -> Result<(), CommitError> {
        let expected = (self.columns.len() as u64, u64::from(self.block.is_some()), 1);
        match written == expected {
            true => Ok(()),
            false => Err(CommitError::Nonsense(format!("it wrote {written:?} rows, not {expected:?}"))),
        }
    }
}
