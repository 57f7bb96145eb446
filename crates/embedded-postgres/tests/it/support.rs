//! A place for clusters, a client, and an owner in a process of its own.

use std::env;
use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write, stderr};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use distr_embedded_postgres::Options;
use tempfile::TempDir;
use tokio::time::{interval, timeout};
use tokio_postgres::{Client, NoTls};

/// Open to others, as the server may run as another user than the test.
pub(crate) fn temp_dir() -> TempDir {
    let open = Permissions::from_mode(0o755);
    tempfile::Builder::new().permissions(open).tempdir().expect("a temporary directory")
}

/// An undurable server below `dir`.
pub(crate) fn options(dir: &TempDir) -> Options {
    Options { durable: false, ..Options::new(dir.path().join("pg")) }
}

pub(crate) async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    client
}

/// Keeps `value` in the table `kept`.
pub(crate) async fn keep(url: &str, value: i32) {
    let client = connect(url).await;
    client.batch_execute("CREATE TABLE IF NOT EXISTS kept (value int4)").await.expect("a table");
    client.execute("INSERT INTO kept VALUES ($1)", &[&value]).await.expect("a row");
}

pub(crate) async fn kept(url: &str) -> Vec<i32> {
    let rows = connect(url).await.query("SELECT value FROM kept ORDER BY value", &[]).await;
    rows.expect("the table").iter().map(|row| row.get(0)).collect()
}

pub(crate) fn runs(pid: u32) -> bool {
    // a killed child that nobody has waited for yet is still listed, but has no memory any more
    std::fs::read_to_string(format!("/proc/{pid}/statm")).is_ok_and(|statm| !statm.starts_with("0 "))
}

/// Waits until `done` holds; fails the test when that takes more than 30 seconds.
pub(crate) async fn until(what: &str, done: impl Fn() -> bool) {
    let watched = async {
        let mut poll = interval(Duration::from_millis(20));
        while !done() {
            poll.tick().await;
        }
    };
    timeout(Duration::from_secs(30), watched).await.unwrap_or_else(|_| panic!("waited 30 s until {what}"));
}

pub(crate) fn kill_9(pid: u32) {
    signal("-9", pid);
}

pub(crate) fn signal(signal: &str, pid: u32) {
    let sent = Command::new("kill").args([signal, &pid.to_string()]).status().expect("kill runs");
    assert!(sent.success(), "kill {signal} {pid}");
}

/// Everything started by `pid` itself.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let listed = std::fs::read_to_string(path).expect("the list of children");
    listed.split_whitespace().map(|child| child.parse().expect("a process id")).collect()
}

/// The program that cargo built from `examples/owner.rs`.
pub(crate) fn owner_program() -> PathBuf {
    let test = env::current_exe().expect("the test's own path");
    let target = test.parent().and_then(Path::parent).expect("the target directory");
    target.join("examples").join("owner")
}

/// The owner where another user can run it: the target directory may be closed to others. A process of its own copies it. If
/// this one did, another test's fork could hold the copy open for writing, and the kernel starts no such program.
pub(crate) fn copied_owner(dir: &Path) -> PathBuf {
    let program = dir.join("owner");
    let copied = Command::new("cp").arg(owner_program()).arg(&program).status().expect("cp runs");
    assert!(copied.success(), "cp to {}: {copied}", program.display());
    program
}

/// A started owner, and the URL that it printed.
pub(crate) fn spawn_owner(command: &mut Command) -> (Child, String) {
    let mut owner = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the owner starts");
    let mut url = String::new();
    BufReader::new(owner.stdout.take().expect("its output")).read_line(&mut url).expect("a line");
    assert!(url.starts_with("postgres://"), "the owner printed {url:?}");
    (owner, url.trim().to_owned())
}

/// Says so where the test harness does not swallow it.
pub(crate) fn skipped_without_root(test: &str) -> bool {
    let skipped = !rustix::process::geteuid().is_root();
    if skipped {
        writeln!(stderr(), "skipped, as it needs root: {test}").expect("standard error");
    }
    skipped
}
