use distr_agent::converge::Settled;
use distr_domain::agent::Step;

use crate::site::Site;
use crate::traffic::Traffic;

#[tokio::test(flavor = "multi_thread")]
async fn the_old_release_serves_until_the_new_one_is_proven() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &old, &site.good()))).await, Settled::Done);
    agent.reports();

    let traffic = Traffic::begin(site.port);
    assert_eq!(agent.settle(&site.wants(2, site.run("1.1.0", &new, &site.good()))).await, Settled::Done);
    let answers = traffic.end();
    let reports = agent.reports();
    let began =
        |step| reports.iter().find(|report| report.deployments[0].step == step).expect("the step is reported").at;
    let (proving, switching, applied) = (began(Step::Proving), began(Step::Switching), began(Step::Applied));

    let before: Vec<_> = answers.iter().filter(|answer| answer.answered < switching).collect();
    let missed: Vec<_> = before.iter().filter(|answer| answer.page.as_deref() != Some("1.0.0")).collect();
    assert!(missed.is_empty(), "before the switch: {missed:?}");
    assert!(
        before.iter().filter(|answer| answer.asked > proving).count() > 5,
        "the old one was asked while the new one was proven"
    );
    let after: Vec<_> = answers.iter().filter(|answer| answer.asked > applied).collect();
    assert!(after.iter().all(|answer| answer.page.as_deref() == Some("1.1.0")), "after the switch: {after:?}");
    assert_eq!(site.page().await.as_deref(), Some("1.1.0"));

    assert!(site.containers(&site.candidate()).is_empty());
    assert_eq!(site.volumes(), [format!("{}_data", site.project)], "the candidate's volumes are gone");
    assert!(!site.data().generation(site.deployment, 1).exists(), "old secrets are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_there_after_an_upgrade() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &old, &site.good()))).await, Settled::Done);
    let touch = ["exec", &site.containers(&site.project)[0], "/bin/busybox", "touch", "/data/kept"];
    crate::registry::docker(&touch);
    assert_eq!(agent.settle(&site.wants(2, site.run("1.1.0", &new, &site.good()))).await, Settled::Done);
    let list = ["exec", &site.containers(&site.project)[0], "/bin/busybox", "ls", "/data"];
    assert_eq!(crate::registry::docker(&list), "kept\n");
}
