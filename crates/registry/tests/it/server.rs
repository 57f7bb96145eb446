//! One private Postgres for all tests that run at the same time, a database for each test. The last test that holds
//! the server stops it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use distr_embedded_postgres::EmbeddedPostgres;
use tokio::runtime::Runtime;
use tokio::sync::Mutex;

/// The server outlives the test that starts it, and so must the runtime that it belongs to.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime"));
static SERVER: Mutex<Weak<EmbeddedPostgres>> = Mutex::const_new(Weak::new());
static DATABASES: AtomicUsize = AtomicUsize::new(0);

/// Runs a test; one that waits for what does not come fails.
pub(crate) fn run(test: impl Future<Output = ()>) {
    let bounded = async { tokio::time::timeout(Duration::from_secs(180), test).await };
    RUNTIME.block_on(bounded).expect("the test ends within three minutes");
}

/// For a test that is not a future as a whole.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// A new database's URL, and the server that it is on.
pub(crate) async fn database() -> (Arc<EmbeddedPostgres>, String) {
    let server = server().await;
    let name = format!("registry_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    server.create_database(&name).await.expect("a database");
    let url = server.url(&name);
    (server, url)
}

async fn server() -> Arc<EmbeddedPostgres> {
    let mut running = SERVER.lock().await;
    if let Some(server) = running.upgrade() {
        return server;
    }
    let server = Arc::new(distr_embedded_postgres::start_temporary().await.expect("a private Postgres"));
    *running = Arc::downgrade(&server);
    server
}
