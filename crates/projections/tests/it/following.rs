//! Followers of the log under one lease: a page that takes long keeps it, and one that cannot go on leaves it to another.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::Pool;
use distr_eventlog::{EventLog, MemoryLog, Page, Position, Selection};
use distr_postgres::Address;
use distr_projections::{Checkpoint, Follower, FollowerHandle, Group, Halt, Kind, Lease, Work, read_pool};
use uuid::Uuid;

use crate::harness::{add_customer, database};
use crate::{LIMIT, until};

/// How many entries of a page take a second each, and so longer than a lease together.
const SLOW: u64 = 7;

type Seen = Arc<Mutex<Vec<(Uuid, Position)>>>;

/// Notes who saw what; slowly, or never.
struct Noting {
    pool: Pool,
    seen: Seen,
    pace: Duration,
    fails: Option<Fails>,
}

/// How a part of the hub does not go on.
#[derive(Debug, Clone, Copy)]
enum Fails {
    Error,
    Panic,
}

#[async_trait]
impl Work for Noting {
    async fn take(&mut self, page: &Page, lease: &Lease) -> Result<(), Halt> {
        match self.fails {
            None => {}
            Some(Fails::Error) => return Err(Halt::fault(std::io::Error::other("a part of this hub is broken"))),
            Some(Fails::Panic) => panic!("a part of this hub is broken"),
        }
        for entry in &page.entries {
            tokio::time::sleep(self.pace).await;
            self.seen.lock().unwrap().push((lease.owner(), entry.position()));
        }
        lease.advance(&self.pool.get().await?, page.scanned_to).await?;
        lease.note(page.scanned_to);
        Ok(())
    }
}

fn follow(
    database: &Address,
    log: &Arc<dyn EventLog>,
    seen: &Seen,
    pace: Duration,
    fails: Option<Fails>,
) -> FollowerHandle {
    let pool = read_pool(database, 4);
    Follower {
        checkpoint: Checkpoint::new(Kind::Projection, Group::CORE, pool.clone(), Uuid::new_v4()),
        log: log.clone(),
        selection: Selection::Facts,
        page: 100,
        standby_poll: Duration::from_millis(50),
        work: Noting { pool, seen: seen.clone(), pace, fails },
    }
    .start()
}

#[tokio::test]
async fn a_page_that_takes_longer_than_a_lease_is_done_once() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    for n in 0..SLOW {
        add_customer(&*log, &format!("c{n}")).await;
    }
    let seen = Seen::default();
    let followers = [0, 1].map(|_| follow(&database, &log, &seen, Duration::from_secs(1), None));
    for follower in &followers {
        follower.progress.wait_for(Position::of_number(SLOW), LIMIT).await.unwrap();
    }
    let seen = seen.lock().unwrap().clone();
    let leader = seen[0].0;
    assert_eq!(seen, (1..=SLOW).map(|position| (leader, Position::of_number(position))).collect::<Vec<_>>());
    for follower in followers {
        follower.stop().await;
    }
}

#[tokio::test]
async fn a_leader_that_cannot_go_on_leaves_its_lease_to_another() {
    leaves_its_lease_to_another(Fails::Error, "a part of this hub is broken").await;
}

/// As one does to which an entry is a riddle that nobody foresaw.
#[tokio::test]
async fn a_leader_that_panics_says_so_and_leaves_its_lease_to_another() {
    leaves_its_lease_to_another(
        Fails::Panic,
        "entry 1 cannot be read or applied: a fault in the program: a part of this hub",
    )
    .await;
}

async fn leaves_its_lease_to_another(fails: Fails, said: &str) {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    let seen = Seen::default();
    add_customer(&*log, "first").await;
    let broken = follow(&database, &log, &seen, Duration::ZERO, Some(fails));
    let client = database.connect().await.unwrap();
    let error = async || -> Option<String> {
        let row = client.query_one("SELECT error FROM read.checkpoint WHERE group_name = 'core'", &[]).await.unwrap();
        row.get(0)
    };
    until("the error in the checkpoint's row", async || error().await.is_some()).await;
    let words = error().await.unwrap();
    assert!(words.starts_with(said), "{words}");

    let healthy = follow(&database, &log, &seen, Duration::ZERO, None);
    for (n, name) in ["second", "third", "fourth"].iter().enumerate() {
        for follower in [&broken, &healthy] {
            follower.progress.wait_for(Position::of_number(n as u64 + 1), LIMIT).await.unwrap();
        }
        add_customer(&*log, name).await;
    }
    healthy.progress.wait_for(Position::of_number(4), LIMIT).await.unwrap();
    assert_eq!(error().await, None, "the healthy one went on");
    let seen = seen.lock().unwrap().clone();
    let leader = seen[0].0;
    assert_eq!(seen, (1..=4).map(|position| (leader, Position::of_number(position))).collect::<Vec<_>>());
    for follower in [broken, healthy] {
        follower.stop().await;
    }
}

/// A lease that was given back is free at once.
#[tokio::test]
async fn a_follower_that_stops_gives_its_lease_back() {
    let (_postgres, database) = database().await;
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new());
    add_customer(&*log, "first").await;
    let follower = follow(&database, &log, &Seen::default(), Duration::ZERO, None);
    follower.progress.wait_for(Position::of_number(1), LIMIT).await.unwrap();
    follower.stop().await;
    let sql = "SELECT lease_until IS NULL FROM read.checkpoint WHERE group_name = 'core'";
    assert!(database.connect().await.unwrap().query_one(sql, &[]).await.unwrap().get::<_, bool>(0));
}
