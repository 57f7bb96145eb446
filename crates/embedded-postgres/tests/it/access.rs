//! Who gets into a server, and what becomes of a cluster that let in whoever came.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use distr_embedded_postgres::{EmbeddedPostgres, Options, start, url_of_running};
use tokio_postgres::NoTls;

use crate::support::{keep, kept, options, temp_dir};

/// The URL without its password: what a program of the server's user would use.
fn bare(url: &str) -> String {
    let (role, rest) = url.strip_prefix("postgres://").and_then(|url| url.split_once('@')).expect("a URL with a role");
    format!("postgres://{}@{rest}", role.split(':').next().unwrap_or_default())
}

async fn refusal(url: &str) -> String {
    let refused = tokio_postgres::connect(url, NoTls).await.err().expect("it is let in");
    let causes = std::error::Error::source(&refused).map(ToString::to_string).unwrap_or_default();
    format!("{refused}: {causes}")
}

async fn lets_in_with_its_password_alone(postgres: &EmbeddedPostgres) {
    let url = postgres.url("postgres");
    let bare = bare(&url);
    assert!(refusal(&bare).await.contains("password"), "without a password");
    let wrong = bare.replacen('@', ":00ff@", 1);
    assert!(refusal(&wrong).await.contains("password authentication failed"));
    let file = postgres.data_dir().join("superuser.password");
    assert_eq!(fs::metadata(file).expect("the password").permissions().mode() & 0o777, 0o600);
    let shown = format!("{postgres:?}");
    let password = url.split(':').nth(2).and_then(|rest| rest.split('@').next()).expect("a password");
    assert!(password.len() == 64 && !shown.contains(password), "{shown}");
}

#[tokio::test]
async fn the_servers_user_alone_is_no_key() {
    let dir = temp_dir();
    let postgres = start(options(&dir)).await.expect("it starts");
    lets_in_with_its_password_alone(&postgres).await;
    postgres.stop().await.expect("it stops");
    let again = start(options(&dir)).await.expect("it starts again");
    lets_in_with_its_password_alone(&again).await;
    again.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_cluster_of_an_older_version_gets_a_password_at_its_next_start() {
    let dir = temp_dir();
    let options: Options = options(&dir);
    let postgres = start(options.clone()).await.expect("it starts");
    let before = postgres.url("postgres");
    keep(&before, 1).await;
    postgres.stop().await.expect("it stops");
    // as versions left it that asked for no password
    fs::remove_file(options.data_dir.join("superuser.password")).expect("it was there");
    fs::remove_file(options.data_dir.join("pg_hba.conf")).expect("it was there");
    fs::write(options.data_dir.join("cluster/pg_hba.conf"), "local all all trust\n").expect("own directory");
    let postgres = start(options.clone()).await.expect("it starts");
    lets_in_with_its_password_alone(&postgres).await;
    assert_eq!(kept(&postgres.url("postgres")).await, [1]);
    assert_eq!(url_of_running(&options.data_dir, "postgres"), Some(postgres.url("postgres")));
    assert!(refusal(&before).await.contains("password authentication failed"));
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn the_superuser_does_not_get_in_over_a_port() {
    let dir = temp_dir();
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let postgres = start(Options { port: Some(port), ..options(&dir) }).await.expect("it starts");
    let url = postgres.url("postgres");
    let (role, _) = url.split_once('@').expect("a role");
    let refused = refusal(&format!("{role}@127.0.0.1:{port}/postgres")).await;
    assert!(refused.contains("pg_hba.conf rejects"), "{refused}");
    postgres.stop().await.expect("it stops");
}
