//! Owners, keepers, servers and `initdb` that were killed: the next start gets there, with the data and without an orphan.

use std::fs;
use std::process::Command;

use distr_embedded_postgres::{Options, start};

use crate::support::{
    children, connect, keep, kept, kill_9, options, owner_program, runs, signal, spawn_owner, temp_dir, until,
};

#[tokio::test]
async fn the_server_ends_with_a_killed_owner() {
    let dir = temp_dir();
    let data_dir = options(&dir).data_dir;
    let (mut owner, _) = spawn_owner(Command::new(owner_program()).arg(&data_dir));
    let server = server_of(&data_dir);
    owner.kill().expect("the owner is killed");
    until("the server is gone", || !runs(server)).await;
    owner.wait().expect("its end");
}

#[tokio::test]
async fn the_next_owner_of_a_killed_one_starts_at_once_with_the_data() {
    let dir = temp_dir();
    let options = options(&dir);
    for round in 1..=3 {
        let (mut owner, url) = spawn_owner(Command::new(owner_program()).arg(&options.data_dir));
        keep(&url, round).await;
        let server = server_of(&options.data_dir);
        owner.kill().expect("the owner is killed");
        owner.wait().expect("its end");

        let postgres = start(options.clone()).await.expect("it starts");
        assert_eq!(kept(&postgres.url("distr")).await, (1..=round).collect::<Vec<_>>());
        assert!(!runs(server), "the killed owner's server {server} is still there");
        postgres.stop().await.expect("it stops");
    }
}

#[tokio::test]
async fn a_server_whose_keeper_was_killed_too_is_stopped_by_the_next_owner() {
    let dir = temp_dir();
    let options = options(&dir);
    let (mut owner, url) = spawn_owner(Command::new(owner_program()).arg(&options.data_dir));
    keep(&url, 1).await;
    let server = server_of(&options.data_dir);
    let [keeper] = children(owner.id())[..] else { panic!("the owner has one child") };
    for watcher in children(keeper).into_iter().filter(|child| *child != server) {
        kill_9(watcher);
    }
    kill_9(keeper);
    owner.kill().expect("the owner is killed");
    owner.wait().expect("its end");
    assert!(runs(server), "the server is an orphan");

    let postgres = start(options).await.expect("it starts");
    assert!(!runs(server), "the orphan {server} is still there");
    assert_eq!(kept(&postgres.url("distr")).await, [1]);
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_server_that_no_fast_shutdown_ends_is_stopped_by_the_next_owner() {
    let dir = temp_dir();
    let options = options(&dir);
    let (mut owner, url) = spawn_owner(Command::new(owner_program()).arg(&options.data_dir));
    keep(&url, 1).await;
    connect(&url).await.batch_execute("CHECKPOINT").await.expect("the row is on the disk");
    let server = server_of(&options.data_dir);
    // a shutdown waits for its last checkpoint
    let is_checkpointer = |pid: &u32| {
        fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"postgres: checkpointer"))
    };
    let checkpointer = children(server).into_iter().find(is_checkpointer).expect("a checkpointer");
    signal("-STOP", checkpointer);
    owner.kill().expect("the owner is killed");
    owner.wait().expect("its end");

    let postgres = start(options).await.expect("it starts");
    assert!(![server, checkpointer].into_iter().any(runs), "the orphan {server} is still there");
    assert_eq!(kept(&postgres.url("distr")).await, [1]);
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn the_end_of_a_killed_server_is_told_and_the_next_one_recovers() {
    let dir = temp_dir();
    // an undurable server may lose the newest rows here
    let options = Options { durable: true, ..options(&dir) };
    let postgres = start(options.clone()).await.expect("it starts");
    keep(&postgres.url("postgres"), 1).await;
    kill_9(postgres.pid().expect("it runs"));
    let error = postgres.exited().await.to_string();
    assert!(error.contains("ended: it was killed by signal 9"), "{error}");
    drop(postgres);

    let postgres = start(options).await.expect("it starts");
    assert_eq!(kept(&postgres.url("postgres")).await, [1]);
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_killed_initdb_is_done_again() {
    let dir = temp_dir();
    let options = options(&dir);
    let unfinished = options.data_dir.join("cluster.new");
    fs::create_dir_all(unfinished.join("base")).expect("half a cluster");
    fs::write(unfinished.join("PG_VERSION"), "15\n").expect("its version");

    let postgres = start(options).await.expect("it starts");
    keep(&postgres.url("postgres"), 1).await;
    assert!(!unfinished.exists());
    postgres.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_stale_process_number_harms_neither_the_start_nor_the_process_that_has_it_now() {
    let dir = temp_dir();
    let options = options(&dir);
    let postgres = start(options.clone()).await.expect("it starts");
    let pid_file = postgres.data_dir().join("cluster/postmaster.pid");
    let stale = fs::read_to_string(&pid_file).expect("the server's note");
    let server = postgres.pid().expect("it runs").to_string();
    postgres.stop().await.expect("it stops");

    let mut bystander = Command::new("sleep").arg("600").spawn().expect("a bystander");
    fs::write(&pid_file, stale.replacen(&server, &bystander.id().to_string(), 1)).expect("a stale note");
    let postgres = start(options).await.expect("it starts");
    assert!(runs(bystander.id()), "the bystander was killed");
    postgres.stop().await.expect("it stops");
    bystander.kill().expect("the bystander ends");
    bystander.wait().expect("its end");
}

fn server_of(data_dir: &std::path::Path) -> u32 {
    let note = fs::read_to_string(data_dir.join("cluster/postmaster.pid")).expect("the server's note");
    note.lines().next().and_then(|pid| pid.parse().ok()).expect("a process id")
}
