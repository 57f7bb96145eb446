//! An entry of the log that nobody can take: telemetry is passed by, and those who watch notice nothing; a fact stops read models
//! and policies that need it, until an operator parks it, and is taken again on demand.

use std::time::Duration;

use chrono::DateTime;
use distr_domain::decider::Category;
use distr_domain::ids::OrganizationId;
use distr_domain::stored::SCHEMA_VERSION;
use distr_embedded_postgres::url_of_running;
use distr_eventlog::{
    Actor, Append, EventLog, Expected, NewEvent, Position, PostgresLog, StreamName, TelemetryKind, TelemetryRecord,
};
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::socket::Subscription;
use distr_tests::wait;
use serde_json::json;
use uuid::Uuid;

use crate::metrics::{scraped, value};

const LIMIT: Duration = Duration::from_secs(60);

async fn log_of(hub: &HubProcess) -> PostgresLog {
    let url = url_of_running(&hub.data.path().join("hub/postgres"), "distr").expect("the hub has a Postgres");
    PostgresLog::connect(&url).await.expect("the hub's log")
}

async fn append_damaged_heartbeat(log: &PostgresLog) -> Position {
    let record = TelemetryRecord {
        id: Uuid::now_v7(),
        organization: OrganizationId(Uuid::now_v7()),
        subject: Uuid::now_v7(),
        kind: TelemetryKind::Heartbeat,
        recorded_at: DateTime::UNIX_EPOCH,
        payload: "damaged".into(),
    };
    log.append_telemetry(vec![record]).await.expect("the log takes it")
}

async fn append_damaged_fact(log: &PostgresLog) -> Position {
    let id = Uuid::now_v7();
    let event =
        NewEvent { id, event_type: "TargetRetired".into(), schema_version: SCHEMA_VERSION, payload: "[]".into() };
    let append = Append {
        stream: StreamName { category: Category::Target, id },
        organization: OrganizationId(id),
        expected: Expected::NoStream,
        events: vec![event],
        actor: Actor::Operator,
        causation: None,
        correlation: id,
        recorded_at: DateTime::UNIX_EPOCH,
    };
    log.append(append).await.expect("the log takes it").position
}

async fn command(hub: &HubProcess, arguments: &[&str]) -> String {
    let output = hub.command_async(arguments).await;
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

/// As `distr-hub parked` lists it.
fn stands_at(listed: &str, name: &str) -> Option<u64> {
    let line = listed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" stands at position "));
    line?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

async fn register(hub: &HubProcess, owner: &str, target: &str) -> Option<String> {
    let register = format!("mutation {{ targetRegister(customer: \"globex\", name: \"{target}\") {{ changed }} }}");
    hub.graphql(Some(owner), &register, json!({})).await.code().map(str::to_owned)
}

#[tokio::test]
async fn damaged_telemetry_is_counted_and_those_who_watch_notice_nothing() {
    let port = free_port();
    let hub = HubProcess::start_with(&[("DISTR_METRICS_LISTEN", &format!("127.0.0.1:{port}"))]).await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let log = log_of(&hub).await;
    let damaged = append_damaged_heartbeat(&log).await;
    let query = "subscription { targetChanged { name } }";
    let mut changes = Subscription::open(&hub, Some(&owner), query, json!({})).await;
    assert_eq!(register(&hub, &owner, "factory").await, None);
    assert_eq!(changes.next().await["data"]["targetChanged"]["name"], "factory");

    let names = [("projection", "fleet"), ("projection", "audit"), ("policy", "observation")];
    wait::until("each that reads telemetry to have parked it", LIMIT, async || {
        let text = scraped(port).await;
        let sample = |(kind, name)| format!("distr_parked_entries{{kind=\"{kind}\",name=\"{name}\"}}");
        let counts = names.map(|name| value(&text, &sample(name)));
        if counts == [Some(1.0); 3] { Ok(()) } else { Err(format!("{counts:?}")) }
    })
    .await;
    let listed = command(&hub, &["parked"]).await;
    assert!(listed.contains(&format!("fleet parked position {damaged}, by the hub")), "{listed}");
}

#[tokio::test]
async fn a_damaged_fact_stops_what_needs_it_until_it_is_parked() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let log = log_of(&hub).await;
    let damaged = append_damaged_fact(&log).await;
    let stopped = format!("stopped: entry {damaged} cannot be read or applied");
    let listed = wait::until("three that stop at the entry", LIMIT, async || {
        let listed = command(&hub, &["parked"]).await;
        if listed.matches(&stopped).count() == 3 { Ok(listed) } else { Err(listed) }
    })
    .await;
    assert!(listed.contains("projection fleet stands at"), "{listed}");
    assert_eq!(register(&hub, &owner, "stuck").await.as_deref(), Some("not_yet_visible"));

    let position = damaged.to_string();
    for name in ["core", "audit", "seats"] {
        let said = command(&hub, &["park", name, &position, "--reason", "a test"]).await;
        assert!(said.contains("passes by"), "{said}");
    }
    wait::until("changes that are shown", LIMIT, async || register(&hub, &owner, "goes-on").await.map_or(Ok(()), Err))
        .await;
    let listed = command(&hub, &["parked"]).await;
    assert!(listed.contains(&format!("core parked position {damaged}, by the operator")), "{listed}");
    assert!(listed.contains(": a test"), "{listed}");
    let verified = command(&hub, &["rebuild", "--verify"]).await;
    assert!(verified.contains("equal at position"), "{verified}");

    // nobody can take it yet: a policy says so and goes on, and read models wait for a rebuild
    wait::until("the policy to have passed it", LIMIT, async || {
        let listed = command(&hub, &["parked"]).await;
        if stands_at(&listed, "policy seats") >= Some(damaged.number()) { Ok(()) } else { Err(listed) }
    })
    .await;
    command(&hub, &["retry", "seats", &position]).await;
    wait::until("the policy to park it again", LIMIT, async || {
        let listed = command(&hub, &["parked"]).await;
        let again = format!("seats parked position {damaged}, by the operator");
        match listed.lines().find(|line| line.starts_with(&again)) {
            Some(line) if line.contains("cannot be read or applied") && !line.contains("to be taken again") => Ok(()),
            _ => Err(listed),
        }
    })
    .await;
    let said = command(&hub, &["retry", "core", &position]).await;
    assert!(said.contains("distr-hub rebuild"), "{said}");
    assert_eq!(register(&hub, &owner, "still-goes-on").await, None);
    let refused = hub.command_async(&["retry", "core", &position]).await;
    assert!(!refused.status.success(), "it is no longer parked");
}
