//! A program that is kept running: started again whenever it ends, until it is told to stop.

use std::fs::OpenOptions;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const RESTART: Duration = Duration::from_millis(200);
/// Longer than the hub gives the requests in flight and its Postgres.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);

pub(crate) struct Process {
    /// 0 while it does not run
    pid: Arc<AtomicI32>,
    starts: Arc<AtomicUsize>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Process {
    /// `command` makes it anew for each start. What it prints goes to the end of `log`.
    pub(crate) fn start(command: impl Fn() -> Command + Send + 'static, log: PathBuf) -> Self {
        let stop = CancellationToken::new();
        let (pid, starts) = (Arc::new(AtomicI32::new(0)), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(supervise(command, log, Arc::clone(&pid), Arc::clone(&starts), stop.clone()));
        Self { pid, starts, stop, task }
    }

    /// Whether there was a process to signal.
    pub(crate) fn signal(&self, signal: Signal) -> bool {
        signal_to(self.pid.load(Ordering::SeqCst), signal)
    }

    pub(crate) fn starts(&self) -> usize {
        self.starts.load(Ordering::SeqCst)
    }

    /// Asks it to stop, and returns when it has; by force if it does not.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let _ = self.task.await;
    }
}

/// Whether there was such a process.
pub(crate) fn signal_to(pid: i32, signal: Signal) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| kill_process(pid, signal).is_ok())
}

async fn supervise(
    command: impl Fn() -> Command,
    log: PathBuf,
    pid: Arc<AtomicI32>,
    starts: Arc<AtomicUsize>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        let mut child = spawn(command(), &log);
        starts.fetch_add(1, Ordering::SeqCst);
        pid.store(child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or(0), Ordering::SeqCst);
        tokio::select! {
            _ = child.wait() => pid.store(0, Ordering::SeqCst),
            () = stop.cancelled() => {
                let number = pid.swap(0, Ordering::SeqCst);
                signal_to(number, Signal::CONT);
                signal_to(number, Signal::TERM);
                if tokio::time::timeout(STOPPED_WITHIN, child.wait()).await.is_err() {
                    let _ = child.kill().await;
                }
            }
        }
        let _ = tokio::time::timeout(RESTART, stop.cancelled()).await;
    }
}

fn spawn(mut command: Command, log: &PathBuf) -> Child {
    let open = || OpenOptions::new().create(true).append(true).open(log).expect("own directory");
    command.stdin(Stdio::null()).stdout(open()).stderr(open()).kill_on_drop(true);
    command.spawn().expect("the program can be started")
}
