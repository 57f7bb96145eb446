//! Where telemetry lies, so that retention is a drop of tables.

use distr_eventlog::{EventLog, Position, Selection};
use tokio_postgres::Client;

use crate::{
    given::{day, everything, positions, records},
    server::{Database, run},
};

#[test]
fn telemetry_has_a_partition_a_day_made_ahead_and_dropped_whole() {
    run(async {
        let database = Database::create().await;
        let (log, client) = (database.open().await, database.client().await);
        for number in [0, 1, 2] {
            log.append_telemetry(records(2, day(number))).await.unwrap();
        }
        assert_eq!(partitions(&client).await.len(), 4, "today's and tomorrow's");
        assert_eq!(count(&client, "SELECT count(*) FROM eventlog.telemetry_default").await, 0);
        log.drop_telemetry(day(2)).await.unwrap();
        assert_eq!(partitions(&client).await.len(), 2);
        assert_eq!(positions(&everything(&*log, Selection::All).await), [5, 6]);
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
        assert_eq!(log.drop_telemetry(day(1)).await.unwrap(), Position(2));
        assert_eq!(everything(&*log, Selection::All).await.len(), 0);
    });
}

async fn partitions(client: &Client) -> Vec<String> {
    let sql = "SELECT inhrelid::regclass::text FROM pg_inherits \
               WHERE inhparent = 'eventlog.telemetry'::regclass AND inhrelid::regclass::text NOT LIKE '%default'";
    client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap().get(0)
}
