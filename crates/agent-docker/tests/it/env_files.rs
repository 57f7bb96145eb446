//! What a shipped env file says reaches a container as compose itself would give it, dollar signs among it.

use std::process::Command;

use distr_agent::converge::Settled;
use distr_domain::release::PackageFile;

use crate::registry::docker;
use crate::site::Site;

const VALUES: &str = r#"A=pa$$word
B=pa$word
C='si$ngle'
D="do$uble"
E=esc\$aped
F="esc\$aped"
G=${PASSWORD}
H=${NOBODY:-default}
I=$$
J=x$
L=a $ b
M=$A
N='$$x'
O="$$x"
P=100$%
Q=a#b # a comment
"#;

/// The variables of a container that a file of its own gave it.
fn variables(container: &str) -> Vec<String> {
    let all = docker(&["inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", container]);
    let of_file = |line: &&str| line.as_bytes().get(1) == Some(&b'=');
    let mut lines: Vec<String> = all.lines().filter(of_file).map(str::to_owned).collect();
    lines.sort();
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_env_file_that_compose_refuses_is_the_releases_fault() {
    let site = Site::new().await;
    let (mut agent, image) = (site.agent(), site.image("1.0.0"));
    let compose = "services: {web: {image: x, command: [sleep, '600'], env_file: app.env}}\n";
    for (generation, content) in
        [(1, "BAD KEY=1\n"), (2, "A='x\n"), (3, "A=${\n"), (4, "a!b=1\n"), (5, "A=${B?must}\n")]
    {
        let file = PackageFile {
            path: "app.env".parse().expect("a path"),
            content: content.as_bytes().to_vec().into(),
            executable: false,
        };
        let run = site.run("1.0.0", &image, compose);
        let run = distr_domain::agent::RunInstruction { files: vec![file], ..run };
        let settled = agent.settle(&site.wants(generation, run)).await;
        let Settled::Failed(error) = settled else { panic!("{content} is tried again: {settled:?}") };
        assert_eq!(error.category, distr_domain::agent::ErrorCategory::Config, "{content}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_env_file_is_read_as_compose_reads_it() {
    let site = Site::new().await;
    let image = site.image("1.0.0");
    let compose = |image: &str| {
        format!(
            "services: {{web: {{image: '{image}', command: [sleep, '600'], stop_signal: SIGKILL, env_file: app.env}}}}\n"
        )
    };
    let file = PackageFile {
        path: "app.env".parse().expect("a path"),
        content: VALUES.as_bytes().to_vec().into(),
        executable: false,
    };
    let run = site.run("1.0.0", &image, &compose("x"));
    let run = distr_domain::agent::RunInstruction { files: vec![file], ..run };
    assert_eq!(site.agent().settle(&site.wants(1, run)).await, Settled::Done);
    let ours = variables(&site.containers(&site.project)[0]);

    let folder = tempfile::tempdir().expect("a folder");
    let reference = format!("{}/{}@{}", site.registry.address, image.repository, image.digest);
    std::fs::write(folder.path().join("compose.yaml"), compose(&reference)).expect("own folder");
    std::fs::write(folder.path().join("app.env"), VALUES).expect("own folder");
    std::fs::write(folder.path().join(".env"), "PASSWORD=\"it's \\$ecret \\\"2\\\"\"\n").expect("own folder");
    let beside = site.candidate();
    let mut command = Command::new("docker");
    command.args(["compose", "-p", &beside, "up", "--no-start", "--pull", "never"]).current_dir(folder.path());
    let made = command.output().expect("the program docker is missing");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert_eq!(ours, variables(&site.containers(&beside)[0]));
    assert!(ours.contains(&"A=pa$word".to_owned()) && ours.contains(&"G=it's $ecret \"2\"".to_owned()), "{ours:?}");
}
