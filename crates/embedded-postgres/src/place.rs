//! Where a cluster lies: the data directory, its lock, its log and its socket. Keeps the rule that the server's user owns only
//! `cluster/` and `run/`: root never opens a file in a directory that a lesser user could put links into.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::error::file;

/// For clusters whose own place is closed to the server's user.
const ELSEWHERE: &str = "/var/lib/distr";
/// A socket's path has room for 107 bytes; its name takes up to 15 (`/.s.PGSQL.65535`).
const LONGEST_SOCKET_DIR: usize = 92;
const LOG_LIMIT: u64 = 10 * 1024 * 1024;

/// A data directory that this process owns for as long as this lives.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    pub(crate) account: Option<Account>,
    lock: File,
}

impl Drop for Place {
    /// By name: closing alone would leave it locked for as long as a process that is just being started shares the file.
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

impl Place {
    /// Finds or creates the data directory, moves a new one out of the user's reach to where it can be reached, locks it.
    pub(crate) fn take(data_dir: &Path) -> Result<Self, Error> {
        let mut dir = found_or_created(data_dir)?;
        let account = Account::for_cluster(&dir.join("cluster"))?;
        if let Some(account) = &account
            && let Some(closed) = account.blocked_at(&dir)
        {
            dir = moved_elsewhere(data_dir, &dir, account, closed)?;
        }
        let mode = if account.is_some() { 0o711 } else { 0o700 };
        fs::set_permissions(&dir, Permissions::from_mode(mode)).map_err(file("close to others", &dir))?;
        let lock = locked(&dir)?;
        Ok(Self { dir, account, lock })
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.dir.join("cluster")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    /// The log, at its end; a long one is put aside first.
    pub(crate) fn open_log(&self) -> Result<File, Error> {
        let path = self.log();
        if fs::metadata(&path).is_ok_and(|log| log.len() > LOG_LIMIT) {
            fs::rename(&path, self.dir.join("server.log.1")).map_err(file("put aside", &path))?;
        }
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        open.map_err(file("open", &path))
    }

    /// An empty directory that only the server's user can enter.
    pub(crate) fn private_dir(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.dir.join(name);
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(file("clear", &path)(error));
            }
            _ => self.create_private(&path)?,
        }
        Ok(path)
    }

    /// The directory of the socket, cleared of what a dead server left in it.
    pub(crate) fn socket_dir(&self) -> Result<PathBuf, Error> {
        let usual = self.dir.join("run");
        if usual.as_os_str().len() <= LONGEST_SOCKET_DIR {
            return self.private_dir("run");
        }
        let mut hasher = DefaultHasher::new();
        self.dir.as_os_str().as_bytes().hash(&mut hasher);
        let short = PathBuf::from(format!("/tmp/distr-pg-{:016x}", hasher.finish()));
        let Ok(existing) = fs::symlink_metadata(&short) else {
            self.create_private(&short)?;
            return Ok(short);
        };
        // anybody may create a directory in /tmp, so one that is there may be somebody's trap
        let uid = self.account.as_ref().map_or(rustix::process::geteuid().as_raw(), |account| account.uid);
        if !existing.is_dir() || existing.uid() != uid || existing.mode() & 0o077 != 0 {
            return Err(Error::SocketDirNotOurs { path: short });
        }
        for entry in fs::read_dir(&short).map_err(file("read", &short))?.flatten() {
            fs::remove_file(entry.path()).map_err(file("remove", &entry.path()))?;
        }
        Ok(short)
    }

    /// Gives the whole place to the server's user, whose keeper removes it in the end.
    pub(crate) fn give_away(&self) -> Result<(), Error> {
        self.account.as_ref().map_or(Ok(()), |account| account.take_over(&self.dir))
    }

    fn create_private(&self, path: &Path) -> Result<(), Error> {
        DirBuilder::new().mode(0o700).create(path).map_err(file("create", path))?;
        self.account.as_ref().map_or(Ok(()), |account| account.take_over(path))
    }
}

fn found_or_created(data_dir: &Path) -> Result<PathBuf, Error> {
    if fs::symlink_metadata(data_dir).is_err() {
        fs::create_dir_all(data_dir).map_err(file("create", data_dir))?;
    }
    fs::canonicalize(data_dir).map_err(file("find", data_dir))
}

/// The name is drawn anew each time, so that the link is the only way to a cluster: a data directory that was removed and
/// made again is empty, as everybody expects.
fn moved_elsewhere(data_dir: &Path, dir: &Path, account: &Account, closed: PathBuf) -> Result<PathBuf, Error> {
    if fs::remove_dir(data_dir).is_err() {
        return Err(Error::OutOfReach { data_dir: dir.to_owned(), account: account.name.clone(), closed });
    }
    fs::create_dir_all(ELSEWHERE).map_err(file("create", Path::new(ELSEWHERE)))?;
    let target = Path::new(ELSEWHERE).join(format!("postgres-{:016x}", rand::random::<u64>()));
    fs::create_dir(&target).map_err(file("create", &target))?;
    symlink(&target, data_dir).map_err(file("link", data_dir))?;
    tracing::info!(
        data_dir = %data_dir.display(), target = %target.display(), user = account.name, closed = %closed.display(),
        "put the cluster elsewhere, because the server's user can't get to the data directory"
    );
    Ok(target)
}

fn locked(dir: &Path) -> Result<File, Error> {
    let path = dir.join("owner.lock");
    let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
    let mut lock = open.map_err(file("open", &path))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let owner = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
            return Err(Error::InUse { data_dir: dir.to_owned(), owner });
        }
        Err(TryLockError::Error(error)) => return Err(file("lock", &path)(error)),
    }
    lock.set_len(0).map_err(file("write", &path))?;
    writeln!(lock, "{}", std::process::id()).map_err(file("write", &path))?;
    Ok(lock)
}
