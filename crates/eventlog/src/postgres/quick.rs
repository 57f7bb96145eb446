//! The quick way of a batch: one transaction in one round trip, in which nothing is looked up first. Each append is taken at
//! its word, and positions are counted from the head where it stands once its lock is granted. The table itself refuses
//! a batch in which something is not so: an id that is stored already and a revision that is taken meet a unique index,
//! and a revision that follows nothing is written as -1, which a check refuses. Then nothing has happened, and the
//! careful way (`commit`) finds out what is the matter.

use std::collections::HashSet;

use futures_util::try_join;

use super::{
    columns::Columns,
    commit::{Additions, Committed, Work, write},
    rows,
    session::{CommitError, Session},
};
use crate::{
    Appended, Expected, Position,
    admission::{Known, Verdict},
    page::Head,
};

/// A batch whose appends do not contradict each other.
pub(super) struct Plan<'a> {
    additions: Additions<'a>,
    /// One for each append, with positions as if the log were empty.
    taken: Vec<Appended>,
}

/// When the quick way is taken: not where it was refused a moment ago. A refusal costs a round trip and dead rows, so that
/// a log with many conflicts goes the careful way nearly always.
#[derive(Debug)]
pub(super) struct QuickBackoff {
    /// Batches that go the careful way before the next attempt.
    rest: u32,
    after_refusal: u32,
}

impl QuickBackoff {
    const SHORTEST: u32 = 2;
    const LONGEST: u32 = 64;

    pub(super) const fn new() -> Self {
        Self { rest: 0, after_refusal: Self::SHORTEST }
    }

    /// Counts the batch that asks.
    pub(super) fn is_quick(&mut self) -> bool {
        let quick = self.rest == 0;
        self.rest = self.rest.saturating_sub(1);
        quick
    }

    pub(super) fn taken(&mut self) {
        self.after_refusal = (self.after_refusal / 2).max(Self::SHORTEST);
    }

    pub(super) fn refused(&mut self) {
        self.rest = self.after_refusal;
        self.after_refusal = (self.after_refusal * 2).min(Self::LONGEST);
    }
}

/// None if an append can only be answered or refused.
pub(super) fn plan<'a>(work: &'a Work<'a>) -> Option<Plan<'a>> {
    let (mut known, mut streams) = (Known::default(), HashSet::new());
    let mut columns = Columns::default();
    let mut taken = Vec::with_capacity(work.facts.len());
    let mut last = Position::START;
    for append in &work.facts {
        let is_first = streams.insert(append.stream);
        let follows = match append.expected {
            Expected::Revision(revision) if is_first => {
                known.revisions.insert(append.stream, revision);
                true
            }
            _ => false,
        };
        let Verdict::Take(appended) = known.admit(append, last) else { return None };
        columns.push(append, appended.first_revision, follows);
        last = appended.position;
        taken.push(appended);
    }
    Some(Plan { additions: Additions { columns, block: work.block.as_ref() }, taken })
}

pub(super) async fn commit(session: &Session, plan: Plan<'_>) -> Result<Committed, CommitError> {
    let client = &session.client;
    // polled in this order, hence sent in this order, without waiting for the answers in between
    let (_, head, written) = try_join!(
        client.batch_execute("BEGIN ISOLATION LEVEL READ COMMITTED"),
        client.query_one(&session.lock_head, &[]),
        write(session, &plan.additions),
    )?;
    plan.additions.check(written)?;
    Ok(plan.committed(rows::head(&head)?))
}

impl Plan<'_> {
    /// What has happened, behind the head that was found.
    fn committed(self, head: Head) -> Committed {
        let last_fact = head.position.plus(self.additions.columns.len() as u64);
        let taken = self.taken.into_iter();
        let facts =
            taken.map(|appended| Ok(Appended { position: head.position.plus(appended.position.number()), ..appended }));
        let block = self.additions.block;
        Committed {
            head: last_fact.plus(block.map_or(0, |block| block.count)),
            facts: facts.collect(),
            block: block.map(|_| last_fact.plus(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_refusals_the_fewer_attempts() {
        let mut pace = QuickBackoff::new();
        let mut attempts = 0;
        for _ in 0..1_000 {
            if pace.is_quick() {
                attempts += 1;
                pace.refused();
            }
        }
        assert!(attempts < 25, "{attempts}");
        let mut quick = 0;
        for _ in 0..1_000 {
            if pace.is_quick() {
                quick += 1;
                pace.taken();
            }
        }
        assert!(quick > 900, "{quick}");
    }
}
