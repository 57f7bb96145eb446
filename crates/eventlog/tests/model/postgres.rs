//! The log in Postgres, opened by two processes: each has a runtime of its own, which can end with all that runs on it, and
//! all connections go through the proxy.

use std::sync::Arc;

use distr_eventlog::{EventLog, PostgresLog};
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::Config;

use crate::proxy::{Cut, Proxy};
use crate::server::{self, Database};
use crate::stage::perform;
use crate::story::PROCESSES;
use crate::{Adapter, play};

struct Postgres {
    processes: Vec<Process>,
    proxy: Proxy,
    config: Config,
}

struct Process {
    /// none once it has ended
    runtime: Option<Runtime>,
    log: Arc<PostgresLog>,
}

impl Process {
    async fn start(config: &Config) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let config = config.clone();
        let opened = runtime.spawn(async move {
            loop {
                // the cut may meet the migrations: who starts it starts it again
                match PostgresLog::connect_to(config.clone()).await {
                    Ok(log) => return log,
                    Err(_) => tokio::task::yield_now().await,
                }
            }
        });
        Self { log: Arc::new(opened.await.expect("it opens")), runtime: Some(runtime) }
    }
}

impl Drop for Process {
    /// With all that runs on it, wherever that is.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Postgres {
    async fn start(database: &Database) -> Self {
        let (given, socket) = database.config();
        let proxy = Proxy::start(move || Some(socket.clone())).await;
        let mut config = Config::new();
        config.host("127.0.0.1").port(proxy.port);
        config.user(given.get_user().expect("a user")).password(given.get_password().expect("a password"));
        config.dbname(given.get_dbname().expect("a database"));
        let processes = join_all((0..PROCESSES).map(|_| Process::start(&config))).await;
        Self { processes, proxy, config }
    }
}

impl Adapter for Postgres {
    fn log(&self, process: usize) -> Arc<dyn EventLog> {
        self.processes[process].log.clone()
    }

    fn cut(&self, after: bool) {
        self.proxy.arm(if after { Cut::AfterCommit } else { Cut::BeforeCommit });
    }

    async fn crash(&mut self, process: usize) {
        if let Some(runtime) = self.processes[process].runtime.take() {
            runtime.shutdown_background();
        }
        self.processes[process] = Process::start(&self.config).await;
    }

    async fn restart(&mut self, process: usize) {
        self.processes[process].log.close().await;
        self.crash(process).await;
    }
}

#[test]
fn the_log_in_postgres_is_as_the_model_says() {
    // keeps the server from one story to the next
    let mut first = None;
    server::run(async { first = Some(Database::create().await) });
    play(12, |story| {
        let mut outcome = Ok(());
        server::run(async {
            let database = Database::create().await;
            let mut postgres = Postgres::start(&database).await;
            outcome = perform(&mut postgres, story).await;
        });
        outcome
    });
    drop(first);
}
