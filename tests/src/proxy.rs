//! Between a client and Postgres: passes bytes on, and cuts a connection where it is told to, or all of them for a while. The
//! worst moment is the one after the database has committed and before its answer arrives. It can also fall silent, as a machine
//! that is gone does.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Where a connection ends when the next commit passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    BeforeCommit,
    AfterCommit,
}

/// Listens on a port of 127.0.0.1.
pub struct Proxy {
    pub port: u16,
    orders: Arc<Orders>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Orders {
    cuts: Mutex<VecDeque<Cut>>,
    done: AtomicUsize,
    /// nothing passes
    is_severed: watch::Sender<bool>,
    silences: watch::Sender<usize>,
    /// of each message on its way, in microseconds
    delay: AtomicU64,
}

impl Proxy {
    /// `socket` says where the database is now: its Unix socket.
    pub async fn start(socket: impl Fn() -> Option<PathBuf> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let orders = Arc::new(Orders::default());
        let task = tokio::spawn(accept(listener, socket, Arc::clone(&orders)));
        Self { port, orders, task }
    }

    /// The next commit that passes is cut; one for each call.
    pub fn arm(&self, cut: Cut) {
        self.orders.queue().push_back(cut);
    }

    /// Cuts that have not come about are forgotten.
    pub fn disarm(&self) {
        self.orders.queue().clear();
    }

    /// Ends all connections, and every new one at once, until `heal`.
    pub fn sever(&self) {
        self.orders.is_severed.send_replace(true);
    }

    pub fn heal(&self) {
        self.orders.is_severed.send_replace(false);
    }

    /// The connections that there are now stay open, and not a byte passes them any more. New ones are as before.
    pub fn silence(&self) {
        self.orders.silences.send_modify(|silences| *silences += 1);
    }

    /// What passes takes so long each way, as to a database in another town.
    pub fn delay(&self, each_way: Duration) {
        self.orders.delay.store(each_way.as_micros() as u64, Ordering::Relaxed);
    }

    /// How many connections were cut.
    pub fn cuts(&self) -> usize {
        self.orders.done.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Orders {
    async fn on_the_way(&self) {
        match self.delay.load(Ordering::Relaxed) {
            0 => {}
            delay => tokio::time::sleep(Duration::from_micros(delay)).await,
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Cut>> {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, socket: impl Fn() -> Option<PathBuf>, orders: Arc<Orders>) {
    while let Ok((client, _)) = listener.accept().await {
        if let Some(path) = socket() {
            let mut is_severed = orders.is_severed.subscribe();
            let orders = Arc::clone(&orders);
            tokio::spawn(async move {
                tokio::select! {
                    _ = is_severed.wait_for(|is_severed| *is_severed) => {}
                    () = forward(client, path, orders) => {}
                }
            });
        }
    }
}

/// Until either side ends, or the cut.
async fn forward(mut client: TcpStream, path: impl AsRef<Path>, orders: Arc<Orders>) {
    let mut silence = orders.silences.subscribe();
    let Ok(mut server) = UnixStream::connect(path).await else { return };
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            _ = silence.changed() => {
                // what comes is taken, and the server hears nothing, not even of the end
                while matches!(client.read(&mut up).await, Ok(1..)) {}
                return;
            }
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let commits = holds(&up[..count], b"COMMIT\0");
                let cut = if commits { orders.queue().pop_front() } else { None };
                if cut == Some(Cut::BeforeCommit) {
                    orders.done.fetch_add(1, Ordering::SeqCst);
                    return;
                }
                orders.on_the_way().await;
                if server.write_all(&up[..count]).await.is_err() {
                    return;
                }
                if cut == Some(Cut::AfterCommit) {
                    swallow_commit(&mut server).await;
                    orders.done.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(count @ 1..) = read else { return };
                orders.on_the_way().await;
                if client.write_all(&down[..count]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads, and keeps to itself, the database's word that it has committed, or that it has not.
async fn swallow_commit(server: &mut UnixStream) {
    let mut answer = Vec::new();
    let has_ended = |answer: &[u8]| [&b"COMMIT\0"[..], b"ROLLBACK\0"].iter().any(|tag| holds(answer, tag));
    while !has_ended(&answer) {
        if !matches!(server.read_buf(&mut answer).await, Ok(1..)) {
            return;
        }
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
