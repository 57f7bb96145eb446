//! Writing a file so that after a crash either the old or the new content is there, whole.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Owner,
    Everyone,
    /// everyone, who may run it too
    EveryoneRuns,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Everyone => 0o644,
            Self::EveryoneRuns => 0o755,
        }
    }
}

/// Writes beside `path`, syncs, and renames over it; the folder is synced too.
pub fn write(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("a file needs a folder"))?;
    let name = path.file_name().ok_or_else(|| io::Error::other("a file needs a name"))?;
    let beside = folder.join(format!(".{}.new", name.to_string_lossy()));
    let written = write_whole(&beside, content, access).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // on a full disk it would only take the space that the next try needs
        let _ = fs::remove_file(&beside);
    }
    written?;
    File::open(folder)?.sync_all()
}

fn write_whole(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(access.mode()).open(path)?;
    // a leftover of an earlier crash keeps its own mode
    file.set_permissions(Permissions::from_mode(access.mode()))?;
    file.write_all(content)?;
    file.sync_all()
}

/// A folder that only its owner may enter.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// A folder that everyone may write to who reaches it: the programs of a release run as other users than the agent.
pub fn open_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o777))
}

/// A folder that everyone may enter who reaches it.
pub fn shared_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rewritten_file_has_the_new_content_and_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.json");
        write(&path, b"old", Access::Everyone).unwrap();
        write(&path, b"new", Access::Owner).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
