//! The worst moment: the database has committed, and its answer is lost. A proxy between the log and the database cuts
//! there, every time.

use distr_eventlog::{EventLog, Expected, Position, PostgresLog, Selection};
use tokio_postgres::config::Host;

use crate::{
    given::{append, day, everything, id, positions, records, stream},
    proxy::{Cut, Proxy},
    server::{Database, run},
};

async fn open(proxy: &Proxy, database: &Database) -> PostgresLog {
    let (config, _) = database.config();
    let mut through = tokio_postgres::Config::new();
    through.host("127.0.0.1").port(proxy.port).dbname(config.get_dbname().unwrap());
    through.user(config.get_user().unwrap()).password(config.get_password().unwrap());
    assert!(matches!(config.get_hosts(), [Host::Unix(_)]));
    PostgresLog::connect_to(through).await.unwrap()
}

async fn an_unknown_outcome_is_settled(cut: Cut) {
    let database = Database::create().await;
    let socket = database.config().1;
    let proxy = Proxy::start(move || Some(socket.clone())).await;
    let log = open(&proxy, &database).await;
    let stream = stream();
    let (mut facts, mut telemetry) = (Vec::new(), Vec::new());
    for round in 0..5 {
        let append = append(stream, (round * 2_u64).checked_sub(1).into(), 2);
        facts.extend(append.events.iter().map(|event| event.id));
        proxy.arm(cut);
        let appended = log.append(append.clone()).await.unwrap();
        assert_eq!((appended.first_revision, appended.position), (round * 2, Position::of_number(round * 5 + 2)));

        let records = records(3, day(0));
        telemetry.extend(records.iter().map(|record| record.id));
        proxy.arm(cut);
        assert_eq!(log.append_telemetry(records).await.unwrap(), Position::of_number(round * 5 + 5));
    }
    assert_eq!(proxy.cuts(), 10, "every commit was cut");
    assert_eq!(positions(&everything(&log, Selection::All).await), (1..=25).collect::<Vec<_>>());
    assert_eq!(everything(&log, Selection::Facts).await.iter().map(id).collect::<Vec<_>>(), facts);
    assert_eq!(everything(&log, Selection::Telemetry).await.iter().map(id).collect::<Vec<_>>(), telemetry);
    let next = log.append(append(stream, Expected::Revision(9), 1)).await.unwrap();
    assert_eq!(next.position, Position::of_number(26));
}

#[test]
fn a_batch_whose_commit_was_not_answered_is_known_again() {
    run(an_unknown_outcome_is_settled(Cut::AfterCommit));
}

#[test]
fn a_batch_whose_commit_never_arrived_is_written_again() {
    run(an_unknown_outcome_is_settled(Cut::BeforeCommit));
}
