//! What belongs together stays together. A blob store is collected by the database whose blobs it has, and by no other: not by a
//! fresh one because a setting was forgotten, and not by a restored one beside the hub that still serves. Read models follow one
//! log, and no other.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use distr_embedded_postgres::start_temporary;
use distr_tests::bucket::Bucket;
use distr_tests::docker::Docker;
use distr_tests::hub::HubProcess;
use distr_tests::wait;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

async fn push(hub: &HubProcess, image: &str) -> Docker {
    let owner = hub.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"t\", scopes: [PULL, PUSH]) { secret } }";
    let issued = hub.graphql(Some(&owner), issue, json!({})).await.data();
    let docker = Docker::new();
    assert!(docker.login(&hub.registry(), issued["tokenIssue"]["secret"].as_str().expect("a secret")).status.success());
    docker.push_unique(&format!("{}/{image}", hub.registry()));
    docker
}

fn pull(hub: &HubProcess, docker: &Docker, image: &str) {
    let image = format!("{}/{image}", hub.registry());
    docker.ok(&["pull", &image]);
    docker.ok(&["rmi", &image]);
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[track_caller]
fn refused(output: Output, because: &str) {
    assert!(!output.status.success() && said(&output).contains(because), "{}", said(&output));
}

#[track_caller]
fn done(output: Output) -> String {
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

fn files(under: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(under).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// `distr-hub` in the hub's data directory, without the settings that it serves with.
fn without_settings(hub: &HubProcess, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new(distr_tests::binary("distr-hub"));
    command
        .args(arguments)
        .env("DISTR_DATA_DIR", hub.data.path().join("hub"))
        .output()
        .expect("distr-hub can be started")
}

#[tokio::test]
async fn a_forgotten_database_url_removes_no_blob() {
    let postgres = start_temporary().await.expect("an external Postgres");
    postgres.create_database("distr").await.expect("a database");
    let url = postgres.url("distr");
    let mut hub = HubProcess::start_with(&[("DATABASE_URL", url.as_str())]).await;
    let docker = push(&hub, "acme/hello:1").await;
    hub.stop().await;
    let blobs = hub.data.path().join("hub/registry/blobs");
    let before = files(&blobs);
    assert!(!before.is_empty());
    let because = "the blob store belongs to another database";
    refused(without_settings(&hub, &["gc", "--grace-hours", "0"]), "there is no hub in");
    refused(without_settings(&hub, &["serve"]), because);
    // which has made a database there
    refused(without_settings(&hub, &["gc", "--grace-hours", "0"]), because);
    // one from before stores had owners
    std::fs::remove_file(hub.data.path().join("hub/registry/owner")).expect("it is noted there");
    refused(without_settings(&hub, &["gc", "--grace-hours", "0"]), "this database");
    assert_eq!(files(&blobs), before);
    hub.run("acme").await;
    pull(&hub, &docker, "acme/hello:1");
}

#[tokio::test]
async fn a_restored_hub_leaves_the_bucket_to_the_one_that_serves_until_it_takes_it_over() {
    let bucket = Bucket::start().await;
    let environment = bucket.environment();
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut hub = HubProcess::start_with(&environment).await;
    let docker = push(&hub, "acme/before:1").await;
    let backup = tempfile::tempdir().expect("a temporary directory can be made");
    let dir = backup.path().join("backup");
    let dir = dir.to_str().expect("a path in UTF-8");
    done(hub.command(&["backup", "--with-key", dir]));
    push(&hub, "acme/after:1").await;

    let place = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::set_permissions(place.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own directory");
    let restored = |arguments: &[&str]| {
        let mut command = std::process::Command::new(distr_tests::binary("distr-hub"));
        command.args(arguments).envs(environment.iter().copied()).env("DISTR_DATA_DIR", place.path().join("hub"));
        command.output().expect("distr-hub can be started")
    };
    done(restored(&["restore", dir]));
    for command in [&["serve"][..], &["gc", "--grace-hours", "0"]] {
        refused(restored(command), "run `distr-hub take-over-blobs`");
    }
    for image in ["acme/before:1", "acme/after:1"] {
        pull(&hub, &docker, image);
    }
    hub.stop().await;
    let took = done(restored(&["take-over-blobs"]));
    assert!(took.contains("no longer that of"), "{took}");
    done(restored(&["gc", "--grace-hours", "0"]));
    refused(hub.command(&["gc", "--grace-hours", "0"]), "the blob store belongs to another database");
}

/// The address of something that passes connections on to `to` once it is told to; until then they hang.
async fn hanging(to: &str, answers: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let to = to.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (to, mut answers) = (to.clone(), answers.clone());
            tokio::spawn(async move {
                answers.wait_for(|answers| *answers).await.expect("the test goes on");
                let mut bucket = TcpStream::connect(to).await.expect("the bucket is there");
                let _ = tokio::io::copy_bidirectional(&mut client, &mut bucket).await;
            });
        }
    });
    endpoint
}

#[tokio::test]
async fn whose_a_bucket_is_that_hangs_at_the_start_is_found_once_it_answers() {
    let bucket = Bucket::start().await;
    let environment = bucket.environment();
    let mut environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut owner = HubProcess::start_with(&environment).await;
    owner.stop().await;
    let (answer, answers) = watch::channel(false);
    let endpoint = hanging(&bucket.endpoint, answers).await;
    environment.iter_mut().filter(|(name, _)| *name == "AWS_ENDPOINT").for_each(|(_, value)| *value = &endpoint);
    let mut other = HubProcess::begin(&environment);
    let until = Duration::from_secs(60);
    wait::until("a hub that serves without its bucket", until, async || {
        match reqwest::get(other.url("/healthz")).await {
            Ok(answer) if answer.status() == 200 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    // people and agents are served meanwhile, and clients of the registry are told to wait
    let signed_in = async || {
        let answer = reqwest::get(other.url("/readyz")).await.map_err(|error| error.to_string())?;
        let words: serde_json::Value = answer.json().await.map_err(|error| error.to_string())?;
        if words["status"] == "not ready" { Ok(()) } else { Err(words.to_string()) }
    };
    wait::until("a hub that has caught up", until, signed_in).await;
    let member = other.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"t\", scopes: [PULL, PUSH]) { secret } }";
    let issued = other.graphql(Some(&member), issue, json!({})).await.data();
    let secret = issued["tokenIssue"]["secret"].as_str().expect("a secret");
    let client = reqwest::Client::new();
    let token = other.url("/token?scope=repository:acme/hello:pull,push");
    let token: serde_json::Value = client
        .get(token)
        .basic_auth("ci", Some(secret))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("a token");
    let begin = client.post(other.url("/v2/acme/hello/blobs/uploads/"));
    let begun = begin.bearer_auth(token["token"].as_str().expect("a token")).send().await.expect("an answer");
    assert_eq!(begun.status(), 503, "{}", begun.text().await.unwrap_or_default());
    assert!(other.ended().is_none());
    answer.send(true).expect("somebody waits");
    let status = wait::until("the end of the hub", until, async || other.ended().ok_or_else(|| other.log())).await;
    assert!(!status.success() && other.log().contains("belongs to another database"), "{}", other.log());
}

#[tokio::test]
async fn a_hub_starts_with_the_log_that_its_database_has_followed_and_with_no_other() {
    let postgres = start_temporary().await.expect("an external Postgres");
    for database in ["distr", "log", "other"] {
        postgres.create_database(database).await.expect("a database");
    }
    let (url, log) = (postgres.url("distr"), postgres.url("log"));
    let mut hub = HubProcess::start_with(&[("DATABASE_URL", url.as_str()), ("EVENTLOG_URL", log.as_str())]).await;
    let owner = hub.sign_in("acme").await;
    let create = "mutation { customerCreate(name: \"globex\") { changed } }";
    hub.graphql(Some(&owner), create, json!({})).await.data();
    hub.stop().await;
    let other = postgres.url("other");
    for elsewhere in [None, Some(&other)] {
        let mut command = std::process::Command::new(distr_tests::binary("distr-hub"));
        command.arg("serve").env("DISTR_DATA_DIR", hub.data.path().join("hub")).env("DATABASE_URL", &url);
        command.envs(elsewhere.map(|log| ("EVENTLOG_URL", log)));
        refused(command.output().expect("distr-hub can be started"), "not the one that this database has followed");
    }
    // as an older copy of the log would be
    let (client, connection) = tokio_postgres::connect(&log, tokio_postgres::NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client.batch_execute("UPDATE eventlog.head SET position = 1, last_fact = 1").await.expect("a shorter log");
    refused(hub.command(&["serve"]), "it was set back");
}
