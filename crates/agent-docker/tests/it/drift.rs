use distr_agent::converge::Settled;
use distr_domain::agent::{Health, Step};

use crate::registry::docker;
use crate::site::{Site, of};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_by_hand_is_reported_and_then_repaired() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    assert_eq!(agent.settle(&desired).await, Settled::Done);
    let changes: [(&[&str], &str); 4] = [
        (&["rm", "--force"], "service web: container was removed"),
        (&["kill"], "is stopped (exit code 137)"),
        (&["pause"], "is paused"),
        (&["stop", "--time", "0"], "is stopped"),
    ];
    for (change, drift) in changes {
        let container = site.containers(&site.project)[0].clone();
        docker(&[change, &[container.as_str()]].concat());
        agent.reports();
        assert_eq!(agent.settle(&desired).await, Settled::Done);
        assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
        let reports = of(&agent.reports(), site.deployment);
        let (first, last) = (reports.first().unwrap(), reports.last().unwrap());
        assert!(first.drift.as_ref().is_some_and(|text| text.contains(drift)), "{first:?}");
        assert_eq!(first.health, Health::Fail);
        assert_eq!((last.step, &last.drift, last.health), (Step::Applied, &None, Health::Ok), "{reports:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_was_added_by_hand_goes() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    assert_eq!(agent.settle(&desired).await, Settled::Done);
    let stray = format!(
        "services: {{stray: {{image: \"{}/{}@{}\", command: [sleep, \"1000\"]}}}}",
        site.registry.address, image.repository, image.digest
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yaml");
    std::fs::write(&file, stray).unwrap();
    docker(&["compose", "-p", &site.project, "-f", file.to_str().unwrap(), "up", "--detach"]);
    assert_eq!(site.containers(&site.project).len(), 2);
    assert_eq!(agent.settle(&desired).await, Settled::Done);
    assert_eq!(site.containers(&site.project).len(), 1);
}
