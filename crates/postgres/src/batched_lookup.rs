//! Look-ups that meet go to the database together: what is asked while one query is under way is asked with the next one.
//! Like group commit, and unlike a cache: each answer is of a query that began after the question, so that nothing is
//! ever old; and the more there are, the less each costs. Where several met, the next ones also wait a moment for each
//! other: a query for ten is much less work than ten. Who asks alone never waits. A query that is stuck holds up nobody who
//! asks after it: the next one overtakes it.

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

/// Keys in one query.
const MOST: usize = 1_000;
/// From one query to the next, where several met.
const GATHER: Duration = Duration::from_millis(2);
/// For a query: longer than the database's own limit, and than the wait for a connection.
const LIMIT: Duration = Duration::from_secs(25);
/// After this the next query goes out beside it.
const OVERTAKEN: Duration = Duration::from_millis(500);
/// Queries that are under way at the same time, each with a connection.
const BESIDE: usize = 4;
/// Questions that may wait; whoever asks more waits for a place.
const QUEUE: usize = 4_096;

/// What is found by a key. Clones ask the same.
#[derive(Debug, Clone)]
pub struct BatchedLookup<K, V> {
    questions: mpsc::Sender<Question<K, V>>,
}

#[derive(Debug)]
struct Question<K, V> {
    key: K,
    answer: oneshot::Sender<Result<Option<V>, LookupError>>,
}

/// Told to each who waited.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LookupError {
    #[error("the look-up failed")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
    #[error("the look-up was not answered within {seconds} s")]
    TooLate { seconds: u64 },
    #[error("the look-ups have ended")]
    Ended,
}

impl<K, V> BatchedLookup<K, V>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Within a runtime. `load` answers for those keys that there are; it ends when nobody can ask any more.
    pub fn start<F, E>(load: impl FnMut(Vec<K>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<HashMap<K, V>, E>> + Send + 'static,
        E: Error + Send + Sync + 'static,
    {
        Self::within(LIMIT, load)
    }

    fn within<F, E>(limit: Duration, mut load: impl FnMut(Vec<K>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<HashMap<K, V>, E>> + Send + 'static,
        E: Error + Send + Sync + 'static,
    {
        let (questions, mut asked) = mpsc::channel::<Question<K, V>>(QUEUE);
        tokio::spawn(async move {
            let (mut under_way, mut next) = (JoinSet::new(), None);
            loop {
                let mut batch = vec![];
                if asked.recv_many(&mut batch, MOST).await == 0 {
                    break;
                }
                if let Some(next) = next {
                    sleep_until(next).await;
                    batch.extend(std::iter::from_fn(|| asked.try_recv().ok()).take(MOST - batch.len()));
                }
                next = (batch.len() > 1).then(|| Instant::now() + GATHER);
                let keys: HashSet<K> = batch.iter().map(|question| question.key.clone()).collect();
                under_way.spawn(answer(limit, load(keys.into_iter().collect()), batch));
                // all but those that are stuck have ended
                let _ = timeout(OVERTAKEN, under_way.join_next()).await;
                while under_way.try_join_next().is_some() {}
                if under_way.len() >= BESIDE {
                    under_way.join_next().await;
                }
            }
            under_way.join_all().await; // who is waiting is answered
        });
        Self { questions }
    }

    /// Nothing if there is none.
    pub async fn find(&self, key: K) -> Result<Option<V>, LookupError> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { key, answer }).await.map_err(|_| LookupError::Ended)?;
        answered.await.map_err(|_| LookupError::Ended)?
    }
}

async fn answer<K, V, E>(
    limit: Duration,
    load: impl Future<Output = Result<HashMap<K, V>, E>>,
    batch: Vec<Question<K, V>>,
) where
    K: Eq + Hash,
    V: Clone,
    E: Error + Send + Sync + 'static,
{
    let found = match timeout(limit, load).await {
        Ok(found) => found.map_err(|error| LookupError::Failed(Arc::new(error))),
        Err(_) => Err(LookupError::TooLate { seconds: limit.as_secs() }),
    };
    for Question { key, answer } in batch {
        let found = found.as_ref().map(|found| found.get(&key).cloned()).map_err(LookupError::clone);
        let _ = answer.send(found); // who has gone away does not hear it
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn what_is_asked_during_a_query_is_asked_together_with_the_next() {
        let (asked, go) = (Arc::new(Mutex::new(vec![])), Arc::new(Notify::new()));
        let lookup = BatchedLookup::start({
            let (asked, go) = (asked.clone(), go.clone());
            move |mut keys: Vec<u32>| {
                keys.sort();
                asked.lock().unwrap().push(keys.clone());
                let go = go.clone();
                async move {
                    go.notified().await;
                    Ok::<_, LookupError>(
                        keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key * 10)).collect(),
                    )
                }
            }
        });
        let first = tokio::spawn({
            let lookup = lookup.clone();
            async move { lookup.find(2).await.unwrap() }
        });
        while asked.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let rest = tokio::spawn(async move {
            let found = join_all([4, 5, 2, 4].map(|key| lookup.find(key))).await;
            found.into_iter().map(Result::unwrap).collect::<Vec<_>>()
        });
        tokio::task::yield_now().await; // all of the rest have asked
        go.notify_one();
        assert_eq!(first.await.unwrap(), Some(20));
        go.notify_one();
        assert_eq!(rest.await.unwrap(), [Some(40), None, Some(20), Some(40)]);
        assert_eq!(*asked.lock().unwrap(), [vec![2], vec![2, 4, 5]]);
    }

    #[tokio::test]
    async fn where_several_met_the_next_question_waits_for_more() {
        let lookup = BatchedLookup::start(|_: Vec<u32>| async { Ok::<_, LookupError>(HashMap::<u32, ()>::new()) });
        let begun = Instant::now();
        join_all([1, 2].map(|key| lookup.find(key))).await;
        lookup.find(3).await.unwrap();
        assert!(begun.elapsed() >= GATHER);
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_and_the_next_question_is_asked_anew() {
        let mut fails = true;
        let lookup = BatchedLookup::start(move |keys: Vec<u32>| {
            let failing = std::mem::replace(&mut fails, false);
            async move {
                match failing {
                    true => Err(LookupError::Ended),
                    false => Ok(keys.into_iter().map(|key| (key, ())).collect()),
                }
            }
        });
        assert!(matches!(lookup.find(1).await, Err(LookupError::Failed(_))));
        assert_eq!(lookup.find(1).await.unwrap(), Some(()));
    }

    #[tokio::test]
    async fn a_query_that_is_stuck_is_overtaken_and_given_up() {
        let lookup = BatchedLookup::within(Duration::from_secs(2), |keys: Vec<u32>| async move {
            if keys.contains(&0) {
                std::future::pending::<()>().await;
            }
            Ok::<_, LookupError>(keys.into_iter().map(|key| (key, ())).collect())
        });
        let stuck = tokio::spawn({
            let lookup = lookup.clone();
            async move { lookup.find(0).await }
        });
        tokio::task::yield_now().await; // the stuck one has asked
        for key in 1..=2 * BESIDE as u32 {
            assert_eq!(lookup.find(key).await.unwrap(), Some(()));
        }
        assert!(!stuck.is_finished(), "those that came later were answered before");
        assert!(matches!(stuck.await.unwrap(), Err(LookupError::TooLate { seconds: 2 })));
        join_all((0..BESIDE).map(|_| lookup.find(0))).await;
        assert_eq!(lookup.find(1).await.unwrap(), Some(()));
    }
}
