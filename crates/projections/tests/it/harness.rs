//! A private Postgres with an empty live schema, and a log in which something of everything happened.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use distr_domain::access::{AccessAction, AccessOutcome, AccessRecord};
use distr_domain::agent::{DeploymentReport, Health, Report, RunningRelease, Step};
use distr_domain::customer::{Customer, CustomerCommand};
use distr_domain::decider::{Category, Decider};
use distr_domain::fact::Fact;
use distr_domain::ids::{CustomerId, OrganizationId};
use distr_domain::names::Slug;
use distr_domain::stored::{SCHEMA_VERSION, StoredEvent};
use distr_embedded_postgres::{EmbeddedPostgres, start_temporary};
use distr_eventlog::{
    Actor, Append, Context, EventLog, Expected, NewEvent, Position, StreamName, TelemetryKind, TelemetryRecord, execute,
};
use distr_postgres::Address;
use distr_projections::prepare_live;
use serde_json::Value;

use uuid::Uuid;

pub(crate) const ORGANIZATION: OrganizationId = OrganizationId(Uuid::from_u128(1));

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

pub(crate) async fn database() -> (EmbeddedPostgres, Address) {
    let postgres = start_temporary().await.unwrap();
    postgres.create_database("distr").await.unwrap();
    let database: Address = postgres.url("distr").parse().unwrap();
    let mut client = database.connect().await.unwrap();
    prepare_live(&mut client).await.unwrap();
    client.batch_execute("CREATE SCHEMA ops").await.unwrap();
    client.batch_execute(include_str!("../../../api/migrations/V8__parked.sql")).await.unwrap();
    (postgres, database)
}

pub(crate) async fn run<D: Decider>(log: &dyn EventLog, stream: Uuid, command: D::Command) {
    let context = Context {
        organization: ORGANIZATION,
        actor: Actor::Operator,
        causation: None,
        correlation: Uuid::new_v4(),
        command: Uuid::new_v4(),
        at: at(),
    };
    if let Err(error) = execute::<D>(log, stream, &command, &context).await {
        panic!("{error}");
    }
}

/// A fact as some program wrote it, on a stream of its own.
pub(crate) async fn append(log: &dyn EventLog, event_type: &str, schema_version: u16, payload: &str) -> Position {
    let id = Uuid::new_v4();
    let append = Append {
        stream: StreamName { category: Category::Customer, id },
        organization: ORGANIZATION,
        expected: Expected::NoStream,
        events: vec![NewEvent {
            id,
            event_type: event_type.into(),
            schema_version,
            payload: payload.to_owned().into_bytes().into(),
        }],
        actor: Actor::Operator,
        causation: None,
        correlation: id,
        recorded_at: at(),
    };
    log.append(append).await.unwrap().position
}

pub(crate) async fn add_customer(log: &dyn EventLog, text: &str) -> CustomerId {
    let name: Slug = text.parse().unwrap();
    let id = CustomerId::of(ORGANIZATION, &name);
    run::<Customer>(log, id.0, CustomerCommand::Create { name, display_name: "C".into() }).await;
    id
}

/// The golden files of the domain, one of each event and of each of its forms: first those that make a thing.
pub(crate) fn golden() -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/golden");
    let mut golden: Vec<Value> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap())
        .collect();
    // whatever the order in which a folder is listed
    golden.sort_by_key(|event| (order(event["type"].as_str().unwrap()), event.to_string()));
    golden
}

/// Streams that golden events are appended to: one of each category for each organization.
#[derive(Default)]
pub(crate) struct Streams {
    revisions: BTreeMap<StreamKey, u64>,
    appended: u64,
}

type StreamKey = (OrganizationId, String);

impl Streams {
    pub(crate) async fn append(&mut self, log: &dyn EventLog, organization: OrganizationId, golden: &Value) {
        self.appended += 1;
        let id = Uuid::new_v5(&organization.0, format!("{golden} {}", self.appended).as_bytes());
        let category = Category::parse(golden["category"].as_str().unwrap()).unwrap();
        let (event_type, data) = (golden["type"].as_str().unwrap().to_owned(), golden["data"].to_string());
        let stored = StoredEvent { event_type: &event_type, schema_version: SCHEMA_VERSION, data: data.as_bytes() };
        Fact::decode(category, stored).unwrap();
        let key = (organization, category.as_str().to_owned());
        let revision = self.revisions.get(&key).copied();
        self.revisions.insert(key, revision.map_or(0, |revision| revision + 1));
        let append = Append {
            stream: StreamName { category, id: Uuid::new_v5(&organization.0, category.as_str().as_bytes()) },
            organization,
            expected: revision.into(),
            events: vec![NewEvent { id, event_type, schema_version: SCHEMA_VERSION, payload: data.into() }],
            actor: Actor::Operator,
            causation: Some(Uuid::from_u128(1)),
            correlation: id,
            recorded_at: at(),
        };
        log.append(append).await.unwrap();
    }
}

/// Every event type once.
pub(crate) async fn fill(log: &dyn EventLog) {
    let mut streams = Streams::default();
    for event in golden() {
        streams.append(log, ORGANIZATION, &event).await;
    }
    log.append_telemetry(vec![heartbeat(), access()]).await.unwrap();
}

/// What begins a stream first, what ends something before what would leave nothing: no table may end up empty.
fn order(event_type: &str) -> (u8, String) {
    let rank = match event_type {
        "AlertTakenUp" | "ManifestDeleted" | "TagDeleted" | "RolloutPolicyRemoved" | "TargetsLeft" => 0,
        "ReleaseDrafted" => 1,
        made if ["Created", "Added", "Issued", "Registered", "Pushed", "ReleaseSet", "Planned", "Placed"]
            .iter()
            .any(|end| made.ends_with(end)) =>
        {
            1
        }
        _ => 2,
    };
    (rank, event_type.to_owned())
}

pub(crate) fn telemetry(kind: TelemetryKind, payload: Vec<u8>) -> TelemetryRecord {
    TelemetryRecord {
        id: Uuid::new_v5(&ORGANIZATION.0, &payload),
        organization: ORGANIZATION,
        subject: Uuid::from_u128(4),
        kind,
        recorded_at: at(),
        payload: payload.into(),
    }
}

pub(crate) fn heartbeat() -> TelemetryRecord {
    let deployment = DeploymentReport {
        deployment: distr_domain::ids::DeploymentId(Uuid::from_u128(5)),
        generation: 1,
        step: Step::Applied,
        running: Some(RunningRelease { generation: 1, version: "1.0.0".parse().unwrap() }),
        health: Health::Ok,
        drift: None,
        error: None,
    };
    let report = Report {
        id: Uuid::from_u128(6),
        boot: Uuid::nil(),
        sequence: 1,
        at: at(),
        agent_version: "0.1.0".into(),
        facts: None,
        deployments: vec![deployment],
        error: None,
        missing: None,
        contact: None,
    };
    telemetry(TelemetryKind::Heartbeat, serde_json::to_vec(&report).unwrap())
}

fn access() -> TelemetryRecord {
    let record = AccessRecord {
        action: AccessAction::Pull,
        actor: "agent:x".into(),
        customer: Some(CustomerId(Uuid::from_u128(1))),
        application: None,
        license: None,
        subject: "acme/hello:1.0.0".into(),
        digest: None,
        outcome: AccessOutcome::Refused { code: "entitlement.no_license".into(), reason: "no license".into() },
        address: None,
        user_agent: None,
    };
    telemetry(TelemetryKind::Access, serde_json::to_vec(&record).unwrap())
}

/// All rows of all read models, as text in order.
pub(crate) async fn tables(database: &Address, schema: &str) -> BTreeMap<String, Vec<String>> {
    let client = database.connect().await.unwrap();
    let names = client
        .query(
            "SELECT table_name::text FROM information_schema.tables
             WHERE table_schema = $1 AND table_type = 'BASE TABLE' AND table_name NOT IN ('checkpoint', 'shape')",
            &[&schema],
        )
        .await
        .unwrap();
    let mut tables = BTreeMap::new();
    for name in names {
        let name: String = name.get(0);
        let rows =
            client.query(&format!("SELECT to_jsonb(t)::text FROM {schema}.{name} t ORDER BY id"), &[]).await.unwrap();
        tables.insert(name, rows.iter().map(|row| row.get(0)).collect());
    }
    tables
}

/// Every .sql file of the crate.
pub(crate) fn sql_files() -> Vec<PathBuf> {
    let mut files = vec![];
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|extension| extension == "sql") => files.push(path),
                false => {}
            }
        }
    }
    files
}
