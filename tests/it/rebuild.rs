//! The read models are disposable: made anew from the log while the hub serves, they say the same.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use distr_embedded_postgres::start_temporary;
use distr_tests::hub::HubProcess;
use distr_tests::psql::Psql;
use serde_json::{Value, json};

const EVERYTHING: &str = "{
    customers { nodes { id name displayName createdAt } }
    applications { nodes { id name channels { name current versions } } }
    licenses { nodes { id status reason seats versions customer { name } } }
    targets { nodes { id name state lastHeartbeatAt agentVersion enrolledAt } }
    members { nodes { id role kind tokens { label revokedAt } } }
    licenseAudit { nodes { position kind actor reason detail } }
}";

async fn shown(hub: &HubProcess) -> Value {
    let owner = hub.sign_in("acme").await;
    let mut data = hub.graphql(Some(&owner), EVERYTHING, json!({})).await.data();
    // goes with the clock
    for target in data["targets"]["nodes"].as_array_mut().expect("nodes") {
        target["state"] = Value::Null;
    }
    data
}

async fn seed(hub: &HubProcess, owner: &str) {
    let mutations = [
        "customerCreate(name: \"globex\") { changed }",
        "customerRename(name: \"globex\", displayName: \"Globex Corp.\") { changed }",
        "applicationCreate(name: \"hello\") { changed }",
        "channelCreate(application: \"hello\", name: \"stable\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: { seats: 3 }) { changed }",
        "licenseSuspend(customer: \"globex\", name: \"l\", reason: \"unpaid\") { changed }",
        "robotAdd(name: \"ci\", role: PUBLISHER) { changed }",
        "tokenIssue(label: \"t\", scopes: [READ]) { changed }",
    ];
    for mutation in mutations {
        hub.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data();
    }
}

#[track_caller]
fn printed(output: Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    format!("{out}{err}")
}

#[track_caller]
fn refused(output: Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success(), "{out}{err}");
    format!("{out}{err}")
}

#[tokio::test]
async fn rebuilt_read_models_say_the_same() {
    let mut hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    seed(&hub, &owner).await;
    let before = shown(&hub).await;
    let printed_online = printed(hub.command_async(&["rebuild"]).await);
    assert!(printed_online.contains("license: equal, 1 rows"), "{printed_online}");
    assert_eq!(shown(&hub).await, before);
    // and without a hub
    hub.stop().await;
    printed(hub.command(&["rebuild"]));
    hub.run("acme").await;
    assert_eq!(shown(&hub).await, before);
}

#[tokio::test]
async fn queries_and_writers_go_on_while_generations_are_swapped() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    seed(&hub, &owner).await;
    let done = AtomicBool::new(false);
    let read = async || {
        let mut asked = 0;
        while !done.load(Relaxed) {
            hub.graphql(Some(&owner), EVERYTHING, json!({})).await.data();
            asked += 1;
        }
        asked
    };
    let write = async || {
        let mut made = 0;
        while !done.load(Relaxed) {
            let create = format!("mutation {{ customerCreate(name: \"c{made}\") {{ customer {{ name }} }} }}");
            hub.graphql(Some(&owner), &create, json!({})).await.data();
            made += 1;
        }
        made
    };
    let rebuild = async {
        for _ in 0..3 {
            let said = printed(hub.command_async(&["rebuild"]).await);
            assert!(said.contains("customer: equal") && said.contains("swapped"), "{said}");
        }
        done.store(true, Relaxed);
    };
    let (asked, also_asked, made, ()) = tokio::join!(read(), read(), write(), rebuild);
    assert!(asked > 0 && also_asked > 0 && made > 0, "{asked} {also_asked} {made}");
    let said = printed(hub.command_async(&["rebuild", "--verify"]).await);
    assert!(said.contains(&format!("customer: equal, {} rows", made + 1)), "{made} customers were made: {said}");
}

#[tokio::test]
async fn a_planted_difference_is_found_and_named() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    seed(&hub, &owner).await;
    let psql = Psql::of(&hub);
    let key = psql.ok("UPDATE read.customer SET display_name = 'planted' WHERE name = 'globex' RETURNING id");
    for arguments in [&["rebuild"][..], &["rebuild", "--verify"]] {
        let said = refused(hub.command_async(arguments).await);
        assert!(said.contains("customer: DIFFERS") && said.contains(&format!("customer {key} differs")), "{said}");
        assert!(said.contains("license: equal"), "{said}");
    }
    let names = async || shown(&hub).await["customers"]["nodes"][0]["displayName"].clone();
    assert_eq!(names().await, "planted", "the live read models go on");
    printed(hub.command_async(&["rebuild", "--accept-differences"]).await);
    assert_eq!(names().await, "Globex Corp.");
    printed(hub.command_async(&["rebuild", "--verify"]).await);
}

#[tokio::test]
async fn a_rebuild_is_alone_and_can_be_ended_and_goes_on() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    seed(&hub, &owner).await;
    let psql = Psql::of(&hub);
    // keeps the rebuild from swapping
    let mut obstacle = psql.session();
    for end in ["kill", "cancel"] {
        obstacle.run("BEGIN; SELECT count(*) FROM (SELECT FROM read.checkpoint FOR UPDATE) AS held;").await;
        let mut rebuild = hub.spawn_command(&["rebuild"]);
        psql.until(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE read.checkpoint SET epoch%' \
                    AND wait_event_type = 'Lock' AND application_name = 'distr-hub rebuild'",
            "1",
        )
        .await;
        let said = refused(hub.command_async(&["rebuild"]).await);
        assert!(said.contains("another rebuild is running"), "{said}");
        match end {
            "kill" => {
                rebuild.kill().await.expect("it runs");
                // the server notices when it next writes to the dead
                psql.ok("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'distr-hub rebuild'");
            }
            _ => {
                let said = printed(hub.command_async(&["rebuild", "--cancel"]).await);
                assert!(said.contains("the rebuild was ended"), "{said}");
                let said = refused(rebuild.wait_with_output().await.expect("it ends"));
                assert!(said.contains("--cancel"), "{said}");
            }
        }
        obstacle.run("COMMIT;").await;
        let said = printed(hub.command_async(&["rebuild"]).await);
        assert!(said.contains("going on from position") && said.contains("customer: equal"), "{said}");
    }
}

#[tokio::test]
async fn two_hubs_that_find_an_older_shape_make_it_anew_once() {
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    let url = postgres.url("distr");
    let environment = [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", &"ab".repeat(32))];
    let mut first = HubProcess::start_with(&environment).await;
    let mut second = HubProcess::start_with(&environment).await;
    let owner = first.sign_in("acme").await;
    seed(&first, &owner).await;
    let before = shown(&second).await;
    first.stop().await;
    second.stop().await;
    let psql = Psql::at(&url);
    psql.ok("UPDATE read.shape SET shape = shape - 1");
    tokio::join!(first.run("acme"), second.run("acme"));
    let made: usize = [&first, &second].iter().map(|hub| hub.log().matches("read models are made anew").count()).sum();
    assert_eq!(made, 1, "{}\n{}", first.log(), second.log());
    assert_eq!(shown(&first).await, before);
    assert_eq!(shown(&second).await, before);

    // a newer shape is not this program's to take away
    second.stop().await;
    psql.ok("UPDATE read.shape SET shape = shape + 1");
    let started = std::process::Command::new(distr_tests::binary("distr-hub"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("DISTR_DATA_DIR", second.data.path().join("hub"))
        .envs(environment)
        .output();
    let said = refused(started.expect("distr-hub can be started"));
    assert!(said.contains("newer version of the hub"), "{said}");
}
