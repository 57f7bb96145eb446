use distr_agent::converge::Settled;
use distr_domain::agent::Step;

use crate::registry::docker;
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
    assert!(!site.data().generation(site.deployment, "1").exists(), "old secrets are gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_there_after_an_upgrade() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &old, &site.good()))).await, Settled::Done);
    let touch = ["exec", &site.containers(&site.project)[0], "/bin/busybox", "touch", "/data/kept"];
    docker(&touch);
    assert_eq!(agent.settle(&site.wants(2, site.run("1.1.0", &new, &site.good()))).await, Settled::Done);
    let list = ["exec", &site.containers(&site.project)[0], "/bin/busybox", "ls", "/data"];
    assert_eq!(docker(&list), "kept\n");
}

/// Compose leaves a network as it is; a release that closes it must not be called healthy while it is open.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_is_as_the_newest_release_defines_it_and_gone_when_none_does() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let with = |name: &str, network: &str| {
        let compose = site.good().replace(
            "volumes: [\"data:/data\"]",
            &format!("volumes: [\"data:/data\"]\n    networks: [default, {name}]"),
        );
        format!("{compose}networks: {{{name}: {network}}}\n")
    };
    let network = format!("{}_back", site.project);
    let is_internal = || {
        docker(&["network", "inspect", "--format", "{{.Internal}} {{index .Labels \"a\"}}", &network]).trim().to_owned()
    };
    for (generation, definition, expected) in [
        (1, "{internal: false, labels: {a: b}}", "false b"),
        (2, "{internal: true, labels: {a: c}}", "true c"),
        (3, "{labels: {a: c}}", "false c"),
    ] {
        let run = site.run("1.0.0", &image, &with("back", definition));
        assert_eq!(agent.settle(&site.wants(generation, run)).await, Settled::Done);
        assert_eq!(is_internal(), expected, "{definition}");
        assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    }
    assert_eq!(agent.settle(&site.wants(4, site.run("1.0.0", &image, &with("other", "{}")))).await, Settled::Done);
    let networks = docker(&["network", "ls", "--format", "{{.Name}}", "--filter", &format!("name={}_", site.project)]);
    let mut networks: Vec<&str> = networks.lines().collect();
    networks.sort_unstable();
    assert_eq!(networks, [format!("{}_default", site.project), format!("{}_other", site.project)]);
}

/// A hub that was restored gives the number of a generation once more.
#[tokio::test(flavor = "multi_thread")]
async fn another_release_under_a_number_that_is_known_is_applied() {
    let site = Site::new().await;
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    assert_eq!(site.agent().settle(&site.wants(7, site.run("1.1.0", &new, &site.good()))).await, Settled::Done);
    let mut agent = site.agent();
    let restored = site.wants(7, site.run("1.0.0", &old, &site.good()));
    assert_eq!(agent.settle(&restored).await, Settled::Done);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    // and once more: what it replaces comes back with its own files, and is what a repair brings back
    let bad = site.compose(&["sh", "-c", "exit 1"]) + "x-distr: {strategy: in-place}\n";
    let settled = agent.settle(&site.wants(7, site.run("1.2.0", &new, &bad))).await;
    assert!(matches!(settled, Settled::Failed(_)), "{settled:?}");
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    docker(&["rm", "--force", &site.containers(&site.project)[0]]);
    assert_eq!(agent.settle(&restored).await, Settled::Done);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
}
