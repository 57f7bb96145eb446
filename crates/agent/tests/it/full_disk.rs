//! The agent's disk is full: what runs is looked after, and nothing is left half-written.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use distr_agent::data_dir::DataDir;
use distr_domain::agent::{ErrorCategory, Step};
use distr_tests::superuser::as_root;
use tempfile::TempDir;

use crate::process::{Process, leftovers, reports};
use crate::registry::docker;
use crate::site::Site;

/// A file system of half a mebibyte.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = fs::metadata(folder.path()).unwrap();
        let options = format!("size=512k,mode=0700,uid={},gid={}", owner.uid(), owner.gid());
        let arguments = ["-t", "tmpfs", "-o", &options, "tmpfs"];
        let mounted = as_root("mount").args(arguments).arg(folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "this test mounts a small tmpfs, which needs root: {said}");
        Self(folder)
    }

    /// To the last byte.
    fn fill(&self) {
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

    fn empty(&self) {
        fs::remove_file(self.0.path().join("filler")).unwrap();
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = as_root("umount").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_a_full_disk_goes_on_from_memory_and_says_so() {
    let disk = SmallDisk::mount();
    let data = DataDir::open(disk.path()).unwrap();
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    let mut agent = Process::start(&data, &desired, &[]);
    let last = || reports(&data).pop();
    let runs = || {
        last()
            .is_some_and(|report| report.deployments.first().is_some_and(|deployment| deployment.step == Step::Applied))
    };
    agent.until("the release runs", async || runs() && site.page().await.is_some()).await;

    disk.fill();
    let before = site.containers(&site.project);
    docker(&["rm", "--force", &before[0]]);
    agent.until("the release is repaired", async || site.page().await.as_deref() == Some("1.0.0")).await;
    assert_ne!(site.containers(&site.project), before);
    agent.until_it_says("the journal cannot be written").await;
    let written = reports(&data);
    assert!(!written.is_empty(), "what was written before is whole");

    disk.empty();
    let full = |report: &distr_domain::agent::Report| {
        report.error.as_ref().is_some_and(|error| error.category == ErrorCategory::Resources)
    };
    agent
        .until("it says so, and then no more", async || {
            let reports = reports(&data);
            reports.iter().any(full) && reports.last().is_some_and(|last| last.error.is_none())
        })
        .await;
    agent.kill();
    let all: Vec<u64> = reports(&data).iter().map(|report| report.sequence).collect();
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>(), "none was lost");
    assert!(all.len() > written.len());
    assert_eq!(leftovers(disk.path()), Vec::<std::path::PathBuf>::new());
}
