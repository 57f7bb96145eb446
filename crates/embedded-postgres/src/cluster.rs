//! The cluster on disk before the server starts: made once, of the right version, and with no earlier server on it. Relies on
//! the caller owning the place, so that whatever still runs there is an orphan.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::{Instant, interval, timeout};

use crate::Error;
use crate::access::{Password, SUPERUSER};
use crate::binaries::Binaries;
use crate::error::file;
use crate::place::Place;

/// How long the children of a server that was killed may hold on to its memory.
pub(crate) const CHILDREN_GONE_WITHIN: Duration = Duration::from_secs(20);

/// An orphan ends by a fast shutdown within that, or at once and without writing anything more: what was committed is in its log. One
/// that is told to stop while it recovers may wait for its checkpointer for ever (seen with 15.18).
const FAST_WITHIN: Duration = Duration::from_secs(20);
/// Long enough for the last checkpoint on a slow disk.
pub(crate) const STOPPED_WITHIN: Duration = Duration::from_secs(120);
/// After `pg_ctl` has waited, or found that the server is ending by itself.
const ORPHAN_GONE_WITHIN: Duration = Duration::from_secs(120);

/// A cluster that the server can be started on.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) dir: PathBuf,
    pub(crate) binaries: Binaries,
    /// of the superuser
    pub(crate) password: Password,
}

impl Cluster {
    /// Makes the cluster if there is none, and stops what still runs on it.
    pub(crate) async fn prepare(place: &Place, durable: bool) -> Result<Self, Error> {
        let dir = place.cluster();
        let binaries = match fs::read_to_string(dir.join("PG_VERSION")) {
            Ok(version) => Binaries::find_version(version.trim(), &place.dir)?,
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(file("read", &dir.join("PG_VERSION"))(error));
            }
            Err(_) if dir.exists() => return Err(Error::NotACluster { cluster: dir }),
            Err(_) => Binaries::find()?,
        };
        let known = Password::of(&place.dir);
        let has_password = known.is_some();
        let cluster = Self { dir, binaries, password: known.unwrap_or_else(Password::random) };
        if !cluster.dir.exists() {
            cluster.password.keep(&place.dir)?;
            cluster.create(place, durable).await?;
            return Ok(cluster);
        }
        cluster.stop_orphan(place).await?;
        if !has_password {
            cluster.set_password(place).await?;
            cluster.password.keep(&place.dir)?;
        }
        Ok(cluster)
    }

    /// What `postmaster.pid` says, if it is there.
    pub(crate) fn pid_file(&self) -> Option<PidFile> {
        PidFile::of(&self.dir)
    }

    /// Stops whatever server runs on the cluster. `mode`: as `pg_ctl` has it.
    pub(crate) async fn stop_server(&self, place: &Place, mode: &str, within: Duration) -> Result<(), Error> {
        let timeout = format!("--timeout={}", within.as_secs());
        let args = ["stop", "--wait", &timeout, "--silent", "--mode", mode, "--pgdata"].map(OsStr::new);
        self.run(place, "pg_ctl", args.into_iter().chain([self.dir.as_os_str()])).await
    }

    /// A choice of whoever built the server.
    pub(crate) async fn compresses_with_lz4(&self, place: &Place) -> bool {
        let args = ["-C", "wal_compression", "-c", "wal_compression=lz4", "-D"].map(OsStr::new);
        self.run(place, "postgres", args.into_iter().chain([self.dir.as_os_str()])).await.is_ok()
    }

    /// Runs one of Postgres' programs as the server's user.
    async fn run<I>(&self, place: &Place, program: &str, args: I) -> Result<(), Error>
    where
        I: IntoIterator<Item: AsRef<OsStr>>,
    {
        let program = self.binaries.program(program);
        let mut command = command(place, &program);
        let output = command.args(args).stdin(Stdio::null()).output().await;
        let output = output.map_err(|source| Error::Run { program: program.clone(), source })?;
        match output.status.success() {
            true => Ok(()),
            false => Err(Error::Failed { program, said: said(&output) }),
        }
    }

    /// Gives the superuser of a cluster that does not run its password: nobody else can be there meanwhile.
    async fn set_password(&self, place: &Place) -> Result<(), Error> {
        let give_up = Instant::now() + CHILDREN_GONE_WITHIN;
        loop {
            match self.alter_superuser(place).await {
                Err(Error::Failed { said, .. }) if said.contains("still in use") && Instant::now() < give_up => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Ok(()) => {
                    tracing::info!(cluster = %self.dir.display(), "gave the superuser a password");
                    return Ok(());
                }
                other => return other,
            }
        }
    }

    /// Without a server; Postgres says what went wrong, and ends well all the same.
    async fn alter_superuser(&self, place: &Place) -> Result<(), Error> {
        let program = self.binaries.program("postgres");
        let run = |source| Error::Run { program: program.clone(), source };
        let mut command = command(place, &program);
        command.args(["--single", "-c", "password_encryption=scram-sha-256", "-D"]).arg(&self.dir).arg("postgres");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(run)?;
        let statement = format!("ALTER ROLE {SUPERUSER} PASSWORD '{}';\n", self.password.expose());
        if let Some(mut stdin) = child.stdin.take() {
            // one that ends early says why
            let _ = stdin.write_all(statement.as_bytes()).await;
        }
        let output = child.wait_with_output().await.map_err(run)?;
        let said = said(&output);
        match output.status.success() && !["ERROR:", "FATAL:", "PANIC:"].iter().any(|level| said.contains(level)) {
            true => Ok(()),
            false => Err(Error::Failed { program, said }),
        }
    }

    /// Under another name first, so that a cluster which is there is whole.
    async fn create(&self, place: &Place, durable: bool) -> Result<(), Error> {
        let unfinished = place.private_dir("cluster.new")?;
        let mut args: Vec<&OsStr> = [
            "--encoding=UTF8",
            "--locale=C",
            "--data-checksums",
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--no-instructions",
            "--username",
            SUPERUSER,
        ]
        .map(OsStr::new)
        .to_vec();
        if !durable {
            args.push(OsStr::new("--no-sync"));
        }
        let password = self.password.lend(&place.dir, place.account.as_ref())?;
        args.extend([OsStr::new("--pgdata"), unfinished.as_os_str(), OsStr::new("--pwfile"), password.as_os_str()]);
        let made = self.run(place, "initdb", args).await;
        fs::remove_file(&password).map_err(file("remove", &password))?;
        made?;
        fs::rename(&unfinished, &self.dir).map_err(file("rename", &unfinished))?;
        let parent = File::open(&place.dir).and_then(|dir| dir.sync_all());
        parent.map_err(file("sync", &place.dir))?;
        tracing::info!(cluster = %self.dir.display(), "created a Postgres cluster");
        Ok(())
    }

    async fn stop_orphan(&self, place: &Place) -> Result<(), Error> {
        let Some(PidFile { pid, .. }) = self.pid_file() else {
            return Ok(());
        };
        if !runs(pid) {
            // left in place: Postgres itself uses it to see whether children of a killed server are still there
            return Ok(());
        }
        if !is_served_by(&self.dir, pid) {
            // The number has been given to another process. Postgres would take that for a server and refuse to start.
            let path = self.pid_path();
            return fs::remove_file(&path).map_err(file("remove", &path));
        }
        tracing::warn!(pid, cluster = %self.dir.display(), "stopping a Postgres whose owner is gone");
        // it may end by itself meanwhile, which pg_ctl takes for a failure; what counts is whether it is gone
        let mut stopped = self.stop_server(place, "fast", FAST_WITHIN).await;
        if is_served_by(&self.dir, pid) {
            stopped = self.stop_server(place, "immediate", STOPPED_WITHIN).await;
        }
        let gone = async {
            let mut poll = interval(Duration::from_millis(20));
            while is_served_by(&self.dir, pid) {
                poll.tick().await;
            }
        };
        if timeout(ORPHAN_GONE_WITHIN, gone).await.is_err() {
            tracing::error!(pid, ?stopped, "could not stop a Postgres whose owner is gone");
            return Err(Error::OrphanDoesNotStop { data_dir: place.dir.clone(), pid });
        }
        Ok(())
    }

    fn pid_path(&self) -> PathBuf {
        self.dir.join("postmaster.pid")
    }
}

/// One of Postgres' programs, as the server's user.
fn command(place: &Place, program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(&place.dir).env("LC_ALL", "C").kill_on_drop(true);
    if let Some(account) = &place.account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ")
}

/// A server's working directory is its cluster.
pub(crate) fn is_served_by(cluster: &Path, pid: u32) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == cluster)
}

fn runs(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// The server's note of itself: its process on the first line, its state on the eighth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    text: String,
}

impl PidFile {
    pub(crate) fn of(cluster: &Path) -> Option<Self> {
        Self::parse(fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    /// The port that names the socket, and the socket's directory: on the fourth and fifth line.
    pub(crate) fn socket(&self) -> Option<(u16, PathBuf)> {
        let mut lines = self.text.lines().skip(3);
        let port = lines.next()?.trim().parse().ok()?;
        Some((port, PathBuf::from(lines.next()?)))
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.text.lines().nth(7).is_some_and(|state| state.trim() == "ready")
    }

    fn parse(text: String) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        Some(Self { pid, text })
    }
}

#[cfg(test)]
mod tests {
    use super::PidFile;

    #[test]
    fn a_server_is_ready_when_its_own_note_says_so() {
        let head = "4711\n/data/cluster\n1700000000\n5432\n/data/run\n\n  1234  5678\n";
        let starting = PidFile::parse(format!("{head}starting\n")).expect("a pid");
        let ready = PidFile::parse(format!("{head}ready   \n")).expect("a pid");
        assert_eq!((ready.pid, starting.is_ready(), ready.is_ready()), (4711, false, true));
        assert_eq!(PidFile::parse(String::new()), None);
    }
}
