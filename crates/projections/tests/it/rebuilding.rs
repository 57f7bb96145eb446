//! An edition beside the live one: equal when nothing is wrong, differing by name when something is, gone on with after
//! an end in the middle, and never two at once.

use std::sync::Arc;

use distr_eventlog::{EventLog, MemoryLog, Position};
use distr_postgres::Address;
use distr_projections::{
    Difference, DifferenceKind, FollowerHandle, Group, RebuildError, RebuildOptions, Step, rebuild, reshape, verify,
};

use crate::harness::{add_customer, database, fill, tables};
use crate::{LIMIT, start};

/// What no event of the harness changes or removes has no past.
fn never_changes(table: &str) -> bool {
    ["customer_past", "manifest_past", "seat_past", "tag_past"].contains(&table)
}

async fn follow(database: &Address, log: &Arc<dyn EventLog>) -> Vec<FollowerHandle> {
    let mut runners = vec![];
    for group in [Group::CORE, Group::FLEET, Group::AUDIT] {
        runners.push(start(database, log, group).await);
    }
    catch_up(&runners, log).await;
    runners
}

async fn catch_up(runners: &[FollowerHandle], log: &Arc<dyn EventLog>) {
    let head = log.head().await.unwrap();
    for runner in runners {
        runner.progress.wait_for(head, LIMIT).await.unwrap();
    }
}

const OPTIONS: RebuildOptions = RebuildOptions { restart: false, accept_differences: false, wait: false };

#[tokio::test]
async fn the_log_twice_from_zero_gives_the_same_rows() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    fill(&*log).await;
    let runners = follow(&database, &log).await;
    let live = tables(&database, "read").await;
    for (table, rows) in &live {
        assert!(!rows.is_empty() || never_changes(table), "no event of the harness fills table {table}");
    }
    let report = rebuild(&database, log.clone(), OPTIONS, |_| {}).await.unwrap();
    assert_eq!(report.position, log.head().await.unwrap());
    assert!(report.dropped);
    let comparison = report.comparison.expect("of the same shape");
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(comparison.tables.len(), live.len());
    for table in &comparison.tables {
        assert_eq!(table.live_rows as usize, live[&table.table].len(), "{}", table.table);
    }
    assert_eq!(tables(&database, "read").await, live);

    // the runners have found their way into the new edition
    let late = add_customer(&*log, "late").await;
    catch_up(&runners, &log).await;
    let found =
        database.connect().await.unwrap().query("SELECT 1 FROM read.customer WHERE id = $1", &[&late.0]).await.unwrap();
    assert_eq!(found.len(), 1);
    for runner in runners {
        runner.stop().await;
    }
}

#[tokio::test]
async fn a_difference_stops_the_swap_and_is_named() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let (changed, missing) = (add_customer(&*log, "changed").await, add_customer(&*log, "missing").await);
    let runners = follow(&database, &log).await;
    let planted = uuid::Uuid::from_u128(7);
    let client = database.connect().await.unwrap();
    let plant = format!(
        "UPDATE read.customer SET display_name = 'planted' WHERE id = '{changed}';
         INSERT INTO read.customer SELECT '{planted}', organization, 'planted', 'P', created_at, position
         FROM read.customer WHERE id = '{missing}';
         DELETE FROM read.customer WHERE id = '{missing}';"
    );
    client.batch_execute(&plant).await.unwrap();
    let mut expected = [
        Difference { key: changed.0, kind: DifferenceKind::Differs },
        Difference { key: missing.0, kind: DifferenceKind::OnlyNew },
        Difference { key: planted, kind: DifferenceKind::OnlyLive },
    ];
    expected.sort_by_key(|difference| difference.key);

    let before = tables(&database, "read").await;
    let Err(RebuildError::Differs(comparison)) = rebuild(&database, log.clone(), OPTIONS, |_| {}).await else {
        panic!("the difference was not found");
    };
    for table in &comparison.tables {
        let differences = if table.table == "customer" { &expected[..] } else { &[] };
        assert_eq!(table.differences, differences, "{}", table.table);
    }
    assert_eq!(tables(&database, "read").await, before, "nothing was swapped");
    assert!(!verify(&database, log.clone(), OPTIONS, |_| {}).await.unwrap().is_equal());

    let accept = RebuildOptions { accept_differences: true, ..OPTIONS };
    rebuild(&database, log.clone(), accept, |_| {}).await.unwrap();
    assert!(verify(&database, log.clone(), OPTIONS, |_| {}).await.unwrap().is_equal());
    assert!(tables(&database, "read_next").await.is_empty(), "an equal one is not kept");
    for runner in runners {
        runner.stop().await;
    }
}

#[tokio::test]
async fn a_rebuild_that_was_ended_in_the_middle_goes_on() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    for n in 0..31_000 {
        add_customer(&*log, &format!("c{n}")).await;
    }
    let runners = follow(&database, &log).await;
    let (ended, end) = tokio::sync::oneshot::channel();
    let mut ended = Some(ended);
    let watch = |step: Step<'_>| {
        if let Step::Building { done, .. } = step
            && let Some(ended) = ended.take()
        {
            ended.send(done).unwrap();
        }
    };
    let stood = tokio::select! {
        biased;
        stood = end => stood.unwrap(),
        _ = rebuild(&database, log.clone(), OPTIONS, watch) => panic!("it ended too early"),
    };
    assert!(stood > Position::START && stood < log.head().await.unwrap());
    let mut resumed = None;
    let note = |step: Step<'_>| {
        if let Step::Resumed(at) = step {
            resumed = Some(at);
        }
    };
    let report = rebuild(&database, log.clone(), OPTIONS, note).await.unwrap();
    assert_eq!(resumed, Some(stood));
    assert!(report.applied < 3 * 31_000, "what was made was made again");
    assert!(report.comparison.unwrap().is_equal());
    for runner in runners {
        runner.stop().await;
    }
}

#[tokio::test]
async fn where_no_hub_follows_it_goes_to_the_end_of_the_log() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    fill(&*log).await;
    database
        .connect()
        .await
        .unwrap()
        .batch_execute("DROP SCHEMA read CASCADE; DROP SCHEMA as_of CASCADE; DROP SCHEMA analytics CASCADE")
        .await
        .unwrap();
    let report = rebuild(&database, log.clone(), OPTIONS, |_| {}).await.unwrap();
    assert_eq!(report.position, log.head().await.unwrap());
    for (table, rows) in tables(&database, "read").await {
        assert!(!rows.is_empty() || never_changes(&table), "{table}");
    }
    assert!(verify(&database, log.clone(), OPTIONS, |_| {}).await.unwrap().is_equal());
}

#[tokio::test]
async fn only_one_rebuild_runs_and_those_who_wait_find_it_done() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add_customer(&*log, "globex").await;
    database.connect().await.unwrap().batch_execute("UPDATE read.shape SET shape = shape - 1").await.unwrap();
    let (first, second) =
        tokio::join!(reshape(&database, log.clone(), |_| {}), reshape(&database, log.clone(), |_| {}));
    let done = [first.unwrap().is_some(), second.unwrap().is_some()];
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "one has made them, the other has found them made");

    let holder = database.connect().await.unwrap();
    holder.execute("SELECT pg_advisory_lock(1145656402, 1)", &[]).await.unwrap();
    let refused = rebuild(&database, log.clone(), OPTIONS, |_| {}).await.unwrap_err();
    assert!(matches!(refused, RebuildError::Running { .. }), "{refused}");
    assert!(distr_projections::cancel(&database).await.unwrap());
    rebuild(&database, log.clone(), OPTIONS, |_| {}).await.unwrap();
    assert!(!distr_projections::cancel(&database).await.unwrap());
}
