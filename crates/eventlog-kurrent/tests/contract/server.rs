//! Where the log of a test is.

use std::sync::Arc;
use std::time::Duration;

use distr_eventlog_kurrent::KurrentLog;
use distr_kurrent_server::{Limits, Server};

/// What the port takes at most, with what is said beside it.
pub(crate) const LARGE: Limits = Limits { append: 16 * 1024 * 1024 };

/// Runs a test on an empty log. Of a real server, `EVENTSTORE_TEST_URL` names one that is empty, has `MaxAppendSize` at 16 MiB, and
/// is for one test alone: run them one by one, each on a server of its own.
pub(crate) fn run(test: impl AsyncFnOnce(Arc<KurrentLog>)) {
    match std::env::var("EVENTSTORE_TEST_URL") {
        Ok(url) => bounded(async { test(open(&url).await).await }),
        Err(_) => {
            let server = Server::with(LARGE, 0);
            bounded(async { test(open(&server.url()).await).await });
        }
    }
}

pub(crate) async fn open(url: &str) -> Arc<KurrentLog> {
    Arc::new(KurrentLog::connect(url).await.unwrap())
}

/// Waits for the test; one that waits for what does not come fails.
pub(crate) fn bounded(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let test = async { tokio::time::timeout(Duration::from_secs(120), test).await };
    runtime.block_on(test).expect("the test ends within two minutes");
}
