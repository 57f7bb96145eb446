//! The process between the owner and the server (`keeper.sh`). Holds the pipe whose end stops the server, and watches for the
//! server's own end. Not bound to an async runtime, so that a server may outlive the one that it was started on.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::thread;

use tokio::sync::watch;

use crate::account::Account;

const SCRIPT: &str = include_str!("keeper.sh");

/// Dropping it ends the pipe, and so the server.
#[derive(Debug)]
pub(crate) struct Keeper {
    pipe: Option<ChildStdin>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

/// What the keeper is started with.
pub(crate) struct Charge<'a> {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    pub(crate) account: Option<&'a Account>,
    pub(crate) working_dir: &'a Path,
    pub(crate) log: File,
    /// Removed when the server has ended.
    pub(crate) leftover: Option<&'a Path>,
}

impl Keeper {
    pub(crate) fn start(charge: Charge<'_>) -> io::Result<Self> {
        // what is thrown away need not be brought to an orderly end
        let signal = if charge.leftover.is_some() { "QUIT" } else { "INT" };
        let mut command = Command::new("/bin/sh");
        command.args(["-c", SCRIPT, "distr-postgres-keeper", signal]);
        command.arg(charge.leftover.unwrap_or(Path::new(""))).args(&charge.command);
        // the owner's environment may hold secrets, which are no business of the server's user
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C");
        // out of the terminal's process group: Ctrl-C is for the owner, who stops the server when it has finished
        command.current_dir(charge.working_dir).process_group(0);
        command.stdin(Stdio::piped()).stdout(charge.log.try_clone()?).stderr(charge.log);
        if let Some(account) = charge.account {
            command.uid(account.uid).gid(account.gid);
        }
        let mut child = command.spawn()?;
        let pipe = child.stdin.take();
        let (tell, ended) = watch::channel(None);
        thread::spawn(move || match child.wait() {
            Ok(status) => drop(tell.send_replace(Some(status))),
            Err(error) => tracing::error!(%error, "could not wait for the keeper of Postgres"),
        });
        Ok(Self { pipe, ended })
    }

    /// Has the server stopped.
    pub(crate) fn let_go(&mut self) {
        self.pipe = None;
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    pub(crate) async fn ended(&self) {
        // an error would mean that the watching thread has failed, and so that nobody knows any more
        let _ = self.ended.clone().wait_for(Option::is_some).await;
    }

    /// How the server ended, as far as its keeper knows.
    pub(crate) fn how_it_ended(&self) -> String {
        // the keeper is a shell, which tells a signal by adding 128
        match self.ended.borrow().and_then(|status| status.code()) {
            Some(code @ 129..) => format!("it was killed by signal {}", code - 128),
            Some(code) => format!("it left with status {code}"),
            None => "its keeper was killed".to_owned(),
        }
    }
}
