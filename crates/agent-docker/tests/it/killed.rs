//! `kill -9` of the real agent in each step of an apply, of a rollback and of a removal: the next start brings it to its
//! end, and no report is lost or made twice.

use std::collections::BTreeMap;

use distr_domain::agent::{DataRemoval, DesiredState, Report, Step};

use crate::process::{Process, leftovers, record, reports};
use crate::registry::docker;
use crate::site::Site;

/// A moment at which the agent is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// It says by itself that it is there, and waits.
    Pause(&'static str),
    /// Containers of the proof run.
    Candidate,
    /// The new release's containers come up in the old one's place.
    InPlace,
}

async fn kill_at(site: &Site, desired: &DesiredState, moment: Moment) {
    let data = site.data();
    let pause = if let Moment::Pause(step) = moment { step } else { "" };
    let policy = site.policy().path.display().to_string();
    let environment = [("DISTR_AGENT_PAUSE_AT", pause), ("DISTR_AGENT_POLICY", &policy)];
    let mut agent = Process::start(&data, desired, &environment);
    agent
        .until(&format!("{moment:?}"), async || match moment {
            Moment::Pause(_) => data.paused().exists(),
            Moment::Candidate => !site.containers(&site.candidate()).is_empty(),
            Moment::InPlace => !generation(site, 2).is_empty(),
        })
        .await;
    agent.kill();
    let _ = std::fs::remove_file(data.paused());
}

fn generation(site: &Site, generation: u64) -> String {
    let project = format!("label=com.docker.compose.project={}", site.project);
    let generation = format!("label=distr.generation={generation}");
    docker(&["ps", "--all", "--quiet", "--filter", &project, "--filter", &generation])
}

/// Every incarnation's reports are there, one after the other.
fn assert_complete(reports: &[Report]) {
    let mut counts = BTreeMap::new();
    for report in reports {
        let count = counts.entry(report.boot).or_insert(0);
        *count += 1;
        assert_eq!(report.sequence, *count, "{reports:#?}");
    }
    assert!(counts.len() >= 2, "both starts have reported: {reports:#?}");
}

/// Until the last report says that the newest generation is at this step.
async fn finish(site: &Site, desired: &DesiredState, step: Step, page: Option<&str>) {
    let data = site.data();
    let policy = site.policy().path.display().to_string();
    let mut agent = Process::start(&data, desired, &[("DISTR_AGENT_POLICY", &policy)]);
    let said = async || {
        let last = reports(&data).pop();
        let last = last.and_then(|report| report.deployments.into_iter().next());
        last.is_some_and(|last| last.generation == 2 && last.step == step && last.drift.is_none())
            && site.containers(&site.candidate()).is_empty()
            && site.page().await.as_deref() == page
    };
    agent.until(&format!("{step:?}"), said).await;
    agent.kill();
    assert_complete(&reports(&data));
    assert_eq!(leftovers(data.identity().parent().unwrap()), Vec::<std::path::PathBuf>::new());
}

/// A site on which the first generation runs.
async fn first() -> Site {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let first = site.wants(1, site.run("1.0.0", &image, &site.good()));
    assert_eq!(site.agent().settle(&first).await, distr_agent::converge::Settled::Done);
    let _ = std::fs::remove_file(site.data().journal()); // that one was not a process
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_in_any_step_of_an_upgrade_finishes_it_at_the_next_start() {
    let steps = ["pulled", "proved", "switching", "switched", "applied"].map(Moment::Pause);
    for moment in steps.into_iter().chain([Moment::Candidate, Moment::InPlace]) {
        let site = first().await;
        let image = site.image("1.1.0");
        let second = site.wants(2, site.run("1.1.0", &image, &site.good()));
        kill_at(&site, &second, moment).await;
        finish(&site, &second, Step::Applied, Some("1.1.0")).await;
        assert_eq!(site.containers(&site.project).len(), 1, "{moment:?}");
        let record = record(&site.data(), site.deployment).unwrap();
        assert!(record.has_applied(2, &"1.1.0".parse().unwrap()) && record.attempt.is_none(), "{moment:?}: {record:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_in_a_rollback_has_the_old_release_back_at_the_next_start() {
    for moment in ["failed", "going back"].map(Moment::Pause) {
        let site = first().await;
        let image = site.image("1.1.0");
        let bad = site.compose(&["sh", "-c", "exit 1"]) + "x-distr: {strategy: in-place}\n";
        let second = site.wants(2, site.run("1.1.0", &image, &bad));
        kill_at(&site, &second, moment).await;
        finish(&site, &second, Step::Failed, Some("1.0.0")).await;
        assert_eq!(site.containers(&site.project).len(), 1, "{moment:?}");
        let record = record(&site.data(), site.deployment).unwrap();
        let [old, new] = ["1.0.0", "1.1.0"].map(|version| version.parse().unwrap());
        assert!(record.has_applied(1, &old) && record.failure(2, &new).is_some(), "{moment:?}: {record:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_killed_in_a_removal_finishes_it_at_the_next_start() {
    for moment in ["removing", "removed"].map(Moment::Pause) {
        let site = first().await;
        std::fs::write(site.policy().path, "data-removal: automatic\n").unwrap();
        let second = site.wants_removal(2, DataRemoval::Remove);
        kill_at(&site, &second, moment).await;
        finish(&site, &second, Step::Removed, None).await;
        assert!(site.containers(&site.project).is_empty() && site.volumes().is_empty(), "{moment:?}");
    }
}
