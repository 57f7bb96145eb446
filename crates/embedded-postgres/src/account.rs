//! The user that the server runs as when its owner is root, and what that user can get to. An ordinary owner runs the server
//! as itself, and there is no `Account`.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::file;

/// An unprivileged user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Account {
    /// `None` when the owner is no root. An existing cluster keeps its user: another one could not read it.
    pub(crate) fn for_cluster(cluster: &Path) -> Result<Option<Self>, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        if let Some(owner) = fs::metadata(cluster).ok().filter(|cluster| cluster.uid() != 0) {
            return Ok(Some(Self { name: owner.uid().to_string(), uid: owner.uid(), gid: owner.gid() }));
        }
        let passwd = Path::new("/etc/passwd");
        let users = fs::read_to_string(passwd).map_err(file("read", passwd))?;
        let found = ["postgres", "nobody"].iter().find_map(|name| find(&users, name));
        found.map(Some).ok_or(Error::NoAccount)
    }

    /// The first directory on the way to `path` that the user can't pass through. Looks at mode bits only; who gives
    /// more by access lists gets a cluster elsewhere, which is no harm.
    pub(crate) fn blocked_at(&self, path: &Path) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().skip(1).collect();
        way.reverse();
        way.into_iter().find(|dir| !self.may_pass(dir)).map(Path::to_owned)
    }

    pub(crate) fn take_over(&self, path: &Path) -> Result<(), Error> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(file("change the owner of", path))
    }

    fn may_pass(&self, dir: &Path) -> bool {
        let Ok(metadata) = fs::metadata(dir) else {
            return false;
        };
        let execute = if metadata.uid() == self.uid {
            0o100
        } else if metadata.gid() == self.gid {
            0o010
        } else {
            0o001
        };
        metadata.mode() & execute != 0
    }
}

fn find(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next().filter(|field| *field == name)?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { name: found.to_owned(), uid, gid })
    })
}

#[cfg(test)]
mod tests {
    use super::{Account, find};

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgres2:x:7:7::/:\npostgres:x:101:104:,,,:/var/lib:/bin/sh\n";
        let account = Account { name: "postgres".into(), uid: 101, gid: 104 };
        assert_eq!(find(passwd, "postgres"), Some(account));
        assert_eq!(find(passwd, "nobody"), None);
    }
}
