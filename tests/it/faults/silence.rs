//! What the hub rests on falls silent and does not say so: nobody waits for ever, the hub tells whoever asks, and it goes on by
//! itself.

use std::time::Duration;

use distr_embedded_postgres::{EmbeddedPostgres, start_temporary};
use distr_tests::hub::HubProcess;
use distr_tests::ports::free_port;
use distr_tests::proxy::Proxy;
use distr_tests::wait;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::metrics::{scraped, value};
use crate::two_hubs::KEY;

/// The limits of the hub add up to less; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(150);
/// For what must not ask the database.
const AT_ONCE: Duration = Duration::from_secs(10);

async fn database() -> EmbeddedPostgres {
    let postgres = start_temporary().await.expect("a Postgres");
    postgres.create_database("distr").await.expect("a database");
    postgres
}

/// The status and the words.
async fn ready(hub: &HubProcess) -> (StatusCode, Value) {
    let asked = Client::new().get(hub.url("/readyz")).timeout(AT_ONCE).send().await.expect("an answer at once");
    (asked.status(), asked.json().await.expect("JSON"))
}

async fn until_ready(hub: &HubProcess, what: &str, is: impl Fn(StatusCode, &Value) -> bool) -> Value {
    wait::until(what, LIMIT, async || {
        let (status, words) = ready(hub).await;
        if is(status, &words) { Ok(words) } else { Err(format!("{status} {words}\n{}", hub.log())) }
    })
    .await
}

/// Whatever the answer is, there is one.
async fn ask(hub: &HubProcess, owner: &str, query: &str) -> distr_tests::hub::Answer {
    let answered = hub.graphql(Some(owner), query, json!({}));
    tokio::time::timeout(LIMIT, answered).await.expect("nobody waits for ever")
}

async fn until_answered(hub: &HubProcess, owner: &str, query: &str) {
    wait::until("an answer without an error", LIMIT, async || {
        let answer = ask(hub, owner, query).await;
        if answer.0.get("errors").is_none() { Ok(()) } else { Err(answer.0.to_string()) }
    })
    .await;
}

const QUERY: &str = "{ customers(first: 5) { nodes { name } } }";

fn create(name: &str) -> String {
    format!("mutation {{ customerCreate(name: \"{name}\") {{ changed }} }}")
}

#[tokio::test]
async fn connections_that_fall_silent_are_given_up_for_new_ones() {
    let postgres = database().await;
    let config: tokio_postgres::Config = postgres.url("distr").parse().expect("an address");
    let socket = postgres.socket_dir().join(format!(".s.PGSQL.{}", config.get_ports()[0]));
    let proxy = Proxy::start(move || Some(socket.clone())).await;
    let password = String::from_utf8_lossy(config.get_password().expect("a password")).into_owned();
    let user = config.get_user().expect("a user");
    let url = format!("postgres://{user}:{password}@127.0.0.1:{}/distr?sslmode=disable", proxy.port);
    let hub = HubProcess::start_with(&[("DATABASE_URL", &url), ("DISTR_MASTER_KEY", KEY)]).await;
    let owner = hub.sign_in("acme").await;
    ask(&hub, &owner, &create("globex")).await.data();

    // until it is noticed, those that are new by then fall silent, too: the hub may open one at any moment
    let is_noticed = |status: StatusCode, _: &Value| {
        proxy.silence();
        status == 503
    };
    let words = until_ready(&hub, "a hub that is not ready", is_noticed).await;
    assert_eq!(words["database"], "does not answer", "{words}");
    until_answered(&hub, &owner, QUERY).await;
    until_answered(&hub, &owner, &create("initech")).await;
    let words = until_ready(&hub, "a hub that is ready again", |status, _| status == 200).await;
    assert_eq!(words["database"], "ok", "{words}");
    assert!(hub.log().contains("what the hub rests on is not well"), "{}", hub.log());
}

/// The server's processes, stopped where they are, until this is dropped.
struct Frozen(Vec<String>);

impl Frozen {
    fn of(postgres: &EmbeddedPostgres) -> Self {
        let server = postgres.pid().expect("a server that runs").to_string();
        let children = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children")).expect("its children");
        // the one that makes others first
        let all = [server].into_iter().chain(children.split_whitespace().map(str::to_owned)).collect();
        let frozen = Self(all);
        assert!(frozen.signal("-STOP"), "{:?}", frozen.0);
        frozen
    }

    fn signal(&self, signal: &str) -> bool {
        std::process::Command::new("kill").arg(signal).args(&self.0).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test]
async fn a_frozen_database_holds_up_neither_readiness_nor_metrics() {
    let (postgres, port) = (database().await, free_port());
    let (url, listen) = (postgres.url("distr"), format!("127.0.0.1:{port}"));
    let environment = [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", KEY), ("DISTR_METRICS_LISTEN", &listen)];
    let hub = HubProcess::start_with(&environment).await;
    let owner = hub.sign_in("acme").await;
    ask(&hub, &owner, &create("globex")).await.data();
    assert_eq!(value(&scraped(port).await, "distr_database_up"), Some(1.0));

    let frozen = Frozen::of(&postgres);
    let answer = ask(&hub, &owner, QUERY).await;
    assert_eq!(answer.code(), Some("unavailable"), "{answer:?}");
    let words = until_ready(&hub, "a hub that is not ready", |status, _| status == 503).await;
    assert_eq!(words["database"], "does not answer", "{words}");
    let text = wait::until("what the metrics say", LIMIT, async || {
        let text = tokio::time::timeout(AT_ONCE, scraped(port)).await.expect("metrics at once");
        if value(&text, "distr_database_up") == Some(0.0) { Ok(text) } else { Err(text) }
    })
    .await;
    assert_eq!(value(&text, "distr_well"), Some(0.0), "{text}");
    assert!(value(&text, "distr_log_head_position") > Some(0.0), "the last that was seen: {text}");

    drop(frozen);
    until_answered(&hub, &owner, QUERY).await;
    until_answered(&hub, &owner, &create("initech")).await;
    until_ready(&hub, "a hub that is ready again", |status, _| status == 200).await;
}

#[tokio::test]
async fn a_bucket_that_hangs_makes_the_hub_not_ready_and_nothing_else() {
    // takes connections, and never says a word
    let bucket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", bucket.local_addr().expect("an address"));
    let hub = HubProcess::begin(&[
        ("BLOB_STORE_URL", "s3://distr/hub"),
        ("AWS_ENDPOINT", &endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ]);
    wait::until("a hub that listens", LIMIT, async || match reqwest::get(hub.url("/healthz")).await {
        Ok(answer) if answer.status() == 200 => Ok(()),
        other => Err(format!("{other:?}\n{}", hub.log())),
    })
    .await;
    let words = until_ready(&hub, "a hub that has caught up", |_, words| words["status"] == "not ready").await;
    assert_eq!((&words["database"], &words["blobs"]), (&json!("ok"), &json!("do not answer")), "{words}");
    let owner = hub.sign_in("acme").await;
    ask(&hub, &owner, &create("globex")).await.data();
    assert_eq!(ready(&hub).await.0, 503);
}

#[tokio::test]
async fn a_hub_that_cannot_listen_gives_back_what_it_leads() {
    let postgres = database().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (url, listen) = (postgres.url("distr"), taken.local_addr().expect("an address").to_string());
    let mut first = HubProcess::start_with(&[("DATABASE_URL", &url), ("DISTR_MASTER_KEY", KEY)]).await;
    first.stop().await;
    let environment = [("DATABASE_URL", url.as_str()), ("DISTR_MASTER_KEY", KEY), ("DISTR_METRICS_LISTEN", &listen)];
    let mut hub = HubProcess::begin(&environment);
    let status = wait::until("the end of the hub", LIMIT, async || hub.ended().ok_or_else(|| hub.log())).await;
    assert!(!status.success() && hub.log().contains("DISTR_METRICS_LISTEN"), "{}", hub.log());
    let (client, connection) =
        tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a connection to the database");
    tokio::spawn(connection);
    let sql = "SELECT count(*) FROM read.checkpoint WHERE lease_until IS NOT NULL";
    let leases: i64 = client.query_one(sql, &[]).await.expect("the leases").get(0);
    assert_eq!(leases, 0, "{}", hub.log());
}
