//! A backup is what one can restore: taken while the hub serves and writers write, brought back in an empty place, embedded
//! and external; then everybody goes on with what they had.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use distr_embedded_postgres::{EmbeddedPostgres, start_temporary};
use distr_tests::docker::Docker;
use distr_tests::hub::HubProcess;
use distr_tests::{binary, root};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

use crate::observation::until_there;

/// What was in the hub before the backup, by its owners.
struct Seed {
    token: String,
    agent: String,
    docker: Docker,
    /// `acme/hello:VERSION`, in the registry and not on the engine
    image: String,
}

async fn mutate(hub: &HubProcess, secret: &str, mutation: &str) -> Value {
    hub.graphql(Some(secret), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
}

async fn seed(hub: &HubProcess) -> Seed {
    let owner = hub.sign_in("acme").await;
    for mutation in ["customerCreate(name: \"globex\") { changed }", "applicationCreate(name: \"hello\") { changed }"] {
        mutate(hub, &owner, mutation).await;
    }
    mutate(hub, &owner, "secretSet(customer: \"globex\", name: \"password\", value: \"planted\") { changed }").await;
    let issued = mutate(hub, &owner, "tokenIssue(label: \"t\", scopes: [READ, PULL, PUSH]) { secret }").await;
    let token = issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    let register = "targetRegister(customer: \"globex\", name: \"factory\") { enrolment { token } }";
    let enrolment = mutate(hub, &owner, register).await["targetRegister"]["enrolment"]["token"].clone();
    let enrolled = Client::new()
        .post(hub.url("/agent/v1/enrol"))
        .bearer_auth(enrolment.as_str().expect("a token"))
        .json(&json!({ "agent_version": "1" }))
        .send()
        .await
        .expect("an answer");
    let enrolled: Value = enrolled.json().await.expect("JSON");
    let agent = enrolled["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(heartbeat(hub, &agent, 1).await, StatusCode::OK);

    let docker = Docker::new();
    assert!(docker.login(&hub.registry(), &token).status.success());
    let image = "acme/hello:1.0.0".to_owned();
    docker.push_unique(&format!("{}/{image}", hub.registry()));
    Seed { token, agent, docker, image }
}

async fn heartbeat(hub: &HubProcess, secret: &str, sequence: u64) -> StatusCode {
    let report = json!({
        "id": Uuid::now_v7(), "boot": Uuid::nil(), "sequence": sequence, "at": "2026-01-01T00:00:00Z",
        "agent_version": "1.2.3", "deployments": [],
    });
    let request = Client::new().post(hub.url("/agent/v1/heartbeats")).bearer_auth(secret);
    request.json(&json!({ "reports": [report] })).send().await.expect("an answer").status()
}

/// Everybody who was known to the hub is known to this one, and everything is there.
async fn all_goes_on(hub: &HubProcess, seed: &Seed) {
    let owner = hub.sign_in("acme").await;
    let query =
        "{ customers { nodes { name } } secrets(customer: \"globex\") targets { nodes { name lastHeartbeatAt } } }";
    let data = hub.graphql(Some(&owner), query, json!({})).await.data();
    let customers = data["customers"]["nodes"].as_array().expect("nodes");
    assert!(customers.contains(&json!({ "name": "globex" })), "{data}");
    assert!(data["targets"]["nodes"][0]["lastHeartbeatAt"].is_string(), "{data}");
    assert_eq!(heartbeat(hub, &seed.agent, 1_000).await, StatusCode::OK);
    let full = format!("{}/{}", hub.registry(), seed.image);
    assert!(seed.docker.login(&hub.registry(), &seed.token).status.success());
    seed.docker.ok(&["pull", &full]);
    seed.docker.ok(&["rmi", &full]);
    mutate(hub, &owner, "customerCreate(name: \"initech\") { changed }").await;
}

/// Writers of facts and of telemetry, until they are told to stop; they say how much was acknowledged.
async fn write_until(hub: &HubProcess, owner: &str, agent: &str, stop: &std::cell::Cell<bool>) -> u64 {
    let mut acknowledged = 0;
    while !stop.get() {
        let mutation = format!("customerCreate(name: \"c{acknowledged}\") {{ changed }}");
        mutate(hub, owner, &mutation).await;
        assert_eq!(heartbeat(hub, agent, acknowledged + 2).await, StatusCode::OK);
        acknowledged += 1;
    }
    acknowledged
}

fn backup_dir() -> TempDir {
    tempfile::tempdir().expect("a temporary directory can be made")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// `distr-hub` with these arguments, in this environment.
async fn hub_command(arguments: Vec<String>, environment: Vec<(String, String)>) -> Output {
    let run = move || Command::new(binary("distr-hub")).args(arguments).envs(environment).output();
    tokio::task::spawn_blocking(run).await.expect("it runs").expect("distr-hub can be started")
}

fn data_dir(path: &Path) -> (String, String) {
    ("DISTR_DATA_DIR".to_owned(), path.join("hub").display().to_string())
}

fn arguments(command: &[&str], dir: &Path) -> Vec<String> {
    command.iter().map(|word| (*word).to_owned()).chain([dir.display().to_string()]).collect()
}

/// A place for a hub that has never run.
fn empty_place() -> TempDir {
    let place = backup_dir();
    std::fs::set_permissions(place.path(), Permissions::from_mode(0o755)).expect("own directory");
    place
}

fn external_url(postgres: &EmbeddedPostgres) -> (String, String) {
    ("DATABASE_URL".to_owned(), postgres.url("distr"))
}

/// The log's hash up to this position: all that is in it, in order.
async fn log_hash(url: &str, position: i64) -> String {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let sql = "SELECT md5(string_agg(t, '|' ORDER BY p)) FROM (
                   SELECT position AS p, e::text AS t FROM eventlog.event e WHERE position <= $1
                   UNION ALL
                   SELECT last_position, b::text FROM eventlog.telemetry b WHERE last_position <= $1
               ) AS entries";
    client.query_one(sql, &[&position]).await.expect("a hash").get(0)
}

fn manifest(dir: &Path) -> Value {
    let text = std::fs::read_to_string(dir.join("manifest.json")).expect("a manifest");
    serde_json::from_str(&text).expect("JSON")
}

fn url_of(data_dir: &Path) -> String {
    distr_embedded_postgres::url_of_running(&data_dir.join("hub/postgres"), "distr").expect("its Postgres runs")
}

/// The copy has the events of the other up to where it was taken, under another name, and no other event under a number of that one.
async fn parted_at(first: &HubProcess, copy: &HubProcess, owner: &str, position: i64) {
    let log = async |hub: &HubProcess| hub.graphql(Some(owner), "{ log }", json!({})).await.data()["log"].clone();
    let (original, own) = (log(first).await, log(copy).await);
    assert_ne!(original, own);
    let read = async |log: &Value, after: i64| {
        let events = "query ($after: Position!, $log: ID) { events(after: $after, log: $log) { scannedTo } }";
        copy.graphql(Some(owner), events, json!({ "after": after.to_string(), "log": log })).await
    };
    for (log, after) in [(&original, 0), (&original, position), (&own, position), (&Value::Null, position)] {
        assert_eq!(read(log, after).await.code(), None, "{log} {after}");
    }
    let refused = read(&original, position + 1).await;
    assert_eq!(refused.code(), Some("log.replaced"));
    assert!(refused.message().contains(&format!("parted from it behind position {position}")), "{}", refused.message());
    let stranger = read(&json!("7f1f5a3e-0000-4000-8000-000000000000"), 0).await;
    assert!(stranger.message().contains("has nothing of it"), "{}", stranger.message());
}

#[tokio::test]
async fn a_backup_under_load_comes_back_embedded_and_external() {
    let hub = HubProcess::start().await;
    let seed = seed(&hub).await;
    let owner = hub.sign_in("acme").await;
    let backup = backup_dir();
    let dir = backup.path().join("backup");
    let stop = std::cell::Cell::new(false);
    let back_up = async {
        let environment = vec![data_dir(hub.data.path())];
        let output = hub_command(arguments(&["backup", "--with-key"], &dir), environment).await;
        stop.set(true);
        output
    };
    let (acknowledged, output) = tokio::join!(write_until(&hub, &owner, &seed.agent, &stop), back_up);
    assert!(output.status.success(), "{}", said(&output));
    assert!(acknowledged > 0, "nobody wrote");
    let position = manifest(&dir)["position"].as_i64().expect("a position");
    let hash = log_hash(&url_of(hub.data.path()), position).await;

    let checked = hub_command(arguments(&["backup", "--verify"], &dir), vec![]).await;
    assert!(checked.status.success() && said(&checked).contains("the backup is whole"), "{}", said(&checked));

    let place = empty_place();
    let restored = hub_command(arguments(&["restore"], &dir), vec![data_dir(place.path())]).await;
    assert!(restored.status.success(), "{}", said(&restored));
    let embedded = HubProcess::start_in(place, &[]).await;
    assert_eq!(log_hash(&url_of(embedded.data.path()), position).await, hash, "the log is another");
    parted_at(&hub, &embedded, &owner, position).await;
    all_goes_on(&embedded, &seed).await;

    let postgres = start_temporary().await.expect("an external Postgres");
    postgres.create_database("distr").await.expect("a database");
    let place = empty_place();
    let environment = vec![data_dir(place.path()), external_url(&postgres)];
    let restored = hub_command(arguments(&["restore"], &dir), environment.clone()).await;
    assert!(restored.status.success(), "{}", said(&restored));
    assert_eq!(log_hash(&postgres.url("distr"), position).await, hash, "the log is another");
    let url = postgres.url("distr");
    let external = HubProcess::start_in(place, &[("DATABASE_URL", url.as_str())]).await;
    all_goes_on(&external, &seed).await;

    let again = hub_command(arguments(&["restore"], &dir), environment).await;
    assert!(!again.status.success() && said(&again).contains("has a hub in it already"), "{}", said(&again));
}

/// The log in a database of its own, and a push between the moments of the two: all that the log names is served afterwards, and
/// stays.
#[tokio::test]
async fn a_push_during_a_backup_of_two_databases_comes_back_whole() {
    let (log, place) = (start_temporary().await.expect("an external Postgres"), empty_place());
    log.create_database("log").await.expect("a database");
    let url = log.url("log");
    let hub = HubProcess::start_in(place, &[("EVENTLOG_URL", url.as_str())]).await;
    let seed = seed(&hub).await;
    let backup = backup_dir();
    let (dir, pause) = (backup.path().join("backup"), backup.path().join("paused"));
    let environment = vec![
        data_dir(hub.data.path()),
        ("EVENTLOG_URL".to_owned(), url.clone()),
        ("DISTR_HUB_PAUSE_AT".to_owned(), "backup.ops".to_owned()),
        ("DISTR_HUB_PAUSE_FILE".to_owned(), pause.display().to_string()),
    ];
    let later = format!("{}/acme/later:1.0.0", hub.registry());
    let push = async {
        until_there(&pause).await;
        seed.docker.push_unique(&later);
        std::fs::remove_file(&pause).expect("the file of the pause");
    };
    let (made, ()) = tokio::join!(hub_command(arguments(&["backup", "--with-key"], &dir), environment), push);
    assert!(made.status.success(), "{}", said(&made));
    drop(hub);

    let place = empty_place();
    log.create_database("again").await.expect("a database");
    let url = log.url("again");
    let environment = vec![data_dir(place.path()), ("EVENTLOG_URL".to_owned(), url.clone())];
    let restored = hub_command(arguments(&["restore"], &dir), environment).await;
    assert!(restored.status.success(), "{}", said(&restored));
    let mut hub = HubProcess::start_in(place, &[("EVENTLOG_URL", url.as_str())]).await;
    all_goes_on(&hub, &seed).await;
    hub.stop().await;
    let collected = hub.command(&["gc", "--grace-hours", "0"]);
    assert!(collected.status.success(), "{}", said(&collected));
    hub.run("acme").await;
    assert!(seed.docker.login(&hub.registry(), &seed.token).status.success());
    for image in ["acme/later:1.0.0", "acme/hello:1.0.0"] {
        seed.docker.ok(&["pull", &format!("{}/{image}", hub.registry())]);
    }
}

#[tokio::test]
async fn a_second_backup_copies_what_is_new_and_damage_is_named() {
    let mut hub = HubProcess::start().await;
    let seed = seed(&hub).await;
    hub.stop().await;
    let backup = backup_dir();
    let dir = backup.path().to_owned();
    let back_up = || hub_command(arguments(&["backup"], &dir), vec![data_dir(hub.data.path())]);
    let verify = || hub_command(arguments(&["backup", "--verify"], &dir), vec![]);
    let first = back_up().await;
    assert!(first.status.success(), "{}", said(&first));
    let blobs = blobs(&dir);
    assert!(blobs.len() >= 2, "the image {} has a layer and a configuration", seed.image);
    let written = |path: &PathBuf| std::fs::metadata(path).and_then(|blob| blob.modified()).expect("a blob");
    let before: Vec<_> = blobs.iter().map(written).collect();
    let second = back_up().await;
    assert!(second.status.success(), "{}", said(&second));
    assert_eq!(blobs.iter().map(written).collect::<Vec<_>>(), before, "blobs were copied again");
    let dumps = std::fs::read_dir(&dir).expect("the backup").flatten();
    let dumps = dumps.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "dump"));
    assert_eq!(dumps.count(), 1, "the dump of the first backup is left");

    // the key stayed at home
    let place = empty_place();
    let refused = hub_command(arguments(&["restore"], &dir), vec![data_dir(place.path())]).await;
    assert!(said(&refused).contains("made without the master key"), "{}", said(&refused));
    assert!(!place.path().join("hub").exists(), "something was made before the refusal");

    let mut bytes = std::fs::read(&blobs[0]).expect("a blob");
    bytes[0] ^= 1;
    std::fs::write(&blobs[0], bytes).expect("damage");
    let damaged = verify().await;
    assert!(!damaged.status.success() && said(&damaged).contains("is damaged"), "{}", said(&damaged));
    std::fs::remove_file(&blobs[0]).expect("more damage");
    let missing = verify().await;
    assert!(!missing.status.success() && said(&missing).contains("is missing"), "{}", said(&missing));
    let repaired = back_up().await;
    assert!(repaired.status.success() && verify().await.status.success(), "{}", said(&repaired));

    // damage of the hub's own is named, and the rest is backed up all the same
    let own = hub.data.path().join("hub/registry").join(blobs[0].strip_prefix(&dir).expect("a file of the backup"));
    let sound = std::fs::read(&own).expect("a blob");
    std::fs::write(&own, &sound[1..]).expect("damage");
    let without = back_up().await;
    let name = own.file_name().and_then(|name| name.to_str()).expect("a name in UTF-8");
    assert!(!without.status.success() && said(&without).contains(name), "{}", said(&without));
    assert!(verify().await.status.success(), "{}", said(&without));
    std::fs::write(&own, sound).expect("a repair");
    let repaired = back_up().await;
    assert!(repaired.status.success() && verify().await.status.success(), "{}", said(&repaired));

    let dump = dir.join(manifest(&dir)["dumps"][0]["file"].as_str().expect("a file"));
    let length = std::fs::metadata(&dump).expect("a dump").len();
    std::fs::OpenOptions::new().write(true).open(&dump).and_then(|dump| dump.set_len(length - 1)).expect("damage");
    let cut = hub_command(arguments(&["restore", "--new-key"], &dir), vec![data_dir(place.path())]).await;
    assert!(!cut.status.success() && said(&cut).contains("nothing was restored"), "{}", said(&cut));
    std::fs::remove_file(dir.join("manifest.json")).expect("the manifest");
    let unfinished = verify().await;
    assert!(said(&unfinished).contains("holds no finished backup"), "{}", said(&unfinished));
}

fn blobs(dir: &Path) -> Vec<PathBuf> {
    let shards = std::fs::read_dir(dir.join("blobs/sha256")).expect("blobs").flatten();
    shards
        .flat_map(|shard| std::fs::read_dir(shard.path()).expect("a folder").flatten())
        .map(|blob| blob.path())
        .collect()
}

#[tokio::test]
async fn without_the_key_the_secrets_are_lost_and_the_rest_comes_back() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    mutate(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await;
    mutate(&hub, &owner, "secretSet(customer: \"globex\", name: \"password\", value: \"planted\") { changed }").await;
    hub.stop().await;
    let backup = backup_dir();
    let made = hub_command(arguments(&["backup"], backup.path()), vec![data_dir(hub.data.path())]).await;
    assert!(made.status.success(), "{}", said(&made));
    let key = std::fs::read_to_string(hub.data.path().join("hub/master.key")).expect("a key");
    assert!(!holds(backup.path(), key.trim()) && !holds(backup.path(), "planted"), "the backup tells a secret");

    let place = empty_place();
    let restored = hub_command(arguments(&["restore", "--new-key"], backup.path()), vec![data_dir(place.path())]).await;
    assert!(said(&restored).contains("1 secrets are lost"), "{}", said(&restored));
    let hub = HubProcess::start_in(place, &[]).await;
    let owner = hub.sign_in("acme").await;
    mutate(&hub, &owner, "secretSet(customer: \"globex\", name: \"password\", value: \"again\") { changed }").await;
}

fn holds(dir: &Path, text: &str) -> bool {
    let output = Command::new("grep").args(["-r", "-a", "-F", "-q", "--", text]).arg(dir).status();
    output.expect("grep runs").success()
}

#[tokio::test]
async fn the_master_key_is_rotated_while_the_hub_serves_and_the_secrets_stay() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    mutate(&hub, &owner, "customerCreate(name: \"globex\") { changed }").await;
    let set = |value: &str| format!("secretSet(customer: \"globex\", name: \"p\", value: \"{value}\") {{ changed }}");
    mutate(&hub, &owner, &set("first")).await;
    let file = hub.data.path().join("hub/master.key");
    let old = std::fs::read_to_string(&file).expect("a key");

    let rotated = hub.command(&["rotate-master-key"]);
    assert!(said(&rotated).contains("1 secrets are sealed with the master key"), "{}", said(&rotated));
    assert_ne!(std::fs::read_to_string(&file).expect("a key"), old);
    let refused = hub.graphql(Some(&owner), &format!("mutation {{ {} }}", set("lost")), json!({})).await;
    assert_eq!(refused.code(), Some("internal"), "the old key is still used: {}", refused.0);
    hub.stop().await;

    // cut off before the last step: the new key lies beside the old one
    let new = std::fs::read_to_string(&file).expect("a key");
    std::fs::write(hub.data.path().join("hub/master.key.next"), &new).expect("own directory");
    std::fs::write(&file, &old).expect("own directory");
    hub.run("acme").await;
    assert_eq!(std::fs::read_to_string(&file).expect("a key"), new, "the start finishes the rotation");
    let owner = hub.sign_in("acme").await;
    mutate(&hub, &owner, &set("second")).await;
    hub.stop().await;

    std::fs::write(&file, &old).expect("own directory");
    let wrong = hub.command(&["serve"]);
    assert!(said(&wrong).contains("are sealed with the master key"), "{}", said(&wrong));
}

#[test]
fn the_runbook_names_every_command() {
    let runbook = std::fs::read_to_string(root().join("deploy/README.md")).expect("the runbook");
    let help = Command::new(binary("distr-hub")).arg("--help").output().expect("distr-hub can be started");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let (_, commands) = help.split_once("Commands:").expect("commands");
    let commands = commands.split("Options:").next().unwrap_or_default();
    let commands = commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let named: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(named.contains(&"backup"), "{help}");
    for command in named.into_iter().filter(|command| !["help", "schema"].contains(command)) {
        assert!(runbook.contains(&format!("distr-hub {command}")), "the runbook lacks {command}");
    }
}

/// Whatever the folder was open to before.
#[tokio::test]
async fn a_backup_is_closed_to_others() {
    let hub = HubProcess::start().await;
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    let dir = place.path().join("backup");
    std::fs::create_dir(&dir).expect("own directory");
    std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).expect("own directory");
    let made = hub.command_async(&["backup", dir.to_str().expect("a path in UTF-8")]).await;
    assert!(made.status.success(), "{made:?}");
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files: Vec<PathBuf> =
        std::fs::read_dir(&dir).expect("own directory").flatten().map(|entry| entry.path()).collect();
    assert!(files.iter().any(|file| file.extension().is_some_and(|kind| kind == "dump")), "{files:?}");
    for file in files.iter().filter(|file| file.is_file()) {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
}
