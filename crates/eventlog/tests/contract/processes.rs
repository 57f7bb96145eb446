//! Several processes on one log.

use std::time::Duration;

use distr_eventlog::{EventLog, Expected, Position, Selection};
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::{
    given::{append, everything, stream},
    outcomes::{acknowledged, assert_stored, start_writers},
    server::{Database, run},
};

#[test]
fn two_processes_append_to_one_log() {
    run(async {
        let database = Database::create().await;
        let (one, other) = futures_util::join!(database.open(), database.open());
        let mut writers = start_writers(&one, 8);
        writers.extend(start_writers(&other, 8));
        let acknowledged = acknowledged(writers).await;
        assert_stored(&*one, &acknowledged).await;
        assert_eq!(everything(&*one, Selection::All).await, everything(&*other, Selection::All).await);
    });
}

#[test]
fn two_processes_cannot_both_take_the_same_revision() {
    run(async {
        let database = Database::create().await;
        let (one, other) = (database.open().await, database.open().await);
        let stream = stream();
        for revision in 0..50_u64 {
            let expected = Expected::from(revision.checked_sub(1));
            let (first, second) =
                futures_util::join!(one.append(append(stream, expected, 1)), other.append(append(stream, expected, 1)));
            assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
        }
        assert_eq!(one.head().await.unwrap(), Position::of_number(50));
    });
}

#[test]
fn an_append_wakes_the_readers_of_other_processes() {
    run(async {
        let database = Database::create().await;
        let (one, other) = (database.open().await, database.open().await);
        let mut wake = other.wake();
        let appended = one.append(append(stream(), Expected::NoStream, 3)).await.unwrap();
        timeout(Duration::from_secs(10), wake.wait_for(|head| *head >= appended.position)).await.unwrap().unwrap();
    });
}

#[test]
fn many_processes_may_start_at_once_on_an_empty_database() {
    run(async {
        let database = Database::create().await;
        let logs = join_all((0..4).map(|_| database.open())).await;
        let answers = join_all(logs.iter().map(|log| log.append(append(stream(), Expected::NoStream, 1)))).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    });
}
