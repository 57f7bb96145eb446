//! Other hands on the tables: what they may not do, and what is seen when they did.

use distr_eventlog::{EventLog, Expected, Limit, Position, ReadError, Selection};

use crate::{
    given::{append, day, everything, records, stream},
    server::{Database, run},
};

#[test]
fn a_lost_fact_is_an_error_to_every_reader() {
    run(async {
        let database = Database::create().await;
        let (log, client, stream) = (database.open().await, database.client().await, stream());
        log.append(append(stream, Expected::NoStream, 3)).await.unwrap();
        log.append_telemetry(records(3, day(0))).await.unwrap();
        log.append(append(stream, Expected::Revision(2), 1)).await.unwrap();
        log.drop_telemetry(day(5)).await.unwrap();
        assert_eq!(everything(&*log, Selection::All).await.len(), 4);

        let tear = "ALTER TABLE eventlog.event DISABLE TRIGGER ALL; DELETE FROM eventlog.event WHERE position = 2";
        client.batch_execute(tear).await.unwrap();
        for selection in [Selection::All, Selection::Facts] {
            let torn = log.scan(Position::START, Limit::entries(10), selection).await;
            let hole = ReadError::Hole { after: Position::of_number(1), found: Position::of_number(3) };
            assert_eq!(torn.unwrap_err().to_string(), hole.to_string());
        }
        let torn = log.read_stream(&stream, 0, 10).await;
        assert!(matches!(torn, Err(ReadError::StreamHole { expected: 1, found: 2, .. })), "{torn:?}");
    });
}

#[test]
fn lost_telemetry_is_an_error_unless_retention_dropped_it() {
    run(async {
        let database = Database::create().await;
        let (log, client) = (database.open().await, database.client().await);
        log.append_telemetry(records(3, day(0))).await.unwrap();
        log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
        client.batch_execute("DELETE FROM eventlog.telemetry").await.unwrap();
        let torn = log.scan(Position::START, Limit::entries(10), Selection::All).await;
        let is_torn = |after, found| (after, found) == (Position::START, Position::of_number(4));
        assert!(matches!(torn, Err(ReadError::Hole { after, found }) if is_torn(after, found)), "{torn:?}");
    });
}

#[test]
fn the_database_itself_refuses_to_change_facts() {
    run(async {
        let database = Database::create().await;
        let (log, client) = (database.open().await, database.client().await);
        log.append(append(stream(), Expected::NoStream, 1)).await.unwrap();
        for change in [
            "UPDATE eventlog.event SET payload = ''",
            "DELETE FROM eventlog.event",
            "TRUNCATE eventlog.event",
            "DELETE FROM eventlog.head",
        ] {
            let error = client.batch_execute(change).await.unwrap_err();
            let message = error.as_db_error().unwrap().message();
            assert!(message.contains("the log is only appended to"), "{change}: {message}");
        }
    });
}
