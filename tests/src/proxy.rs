//! Between a client and Postgres: passes bytes on, and cuts a connection where it is told to. The worst moment is the one
//! after the database has committed and before its answer arrives.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
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
    fn queue(&self) -> std::sync::MutexGuard<'_, VecDeque<Cut>> {
        self.cuts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn accept(listener: TcpListener, socket: impl Fn() -> Option<PathBuf>, orders: Arc<Orders>) {
    while let Ok((client, _)) = listener.accept().await {
        if let Some(path) = socket() {
            tokio::spawn(forward(client, path, Arc::clone(&orders)));
        }
    }
}

/// Until either side ends, or the cut.
async fn forward(mut client: TcpStream, path: impl AsRef<Path>, orders: Arc<Orders>) {
    let Ok(mut server) = UnixStream::connect(path).await else { return };
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(count @ 1..) = read else { return };
                let commits = holds(&up[..count], b"COMMIT\0");
                let cut = if commits { orders.queue().pop_front() } else { None };
                if cut == Some(Cut::BeforeCommit) {
                    orders.done.fetch_add(1, Ordering::SeqCst);
                    return;
                }
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
