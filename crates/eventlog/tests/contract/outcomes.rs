//! Connections that end, by order and by force: what was acknowledged is stored once, the rest can be asked again.

use std::{collections::HashSet, sync::Arc};

use distr_eventlog::{Append, AppendError, EventLog, Expected, Position, PostgresLog, Selection};
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::{
    given::{append, day, everything, id, positions, records, stream},
    ordering::write,
    server::{Database, run},
};

#[test]
fn what_was_acknowledged_survives_a_restart() {
    run(async {
        let database = Database::create().await;
        let (stream, first) = (stream(), database.open().await);
        first.append(append(stream, Expected::NoStream, 3)).await.unwrap();
        let repeated = append(stream, Expected::Revision(2), 1);
        first.append(repeated.clone()).await.unwrap();
        first.append_telemetry(records(5, day(0))).await.unwrap();
        first.close().await;
        let before = everything(&*first, Selection::All).await;
        drop(first);

        let second = database.open().await;
        assert_eq!(everything(&*second, Selection::All).await, before);
        assert_eq!(*second.wake().borrow(), Position::of_number(9));
        assert!(second.append(repeated).await.unwrap().duplicate);
        let next = second.append(append(stream, Expected::Revision(3), 1)).await.unwrap();
        assert_eq!((next.first_revision, next.position), (4, Position::of_number(10)));
    });
}

#[test]
fn closing_answers_what_was_taken_and_refuses_the_rest() {
    run(async {
        let database = Database::create().await;
        let log = database.open().await;
        let pending = tokio::spawn({
            let log = Arc::clone(&log);
            async move { join_all((0..200).map(|_| log.append(append(stream(), Expected::NoStream, 1)))).await }
        });
        let mut wake = log.wake();
        wake.wait_for(|head| *head > Position::START).await.unwrap();
        log.close().await;
        let refused = log.append(append(stream(), Expected::NoStream, 1)).await;
        assert!(matches!(refused, Err(AppendError::Closed)), "{refused:?}");
        let done = pending.await.unwrap();
        assert!(done.iter().all(|answer| matches!(answer, Ok(_) | Err(AppendError::Closed))), "{done:?}");
        let acknowledged = done.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(everything(&*log, Selection::All).await.len(), acknowledged);
    });
}

#[test]
fn killed_connections_under_load_lose_nothing_and_double_nothing() {
    run(async {
        let database = Database::create().await;
        let (log, killer) = (database.open().await, database.client().await);
        let writers = start_writers(&log, 16);
        for round in 1..=12 {
            let mut wake = log.wake();
            wake.wait_for(|head| *head >= Position::of_number(round * 100)).await.unwrap();
            // none is there for a moment when the log has not come back from the round before
            while kill(&killer, "distr-eventlog%").await == 0 {}
        }
        assert_stored(&*log, &acknowledged(writers).await).await;
    });
}

#[test]
fn what_the_database_refuses_fails_alone() {
    run(async {
        let database = Database::create().await;
        let log = database.open().await;
        let mut appends: Vec<Append> = (0..40).map(|_| append(stream(), Expected::NoStream, 1)).collect();
        // a type's name is text to the database, which has no zero byte
        appends[20].events[0].event_type = "Hap\0pened".into();
        let answers = join_all(appends.into_iter().map(|append| log.append(append))).await;
        let refused: Vec<usize> =
            answers.iter().enumerate().filter(|(_, answer)| answer.is_err()).map(|(index, _)| index).collect();
        assert_eq!(refused, [20]);
        assert!(matches!(&answers[20], Err(AppendError::Store(_))), "{:?}", answers[20]);
        assert_eq!(log.head().await.unwrap(), Position::of_number(39));
    });
}

async fn kill(client: &Client, application: &str) -> usize {
    let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE application_name LIKE $1 AND application_name <> 'distr-eventlog reader' \
               AND datname = current_database()";
    client.query(sql, &[&application]).await.unwrap().len()
}

pub(crate) fn start_writers(log: &Arc<PostgresLog>, count: usize) -> Vec<JoinHandle<Vec<Uuid>>> {
    (0..count).map(|writer| tokio::spawn(write(Arc::clone(log) as Arc<dyn EventLog>, writer))).collect()
}

pub(crate) async fn acknowledged(writers: Vec<JoinHandle<Vec<Uuid>>>) -> Vec<Uuid> {
    join_all(writers).await.into_iter().flat_map(|ids| ids.unwrap()).collect()
}

/// Everything that was acknowledged is there once, without a hole.
pub(crate) async fn assert_stored(log: &dyn EventLog, acknowledged: &[Uuid]) {
    let entries = everything(log, Selection::All).await;
    assert_eq!(positions(&entries), (1..=entries.len() as u64).collect::<Vec<_>>());
    let stored: Vec<Uuid> = entries.iter().map(id).collect();
    let once: HashSet<&Uuid> = stored.iter().collect();
    assert_eq!(once.len(), stored.len(), "nothing twice");
    assert!(acknowledged.iter().all(|id| once.contains(id)), "nothing lost");
    assert_eq!(stored.len(), acknowledged.len(), "nothing that nobody asked for");
}
