use distr_agent::converge::Settled;
use distr_domain::agent::{ErrorCategory, Health, Step};

use crate::registry::docker;
use crate::site::{Site, of};
use crate::traffic::Traffic;

fn identity(container: &str) -> String {
    docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}", container])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_never_gets_healthy_does_not_touch_the_old_one() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &old, &site.good()))).await, Settled::Done);
    let before = identity(&site.containers(&site.project)[0]);
    agent.reports();

    let traffic = Traffic::begin(site.port);
    let bad = site.compose(&["sh", "-c", "echo not today; exit 3"]);
    let desired = site.wants(2, site.run("1.1.0", &new, &bad));
    let Settled::Failed(error) = agent.settle(&desired).await else { panic!("it is given up") };
    let answers = traffic.end();
    assert_eq!(error.category, ErrorCategory::Unhealthy);
    assert_eq!(error.text, "service web is unhealthy: its health check ended with exit code 3");
    assert!(answers.len() > 5 && answers.iter().all(|answer| answer.page.as_deref() == Some("1.0.0")), "{answers:?}");
    assert_eq!(identity(&site.containers(&site.project)[0]), before);
    assert!(site.containers(&site.candidate()).is_empty());

    let reports = of(&agent.reports(), site.deployment);
    let last = reports.last().unwrap();
    let running = last.running.as_ref().unwrap();
    assert_eq!((last.generation, last.step, last.health), (2, Step::Failed, Health::Ok));
    assert_eq!((running.generation, running.version.to_string().as_str()), (1, "1.0.0"));
    assert!(!reports.iter().any(|report| report.step == Step::Switching));

    assert_eq!(site.agent().settle(&desired).await, Settled::Failed(error), "it is not tried again");
    let good = site.wants(3, site.run("1.1.0", &new, &site.good()));
    assert_eq!(agent.settle(&good).await, Settled::Done, "a newer generation is");
    assert_eq!(site.page().await.as_deref(), Some("1.1.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_switched_in_place_goes_back_when_it_is_not_healthy() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    let in_place = |compose: String| format!("{compose}\nx-distr: {{strategy: in-place}}\n");
    let first = site.wants(1, site.run("1.0.0", &old, &in_place(site.good())));
    assert_eq!(agent.settle(&first).await, Settled::Done);
    agent.reports();
    let bad = in_place(site.compose(&["false"]));
    let Settled::Failed(error) = agent.settle(&site.wants(2, site.run("1.1.0", &new, &bad))).await else {
        panic!("it is given up")
    };
    assert_eq!(error.category, ErrorCategory::Unhealthy);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
    let reports = of(&agent.reports(), site.deployment);
    assert!(reports.iter().any(|report| report.step == Step::Switching));
    let last = reports.last().unwrap();
    assert_eq!((last.step, last.running.as_ref().unwrap().generation, &last.drift), (Step::Failed, 1, &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn why_a_service_is_ill_is_said_and_what_it_printed_only_with_consent() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let image = site.image("1.0.0");
    // over within the agent's patience: an engine that gives up a check while it starts it may answer nobody until the check ends
    let slow = site.compose(&["sh", "-c", "sleep 10"]).replace("timeout: 2s", "timeout: 1s");
    let absent = site.compose(&[]).replace("\"CMD\",\"/bin/busybox\"", "\"CMD\",\"/bin/curl\"");
    let talks = site.compose(&["sh", "-c", "echo not today; exit 3"]);
    for (generation, compose, why) in [
        (1, &slow, "took longer than its timeout"),
        (2, &absent, "cannot be run in its image"),
        (3, &talks, "ended with exit code 3"),
    ] {
        let desired = site.wants(generation, site.run("1.0.0", &image, compose));
        let Settled::Failed(error) = agent.settle(&desired).await else { panic!("{why}") };
        assert!(error.category == ErrorCategory::Unhealthy && error.text.ends_with(why), "{}", error.text);
    }
    std::fs::write(site.policy().path, "container-output: errors\n").expect("own folder");
    let Settled::Failed(error) = agent.settle(&site.wants(4, site.run("1.0.0", &image, &talks))).await else {
        panic!("it is given up")
    };
    assert!(error.text.contains("exit code 3") && error.text.contains("not today"), "{}", error.text);
}
