//! A server of KurrentDB's protocol for tests: streams, `$all`, idempotency and limits as the wire has them, in memory, with
//! faults on demand. It proves an adapter against the client and the protocol, and nothing of the real server.

#![allow(clippy::result_large_err, reason = "a status is what the services of tonic answer with")]

mod faults;
mod reading;
mod service;
mod store;
mod writing;

/// What the `.proto` files say, which come from the client's crate.
#[allow(dead_code, unreachable_pub, unused_qualifications, clippy::all, rustdoc::all, reason = "it is made")]
mod proto {
    pub mod google {
        pub mod rpc {
            tonic::include_proto!("google.rpc");
        }
    }
    pub mod event_store {
        pub mod client {
            tonic::include_proto!("event_store.client");
            pub mod streams {
                tonic::include_proto!("event_store.client.streams");
            }
            pub mod server_features {
                tonic::include_proto!("event_store.client.server_features");
            }
        }
    }
}

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};
use tokio_stream::wrappers::TcpListenerStream;

pub use faults::Fault;
use service::Node;
pub use store::Limits;

/// A node on a port of 127.0.0.1. What it holds outlives its connections, and its end.
pub struct Server {
    node: Node,
    port: u16,
    running: Mutex<Option<Runtime>>,
}

impl Server {
    /// Starts on a port that is free, with the limits that KurrentDB has by default.
    pub fn start() -> Self {
        Self::with(Limits::default(), 0)
    }

    /// Starts on that port; on any for 0.
    pub fn with(limits: Limits, port: u16) -> Self {
        let mut server = Self { node: Node::new(limits), port, running: Mutex::new(None) };
        let (runtime, port) = serve(&server.node, port);
        server.port = port;
        server.running = Mutex::new(Some(runtime));
        server
    }

    pub fn url(&self) -> String {
        format!("esdb://127.0.0.1:{}?tls=false", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends all connections at once, and refuses new ones.
    pub fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(runtime) = running {
            runtime.shutdown_background();
        }
    }

    /// Comes back with what it holds.
    pub fn go_on(&self) {
        self.stop();
        let (runtime, _) = serve(&self.node, self.port);
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(runtime);
    }

    /// The next call that it concerns meets it; several are met one after another.
    pub fn arm(&self, fault: Fault) {
        self.node.faults.arm(fault);
    }

    /// How many faults have been met.
    pub fn met(&self) -> usize {
        self.node.faults.met()
    }

    /// Sets the clock, by which events are stamped, forward or back.
    pub fn shift_clock(&self, micros: i64) {
        self.node.store().shift += micros;
    }

    /// Removes what streams have hidden, as `$all` has it until then.
    pub fn scavenge(&self) {
        self.node.store().scavenge();
    }

    /// How many events `$all` holds, those of the system among them.
    pub fn events(&self) -> usize {
        self.node.store().log.len()
    }

    /// An event of the server itself, as it writes them all the time.
    pub fn write_statistics(&self) {
        self.node.store().write_statistics();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// On a runtime of its own, which ends with all connections.
fn serve(node: &Node, port: u16) -> (Runtime, u16) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (told, listening) = std::sync::mpsc::channel();
    let node = node.clone();
    runtime.spawn(async move {
        let listener = loop {
            // of the one before it, connections may still be closing
            match tokio::net::TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            }
        };
        let port = listener.local_addr().expect("an address").port();
        told.send(port).expect("it is waited for");
        let services = tonic::transport::Server::builder()
            .add_service(node.streams())
            .add_service(node.features())
            .serve_with_incoming(TcpListenerStream::new(listener));
        services.await.expect("it serves");
    });
    let port = listening.recv().expect("it listens");
    (runtime, port)
}

/// Shared by all calls.
type Shared<T> = Arc<Mutex<T>>;
