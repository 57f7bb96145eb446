//! Two servers of Postgres: a primary that commits nothing which its standby does not have, and the standby, which may take over.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use distr_embedded_postgres::client_program;
use rustix::process::geteuid;
use tempfile::TempDir;

use crate::ports::free_port;

/// What Debian 12 has; a newer one is taken as well.
const OLDEST: u32 = 15;

pub struct Node {
    data: PathBuf,
    sockets: PathBuf,
    pub port: u16,
}

pub struct Nodes {
    pub primary: Node,
    pub standby: Node,
    _folder: TempDir,
}

/// A program of Postgres, which does not run as root.
fn program(name: &str) -> Command {
    let path = client_program(name, OLDEST).expect("Postgres is installed");
    if !geteuid().is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(path);
    command
}

#[track_caller]
fn done(command: &mut Command) {
    // what it starts would hold a pipe open
    let log = tempfile::tempfile().expect("a temporary file can be made");
    let said = log.try_clone().expect("a descriptor");
    let status = command.stdin(Stdio::null()).stdout(log.try_clone().expect("a descriptor")).stderr(said).status();
    let status = status.expect("it can be started");
    assert!(status.success(), "{command:?} ended with {status}: {}", content(log));
}

fn content(mut file: std::fs::File) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let mut text = String::new();
    let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.read_to_string(&mut text));
    text
}

impl Node {
    fn at(folder: &Path, name: &str) -> Self {
        let (data, sockets) = (folder.join(name), folder.join(format!("{name}-sockets")));
        done(as_server("mkdir").arg(&sockets));
        Self { data, sockets, port: free_port() }
    }

    fn start(&self) {
        let options = format!("-p {} -k {} -c listen_addresses=127.0.0.1", self.port, self.sockets.display());
        let mut command = program("pg_ctl");
        command.arg("-D").arg(&self.data).args(["-w", "-t", "60", "-o", &options, "-l"]);
        done(command.arg(self.data.join("server.log")).arg("start"));
    }

    /// Without a word to anybody, as a machine that loses its power.
    pub fn crash(&self) {
        done(program("pg_ctl").arg("-D").arg(&self.data).args(["-w", "-m", "immediate", "stop"]));
    }

    /// The standby takes over.
    pub fn promote(&self) {
        done(program("pg_ctl").arg("-D").arg(&self.data).args(["-w", "-t", "60", "promote"]));
    }

    pub fn sql(&self, statement: &str) {
        let url = format!("postgres://distr@127.0.0.1:{}/postgres", self.port);
        done(Command::new("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", &url, "-c", statement]));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let mut command = program("pg_ctl");
        command.arg("-D").arg(&self.data).args(["-w", "-m", "immediate", "stop"]);
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A program that runs as the user of the servers.
fn as_server(name: &str) -> Command {
    if !geteuid().is_root() {
        return Command::new(name);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--", name]);
    command
}

impl Nodes {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        if geteuid().is_root() {
            done(Command::new("chown").arg("postgres:").arg(folder.path()));
        }
        let (primary, standby) = (Node::at(folder.path(), "primary"), Node::at(folder.path(), "standby"));
        done(program("initdb").arg("-D").arg(&primary.data).args(["-U", "distr", "--auth=trust", "--no-sync"]));
        primary.start();
        primary.sql("CREATE DATABASE distr");
        let from = format!("host=127.0.0.1 port={} user=distr", primary.port);
        done(program("pg_basebackup").arg("-D").arg(&standby.data).args(["-R", "-X", "stream", "-d", &from]));
        standby.start();
        // from now on what is acknowledged is on both
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.sql("SELECT pg_reload_conf()");
        Self { primary, standby, _folder: folder }
    }

    /// Both, of which the one that takes writes is meant.
    pub fn url(&self) -> String {
        format!(
            "postgres://distr@127.0.0.1:{},127.0.0.1:{}/distr?target_session_attrs=read-write",
            self.primary.port, self.standby.port
        )
    }
}
