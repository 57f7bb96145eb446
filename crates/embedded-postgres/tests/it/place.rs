//! Where clusters lie and who runs them. What only root can do is reported by name when the tests run as somebody else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::Command;

use distr_embedded_postgres::start;

use crate::support::{copied_owner, keep, kept, options, skipped_without_root, spawn_owner, temp_dir, until};

const NOBODY: u32 = 65534;

#[tokio::test]
async fn a_long_path_gets_a_short_socket_directory_for_itself() {
    let dir = temp_dir();
    let mut options = options(&dir);
    options.data_dir = dir.path().join("a".repeat(120)).join("pg");
    for _ in 0..2 {
        let postgres = start(options.clone()).await.expect("it starts");
        assert!(postgres.socket_dir().starts_with("/tmp"), "{}", postgres.socket_dir().display());
        let mode = fs::metadata(postgres.socket_dir()).expect("it is there").mode();
        assert_eq!(mode & 0o777, 0o700);
        keep(&postgres.url("postgres"), 1).await;
        postgres.stop().await.expect("it stops");
    }

    let short = start(options.clone()).await.expect("it starts").socket_dir().to_owned();
    until("the server has ended", || fs::read_dir(&short).is_ok_and(|mut entries| entries.next().is_none())).await;
    fs::set_permissions(&short, Permissions::from_mode(0o777)).expect("open to everybody");
    let error = start(options).await.expect_err("a trap").to_string();
    assert!(error.contains("is not a private directory of the server's user"), "{error}");
    fs::remove_dir(&short).expect("it is empty");
}

#[tokio::test]
async fn roots_server_runs_as_somebody_else() {
    if skipped_without_root("roots_server_runs_as_somebody_else") {
        return;
    }
    let dir = temp_dir();
    let postgres = start(options(&dir)).await.expect("it starts");
    let server = format!("/proc/{}", postgres.pid().expect("it runs"));
    let uid = fs::metadata(server).expect("its process").uid();
    assert_ne!(uid, 0);
    for (path, owner, mode) in [("", 0, 0o711), ("cluster", uid, 0o700), ("run", uid, 0o700), ("server.log", 0, 0o600)]
    {
        let metadata = fs::metadata(postgres.data_dir().join(path)).expect("it is there");
        assert_eq!((metadata.uid(), metadata.mode() & 0o777), (owner, mode), "{path:?}");
    }
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_cluster_out_of_the_servers_reach_lies_elsewhere() {
    if skipped_without_root("a_cluster_out_of_the_servers_reach_lies_elsewhere") {
        return;
    }
    let dir = temp_dir();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("closed to others");
    let options = options(&dir);
    let postgres = start(options.clone()).await.expect("it starts");
    keep(&postgres.url("postgres"), 1).await;
    let place = postgres.data_dir().to_owned();
    postgres.stop().await.expect("it stops");
    assert_eq!(fs::read_link(&options.data_dir).expect("a link"), place);

    let postgres = start(options).await.expect("it starts again");
    assert_eq!(kept(&postgres.url("postgres")).await, [1]);
    postgres.stop().await.expect("it stops again");
    fs::remove_dir_all(place).expect("the cluster goes");
}

#[tokio::test]
async fn a_filled_directory_out_of_the_servers_reach_is_refused() {
    if skipped_without_root("a_filled_directory_out_of_the_servers_reach_is_refused") {
        return;
    }
    let dir = temp_dir();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("closed to others");
    let options = options(&dir);
    fs::create_dir_all(options.data_dir.join("something")).expect("a filled directory");
    let error = start(options).await.expect_err("nobody gets there").to_string();
    assert!(error.ends_with(&format!("{} is closed to others", dir.path().display())), "{error}");
}

#[tokio::test]
async fn an_ordinary_user_owns_everything_and_root_can_take_over() {
    if skipped_without_root("an_ordinary_user_owns_everything_and_root_can_take_over") {
        return;
    }
    let dir = temp_dir();
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).expect("nobody's directory");
    let options = options(&dir);
    let mut command = Command::new(copied_owner(dir.path()));
    let (mut owner, url) = spawn_owner(command.arg(&options.data_dir).uid(NOBODY).gid(NOBODY));
    keep(&url, 1).await;
    for path in ["", "cluster", "run", "server.log"] {
        let metadata = fs::metadata(options.data_dir.join(path)).expect("it is there");
        assert_eq!((metadata.uid(), metadata.mode() & 0o077), (NOBODY, 0), "{path:?}");
    }
    drop(owner.stdin.take());
    assert!(owner.wait().expect("its end").success());

    let postgres = start(options).await.expect("it starts as root");
    assert_eq!(kept(&postgres.url("distr")).await, [1]);
    postgres.stop().await.expect("it stops");
}
