//! The hub and the Postgres that it starts: killed, started twice, on an address that is taken.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use distr_tests::hub::HubProcess;
use distr_tests::{binary, wait};
use serde_json::json;

use crate::access::registry::push;

const LIMIT: Duration = Duration::from_secs(60);

/// The processes that work in this cluster: a server's working directory is its cluster.
fn servers(cluster: &Path) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("/proc").flatten();
    let numbers = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    numbers.filter(|pid: &u32| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster)).collect()
}

fn cluster(hub: &HubProcess) -> PathBuf {
    hub.data.path().join("hub/postgres/cluster")
}

async fn until_gone(cluster: &Path) {
    wait::until("the end of Postgres", LIMIT, async || match servers(cluster) {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    })
    .await;
}

async fn customers(hub: &HubProcess) -> serde_json::Value {
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "{ customers { nodes { name } } }", json!({})).await.data()["customers"]["nodes"].clone()
}

#[tokio::test]
async fn a_killed_hub_takes_its_postgres_with_it_and_starts_again() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let cluster = cluster(&hub);
    assert!(!servers(&cluster).is_empty(), "no Postgres runs in {}", cluster.display());
    for _ in 0..2 {
        hub.kill();
        hub.run("acme").await; // at once: what is left of the one before is in the way
        assert_eq!(customers(&hub).await, json!([{ "name": "globex" }]));
    }
    hub.kill();
    until_gone(&cluster).await;
    hub.run("acme").await;
    hub.stop().await;
    assert_eq!(servers(&cluster), [0u32; 0], "it outlived its hub");
}

/// They work in the database of the hub that runs, and leave it running.
#[tokio::test]
async fn the_registrys_jobs_run_beside_the_hub() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    let issue = "mutation { tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret } }";
    let issued = hub.graphql(Some(&owner), issue, json!({})).await.data();
    let secret = issued["tokenIssue"]["secret"].as_str().expect("a secret");
    push(&hub, secret, "acme/hello", "1", "hello").await;
    let servers_before = servers(&cluster(&hub));
    for (job, says) in
        [(&["gc", "--dry-run"][..], "\"collection\""), (&["gc"], "\"retention\""), (&["scrub"], "\"damaged\": []")]
    {
        let output = hub.command_async(job).await;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && said.contains(says), "{job:?}: {said}");
    }
    assert_eq!(servers(&cluster(&hub)).first(), servers_before.first(), "the hub's Postgres was ended");
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    assert_eq!(customers(&hub).await, json!([{ "name": "globex" }]));
}

fn serve(data_dir: &Path, listen: &str) -> Output {
    let mut command = Command::new(binary("distr-hub"));
    command.args(["serve", "--listen", listen]).arg("--data-dir").arg(data_dir);
    command.output().expect("distr-hub can be started")
}

#[tokio::test]
async fn what_is_taken_is_named() {
    let hub = HubProcess::start().await;
    let second = hub.command(&["serve"]);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains("is in use by process"), "{said}");

    let place = tempfile::tempdir().expect("a temporary directory can be made");
    std::fs::set_permissions(place.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("own directory");
    let data_dir = place.path().join("hub");
    let listen = format!("127.0.0.1:{}", hub.port);
    let second = serve(&data_dir, &listen);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success() && said.contains(&format!("cannot listen on {listen}")), "{said}");
    until_gone(&data_dir.join("postgres/cluster")).await;
    assert_eq!(customers(&hub).await, json!([]));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let place = tempfile::tempdir().expect("a temporary directory can be made");
    let output = Command::new(binary("distr-hub"))
        .arg("serve")
        .env("DISTR_DATA_DIR", place.path().join("hub"))
        .env("DATABASE_URL", "postgres://hub:planted@127.0.0.1:1/distr?sslmode=verify-full&connect_timeout=2")
        .output()
        .expect("distr-hub can be started");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("could not be reached"), "{said}");
    assert!(said.contains("Connection refused") && !said.contains("planted"), "{said}");
}
