//! Finds the server's programs: on PATH, or where Debian keeps one directory per major version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

const DEBIAN_ROOT: &str = "/usr/lib/postgresql";

/// A client program of Postgres (`pg_dump`, `pg_restore`) of this major version or, failing that, the next one above it:
/// an older one does not speak to a newer server.
pub fn client_program(name: &str, major: u32) -> Result<PathBuf, Error> {
    let found = search_path().into_iter().chain(debian_dirs()).filter_map(|dir| {
        let program = fs::canonicalize(dir.join(name)).ok()?;
        Some((version_of(&program)?.parse::<u32>().ok()?, program))
    });
    let missing = || Error::NoClientProgram { name: name.to_owned(), major };
    found
        .filter(|(version, _)| *version >= major)
        .min_by_key(|(version, _)| *version)
        .map(|found| found.1)
        .ok_or_else(missing)
}

/// One installation of the server.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    dir: PathBuf,
    major: String,
}

impl Binaries {
    /// The first on PATH, else the highest version.
    pub(crate) fn find() -> Result<Self, Error> {
        Self::installed().into_iter().next().ok_or(Error::NoServer)
    }

    /// The one that can run the existing cluster of `data_dir`, which was made by version `major`.
    pub(crate) fn find_version(major: &str, data_dir: &Path) -> Result<Self, Error> {
        let missing = || Error::NoServerOfVersion { data_dir: data_dir.to_owned(), needed: major.to_owned() };
        Self::installed().into_iter().find(|found| found.major == major).ok_or_else(missing)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn installed() -> Vec<Self> {
        search_path().into_iter().chain(debian_dirs()).filter_map(Self::at).collect()
    }

    /// PATH may hold links to single programs; the rest of an installation lies where they point to.
    fn at(dir: PathBuf) -> Option<Self> {
        let postgres = fs::canonicalize(dir.join("postgres")).ok()?;
        let dir = postgres.parent()?.to_owned();
        if !["initdb", "pg_ctl"].iter().all(|name| dir.join(name).exists()) {
            return None;
        }
        let major = version_of(&postgres)?;
        Some(Self { dir, major })
    }
}

fn search_path() -> Vec<PathBuf> {
    env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default()
}

fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    major_version(&String::from_utf8_lossy(&output.stdout))
}

/// Highest version first.
fn debian_dirs() -> Vec<PathBuf> {
    let entries = fs::read_dir(DEBIAN_ROOT).into_iter().flatten().flatten();
    let mut versions: Vec<u32> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    versions.sort_unstable_by(|a, b| b.cmp(a));
    versions.into_iter().map(|version| Path::new(DEBIAN_ROOT).join(version.to_string()).join("bin")).collect()
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → `15`, as in a cluster's `PG_VERSION`.
fn major_version(output: &str) -> Option<String> {
    let version = output.split_whitespace().nth(2)?;
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    (!major.is_empty()).then_some(major)
}

#[cfg(test)]
mod tests {
    use super::major_version;

    #[test]
    fn the_major_version_is_read_from_releases_and_betas() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n").as_deref(), Some("15"));
        assert_eq!(major_version("postgres (PostgreSQL) 18beta1\n").as_deref(), Some("18"));
        assert_eq!(major_version("command not found"), None);
    }
}
