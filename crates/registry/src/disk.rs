//! The last part of a disk, which is kept for what must go on when it fills: the log, agents, deletes and collections. What
//! brings bytes is refused when no more than this reserve is free.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use distr_domain::rejection::Rejection;
use rustix::fs::statvfs;
use tracing::{info, warn};

/// The reserve where nobody says how large it is: the larger of these.
const AT_LEAST: u64 = 1 << 30;
const PART: u64 = 20;

/// What is written to the hub's own disks, and what of them stays free.
#[derive(Debug, Default)]
pub struct DiskReserve {
    /// where blobs are files
    blobs: Option<PathBuf>,
    /// where the log is, if the hub's own Postgres keeps it
    log: Option<PathBuf>,
    bytes: Option<u64>,
    is_reached: AtomicBool,
}

/// How a disk stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskStanding {
    pub free: u64,
    pub reserve: u64,
}

/// The reserve is reached. How much is free is the operator's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the disk of the hub is nearly full, and what is left is kept for its log and its agents; delete what nobody needs, and \
     have the operator of the hub make room (distr-hub gc, a larger disk)"
)]
pub(crate) struct ReserveReached;

impl Rejection for ReserveReached {
    fn code(&self) -> &'static str {
        "registry.disk_reserve"
    }
}

impl DiskReserve {
    /// `blobs`, `log`: the directories, as far as they are on this machine. `bytes`: the reserve; by default the larger of 1 GiB
    /// and 5 % of the disk.
    pub fn new(blobs: Option<PathBuf>, log: Option<PathBuf>, bytes: Option<u64>) -> Self {
        Self { blobs, log, bytes, is_reached: AtomicBool::default() }
    }

    /// The disk that has the least beyond its reserve; nothing, if the hub writes to none of its own.
    pub fn standing(&self) -> Option<DiskStanding> {
        let standings = [&self.blobs, &self.log].into_iter().flatten().filter_map(|path| self.of(path));
        standings.min_by_key(|standing| standing.free as i128 - i128::from(standing.reserve))
    }

    /// Whether so many bytes of a blob may be written.
    pub(crate) fn check_blob(&self, bytes: u64) -> Result<(), ReserveReached> {
        self.blobs.as_deref().map_or(Ok(()), |path| self.check(path, bytes))
    }

    /// Whether a manifest of so many bytes may be stored and noted in the log.
    pub(crate) fn check_manifest(&self, bytes: u64) -> Result<(), ReserveReached> {
        self.check_blob(bytes)?;
        self.log.as_deref().map_or(Ok(()), |path| self.check(path, bytes))
    }

    fn check(&self, path: &Path, bytes: u64) -> Result<(), ReserveReached> {
        let Some(standing) = self.of(path) else { return Ok(()) };
        let is_reached = !standing.has_room_for(bytes);
        self.say(standing);
        if is_reached { Err(ReserveReached) } else { Ok(()) }
    }

    /// A disk that does not say how it stands limits nothing.
    fn of(&self, path: &Path) -> Option<DiskStanding> {
        let disk = statvfs(path).ok()?;
        let (free, size) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
        Some(DiskStanding { free, reserve: self.bytes.unwrap_or_else(|| AT_LEAST.max(size / PART)) })
    }

    /// Once when it is reached, and once when it is not any more.
    fn say(&self, standing: DiskStanding) {
        let DiskStanding { free, reserve } = standing;
        let is_reached = standing.is_reached();
        if self.is_reached.swap(is_reached, Ordering::Relaxed) == is_reached {
            return;
        }
        match is_reached {
            true => warn!(
                free,
                reserve, "the disk's reserve is reached: uploads and pushes are refused until there is room"
            ),
            false => info!(free, reserve, "the disk has room again: uploads and pushes are taken"),
        }
    }
}

impl DiskStanding {
    pub fn is_reached(self) -> bool {
        !self.has_room_for(1)
    }

    fn has_room_for(self, bytes: u64) -> bool {
        self.free >= self.reserve.saturating_add(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(directory: &Path, bytes: Option<u64>) -> DiskReserve {
        DiskReserve::new(Some(directory.to_owned()), None, bytes)
    }

    #[test]
    fn what_is_free_beyond_the_reserve_may_be_written() {
        let directory = tempfile::tempdir().unwrap();
        let free = on(directory.path(), Some(0)).standing().unwrap().free;
        assert_eq!(on(directory.path(), Some(0)).check_blob(1), Ok(()));
        assert_eq!(on(directory.path(), Some(free * 2)).check_blob(1), Err(ReserveReached));
        assert!(on(directory.path(), Some(free * 2)).standing().unwrap().is_reached());
        assert_eq!(on(directory.path(), Some(0)).check_blob(u64::MAX), Err(ReserveReached));
    }

    #[test]
    fn the_default_is_the_larger_of_a_gibibyte_and_a_twentieth() {
        let directory = tempfile::tempdir().unwrap();
        let disk = statvfs(directory.path()).unwrap();
        let twentieth = disk.f_blocks * disk.f_frsize / 20;
        assert_eq!(on(directory.path(), None).standing().unwrap().reserve, twentieth.max(1 << 30));
    }

    /// Blobs in a bucket, and a Postgres elsewhere: the disk here is nobody's concern.
    #[test]
    fn what_is_written_elsewhere_is_not_limited() {
        let directory = tempfile::tempdir().unwrap();
        let reserve = DiskReserve::new(None, None, Some(u64::MAX));
        assert_eq!((reserve.check_blob(1), reserve.check_manifest(1), reserve.standing()), (Ok(()), Ok(()), None));
        let reserve = DiskReserve::new(None, Some(directory.path().to_owned()), Some(u64::MAX));
        assert_eq!((reserve.check_blob(1), reserve.check_manifest(1)), (Ok(()), Err(ReserveReached)));
    }
}
