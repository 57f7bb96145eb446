//! One batch, one transaction, two round trips. First: lock the head row, and only then look which ids are known and
//! where the streams stand (each statement has its own snapshot, so that it sees all that was committed before the lock
//! was granted). Then, after the decisions: insert, move the head, commit.

use futures_util::try_join;
use tokio_postgres::{Error, Row, types::ToSql};
use uuid::Uuid;

use super::{
    block::{self, Block},
    columns::Columns,
    rows,
    session::{CommitError, Session},
};
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
    let mut end = head;
    let mut columns = Columns::default();
    let mut facts = Vec::with_capacity(work.facts.len());
    for append in &work.facts {
        facts.push(match known.admit(append, end.position) {
            Verdict::Take(appended) => {
                columns.push(append, appended.first_revision, end.position, end.last_fact);
                end = Head { position: appended.position, last_fact: appended.position };
                Ok(appended)
            }
            Verdict::Answer(appended) => Ok(appended),
            Verdict::Refuse(error) => Err(error),
        });
    }
    let new_block = work.block.as_ref().filter(|_| known_block.is_none());
    let new_block = new_block.map(|block| (block, end.position.plus(1)));
    end.position = end.position.plus(new_block.map_or(0, |(block, _)| block.count));

    if end == head {
        session.client.batch_execute("ROLLBACK").await?;
    } else {
        write(session, &columns, new_block, end).await?;
    }
    Ok(Committed { head: end.position, facts, block: known_block.or(new_block.map(|(_, first)| first)) })
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

async fn only_if(wanted: bool, query: impl Future<Output = Result<Vec<Row>, Error>>) -> Result<Vec<Row>, Error> {
    if wanted { query.await } else { Ok(Vec::new()) }
}

async fn known_block(session: &Session, work: &Work<'_>, rerun_after: Option<Position>) -> Result<Vec<Row>, Error> {
    match (&work.block, rerun_after) {
        (Some(block), Some(after)) => session.client.query(&session.known_block, &[&(after.0 as i64), &block.id]).await,
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

async fn write(
    session: &Session,
    columns: &Columns<'_>,
    block: Option<(&Block, Position)>,
    end: Head,
) -> Result<(), CommitError> {
    let client = &session.client;
    let (position, last_fact) = (end.position.0 as i64, end.last_fact.0 as i64);
    let moved: [&(dyn ToSql + Sync); 2] = [&position, &last_fact];
    // a transaction that failed in one of the first answers the commit by rolling back
    let (events, blocks, heads, ()) = try_join!(
        columns.insert(client, &session.insert_events),
        insert_block(session, block),
        client.execute(&session.move_head, &moved),
        client.batch_execute("COMMIT"),
    )?;
    let (written, expected) = ((events, blocks, heads), (columns.len() as u64, u64::from(block.is_some()), 1));
    match written == expected {
        true => Ok(()),
        false => Err(CommitError::Nonsense(format!("it wrote {written:?} rows, not {expected:?}"))),
    }
}

async fn insert_block(session: &Session, block: Option<(&Block, Position)>) -> Result<u64, Error> {
    let Some((block, first)) = block else {
        return Ok(0);
    };
    let (first, last) = (first.0 as i64, first.plus(block.count - 1).0 as i64);
    let Block { id, newest_at, raw_size, body, .. } = block;
    session.client.execute(&session.insert_block, &[id, &first, &last, newest_at, &block::FORMAT, raw_size, body]).await
}
