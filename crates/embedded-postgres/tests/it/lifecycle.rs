//! Owners that behave.

use std::net::TcpListener;

use distr_embedded_postgres::{Options, start, start_temporary};
use tokio_postgres::NoTls;

use crate::support::{connect, keep, kept, options, runs, temp_dir, until};

#[tokio::test]
async fn it_answers_and_stops_without_a_trace() {
    let dir = temp_dir();
    let postgres = start(options(&dir)).await.expect("it starts");
    let pid = postgres.pid().expect("it runs");
    let row = connect(&postgres.url("postgres")).await.query_one("SELECT 1", &[]).await.expect("an answer");
    assert_eq!(row.get::<_, i32>(0), 1);
    postgres.stop().await.expect("it stops");
    assert!(!runs(pid), "process {pid} is still there");
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let dir = temp_dir();
    let first = start(options(&dir)).await.expect("it starts");
    first.create_database("a \"b\"").await.expect("a database");
    first.create_database("a \"b\"").await.expect("the same again is no error");
    keep(&first.url("a \"b\""), 1).await;
    first.stop().await.expect("it stops");

    let second = start(options(&dir)).await.expect("it starts again");
    assert_eq!(kept(&second.url("a \"b\"")).await, [1]);
    second.stop().await.expect("it stops again");
}

#[tokio::test]
async fn a_dropped_server_stops() {
    let dir = temp_dir();
    let postgres = start(options(&dir)).await.expect("it starts");
    let pid = postgres.pid().expect("it runs");
    drop(postgres);
    until("the dropped server is gone", || !runs(pid)).await;
}

#[tokio::test]
async fn a_temporary_server_takes_its_directory_with_it() {
    let postgres = start_temporary().await.expect("it starts");
    let dir = postgres.data_dir().to_owned();
    keep(&postgres.url("postgres"), 1).await;
    drop(postgres);
    until("the directory is gone", || !dir.exists()).await;
}

#[tokio::test]
async fn a_second_owner_is_told_who_the_first_one_is() {
    let dir = temp_dir();
    let first = start(options(&dir)).await.expect("it starts");
    let error = start(options(&dir)).await.expect_err("it is in use").to_string();
    let data_dir = first.data_dir().display();
    let expected = format!("the data directory {data_dir} is in use by process {}; stop that one", std::process::id());
    assert!(error.starts_with(&expected), "{error}");
    keep(&first.url("postgres"), 1).await;
    first.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_durable_server_has_the_defaults_and_the_owners_settings() {
    let dir = temp_dir();
    let settings = vec![("max_connections".to_owned(), "50".to_owned())];
    let options = Options { settings, ..Options::new(dir.path().join("pg")) };
    let postgres = start(options).await.expect("it starts");
    let client = connect(&postgres.url("postgres")).await;
    for (name, value) in [
        ("max_connections", "50"),
        ("shared_buffers", "256MB"),
        ("max_wal_size", "4GB"),
        ("checkpoint_timeout", "15min"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("jit", "off"),
        ("listen_addresses", ""),
    ] {
        let row = client.query_one(&format!("SHOW {name}"), &[]).await.expect("a setting");
        assert_eq!(row.get::<_, String>(0), value, "{name}");
    }
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_port_lets_in_roles_with_a_password_only() {
    let dir = temp_dir();
    let port = free_port();
    let postgres = start(Options { port: Some(port), ..options(&dir) }).await.expect("it starts");
    let client = connect(&postgres.url("postgres")).await;
    client.batch_execute("CREATE ROLE analyst LOGIN PASSWORD 'open'").await.expect("a role");

    connect(&format!("postgres://analyst:open@127.0.0.1:{port}/postgres")).await;
    for refused in ["analyst:wrong", "distr", "distr:"] {
        let url = format!("postgres://{refused}@127.0.0.1:{port}/postgres");
        assert!(tokio_postgres::connect(&url, NoTls).await.is_err(), "{refused} got in");
    }
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let dir = temp_dir();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let error = start(Options { port: Some(port), ..options(&dir) }).await.expect_err("the port is taken").to_string();
    assert!(error.contains("could not bind IPv4 address \"127.0.0.1\": Address already in use"), "{error}");
    assert!(error.contains(&format!("port {port}")), "{error}");
}

#[tokio::test]
async fn an_unknown_setting_is_named() {
    let dir = temp_dir();
    let settings = vec![("no_such_setting".to_owned(), "1".to_owned())];
    let error = start(Options { settings, ..options(&dir) }).await.expect_err("it is unknown").to_string();
    assert!(error.contains("unrecognized configuration parameter \"no_such_setting\""), "{error}");
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}
