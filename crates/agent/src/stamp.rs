//! Whether a file is still the one that was looked at last.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A stamp of a file, which is another one when the file was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp(Option<(i64, i64, u64, u64)>);

impl Stamp {
    pub fn of(path: &Path) -> Self {
        let stamp = |file: fs::Metadata| (file.ctime(), file.ctime_nsec(), file.ino(), file.len());
        Self(fs::metadata(path).ok().map(stamp))
    }
}
