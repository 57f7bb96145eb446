//! A proxy through which clients reach other machines, as in a company's network: it takes `CONNECT`, and whatever host that
//! names is this machine.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub struct ForwardProxy {
    pub port: u16,
    asked_for: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl ForwardProxy {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let asked_for = Arc::<Mutex<Vec<String>>>::default();
        let of_all = Arc::clone(&asked_for);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(client, Arc::clone(&of_all)));
            }
        });
        Self { port, asked_for, task }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `host:port` of each connection.
    pub fn asked_for(&self) -> Vec<String> {
        self.asked_for.lock().expect("nobody panics with it").clone()
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: TcpStream, asked_for: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut client = BufReader::new(client);
    let mut line = String::new();
    client.read_line(&mut line).await.ok()?;
    let authority = line.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    while client.read_line(&mut line).await.ok()? > 2 {}
    let port: u16 = authority.rsplit(':').next()?.parse().ok()?;
    asked_for.lock().expect("nobody panics with it").push(authority);
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.ok().map(drop)
}
