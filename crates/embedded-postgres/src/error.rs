//! Why a private Postgres could not be started, used or stopped: one sentence each, which names the object.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "no PostgreSQL server was found on PATH or under /usr/lib/postgresql; \
         install one (on Debian and Ubuntu: apt-get install postgresql)"
    )]
    NoServer,

    #[error(
        "the cluster in {} belongs to PostgreSQL {needed}, which was not found; \
         install it (on Debian and Ubuntu: apt-get install postgresql-{needed})",
        data_dir.display()
    )]
    NoServerOfVersion { data_dir: PathBuf, needed: String },

    #[error(
        "{} is no cluster of PostgreSQL: it has no PG_VERSION; move it away, and bring the data back from a backup",
        cluster.display()
    )]
    NotACluster { cluster: PathBuf },

    #[error(
        "no {name} of PostgreSQL {major} or newer was found on PATH or under /usr/lib/postgresql; \
         install it (on Debian and Ubuntu: apt-get install postgresql-client-{major})"
    )]
    NoClientProgram { name: String, major: u32 },

    #[error(
        "PostgreSQL refuses to run as root, and this machine has neither a user \"postgres\" nor a user \"nobody\""
    )]
    NoAccount,

    #[error(
        "the data directory {} is in use by process {owner}; stop that one, or take another directory",
        data_dir.display()
    )]
    InUse { data_dir: PathBuf, owner: String },

    #[error(
        "the data directory {} is not empty and user \"{account}\" can't get to it: {} is closed to others",
        data_dir.display(), closed.display()
    )]
    OutOfReach { data_dir: PathBuf, account: String, closed: PathBuf },

    #[error(
        "the socket directory {} exists and is not a private directory of the server's user; remove it",
        path.display()
    )]
    SocketDirNotOurs { path: PathBuf },

    #[error(
        "the server of {} can't listen on 127.0.0.1: {reason}, port {port}; take another port",
        data_dir.display()
    )]
    Port { data_dir: PathBuf, port: u16, reason: String },

    #[error("could not {action} {}", path.display())]
    File { action: &'static str, path: PathBuf, source: io::Error },

    #[error("could not run {}", program.display())]
    Run { program: PathBuf, source: io::Error },

    #[error("{} failed: {said}", program.display())]
    Failed { program: PathBuf, said: String },

    #[error("an earlier server of {} (process {pid}) does not stop", data_dir.display())]
    OrphanDoesNotStop { data_dir: PathBuf, pid: u32 },

    #[error("the server of {} was not ready after {seconds} s; see {}", data_dir.display(), log.display())]
    NotReady { data_dir: PathBuf, seconds: u64, log: PathBuf },

    #[error("the server of {} ended: {said}; see {}", data_dir.display(), log.display())]
    Ended { data_dir: PathBuf, said: String, log: PathBuf },

    #[error("the server of {} did not stop within {seconds} s; see {}", data_dir.display(), log.display())]
    DoesNotStop { data_dir: PathBuf, seconds: u64, log: PathBuf },

    #[error("could not create the database \"{database}\"")]
    CreateDatabase { database: String, source: tokio_postgres::Error },
}

/// Turns an I/O error on `path` into a sentence: `.map_err(file("create", path))`.
pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { action, path, source }
}
