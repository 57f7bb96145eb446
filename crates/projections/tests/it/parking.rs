//! Entries that nobody can take: what is sound before them is applied, telemetry is passed by, a fact stops its group alone until it
//! is parked, and a rebuild does the same.

use std::sync::Arc;

use distr_domain::stored::SCHEMA_VERSION;
use distr_eventlog::{EventLog, MemoryLog, Position, TelemetryKind};
use distr_postgres::Address;
use distr_projections::{Group, RebuildError, RebuildOptions, rebuild, verify};

use crate::harness::{add_customer, append, database, heartbeat, tables, telemetry};
use crate::{LIMIT, start, until};

const OPTIONS: RebuildOptions = RebuildOptions { restart: true, accept_differences: false, wait: false };

async fn text(database: &Address, sql: &str) -> String {
    let row = database.connect().await.unwrap().query_one(sql, &[]).await.unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

async fn error_of_core(database: &Address) -> String {
    text(database, "SELECT error FROM read.checkpoint WHERE group_name = 'core'").await
}

async fn parked(database: &Address) -> String {
    let sql = "SELECT string_agg(follower || ' ' || position, ', ' ORDER BY follower, position) FROM ops.parked";
    text(database, sql).await
}

async fn customers(database: &Address) -> String {
    text(database, "SELECT string_agg(name, ' ' ORDER BY position) FROM read.customer").await
}

/// As `distr-hub park core` does.
async fn park(database: &Address, position: Position) {
    let park = format!(
        "INSERT INTO ops.parked (follower, position, reason, by_operator) VALUES ('core', {position}, 'a test', true);
         UPDATE read.checkpoint SET error = NULL WHERE group_name = 'core'"
    );
    database.connect().await.unwrap().batch_execute(&park).await.unwrap();
}

/// The fact `bad` between others stops the core group, with this error; parked, it is passed by, also in a rebuild.
async fn stops_until_parked(event_type: &str, schema_version: u16, payload: &str, error: &str) {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add_customer(&*log, "before").await;
    let bad = append(&*log, event_type, schema_version, payload).await;
    add_customer(&*log, "after").await;
    log.append_telemetry(vec![heartbeat()]).await.unwrap();
    let (core, fleet) = (start(&database, &log, Group::CORE).await, start(&database, &log, Group::FLEET).await);
    fleet.progress.wait_for(log.head().await.unwrap(), LIMIT).await.unwrap();
    until("an error of the group core", async || !error_of_core(&database).await.is_empty()).await;
    let said = error_of_core(&database).await;
    assert!(said.starts_with(&format!("entry {bad} ")) && said.contains(error), "{said}");
    assert_eq!(
        (core.progress.position(), customers(&database).await),
        (Position::of_number(bad.number() - 1), "before".to_owned())
    );
    assert_eq!(parked(&database).await, "", "no fact is passed by unasked");

    park(&database, bad).await;
    core.progress.wait_for(log.head().await.unwrap(), LIMIT).await.unwrap();
    assert_eq!((customers(&database).await, error_of_core(&database).await), ("before after".into(), String::new()));
    for follower in [core, fleet] {
        follower.stop().await;
    }
}

#[tokio::test]
async fn a_damaged_fact_stops_its_group_until_it_is_parked() {
    stops_until_parked("CustomerCreated", SCHEMA_VERSION, "{}", "cannot be read or applied").await;
}

#[tokio::test]
async fn a_fact_of_a_type_of_tomorrow_is_left_to_newer_hubs() {
    stops_until_parked("CustomerOfTomorrow", SCHEMA_VERSION, "{}", "newer version").await;
}

#[tokio::test]
async fn a_fact_of_a_schema_of_tomorrow_is_left_to_newer_hubs() {
    stops_until_parked("CustomerCreated", SCHEMA_VERSION + 1, "{}", "newer version").await;
}

/// Read, but two rows may not have the same name.
#[tokio::test]
async fn a_fact_that_no_table_takes_stops_its_group_until_it_is_parked() {
    let twice = r#"{ "name": "before", "display_name": "B" }"#;
    stops_until_parked("CustomerCreated", SCHEMA_VERSION, twice, "cannot be read or applied").await;
}

#[tokio::test]
async fn telemetry_that_cannot_be_read_is_parked_and_passed_by() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let damaged = || telemetry(TelemetryKind::Heartbeat, b"damaged".to_vec());
    log.append_telemetry(vec![damaged(), heartbeat(), damaged()]).await.unwrap();
    let (fleet, audit) = (start(&database, &log, Group::FLEET).await, start(&database, &log, Group::AUDIT).await);
    for follower in [&fleet, &audit] {
        follower.progress.wait_for(Position::of_number(3), LIMIT).await.unwrap();
    }
    assert_eq!(parked(&database).await, "audit 1, audit 3, fleet 1, fleet 3");
    assert_eq!(tables(&database, "read").await["heartbeat"].len(), 1);
    for follower in [fleet, audit] {
        follower.stop().await;
    }
}

#[tokio::test]
async fn a_rebuild_passes_by_what_is_parked_and_nothing_else() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add_customer(&*log, "before").await;
    let sound = add_customer(&*log, "parked").await;
    log.append_telemetry(vec![telemetry(TelemetryKind::Heartbeat, b"damaged".to_vec()), heartbeat()]).await.unwrap();
    add_customer(&*log, "after").await;
    park(&database, Position::of_number(2)).await;
    let mut followers = vec![];
    for group in [Group::CORE, Group::FLEET, Group::AUDIT] {
        followers.push(start(&database, &log, group).await);
    }
    for follower in &followers {
        follower.progress.wait_for(log.head().await.unwrap(), LIMIT).await.unwrap();
    }
    assert_eq!(customers(&database).await, "before after");
    let comparison = rebuild(&database, log.clone(), OPTIONS, |_| {}).await.unwrap().comparison.unwrap();
    assert!(comparison.is_equal(), "{comparison:?}");
    assert_eq!(customers(&database).await, "before after");

    // no longer parked, it is applied by the next rebuild alone, in its place
    database.connect().await.unwrap().batch_execute("DELETE FROM ops.parked WHERE follower = 'core'").await.unwrap();
    let Err(RebuildError::Differs(comparison)) = rebuild(&database, log.clone(), OPTIONS, |_| {}).await else {
        panic!("the live read models lack a customer");
    };
    let differing: Vec<_> = comparison.tables.iter().flat_map(|table| &table.differences).collect();
    assert_eq!(differing.iter().map(|difference| difference.key).collect::<Vec<_>>(), [sound.0]);
    let accept = RebuildOptions { accept_differences: true, ..OPTIONS };
    rebuild(&database, log.clone(), accept, |_| {}).await.unwrap();
    assert_eq!(customers(&database).await, "before parked after");
    assert!(verify(&database, log.clone(), OPTIONS, |_| {}).await.unwrap().is_equal());
    for follower in followers {
        follower.stop().await;
    }
}
