//! Where telemetry lies, so that retention is a drop of tables.

use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_eventlog::{EventLog, Position, Selection};
use tokio_postgres::Client;

use crate::{
    given::{append, day, everything, positions, records, stream},
    server::{Database, run},
};

#[test]
fn telemetry_has_a_partition_a_day_made_ahead_and_dropped_whole() {
    run(async {
        let database = Database::create().await;
        let (log, client) = (database.open().await, database.client().await);
        assert_eq!(partitions(&client).await.len(), 8, "from today on, before anything is written");
        log.append_telemetry(records(2, day(0))).await.unwrap();
        until_there(&client, day(7)).await;
        for number in [1, 2] {
            log.append_telemetry(records(2, day(number))).await.unwrap();
        }
        let by_default = "SELECT count(*) FROM eventlog.telemetry_default";
        assert_eq!(count(&client, by_default).await, 1, "of the day that nobody saw coming");
        log.drop_telemetry(day(2)).await.unwrap();
        assert_eq!(count(&client, by_default).await, 0);
        assert!(!partitions(&client).await.contains(&name(day(1))));
        assert!(partitions(&client).await.contains(&name(day(2))));
        assert_eq!(positions(&everything(&*log, Selection::All).await), [5, 6]);
    });
}

#[test]
fn whoever_reads_telemetry_while_a_day_begins_is_in_nobodys_way() {
    run(async {
        let database = Database::create().await;
        let (log, client, mut other) = (database.open().await, database.client().await, database.client().await);
        // as a backup has it to its end
        let backup = other.transaction().await.unwrap();
        backup.batch_execute("LOCK TABLE eventlog.telemetry_default IN ACCESS SHARE MODE").await.unwrap();
        let stream = stream();
        for round in 0..10_u64 {
            let day = day(round as i64 / 5);
            let written = async {
                log.append_telemetry(records(2, day)).await.unwrap();
                log.append(append(stream, round.checked_sub(1).into(), 1)).await.unwrap();
                everything(&*log, Selection::All).await.len()
            };
            // far less than the patience of the log, which would be over
            let read = tokio::time::timeout(Duration::from_secs(15), written).await.expect("writers go on");
            assert_eq!(read as u64, (round + 1) * 3);
        }
        assert!(!partitions(&client).await.contains(&name(day(1))), "it is held up");
        backup.commit().await.unwrap();
        until_there(&client, day(2)).await;
        log.append_telemetry(records(1, day(2))).await.unwrap();
        assert_eq!(count(&client, &format!("SELECT count(*) FROM eventlog.{}", name(day(2)))).await, 1);
        assert!(!partitions(&client).await.contains(&name(day(1))), "what lies in the default partition stays");
        assert_eq!(everything(&*log, Selection::All).await.len(), 31);
    });
}

/// The same log by hubs of before, which make days while they append.
#[test]
fn what_older_hubs_call_waits_for_nobody() {
    run(async {
        let database = Database::create().await;
        let (_log, client, mut other) = (database.open().await, database.client().await, database.client().await);
        let make = async |day: DateTime<Utc>| {
            let (sql, date) = ("SELECT eventlog.create_telemetry_day($1)", day.date_naive());
            let wait = Duration::from_secs(15);
            tokio::time::timeout(wait, client.execute(sql, &[&date])).await.expect("an answer").unwrap();
            partitions(&client).await.contains(&name(day))
        };
        let backup = other.transaction().await.unwrap();
        backup.batch_execute("LOCK TABLE eventlog.telemetry_default IN ACCESS SHARE MODE").await.unwrap();
        assert!(!make(day(0)).await);
        backup.commit().await.unwrap();
        assert!(make(day(0)).await);
        assert!(make(day(0)).await);
    });
}

#[test]
fn telemetry_without_a_partition_of_its_day_is_kept_all_the_same() {
    run(async {
        let database = Database::create().await;
        let (log, client) = (database.open().await, database.client().await);
        // takes the day's place with something else
        client.batch_execute(&format!("CREATE TABLE eventlog.telemetry_{} ()", day(0).format("%Y%m%d"))).await.unwrap();
        log.append_telemetry(records(2, day(0))).await.unwrap();
        assert_eq!(count(&client, "SELECT count(*) FROM eventlog.telemetry_default").await, 1);
        assert_eq!(everything(&*log, Selection::All).await.len(), 2);
        assert_eq!(log.drop_telemetry(day(1)).await.unwrap(), Position::of_number(2));
        assert_eq!(everything(&*log, Selection::All).await.len(), 0);
    });
}

fn name(day: DateTime<Utc>) -> String {
    format!("telemetry_{}", day.format("%Y%m%d"))
}

async fn until_there(client: &Client, day: DateTime<Utc>) {
    // the whole test is bounded
    while !partitions(client).await.contains(&name(day)) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn partitions(client: &Client) -> Vec<String> {
    let sql = "SELECT relname::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid \
               WHERE inhparent = 'eventlog.telemetry'::regclass AND relname <> 'telemetry_default'";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}
