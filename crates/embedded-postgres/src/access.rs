//! Who gets into the server: whoever has the superuser's password, which lies in the data directory, and roles with a
//! password of their own on 127.0.0.1. The server's user is no key, as other programs may run as the same: Debian's own
//! Postgres does. The rules lie where the server reads and cannot write them.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::error::file;

/// The hub's own role; its password is in the data directory, and only the socket lets it in.
pub(crate) const SUPERUSER: &str = "distr";

const PASSWORD: &str = "superuser.password";
const RULES: &str = "pg_hba.conf";

/// Of the superuser; not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Hexadecimal digits, which need no quotes anywhere.
    pub(crate) fn random() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Nothing in a data directory of a version that had none, or that another user owns.
    pub(crate) fn of(place: &Path) -> Option<Self> {
        let text = fs::read_to_string(place.join(PASSWORD)).ok()?;
        let text = text.trim();
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self(text.to_owned()))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// For its owner alone. It is written once the cluster knows it, or before there is a cluster.
    pub(crate) fn keep(&self, place: &Path) -> Result<(), Error> {
        write_private(place, PASSWORD, &self.0).map(|_| ())
    }

    /// A file for `initdb`, which runs as the server's user; the caller removes it.
    pub(crate) fn lend(&self, place: &Path, account: Option<&Account>) -> Result<PathBuf, Error> {
        let path = write_private(place, "initdb.password", &self.0)?;
        account.map_or(Ok(()), |account| account.take_over(&path))?;
        Ok(path)
    }
}

/// Writes the rules anew, so that a cluster of an older version gets today's.
pub(crate) fn write_rules(place: &Path) -> Result<PathBuf, Error> {
    let rules = format!(
        "local all all scram-sha-256\n\
         host all {SUPERUSER} all reject\n\
         host all all 127.0.0.1/32 scram-sha-256\n"
    );
    let path = write(place, RULES, &rules, 0o644)?;
    Ok(path)
}

fn write_private(place: &Path, name: &str, text: &str) -> Result<PathBuf, Error> {
    write(place, name, text, 0o600)
}

/// Whole or not at all.
fn write(place: &Path, name: &str, text: &str, mode: u32) -> Result<PathBuf, Error> {
    let (path, new) = (place.join(name), place.join(format!("{name}.new")));
    match fs::remove_file(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(file("remove", &new)(error)),
        _ => {}
    }
    let written = OpenOptions::new().write(true).create_new(true).mode(mode).open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(file("write", &new))?;
    fs::set_permissions(&new, std::os::unix::fs::PermissionsExt::from_mode(mode)).map_err(file("write", &new))?;
    fs::rename(&new, &path).map_err(file("rename", &new))?;
    File::open(place).and_then(|dir| dir.sync_all()).map_err(file("sync", place))?;
    Ok(path)
}
