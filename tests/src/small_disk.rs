//! A small file system, for what happens when a disk fills.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::TempDir;

use crate::superuser::as_root;

pub struct SmallDisk(TempDir);

impl SmallDisk {
    /// `size` and `mode` as `mount` has them: `512k`, `0700`.
    pub fn mount(size: &str, mode: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let owner = fs::metadata(folder.path()).expect("own directory");
        let options = format!("size={size},mode={mode},uid={},gid={}", owner.uid(), owner.gid());
        let arguments = ["-t", "tmpfs", "-o", &options, "tmpfs"];
        let mounted = as_root("mount").args(arguments).arg(folder.path()).output().expect("mount can be started");
        let said = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "this test mounts a small tmpfs, which needs root: {said}");
        Self(folder)
    }

    /// To the last byte.
    pub fn fill(&self) {
        let file = self.0.path().join("filler");
        let mut size = 512 * 1024;
        while size > 0 {
            let before = fs::metadata(&file).map_or(0, |metadata| metadata.len()) as usize;
            if fs::write(&file, vec![0; before + size]).is_err() {
                let _ = fs::OpenOptions::new().write(true).open(&file).and_then(|file| file.set_len(before as u64));
                size /= 2;
            }
        }
    }

    pub fn empty(&self) {
        fs::remove_file(self.0.path().join("filler")).expect("it was filled");
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A directory on it that lets everybody through.
    pub fn directory(&self) -> TempDir {
        let directory = TempDir::new_in(self.path()).expect("a temporary directory can be made");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("own directory");
        directory
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // what a server that is about to end still holds open goes with it
        let _ = as_root("umount").arg("--lazy").arg(self.0.path()).status();
    }
}
