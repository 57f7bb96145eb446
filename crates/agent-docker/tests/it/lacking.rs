//! What a host does not have, and may have tomorrow: nothing that serves is taken down to find it out.

use std::process::Command;

use distr_agent::converge::Settled;
use distr_domain::agent::{ErrorCategory, PinnedImage, ReportedError};
use distr_tests::ports::free_port;

use crate::registry::docker;
use crate::site::{Agent, Site};

/// The container, and since when it runs.
fn identity(site: &Site) -> String {
    let container = &site.containers(&site.project)[0];
    docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.RestartCount}}", container])
}

/// A release that serves, and the image of the next one.
async fn serving(site: &Site, agent: &mut Agent) -> PinnedImage {
    let (old, new) = (site.image("1.0.0"), site.image("1.1.0"));
    assert_eq!(agent.settle(&site.wants(1, site.run("1.0.0", &old, &site.good()))).await, Settled::Done);
    new
}

fn troubled(settled: Settled) -> ReportedError {
    match settled {
        Settled::Troubled(error) => error,
        other => panic!("{other:?}"),
    }
}

const IN_PLACE: &str = "x-distr: {strategy: in-place}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_is_not_there_is_waited_for_while_the_old_release_serves() {
    let site = Site::new().await;
    let mut agent = site.agent();
    let new = serving(&site, &mut agent).await;
    let before = identity(&site);
    let network = format!("{}-shared", site.application);
    std::fs::write(site.policy().path, format!("allow: [{{network: {network}}}]\n")).expect("own folder");
    let compose = format!("{}networks: {{default: {{name: {network}, external: true}}}}\n{IN_PLACE}", site.good());
    let desired = site.wants(2, site.run("1.1.0", &new, &compose));
    for _ in 0..2 {
        let error = troubled(agent.settle(&desired).await);
        let told =
            format!("a network that the release takes for granted is not on this host; create it (network {network})");
        assert_eq!((error.category, error.text), (ErrorCategory::Config, told));
        assert_eq!(identity(&site), before, "it serves as before");
    }
    docker(&["network", "create", &network]);
    let settled = agent.settle(&desired).await;
    let page = site.page().await;
    let project = site.project.clone();
    drop(site);
    let removed = Command::new("docker").args(["network", "rm", &network]).output();
    assert_eq!((settled, page.as_deref()), (Settled::Done, Some("1.1.0")), "{project}");
    assert!(removed.is_ok_and(|removed| removed.status.success()), "nobody is left in the network");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_of_another_container_is_waited_for_while_the_old_release_serves() {
    let (site, other) = (Site::new().await, Site::new().await);
    let (mut agent, mut of_other) = (site.agent(), other.agent());
    let new = serving(&site, &mut agent).await;
    serving(&other, &mut of_other).await;
    let before = identity(&site);
    let ports = |port: u16| {
        let own = format!("127.0.0.1:{}:80", site.port);
        format!("{}{IN_PLACE}", site.good().replace(&own, &format!("127.0.0.1:{port}:80")))
    };
    let desired = site.wants(2, site.run("1.1.0", &new, &ports(other.port)));
    for _ in 0..2 {
        let error = troubled(agent.settle(&desired).await);
        assert_eq!(error.category, ErrorCategory::Resources);
        let holder = format!("(port {}, container {}-web-1)", other.port, other.project);
        assert!(error.text.ends_with(&holder), "{}", error.text);
        assert_eq!(identity(&site), before, "it serves as before");
    }
    let elsewhere = site.wants(3, site.run("1.1.0", &new, &ports(free_port())));
    assert_eq!(agent.settle(&elsewhere).await, Settled::Done);
}
