//! The worst moment: the database has committed, and its answer is lost. A proxy between the log and the database cuts
//! there, every time.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use distr_eventlog::{EventLog, Expected, Position, PostgresLog, Selection};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
};
use tokio_postgres::config::Host;

use crate::{
    given::{append, day, everything, id, positions, records, stream},
    server::{Database, run},
};

/// Where a connection ends when the next commit passes.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    BeforeCommit,
    AfterCommit,
}

struct Proxy {
    port: u16,
    armed: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
}

impl Proxy {
    async fn start(database: PathBuf, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let proxy = Self { port, armed: Arc::clone(&armed), cuts: Arc::clone(&cuts) };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&database).await.unwrap();
                tokio::spawn(forward(client, server, cut, Arc::clone(&armed), Arc::clone(&cuts)));
            }
        });
        proxy
    }

    async fn open(&self, database: &Database) -> PostgresLog {
        let (config, _) = database.config();
        let mut through = tokio_postgres::Config::new();
        through.host("127.0.0.1").port(self.port).user(config.get_user().unwrap()).dbname(config.get_dbname().unwrap());
        assert!(matches!(config.get_hosts(), [Host::Unix(_)]));
        PostgresLog::connect_to(through).await.unwrap()
    }
}

/// Passes bytes on, both ways, until the armed cut.
async fn forward(
    mut client: TcpStream,
    mut server: UnixStream,
    cut: Cut,
    armed: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(count @ 1..) => {
                    let commits = up[..count].windows(7).any(|bytes| bytes == b"COMMIT\0");
                    let now = commits && armed.swap(false, Ordering::SeqCst);
                    if now && cut == Cut::BeforeCommit {
                        cuts.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                    server.write_all(&up[..count]).await.unwrap();
                    if now {
                        await_commit(&mut server).await;
                        cuts.fetch_add(1, Ordering::SeqCst);
                        return;
                    }
                }
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(count @ 1..) => if client.write_all(&down[..count]).await.is_err() { return },
                _ => return,
            },
        }
    }
}

/// Reads, and keeps to itself, the database's word that it has committed.
async fn await_commit(server: &mut UnixStream) {
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"COMMIT\0") {
        assert_ne!(server.read_buf(&mut answer).await.unwrap(), 0);
    }
}

async fn an_unknown_outcome_is_settled(cut: Cut) {
    let database = Database::create().await;
    let proxy = Proxy::start(database.config().1, cut).await;
    let log = proxy.open(&database).await;
    let stream = stream();
    let (mut facts, mut telemetry) = (Vec::new(), Vec::new());
    for round in 0..5 {
        let append = append(stream, (round * 2_u64).checked_sub(1).into(), 2);
        facts.extend(append.events.iter().map(|event| event.id));
        proxy.armed.store(true, Ordering::SeqCst);
        let appended = log.append(append.clone()).await.unwrap();
        assert_eq!((appended.first_revision, appended.position), (round * 2, Position(round * 5 + 2)));

        let records = records(3, day(0));
        telemetry.extend(records.iter().map(|record| record.id));
        proxy.armed.store(true, Ordering::SeqCst);
        assert_eq!(log.append_telemetry(records).await.unwrap(), Position(round * 5 + 5));
    }
    assert_eq!(proxy.cuts.load(Ordering::SeqCst), 10, "every commit was cut");
    assert_eq!(positions(&everything(&log, Selection::All).await), (1..=25).collect::<Vec<_>>());
    assert_eq!(everything(&log, Selection::Facts).await.iter().map(id).collect::<Vec<_>>(), facts);
    assert_eq!(everything(&log, Selection::Telemetry).await.iter().map(id).collect::<Vec<_>>(), telemetry);
    let next = log.append(append(stream, Expected::Revision(9), 1)).await.unwrap();
    assert_eq!(next.position, Position(26));
}

#[test]
fn a_batch_whose_commit_was_not_answered_is_known_again() {
    run(an_unknown_outcome_is_settled(Cut::AfterCommit));
}

#[test]
fn a_batch_whose_commit_never_arrived_is_written_again() {
    run(an_unknown_outcome_is_settled(Cut::BeforeCommit));
}
