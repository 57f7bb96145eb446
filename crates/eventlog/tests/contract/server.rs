//! One private Postgres for all tests that run at the same time, a database for each test. The last test that holds
//! the server stops it.

use std::{
    path::PathBuf,
    sync::{
        Arc, LazyLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use distr_embedded_postgres::EmbeddedPostgres;
use distr_eventlog::PostgresLog;
use tokio::{runtime::Runtime, sync::Mutex};
use tokio_postgres::{Client, NoTls};

/// The server outlives the test that starts it, and so must the runtime that it belongs to.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static SERVER: Mutex<Weak<EmbeddedPostgres>> = Mutex::const_new(Weak::new());
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// Runs a test; one that waits for what does not come fails.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let bounded = async { tokio::time::timeout(Duration::from_secs(120), test).await };
    RUNTIME.block_on(bounded).expect("the test ends within two minutes");
}

pub(crate) struct Database {
    server: Arc<EmbeddedPostgres>,
    name: String,
}

impl Database {
    pub(crate) async fn create() -> Self {
        let server = server().await;
        let name = format!("log_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server.create_database(&name).await.unwrap();
        Self { server, name }
    }

    /// The log in this database; again for the same log in another process.
    pub(crate) async fn open(&self) -> Arc<PostgresLog> {
        Arc::new(PostgresLog::connect(&self.server.url(&self.name)).await.unwrap())
    }

    /// How to connect, and the socket behind it.
    pub(crate) fn config(&self) -> (tokio_postgres::Config, PathBuf) {
        let config: tokio_postgres::Config = self.server.url(&self.name).parse().unwrap();
        let socket = self.server.socket_dir().join(format!(".s.PGSQL.{}", config.get_ports()[0]));
        (config, socket)
    }

    /// A connection beside the log's own.
    pub(crate) async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.server.url(&self.name), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

async fn server() -> Arc<EmbeddedPostgres> {
    let mut running = SERVER.lock().await;
    if let Some(server) = running.upgrade() {
        return server;
    }
    let server = Arc::new(distr_embedded_postgres::start_temporary().await.unwrap());
    *running = Arc::downgrade(&server);
    server
}
