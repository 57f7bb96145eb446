//! A hook that never ends holds Helm, so that it can be ended while it works.

use std::time::Duration;

use distr_agent::fault::Stop;
use distr_agent_kubernetes::revision::{self, Status, newest};
use rustix::process::{Pid, Signal, kill_process};
use tokio_util::sync::CancellationToken;

use crate::cluster::Site;

const HOOK: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: \"pre-install,pre-upgrade\"}}
spec: {template: {spec: {restartPolicy: Never, nodeSelector: {no: node}, containers: [{name: c, image: \"hub.example/acme/web:1\"}]}}}
";
const CONFIG: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: config}}";

async fn until_it_is_pending(site: &Site) {
    let end = tokio::time::Instant::now() + Duration::from_secs(30);
    while newest(&site.revisions()).is_none_or(|newest| !newest.status.is_pending()) {
        assert!(tokio::time::Instant::now() < end, "{:?}", site.revisions());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_helm_that_is_given_up_leaves_no_lock() {
    let Some(site) = Site::new() else { return };
    let (chart, cancel) = (site.chart(&[("hook", HOOK), ("config", CONFIG)]), CancellationToken::new());
    let upgrade = chart.upgrade(1);
    let ended = tokio::join!(site.helm.upgrade(&site.release, &upgrade, &cancel), async {
        until_it_is_pending(&site).await;
        cancel.cancel();
    });
    assert_eq!(ended.0, Err(Stop::Superseded));
    assert_eq!(newest(&site.revisions()).unwrap().status, Status::Failed);
    let next = site.chart(&[("config", CONFIG)]);
    site.helm.upgrade(&site.release, &next.upgrade(2), &CancellationToken::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_of_a_helm_that_was_killed_is_freed() {
    let Some(site) = Site::new() else { return };
    let (chart, cancel) = (site.chart(&[("hook", HOOK), ("config", CONFIG)]), CancellationToken::new());
    let upgrade = chart.upgrade(1);
    let _ = tokio::join!(site.helm.upgrade(&site.release, &upgrade, &cancel), async {
        until_it_is_pending(&site).await;
        kill_process(helm_of(&site), Signal::KILL).unwrap();
    });
    let next = site.chart(&[("config", CONFIG)]);
    let locked = site.helm.upgrade(&site.release, &next.upgrade(2), &cancel).await.unwrap_err();
    assert!(matches!(locked, Stop::Failed(failure) if failure.text.starts_with("another Helm works on this release")));

    let secret = site.secrets().pop().unwrap();
    let patch = revision::unlock(&secret).unwrap().to_string();
    let name = revision::read(&secret).unwrap().secret;
    site.kubectl(&["patch", "secret", "-n", &site.release.namespace, &name, "--type=merge", "-p", &patch]);
    site.helm.upgrade(&site.release, &next.upgrade(2), &cancel).await.unwrap();
    let numbers: Vec<_> = site.revisions().iter().map(|of| (of.number, of.generation, of.status)).collect();
    assert_eq!(numbers, [(1, Some(1), Status::Superseded), (2, Some(2), Status::Deployed)]);
    // Helm calls superseded what never was deployed
    let good: Vec<bool> = site.secrets().iter().map(|secret| revision::payload(secret).unwrap().is_good()).collect();
    assert_eq!(good, [false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_that_takes_too_long_is_the_releases_fault() {
    let Some(site) = Site::new() else { return };
    let chart = site.chart(&[("hook", HOOK), ("config", CONFIG)]);
    let upgrade = distr_agent_kubernetes::helm::Upgrade { timeout: Duration::from_secs(2), ..chart.upgrade(1) };
    let stopped = site.helm.upgrade(&site.release, &upgrade, &CancellationToken::new()).await.unwrap_err();
    let Stop::Failed(failure) = stopped else { panic!("{stopped:?}") };
    assert_eq!(failure.blame, distr_agent::fault::Blame::Generation, "{}", failure.words);
}

/// The Helm of this site, by its folder.
fn helm_of(site: &Site) -> Pid {
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<i32>() else { continue };
        let is_its = |cwd: std::path::PathBuf| cwd == site.helm.home;
        if std::fs::read_link(entry.path().join("cwd")).is_ok_and(is_its) {
            return Pid::from_raw(pid).unwrap();
        }
    }
    panic!("no helm runs");
}
