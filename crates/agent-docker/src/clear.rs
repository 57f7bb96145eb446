//! Removing a folder that containers wrote to. They make it as deep as they like: what lies deeper is moved up to the top before
//! it is removed, so that neither the stack nor the number of open files grows with the depth. No link is followed.

use std::collections::HashSet;
use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{
    AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, renameat, statat, unlinkat,
};
use rustix::io::Errno;

/// Removes the folder with all that is in it. A folder that is not there is removed already. What is mounted in it is not its
/// own, and stays.
pub(crate) fn remove_folder(path: &Path) -> io::Result<()> {
    let top = match rustix::fs::open(path, FOLDER, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(()),
        top => {
            let folder = top?;
            Top { disk: fstat(&folder)?.st_dev, folder, moved: 0 }
        }
    };
    top.clear()?;
    fs::remove_dir(path)?;
    path.parent().map_or(Ok(()), |above| File::open(above)?.sync_all())
}

const FOLDER: OFlags = OFlags::DIRECTORY.union(OFlags::NOFOLLOW).union(OFlags::RDONLY).union(OFlags::CLOEXEC);

struct Top {
    folder: OwnedFd,
    /// on which it lies
    disk: u64,
    /// how many folders came up from below
    moved: u64,
}

impl Top {
    fn clear(mut self) -> io::Result<()> {
        let top = self.folder.try_clone()?;
        sweep(&top, |name, is_folder| match is_folder {
            true => self.flatten(name),
            false => unlinkat(&top, name, AtFlags::empty()).map_err(|error| at(name, error)),
        })
    }

    /// Removes a folder of the top, whose own folders are at the top then.
    fn flatten(&mut self, name: &CStr) -> io::Result<()> {
        // never into what is mounted there: a folder of another disk, or of this one by another way
        let within = ResolveFlags::NO_XDEV | ResolveFlags::NO_SYMLINKS | ResolveFlags::BENEATH;
        let folder = match openat2(&self.folder, name, FOLDER, Mode::empty(), within) {
            // a kernel before 5.6, or one that lets nobody ask
            Err(Errno::NOSYS | Errno::PERM) => {
                let folder = openat(&self.folder, name, FOLDER, Mode::empty()).map_err(|error| at(name, error))?;
                if fstat(&folder).map_err(|error| at(name, error))?.st_dev != self.disk {
                    return Err(at(name, Errno::XDEV));
                }
                folder
            }
            folder => folder.map_err(|error| at(name, error))?,
        };
        sweep(&folder, |name, is_folder| match is_folder {
            true => self.move_up(&folder, name),
            false => unlinkat(&folder, name, AtFlags::empty()).map_err(|error| at(name, error)),
        })?;
        match unlinkat(&self.folder, name, AtFlags::REMOVEDIR) {
            // something came to be there meanwhile; it is seen again
            Err(Errno::NOTEMPTY) => Ok(()),
            removed => removed.map_err(|error| at(name, error)),
        }
    }

    fn move_up(&mut self, from: &OwnedFd, name: &CStr) -> io::Result<()> {
        loop {
            self.moved += 1;
            match renameat(from, name, &self.folder, self.moved.to_string()) {
                // the name is taken
                Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
                moved => return moved.map_err(|error| at(name, error)),
            }
        }
    }
}

/// Does away with all that is in a folder. What cannot go keeps nothing else back; the first of it is told.
fn sweep(folder: &OwnedFd, mut remove: impl FnMut(&CStr, bool) -> io::Result<()>) -> io::Result<()> {
    let (mut left, mut first) = (HashSet::new(), None);
    loop {
        let found = entries(folder, &left)?;
        if found.is_empty() {
            break;
        }
        for (name, is_folder) in found {
            if let Err(error) = remove(&name, is_folder) {
                first.get_or_insert(error);
                left.insert(name);
            }
        }
    }
    match (first, left.len()) {
        (None, _) => Ok(()),
        (Some(error), 1) => Err(error),
        (Some(error), more) => Err(io::Error::new(error.kind(), format!("{error} (and {} more beside it)", more - 1))),
    }
}

/// A person has to find it.
fn at(name: &CStr, error: Errno) -> io::Error {
    let hint = match error {
        Errno::XDEV | Errno::BUSY => "; another disk is mounted there or below it: unmount it",
        _ => "",
    };
    let error = io::Error::from(error);
    io::Error::new(error.kind(), format!("{:?}: {error}{hint}", name.to_string_lossy()))
}

/// So many names are held at once; the others are seen when these are gone.
const MOST: usize = 10_000;

/// The names in a folder but for those that were `left` there, and whether each is of a folder.
fn entries(folder: &OwnedFd, left: &HashSet<CString>) -> io::Result<Vec<(CString, bool)>> {
    let mut found = vec![];
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") || left.contains(name) {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => FileType::from_raw_mode(statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode),
            kind => kind,
        };
        found.push((name.to_owned(), kind == FileType::Directory));
        if found.len() == MOST {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::mkdirat;

    use super::*;

    /// Far longer than a path may be, and deeper than there are descriptors.
    const DEPTH: usize = 20_000;

    #[test]
    fn a_folder_of_any_depth_is_removed_and_nothing_that_its_links_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        let (home, outside) = (folder.path().join("home"), folder.path().join("outside"));
        fs::create_dir_all(home.join("1/2/3")).unwrap();
        fs::create_dir_all(outside.join("kept")).unwrap();
        fs::write(home.join("2"), "in the way").unwrap();
        symlink(&outside, home.join("link")).unwrap();
        symlink(&outside, home.join("1/2/link")).unwrap();
        let mut deepest = rustix::fs::open(&home, FOLDER, Mode::empty()).unwrap();
        for _ in 0..DEPTH {
            mkdirat(&deepest, c"d", Mode::RWXU).unwrap();
            deepest = openat(&deepest, c"d", FOLDER, Mode::empty()).unwrap();
        }
        remove_folder(&home).unwrap();
        remove_folder(&home).unwrap();
        assert!(!home.exists() && outside.join("kept").is_dir());
    }

    /// A file that cannot go: its folder is one from which nothing may be removed. For root that is an attribute of the folder.
    #[test]
    fn what_cannot_go_keeps_nothing_else_back_and_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir_all(home.join("fixed")).unwrap();
        fs::create_dir_all(home.join("other/below")).unwrap();
        fs::write(home.join("fixed/file"), "").unwrap();
        fs::write(home.join("other/below/file"), "").unwrap();
        let fixed = home.join("fixed");
        let mode = |mode| fs::set_permissions(&fixed, fs::Permissions::from_mode(mode)).unwrap();
        let attribute = |change| std::process::Command::new("chattr").arg(change).arg(&fixed).output();
        mode(0o500);
        let _ = attribute("+a");
        if File::create(fixed.join("probe")).is_ok() && fs::remove_file(fixed.join("probe")).is_ok() {
            return eprintln!("root may remove everything on this file system");
        }
        let removed = remove_folder(&home);
        let _ = attribute("-a");
        mode(0o700);
        let error = removed.expect_err("it holds what cannot go").to_string();
        assert!(error.contains("\"file\""), "{error}");
        assert!(!home.join("other").exists() && fixed.join("file").exists());
        remove_folder(&home).unwrap();
    }
}
