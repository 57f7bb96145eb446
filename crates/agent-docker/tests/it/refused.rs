//! What no engine takes of a release is the release's fault: it is given up with words, whatever the host allows and whatever else
//! runs there.

use distr_agent::converge::Settled;
use distr_domain::agent::ErrorCategory;

use crate::site::Site;

/// Keys of the service, what stands beside the services, and the beginning of the sentence that follows.
const REFUSED: &[(&str, &str, &str)] = &[
    ("stop_signal: SIGFOO", "", "the stop_signal of a service is not a signal"),
    ("tmpfs: ['/run:foo=1']", "", "a service has an invalid option for tmpfs"),
    ("tmpfs: ['/run:size=abc']", "", "a service has an invalid option for tmpfs"),
    ("volumes: [data]", "", "a mount of the release has no absolute path"),
    ("volumes: ['/']", "", "a mount of the release is at the root of its container"),
    ("extra_hosts: ['db:1.2.3']", "", "an address among the extra_hosts of a service is not valid"),
    ("healthcheck: {test: [CMD, 'true'], interval: 100us}", "", "a time of a health check is too short"),
    ("networks: {n: {ipv4_address: 10.9.9.9}}", "networks: {n: {}}", "a fixed address needs a network with a subnet"),
    ("cap_add: [NET_FOO]", "", "service web, key cap_add: there is no capability \"NET_FOO\""),
    ("cap_drop: [FOO]", "", "service web, key cap_drop: there is no capability \"FOO\""),
    (
        "read_only: true\n    configs: [c]",
        "configs: {c: {content: hello}}",
        "a config or secret without a file cannot be put into a service that is read_only",
    ),
    ("cpus: 0.5\n    cpu_quota: 5000", "", "options of a service exclude each other"),
];

fn compose(keys: &str, beside: &str) -> String {
    format!(
        "services:\n  web:\n    image: x\n    command: [sleep, '600']\n    stop_signal: SIGKILL\n    {keys}\n{beside}\n"
    )
    .replace("stop_signal: SIGKILL\n    stop_signal", "stop_signal")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_engine_takes_is_the_releases_fault() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let mut agent = site.agent();
    for (generation, (keys, beside, words)) in (1..).zip(REFUSED) {
        let run = site.run("1.0.0", &image, &compose(keys, beside));
        match agent.settle(&site.wants(generation, run)).await {
            Settled::Failed(error) if error.category == ErrorCategory::Config && error.text.starts_with(words) => {}
            other => panic!("{keys}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_port_twice_is_the_releases_fault_and_a_taken_one_the_hosts() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let mut agent = site.agent();
    let port = site.port;
    let twice = compose(&format!("ports: ['{port}:80', '127.0.0.1:{port}:81']"), "");
    let Settled::Failed(error) = agent.settle(&site.wants(1, site.run("1.0.0", &image, &twice))).await else {
        panic!("it is given up")
    };
    assert_eq!(error.category, ErrorCategory::Config);
    assert!(error.text.starts_with(&format!("port {port} is published twice by the release")), "{}", error.text);

    let taken = std::net::TcpListener::bind(("0.0.0.0", port)).expect("nobody has the port");
    let once = compose(&format!("ports: ['{port}:80']"), "");
    let desired = site.wants(2, site.run("1.0.0", &image, &once));
    let Settled::Troubled(error) = agent.settle(&desired).await else { panic!("it is tried again") };
    assert_eq!(error.category, ErrorCategory::Resources);
    drop(taken);
    assert_eq!(agent.settle(&desired).await, Settled::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_in_the_file_reaches_a_service_of_another_user() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let keys = "user: '1000:1000'\n    configs: [{source: c, target: /etc/app/c}]\n    healthcheck:\n      \
                test: [CMD, /bin/busybox, grep, -q, hello, /etc/app/c]\n      interval: 300ms";
    let run = site.run("1.0.0", &image, &compose(keys, "configs: {c: {content: hello}}"));
    assert_eq!(site.agent().settle(&site.wants(1, run)).await, Settled::Done);
}
