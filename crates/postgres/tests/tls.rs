//! Addresses against a real server with a certificate of its own.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use distr_embedded_postgres::{EmbeddedPostgres, Options, start};
use distr_postgres::Address;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// A server for the name `localhost`, its authority in `ca.pem`, another authority in `other.pem`.
struct Server {
    postgres: EmbeddedPostgres,
    port: u16,
    files: TempDir,
}

impl Server {
    async fn start() -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        fs::set_permissions(files.path(), Permissions::from_mode(0o755)).expect("open to the server's user");
        let (authority, other) = (authority("ours"), authority("theirs"));
        let key = KeyPair::generate().expect("a key");
        let wanted = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let certificate = wanted.signed_by(&key, &authority).expect("a certificate");
        let write = |name: &str, text: String| {
            let path = files.path().join(name);
            fs::write(&path, text).expect("own directory");
            path
        };
        write("ca.pem", authority.pem());
        write("other.pem", other.pem());
        let certificate = write("server.pem", certificate.pem());
        let key = write("server.key", key.serialize_pem());

        // the server wants its key for itself, so it is there before the server knows of it
        let data_dir = files.path().join("pg");
        let plain = start(Options::new(&data_dir)).await.expect("it starts");
        let owner = fs::metadata(plain.data_dir().join("cluster")).expect("a cluster");
        plain.stop().await.expect("it stops");
        chown(&key, Some(owner.uid()), Some(owner.gid())).expect("the server's key");
        fs::set_permissions(&key, Permissions::from_mode(0o600)).expect("the server's key");

        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let setting = |name: &str, value: &Path| (name.to_owned(), value.display().to_string());
        let settings = vec![
            ("ssl".to_owned(), "on".to_owned()),
            setting("ssl_cert_file", &certificate),
            setting("ssl_key_file", &key),
        ];
        let options = Options { port: Some(port), settings, durable: false, ..Options::new(&data_dir) };
        let postgres = start(options).await.expect("it starts with TLS");
        let client =
            Address::from_str(&postgres.url("postgres")).expect("an address").connect().await.expect("a client");
        client.batch_execute("CREATE ROLE hub LOGIN PASSWORD 'open'").await.expect("a role");
        Self { postgres, port, files }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn url(&self, host: &str, parameters: &str) -> String {
        format!("postgres://hub:open@{host}:{}/postgres{parameters}", self.port)
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

/// Whether the connection was encrypted, or why there is none.
async fn encrypted(url: &str) -> Result<bool, String> {
    let address = Address::from_str(url).map_err(|error| told(&error))?;
    let client = address.connect().await.map_err(|error| told(&error))?;
    let row = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await;
    let direct = row.expect("a row").get(0);
    let pooled = address.pool(1).get().await.expect("a pooled connection");
    let row = pooled.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await;
    assert_eq!(direct, row.expect("a row").get::<_, bool>(0), "a pool does as a connection");
    Ok(direct)
}

fn told(error: &dyn std::error::Error) -> String {
    let source = error.source().map(told).unwrap_or_default();
    format!("{error}: {source}")
}

#[tokio::test]
async fn each_mode_does_what_it_says() {
    let server = Server::start().await;
    let ca = server.file("ca.pem").display().to_string();
    let other = server.file("other.pem").display().to_string();
    let verified = |file: &str| format!("?sslmode=verify-full&sslrootcert={file}");

    assert_eq!(encrypted(&server.url("localhost", "")).await, Ok(true), "prefer is the default");
    assert_eq!(encrypted(&server.url("localhost", "?sslmode=disable")).await, Ok(false));
    assert_eq!(encrypted(&server.url("localhost", "?sslmode=require")).await, Ok(true));
    assert_eq!(encrypted(&server.url("localhost", &verified(&ca))).await, Ok(true));

    let wrong_authority = encrypted(&server.url("localhost", &verified(&other))).await.expect_err("a stranger");
    assert!(wrong_authority.contains("UnknownIssuer"), "{wrong_authority}");
    let wrong_host = encrypted(&server.url("127.0.0.1", &verified(&ca))).await.expect_err("another name");
    assert!(wrong_host.contains("not valid for name"), "{wrong_host}");
    let untrusted = encrypted(&server.url("localhost", "?sslmode=verify-full")).await.expect_err("a stranger");
    assert!(untrusted.contains("UnknownIssuer"), "{untrusted}");
    server.postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_server_without_tls_is_refused_where_it_is_required() {
    let files = tempfile::tempdir().expect("a temporary directory");
    fs::set_permissions(files.path(), Permissions::from_mode(0o755)).expect("open to the server's user");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let options = Options { port: Some(port), durable: false, ..Options::new(files.path().join("pg")) };
    let postgres = start(options).await.expect("it starts");
    let client = Address::from_str(&postgres.url("postgres")).expect("an address").connect().await.expect("a client");
    client.batch_execute("CREATE ROLE hub LOGIN PASSWORD 'open'").await.expect("a role");
    let url = format!("postgres://hub:open@127.0.0.1:{port}/postgres");
    assert_eq!(encrypted(&url).await, Ok(false), "prefer goes on without");
    let refused = encrypted(&format!("{url}?sslmode=require")).await.expect_err("no TLS");
    assert!(refused.contains("server does not support TLS"), "{refused}");
    postgres.stop().await.expect("it stops");
}

#[test]
fn a_root_file_that_holds_none_is_named() {
    let files = tempfile::tempdir().expect("a temporary directory");
    let path = files.path().join("ca.pem");
    let url = format!("postgres://hub@db/distr?sslmode=verify-full&sslrootcert={}", path.display());
    let missing = told(&Address::from_str(&url).expect_err("no file"));
    assert!(missing.contains(&path.display().to_string()), "{missing}");
    fs::write(&path, "nothing\n").expect("own directory");
    let empty = told(&Address::from_str(&url).expect_err("no certificate"));
    assert!(empty.contains("no certificate"), "{empty}");
}
