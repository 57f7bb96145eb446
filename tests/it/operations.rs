//! The same story that the page about analytics tells, as each query of the command line is answered and as each read model
//! has it: one file each, in `snapshots`. `INSTA_UPDATE=always` writes them anew.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use distr_tests::psql::Psql;
use distr_tests::root;
use serde_json::{Map, Value, json};

use crate::analytics::seeded_hub;

/// What needs a rollout or a policy, of which the story has none: `rollouts` asks it of real ones.
const OF_ROLLOUTS: [&str; 6] =
    ["PolicyShow", "RolloutPlan", "RolloutShow", "RolloutMembers", "RolloutLimitsNow", "RolloutProgress"];

/// Everything that an operation may ask for by its name.
fn variables(operation: &str) -> Value {
    let application = json!({ "application": "hello" });
    let deployment = json!({ "customer": "globex", "target": "plant-b", "application": "hello" });
    let named = |name: &str| json!({ "name": name });
    match operation {
        "AlertList" => json!({ "putOff": false }),
        "AppShow" => named("hello"),
        "ChannelList" | "LicenseReach" | "ReleaseList" => application,
        "DeployShow" | "DeployProgress" | "RolloutWhy" => deployment,
        "LicenseShow" | "LicenseAuditOfOne" => json!({ "customer": "globex", "name": "hello-2026" }),
        "ReleaseShow" => json!({ "application": "hello", "version": "1.1.0" }),
        "EntitlementCheck" => json!({ "customer": "globex", "repository": "hello/web", "reference": "1.1.0" }),
        "RepositoryShow" | "RepositoryTags" => named("hello/web"),
        "RepositoryPlan" => json!({ "name": "hello/web", "rules": { "keepLast": 1 } }),
        "RepositoryAccesses" => json!({ "repository": "hello/web" }),
        "SecretList" => json!({ "customer": "globex" }),
        "TargetShow" | "TargetLabels" | "TargetRoles" => json!({ "customer": "globex", "name": "plant-a" }),
        // the story's own facts come after what made the organization
        "EventPage" => json!({ "first": 500, "after": "0", "telemetry": ["ACCESS"], "to": "2026-09-30T00:00:00Z" }),
        // as what made the organization
        "EventProof" | "Why" => json!({ "position": "1" }),
        _ => json!({}),
    }
}

fn documents() -> Vec<(PathBuf, String)> {
    let folder = root().join("crates/cli/src");
    let mut folders = vec![folder];
    let mut found = vec![];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("the sources").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|extension| extension == "graphql") => {
                    let text = std::fs::read_to_string(&path).expect("a document");
                    found.push((path, text));
                }
                _ => {}
            }
        }
    }
    found
}

/// Each query with the document that holds it.
fn queries() -> BTreeMap<String, String> {
    let documents = documents();
    let of_document = documents.iter().flat_map(|(_, text)| {
        let names = text.lines().filter_map(|line| line.strip_prefix("query "));
        names.map(move |rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            (rest[..end].to_owned(), text.clone())
        })
    });
    of_document.collect()
}

/// Ids, cursors and times of this run by what they are alone.
#[derive(Default)]
struct Masked {
    ids: HashMap<String, usize>,
}

impl Masked {
    fn value(&mut self, key: &str, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, value)| {
                    let value = self.value(&key, value);
                    (key, value)
                });
                Value::Object(fields.collect::<Map<_, _>>())
            }
            Value::Array(values) => values.into_iter().map(|value| self.value(key, value)).collect(),
            Value::String(text) => Value::String(self.text(key, text)),
            // positions begin after whatever made the organization
            Value::Number(_) if matches!(key, "position" | "until") => json!("<position>"),
            other => other,
        }
    }

    fn text(&mut self, key: &str, text: String) -> String {
        match key {
            "endCursor" => "<cursor>".to_owned(),
            "position" | "scannedTo" | "head" => "<position>".to_owned(),
            // hashes and signatures of ids and times
            "root" | "file" | "leaf" | "note" | "key" if is_of_a_history(&text) => "<of a history>".to_owned(),
            "address" | "registryHost" | "publicUrl" => "<address>".to_owned(),
            "version" if text == env!("CARGO_PKG_VERSION") => "<version of the hub>".to_owned(),
            _ if uuid::Uuid::parse_str(&text).is_ok() => {
                let next = self.ids.len() + 1;
                format!("<id {}>", self.ids.entry(text).or_insert(next))
            }
            _ if chrono::DateTime::parse_from_rfc3339(&text).is_ok() && !text.starts_with("2026-09-") => {
                if text.starts_with("2099") { text } else { "<now>".to_owned() }
            }
            _ => self.ids_within(text),
        }
    }

    /// As in `member:<uuid>`.
    fn ids_within(&mut self, text: String) -> String {
        match text.split_once(':') {
            Some((kind, id)) if uuid::Uuid::parse_str(id).is_ok() => {
                let masked = self.text("", id.to_owned());
                format!("{kind}:{masked}")
            }
            _ => text,
        }
    }
}

/// What is made of hashes over ids and times.
fn is_of_a_history(text: &str) -> bool {
    let is_root = text.len() == 44 && text.ends_with('=');
    is_root || ["distr/", "distr fact v1", "c2sp.org/"].iter().any(|begin| text.starts_with(begin))
}

fn assert_is_as_before(name: &str, value: Value) {
    let masked = Masked::default().value("", value);
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_json_snapshot!(name, masked);
    });
}

#[tokio::test]
async fn each_read_model_has_the_rows_that_it_had_before() {
    let hub = seeded_hub().await;
    let psql = Psql::of(&hub);
    let tables = "SELECT string_agg(table_name, ' ' ORDER BY table_name) FROM information_schema.tables
        WHERE table_schema = 'read' AND table_type = 'BASE TABLE' AND table_name NOT IN ('shape', 'checkpoint')";
    let tables = psql.ok(tables);
    assert!(tables.split(' ').count() >= 18, "{tables}");
    for table in tables.split(' ') {
        let rows = psql.ok(&format!("SELECT coalesce(json_agg(t), '[]') FROM read.{table} t"));
        let mut rows: Vec<Value> = serde_json::from_str(&rows).expect("JSON");
        // by what they say, since some ids are drawn; those that say the same as they came
        let said = |row: &Value| Masked::default().value("", row.clone()).to_string();
        rows.sort_by_cached_key(|row| (said(row), row["position"].as_u64()));
        assert_is_as_before(&format!("table_{table}"), Value::Array(rows));
    }
}

#[tokio::test]
async fn each_query_of_the_command_line_is_answered_as_before() {
    let hub = seeded_hub().await;
    let owner = hub.sign_in("acme").await;
    let me = hub.graphql(Some(&owner), "{ viewer { memberId } }", json!({})).await.data();
    let queries = queries();
    assert!(queries.len() > 30, "{:?}", queries.keys());
    // a history grows a moment later than its log
    let is_elsewhere = |name: &str| matches!(name, "HistoryCheckpoint" | "EventProof") || OF_ROLLOUTS.contains(&name);
    for (name, document) in queries.into_iter().filter(|(name, _)| !is_elsewhere(name)) {
        let mut variables = variables(&name);
        if name == "TokenList" {
            variables = json!({ "member": me["viewer"]["memberId"] });
        }
        let body = json!({ "query": document, "variables": variables, "operationName": name });
        let request = reqwest::Client::new().post(hub.url("/graphql")).bearer_auth(&owner).json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{name}: {answer:#}");
        assert_is_as_before(&name, answer["data"].clone());
    }
}
