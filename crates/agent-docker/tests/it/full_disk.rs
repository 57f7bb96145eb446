//! The agent's disk is full: what runs is looked after, and nothing is left half-written.

use distr_agent::data_dir::DataDir;
use distr_domain::agent::{ErrorCategory, Step};
use distr_tests::small_disk::SmallDisk;

use crate::process::{Process, leftovers, reports};
use crate::registry::docker;
use crate::site::Site;

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_a_full_disk_goes_on_from_memory_and_says_so() {
    let disk = SmallDisk::mount("512k", "0700");
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
