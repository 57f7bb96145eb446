//! Those who read on from where they were, in pages of any size, and those who follow from the beginning. In the end each
//! has seen exactly the log, in order.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use distr_eventlog::{EventLog, Limit, Position, Selection, subscribe_all};
use futures_util::StreamExt;
use proptest::test_runner::TestCaseError;
use proptest::{prop_assert, prop_assert_eq};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::check::{Model, id};

pub(crate) const SELECTIONS: [Selection; 3] = [Selection::All, Selection::Facts, Selection::Telemetry];
const FOLLOWS_WITHIN: Duration = Duration::from_secs(30);

/// Ids, in the order in which they were read.
pub(crate) struct Reader {
    selection: Selection,
    after: Position,
    seen: Vec<Uuid>,
}

impl Reader {
    pub(crate) fn new(selection: Selection) -> Self {
        Self { selection, after: Position::START, seen: vec![] }
    }

    /// One page. Whether there was anything to read.
    pub(crate) async fn read(&mut self, log: &dyn EventLog, limit: usize) -> Result<bool, TestCaseError> {
        let page = log.scan(self.after, Limit::entries(limit), self.selection).await;
        let page = page.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        prop_assert!(page.entries.len() <= limit, "a page of more than {} entries", limit);
        prop_assert!(page.entries.iter().all(|entry| entry.position() <= page.scanned_to));
        let moved = page.scanned_to > self.after;
        prop_assert!(moved || page.entries.is_empty());
        self.after = page.scanned_to;
        self.seen.extend(page.entries.iter().map(id));
        Ok(moved)
    }

    pub(crate) async fn finish(mut self, log: &dyn EventLog, model: &Model) -> Result<(), TestCaseError> {
        while self.read(log, 5).await? {}
        prop_assert_eq!(self.seen, expected(model, self.selection), "reader of {:?}", self.selection);
        Ok(())
    }
}

/// Follows on a task of its own, until it is finished or its log is no more.
pub(crate) struct Subscriber {
    selection: Selection,
    state: Arc<Mutex<(Position, Vec<Uuid>)>>,
    task: JoinHandle<()>,
}

impl Subscriber {
    pub(crate) fn start(log: Arc<dyn EventLog>, selection: Selection) -> Self {
        let state = Arc::default();
        let task = follow(log, selection, Arc::clone(&state));
        Self { selection, state, task }
    }

    /// Goes on at another process, where it was.
    pub(crate) async fn move_to(&mut self, log: Arc<dyn EventLog>) {
        self.task.abort();
        // a page that is being taken in is taken in whole
        let _ = (&mut self.task).await;
        self.task = follow(log, self.selection, Arc::clone(&self.state));
    }

    pub(crate) async fn finish(self, model: &Model) -> Result<(), TestCaseError> {
        let begun = Instant::now();
        while self.state.lock().expect("no panic").0 < model.head() && begun.elapsed() < FOLLOWS_WITHIN {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.task.abort();
        let seen = self.state.lock().expect("no panic").1.clone();
        prop_assert_eq!(seen, expected(model, self.selection), "subscriber to {:?}", self.selection);
        Ok(())
    }
}

fn follow(log: Arc<dyn EventLog>, selection: Selection, state: Arc<Mutex<(Position, Vec<Uuid>)>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let after = state.lock().expect("no panic").0;
            let mut pages = std::pin::pin!(subscribe_all(Arc::clone(&log), after, selection));
            while let Some(Ok(page)) = pages.next().await {
                let mut state = state.lock().expect("no panic");
                state.0 = page.scanned_to;
                state.1.extend(page.entries.iter().map(id));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
}

fn expected(model: &Model, selection: Selection) -> Vec<Uuid> {
    let selected = |fact: bool| match selection {
        Selection::All => true,
        Selection::Facts => fact,
        Selection::Telemetry => !fact,
    };
    model.log.iter().filter(|(_, fact)| selected(*fact)).map(|(id, _)| *id).collect()
}
