use std::os::unix::fs::PermissionsExt;

use distr_agent::converge::Settled;
use distr_domain::agent::{ErrorCategory, Health, Step};

use crate::registry::docker;
use crate::site::{Site, of};

#[tokio::test(flavor = "multi_thread")]
async fn an_install_pulls_by_digest_and_is_reported_step_by_step() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    assert_eq!(agent.settle(&desired).await, Settled::Done);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));

    let reports = of(&agent.reports(), site.deployment);
    let mut steps: Vec<Step> = reports.iter().map(|report| report.step).collect();
    steps.dedup();
    assert_eq!(steps, [Step::Pending, Step::Pulling, Step::Switching, Step::Applied]);
    let last = reports.last().unwrap();
    let running = last.running.as_ref().unwrap();
    assert_eq!((running.generation, running.version.to_string().as_str()), (1, "1.0.0"));
    assert_eq!((last.health, &last.drift, &last.error), (Health::Ok, &None, &None));

    let [container] = &site.containers(&site.project)[..] else { panic!("one container") };
    let reference = docker(&["inspect", "--format", "{{.Config.Image}}", container]);
    assert_eq!(reference.trim(), format!("{}/{}@{}", site.registry.address, image.repository, image.digest));
    let environment = docker(&["inspect", "--format", "{{json .Config.Env}}", container]);
    let environment: Vec<String> = serde_json::from_str(&environment).unwrap();
    assert!(environment.contains(&"PASSWORD=it's $ecret \"2\"".to_owned()), "{environment:?}");
    let env_file = site.data().generation(site.deployment, "1").join(".env");
    assert_eq!(env_file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pass_and_a_restarted_agent_change_nothing() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    assert_eq!(agent.settle(&desired).await, Settled::Done);
    let containers = site.containers(&site.project);
    agent.reports();
    assert_eq!(agent.settle(&desired).await, Settled::Done);
    assert!(agent.reports().is_empty(), "nothing new is reported between heartbeats");
    assert_eq!(site.agent().settle(&desired).await, Settled::Done);
    assert_eq!(site.containers(&site.project), containers);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_install_that_fails_leaves_nothing_running_and_is_not_tried_again() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    std::fs::write(site.policy().path, "container-output: errors\n").unwrap();
    let bad = site.compose(&["sh", "-c", "echo broken with $$PASSWORD; exit 1"]);
    let desired = site.wants(1, site.run("1.0.0", &image, &bad));
    let Settled::Failed(error) = agent.settle(&desired).await else { panic!("it is given up") };
    assert_eq!(error.category, ErrorCategory::Unhealthy);
    assert!(error.text.contains("service web is unhealthy") && error.text.contains("broken with"), "{}", error.text);
    assert!(!error.text.contains("$ecret"), "{}", error.text);
    assert!(site.containers(&site.project).is_empty());
    agent.reports();
    let mut again = site.agent();
    assert_eq!(again.settle(&desired).await, Settled::Failed(error));
    let steps: Vec<Step> = of(&again.reports(), site.deployment).iter().map(|report| report.step).collect();
    assert_eq!(steps, [Step::Failed]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_containers_print_leaves_the_host_only_if_its_policy_says_so() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let print = "echo 'to the hub:' $$PASSWORD; printf '%s' \"$$PASSWORD\" | base64; exit 3";
    let crashing = site.good().replace(r#"["httpd", "-f", "-p", "80", "-h", "/www"]"#, &format!("[sh, -c, {print:?}]"));
    let desired = site.wants(1, site.run("1.0.0", &image, &crashing));
    let Settled::Failed(error) = agent.settle(&desired).await else { panic!("it is given up") };
    assert!(error.text.contains("service web") && error.text.contains("exit code 3"), "{}", error.text);
    let reports = format!("{:?}", agent.reports());
    assert!(!reports.contains("to the hub") && !error.text.contains("to the hub"), "{reports}");

    std::fs::write(site.policy().path, "container-output: errors\n").unwrap();
    let desired = site.wants(2, site.run("1.0.0", &image, &crashing));
    let Settled::Failed(error) = agent.settle(&desired).await else { panic!("it is given up") };
    // it's $ecret "2"
    assert!(error.text.contains("to the hub: ***"), "{}", error.text);
    assert!(!error.text.contains("aXQncyAkZWNyZXQgIjIi"), "{}", error.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compose_file_that_is_wrong_is_refused_with_the_reason() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    for (compose, reason) in [
        ("services: {web: {imagee: x}}", "imagee"),
        ("services: {web: {image: x, hostname: \"${NEEDED:?is needed}\"}}", "variable NEEDED is required"),
        ("services: {other: {image: x}}", "service web"),
        ("services: {web: {image: x, profiles: [plus]}}", "no service is selected"),
    ] {
        let desired = site.wants(1, site.run("1.0.0", &image, compose));
        std::fs::remove_dir_all(site.data().deployments()).ok();
        let Settled::Failed(error) = site.agent().settle(&desired).await else { panic!("{compose} is refused") };
        assert_eq!(error.category, ErrorCategory::Config);
        assert!(error.text.contains(reason), "{}", error.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_agent_pulls_with_its_own_credential() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let mut desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    desired.registry = site.registry.guarded.clone();
    let Settled::Troubled(error) = site.agent_with_password("wrong").settle(&desired).await else {
        panic!("a wrong password does not pull, and may be right later")
    };
    assert_eq!(error.category, ErrorCategory::Entitlement);
    assert_eq!(site.agent().settle(&desired).await, Settled::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_away_is_tried_again_and_one_that_refuses_is_not() {
    let site = Site::new().await;
    let (image, mut agent) = (site.image("1.0.0"), site.agent());
    let mut desired = site.wants(1, site.run("1.0.0", &image, &site.good()));
    let there = std::mem::replace(&mut desired.registry, "127.0.0.1:1".to_owned());
    let Settled::Troubled(error) = agent.settle(&desired).await else { panic!("a registry may come back") };
    assert_eq!(error.category, ErrorCategory::Network);
    desired.registry = there;
    assert_eq!(agent.settle(&desired).await, Settled::Done);

    let mut unknown = image;
    unknown.digest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let desired = site.wants(2, site.run("1.1.0", &unknown, &site.good()));
    let Settled::Failed(error) = agent.settle(&desired).await else { panic!("there is no such manifest") };
    assert_eq!(error.category, ErrorCategory::Entitlement);
    assert_eq!(site.page().await.as_deref(), Some("1.0.0"));
}
