//! Places that a server cannot run in: each is told in a sentence that names what is wrong, and nothing is destroyed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use distr_embedded_postgres::{Options, start, url_of_running};
use tempfile::TempDir;

use crate::support::{copied_owner, keep, options, owner_program, skipped_without_root, temp_dir};

const NOBODY: u32 = 65534;

/// A cluster that has been stopped.
async fn stopped(dir: &TempDir) -> Options {
    let options = options(dir);
    let postgres = start(options.clone()).await.expect("it starts");
    assert_eq!(url_of_running(&options.data_dir, "distr"), Some(postgres.url("distr")));
    postgres.stop().await.expect("it stops");
    assert_eq!(url_of_running(&options.data_dir, "distr"), None);
    options
}

async fn refusal(options: Options) -> String {
    start(options).await.expect_err("it cannot start").to_string()
}

#[tokio::test]
async fn a_cluster_of_another_version_names_the_package() {
    let dir = temp_dir();
    let options = stopped(&dir).await;
    fs::write(options.data_dir.join("cluster/PG_VERSION"), "9\n").expect("another version");
    let error = refusal(options).await;
    assert!(error.contains("belongs to PostgreSQL 9") && error.contains("apt-get install postgresql-9"), "{error}");
}

#[tokio::test]
async fn a_directory_that_is_no_cluster_is_left_alone() {
    let dir = temp_dir();
    let options = options(&dir);
    let foreign = options.data_dir.join("cluster/photos");
    fs::create_dir_all(&foreign).expect("somebody's directory");
    let error = refusal(options).await;
    assert!(error.contains("is no cluster of PostgreSQL") && error.contains("move it away"), "{error}");
    assert!(foreign.exists(), "somebody's directory is gone");
}

#[tokio::test]
async fn a_damaged_cluster_names_the_damage_and_the_log() {
    let dir = temp_dir();
    let options = stopped(&dir).await;
    fs::remove_file(options.data_dir.join("cluster/global/pg_control")).expect("damage");
    let error = refusal(options.clone()).await;
    assert!(error.contains("pg_control"), "{error}");
    assert!(error.contains(&options.data_dir.join("server.log").display().to_string()), "{error}");
}

#[tokio::test]
async fn a_cluster_that_others_may_read_is_refused_by_name() {
    let dir = temp_dir();
    let options = stopped(&dir).await;
    fs::set_permissions(options.data_dir.join("cluster"), Permissions::from_mode(0o777)).expect("open to all");
    let error = refusal(options).await;
    assert!(error.contains("has invalid permissions"), "{error}");
}

/// What the owner says when it cannot start.
fn said_by(command: &mut Command) -> String {
    let output = command.output().expect("the owner starts");
    assert!(!output.status.success(), "it started: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_directory_that_is_not_ones_own_is_named() {
    if skipped_without_root("a_directory_that_is_not_ones_own_is_named") {
        return;
    }
    let dir = temp_dir();
    let data_dir = dir.path().join("pg");
    let said = said_by(Command::new(copied_owner(dir.path())).arg(&data_dir).uid(NOBODY).gid(NOBODY));
    assert!(said.contains(&format!("could not create {}", data_dir.display())), "{said}");
    assert!(said.contains("Permission denied"), "{said}");
}

#[tokio::test]
async fn an_ordinary_user_is_told_whose_cluster_it_is_not() {
    if skipped_without_root("an_ordinary_user_is_told_whose_cluster_it_is_not") {
        return;
    }
    let dir = temp_dir();
    let options = stopped(&dir).await;
    chown(&options.data_dir, Some(NOBODY), Some(NOBODY)).expect("only the outer directory");
    let said = said_by(Command::new(copied_owner(dir.path())).arg(&options.data_dir).uid(NOBODY).gid(NOBODY));
    assert!(said.contains("Permission denied") && said.contains(&options.data_dir.display().to_string()), "{said}");
}

/// Runs the owner where `mount` has changed what it sees; nobody else sees it.
fn in_own_mounts(mount: &str, dir: &Path) -> String {
    let script = format!("{mount} && exec \"$0\" \"$1\"");
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-c", &script])
        .arg(owner_program())
        .arg(dir)
        .env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    said_by(&mut command)
}

#[test]
fn missing_programs_are_named_with_their_package() {
    if skipped_without_root("missing_programs_are_named_with_their_package") {
        return;
    }
    let dir = temp_dir();
    let said = in_own_mounts("mount -t tmpfs none /usr/lib/postgresql", &dir.path().join("pg"));
    assert!(said.contains("no PostgreSQL server was found") && said.contains("apt-get install postgresql"), "{said}");
}

#[test]
fn a_full_disk_is_named() {
    if skipped_without_root("a_full_disk_is_named") {
        return;
    }
    let dir = temp_dir();
    let small = dir.path().join("small");
    fs::create_dir(&small).expect("own directory");
    let mount = format!("mount -t tmpfs -o size=8m,mode=0755 none {}", small.display());
    let said = in_own_mounts(&mount, &small.join("pg"));
    assert!(said.contains("No space left on device"), "{said}");
}

#[tokio::test]
async fn the_data_survives_a_refusal() {
    let dir = temp_dir();
    let options = stopped(&dir).await;
    let cluster = options.data_dir.join("cluster");
    fs::set_permissions(&cluster, Permissions::from_mode(0o777)).expect("open to all");
    refusal(options.clone()).await;
    fs::set_permissions(&cluster, Permissions::from_mode(0o700)).expect("closed again");
    let postgres = start(options).await.expect("it starts");
    keep(&postgres.url("postgres"), 1).await;
    postgres.stop().await.expect("it stops");
}
