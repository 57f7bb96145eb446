//! The one writer of the process: takes what is queued, commits it as one batch, answers. It does not lose a request:
//! each is answered with what happened, or with an error that says that nobody knows.

use std::{slice, sync::Arc, time::Duration};

use chrono::NaiveDate;
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};

use super::{
    bell::advance,
    commit::{Committed, Work, commit},
    connector::Connector,
    queue::{Queue, Request},
    quick::{self, QuickBackoff},
    session::{CommitError, Session},
};
use crate::block::{self, BlockError};
use crate::{AppendError, Position, StoreError};

/// How long a batch is tried again while the database is away; then its callers hear that the outcome is unknown.
const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than any limit that the database itself keeps.
const SILENCE: Duration = Duration::from_secs(45);

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Appender {
    connector: Connector,
    session: Option<Session>,
    queue: Queue,
    /// What this appender has committed.
    committed: watch::Sender<Position>,
    head: Arc<watch::Sender<Position>>,
    /// The newest day of which it has written telemetry.
    written: watch::Sender<Option<NaiveDate>>,
    backoff: QuickBackoff,
}

/// Why a batch was given up.
enum GivenUp {
    /// Something in it is refused; the rest may be fine.
    Refused(StoreError),
    /// The database is away, or broken: trying each alone would not help.
    Away(StoreError),
}

impl Appender {
    pub(super) fn new(
        connector: Connector,
        queue: Queue,
        committed: watch::Sender<Position>,
        head: Arc<watch::Sender<Position>>,
        written: watch::Sender<Option<NaiveDate>>,
    ) -> Self {
        Self { connector, session: None, queue, committed, head, written, backoff: QuickBackoff::new() }
    }

    /// Until the log is closed and everything is answered.
    pub(super) async fn run(mut self) {
        while let Some(batch) = self.queue.take().await {
            metrics::gauge!("distr_log_queue_depth").set(self.queue.depth() as f64);
            match self.settle(&batch).await {
                Ok(committed) => answer(batch, committed),
                Err(GivenUp::Refused(_)) if batch.len() > 1 => self.one_by_one(batch).await,
                Err(GivenUp::Refused(error) | GivenUp::Away(error)) => refuse(batch, &error),
            }
            // who was answered and goes on at once gets into the next batch
            tokio::task::yield_now().await;
        }
    }

    /// Finds out which request the database refuses: that one fails alone.
    async fn one_by_one(&mut self, batch: Vec<Request>) {
        let mut away = None;
        for request in batch {
            let settled = match &away {
                Some(error) => Err(GivenUp::Away(StoreError::clone(error))),
                None => self.settle(slice::from_ref(&request)).await,
            };
            match settled {
                Ok(committed) => answer(vec![request], committed),
                Err(GivenUp::Refused(error)) => refuse(vec![request], &error),
                Err(GivenUp::Away(error)) => {
                    refuse(vec![request], &error);
                    away = Some(error);
                }
            }
        }
    }

    /// Commits the requests as one batch. When the outcome is unknown, connects again and runs the same batch again.
    async fn settle(&mut self, requests: &[Request]) -> Result<Committed, GivenUp> {
        let begun = Instant::now();
        let work = work(requests).map_err(|error| GivenUp::Refused(StoreError::new("append", error)))?;
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        let floor = *self.committed.borrow();
        let mut rerun_after = None;
        loop {
            let error = match self.attempt(&work, rerun_after).await {
                Ok(committed) => {
                    measure(&work, &committed, begun.elapsed());
                    self.publish(&work, committed.head);
                    return Ok(committed);
                }
                Err(error) => error,
            };
            let again = match error {
                // the next connection may be a good one, however long it took to give up this one
                CommitError::Lost(_) | CommitError::Silent if rerun_after.is_none() => true,
                CommitError::Lost(_) | CommitError::Silent | CommitError::Contended(_) => {
                    Instant::now() + pause < deadline
                }
                CommitError::Refused(_) if rerun_after.is_none() => {
                    return Err(GivenUp::Refused(StoreError::new("append", error)));
                }
                CommitError::Refused(_) | CommitError::Nonsense(_) => false,
            };
            if !again {
                metrics::counter!("distr_log_append_failures_total").increment(1);
                tracing::error!(%error, "the event log gives up a batch, its outcome is unknown");
                return Err(GivenUp::Away(StoreError::new("append", error)));
            }
            metrics::counter!("distr_log_append_reruns_total").increment(1);
            tracing::warn!(%error, "the event log runs a batch again");
            rerun_after = Some(floor);
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(&mut self, work: &Work<'_>, rerun_after: Option<Position>) -> Result<Committed, CommitError> {
        let session = match self.session.take() {
            Some(session) if !session.client.is_closed() => session,
            _ => Session::open(&self.connector).await.map_err(CommitError::Lost)?,
        };
        let outcome = self.commit(&session, work, rerun_after);
        let outcome = timeout(SILENCE, outcome).await.unwrap_or(Err(CommitError::Silent));
        let usable = match &outcome {
            Ok(_) => true,
            Err(CommitError::Lost(_) | CommitError::Silent) => false,
            Err(_) => session.client.batch_execute("ROLLBACK").await.is_ok(),
        };
        self.session = usable.then_some(session);
        outcome
    }

    /// The quick way, unless the batch may have been committed before; and the careful way where the quick one is refused.
    async fn commit(
        &mut self,
        session: &Session,
        work: &Work<'_>,
        rerun_after: Option<Position>,
    ) -> Result<Committed, CommitError> {
        if rerun_after.is_none()
            && self.backoff.is_quick()
            && let Some(plan) = quick::plan(work)
        {
            match quick::commit(session, plan).await {
                Err(CommitError::Refused(_)) => {
                    self.backoff.refused();
                    session.client.batch_execute("ROLLBACK").await?;
                }
                outcome => {
                    self.backoff.taken();
                    return outcome;
                }
            }
        }
        commit(session, work, rerun_after).await
    }

    /// Readers hear of facts at once. Of telemetry the bell tells them, which does not ring for each batch.
    fn publish(&self, work: &Work<'_>, head: Position) {
        advance(&self.committed, head);
        if !work.facts.is_empty() {
            advance(&self.head, head);
        }
        let day = work.block.as_ref().map(|block| block.newest_at.date_naive());
        self.written.send_if_modified(|written| {
            let is_newer = day > *written;
            *written = day.max(*written);
            is_newer
        });
    }
}

fn measure(work: &Work<'_>, committed: &Committed, took: Duration) {
    let facts: usize = work.facts.iter().map(|append| append.events.len()).sum();
    let telemetry = work.block.as_ref().map_or(0, |block| block.count);
    for (category, entries) in [("fact", facts as u64), ("telemetry", telemetry)] {
        if entries > 0 {
            metrics::histogram!("distr_log_append_batch_entries", "category" => category).record(entries as f64);
        }
    }
    metrics::histogram!("distr_log_append_seconds").record(took.as_secs_f64());
    let conflicts = committed.facts.iter().filter(|fact| matches!(fact, Err(AppendError::Conflict { .. }))).count();
    metrics::counter!("distr_log_append_conflicts_total").increment(conflicts as u64);
}

fn work(requests: &[Request]) -> Result<Work<'_>, BlockError> {
    let facts = requests.iter().filter_map(|request| match request {
        Request::Facts(append, _) => Some(append),
        Request::Telemetry(..) => None,
    });
    let records = requests.iter().filter_map(|request| match request {
        Request::Telemetry(records, _) => Some(records),
        Request::Facts(..) => None,
    });
    Ok(Work { facts: facts.collect(), block: block::pack(records.flatten())? })
}

/// A caller that has gone away does not hear it; what it asked for has happened all the same.
fn answer(batch: Vec<Request>, committed: Committed) {
    let mut facts = committed.facts.into_iter();
    let mut end = committed.block.unwrap_or_default();
    for request in batch {
        match request {
            Request::Facts(_, caller) => {
                let _ = caller.send(facts.next().expect("one for each append"));
            }
            Request::Telemetry(records, caller) => {
                let last = end.plus(records.len() as u64 - 1);
                end = last.plus(1);
                let _ = caller.send(Ok(last));
            }
        }
    }
}

fn refuse(batch: Vec<Request>, error: &StoreError) {
    for request in batch {
        let error = AppendError::Store(error.clone());
        match request {
            Request::Facts(_, caller) => drop(caller.send(Err(error))),
            Request::Telemetry(_, caller) => drop(caller.send(Err(error))),
        }
    }
}
