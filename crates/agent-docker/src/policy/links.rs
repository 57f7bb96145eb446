//! How the kernel finds a path: name by name, through every link on the way.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The kernel's own limit.
const MOST_LINKS: usize = 40;
/// No path that people use has so many names, with those of all its links.
const MOST_NAMES: usize = 4096;

/// The way to what a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trail {
    /// the path with every link followed as far as it exists, and the rest as it is written
    pub end: PathBuf,
    /// the folders in which a name was looked up: whoever writes to one of them decides where the path leads
    pub folders: BTreeSet<PathBuf>,
}

/// A path that the kernel gives up, since links lead in a circle or `..` follows what is no folder, ends as it is written.
pub(super) fn follow(path: &Path) -> Trail {
    let (mut end, mut folders) = (PathBuf::from("/"), BTreeSet::new());
    let mut ahead = names(path);
    let (mut links, mut looked_up) = (0, 0);
    while let Some(name) = ahead.pop() {
        if name == ".." {
            if !end.is_dir() {
                return Trail { end: path.to_owned(), folders };
            }
            end.pop();
            continue;
        }
        let next = end.join(&name);
        looked_up += 1;
        if looked_up <= MOST_NAMES {
            folders.insert(end.clone());
        }
        match fs::read_link(&next) {
            Ok(_) if links == MOST_LINKS || looked_up > MOST_NAMES => return Trail { end: path.to_owned(), folders },
            Ok(target) => {
                links += 1;
                if target.is_absolute() {
                    end = PathBuf::from("/");
                }
                ahead.extend(names(&target));
            }
            Err(_) => end = next,
        }
    }
    Trail { end, folders }
}

/// The path with every link followed as far as it exists, and the rest as it is written.
pub fn canonical(path: &Path) -> PathBuf {
    follow(path).end
}

/// The names that a path is made of, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    let name = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    };
    path.components().rev().filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_are_followed_also_before_what_does_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        symlink("/etc", root.join("link")).unwrap();
        symlink("loop/../link", root.join("loop")).unwrap();
        assert_eq!(canonical(&root.join("link/new/file")), Path::new("/etc/new/file"));
        assert_eq!(canonical(&root.join("link/../etc/./passwd")), Path::new("/etc/passwd"));
        symlink("new/../data", root.join("lost")).unwrap();
        assert_eq!(canonical(&root.join("lost/x")), root.join("lost/x"));
        assert_eq!(canonical(Path::new("/..")), Path::new("/"));
        assert_eq!(canonical(&root.join("loop/x")), root.join("loop/x"));
    }

    #[test]
    fn every_folder_on_the_way_is_known_also_those_between_two_links() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("a/b/../next", root.join("first")).unwrap();
        symlink("/etc", root.join("a/next")).unwrap();
        let trail = follow(&root.join("first/ssl"));
        assert_eq!(trail.end, Path::new("/etc/ssl"));
        for on_the_way in [root.clone(), root.join("a"), "/etc".into()] {
            assert!(trail.folders.contains(&on_the_way), "{}", on_the_way.display());
        }
        assert!(!trail.folders.contains(&root.join("a/b")), "no name was looked up there");
    }
}
