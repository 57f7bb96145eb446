//! The model's stories on this adapter: two processes, each with a runtime of its own, and a server that commits and does not answer.

#[path = "../../../eventlog/tests/model/check.rs"]
mod check;
#[path = "../../../eventlog/tests/model/playing.rs"]
mod playing;
#[path = "../../../eventlog/tests/model/readers.rs"]
mod readers;
#[path = "../../../eventlog/tests/model/stage.rs"]
mod stage;
#[path = "../../../eventlog/tests/model/story.rs"]
mod story;
#[path = "../../../eventlog/tests/model/told.rs"]
mod told;

use std::sync::Arc;

use distr_eventlog::EventLog;
use distr_eventlog_kurrent::KurrentLog;
use distr_kurrent_server::{Fault, Server};
use futures_util::future::join_all;
use tokio::runtime::{Builder, Runtime};

use playing::{Adapter, play};
use stage::perform;
use story::PROCESSES;

struct Kurrent {
    server: Server,
    processes: Vec<Process>,
}

struct Process {
    /// none once it has ended
    runtime: Option<Runtime>,
    log: Arc<KurrentLog>,
}

impl Process {
    async fn start(url: String) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let opened = runtime.spawn(async move { KurrentLog::connect(&url).await.expect("it opens") });
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

impl Adapter for Kurrent {
    fn log(&self, process: usize) -> Arc<dyn EventLog> {
        self.processes[process].log.clone()
    }

    fn cut(&self, after: bool) {
        self.server.arm(if after { Fault::CommitThenUnavailable } else { Fault::Unavailable });
    }

    fn ids_of_streams(&self) -> bool {
        true
    }

    async fn crash(&mut self, process: usize) {
        if let Some(runtime) = self.processes[process].runtime.take() {
            runtime.shutdown_background();
        }
        self.processes[process] = Process::start(self.server.url()).await;
    }

    async fn restart(&mut self, process: usize) {
        self.processes[process].log.close().await;
        self.crash(process).await;
    }
}

#[test]
fn the_log_in_kurrentdb_is_as_the_model_says() {
    play(4, |story| {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let server = Server::start();
            let processes = join_all((0..PROCESSES).map(|_| Process::start(server.url()))).await;
            perform(&mut Kurrent { server, processes }, story).await
        })
    });
}
