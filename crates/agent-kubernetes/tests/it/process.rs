//! The program as a process of its own: what it says where its surroundings are not as it needs them, and state in files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use distr_agent::data_dir::DataDir;
use distr_agent::desired;
use distr_agent::identity::Identity;
use distr_agent::secret::Secret;
use distr_agent_kubernetes::helm::Cluster;
use distr_domain::agent::DesiredState;
use distr_domain::ids::{CredentialId, TargetId};
use distr_tests::wait;
use uuid::Uuid;

use crate::cluster::Site;

fn kubeconfig(site: &Site) -> PathBuf {
    match &site.helm.cluster {
        Cluster::Kubeconfig(path) => path.clone(),
        Cluster::Own { .. } => unreachable!("tests are outside"),
    }
}

fn agent(site: &Site, kubeconfig: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_distr-agent-kubernetes"));
    command.arg(arguments[0]).arg("--data-dir").arg(site.folder.path().join("agent")).args(&arguments[1..]);
    command.env("DISTR_AGENT_KUBECONFIG", kubeconfig).env("DISTR_AGENT_HELM", &site.helm.program);
    command.env("DISTR_AGENT_NAMESPACE", &site.release.namespace).stdin(Stdio::null());
    command
}

/// The words that it says before it ends with a fault.
fn said(output: Output) -> String {
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

#[test]
fn what_is_wrong_around_it_is_told_in_a_sentence_with_what_to_do() {
    let Some(mut site) = Site::new() else { return };
    let own = kubeconfig(&site);
    let run =
        |site: &Site, path: &Path, more: &[&str]| said(agent(site, path, &[&["run"], more].concat()).output().unwrap());
    let text = run(&site, &own, &["--helm", "/bin/true"]);
    assert!(text.contains("is not Helm 4.1.4 as it was released") && text.contains("--helm-sha256"), "{text}");
    let text = run(&site, &own, &["--helm", "/nonexistent"]);
    assert!(text.contains("say where it is with --helm"), "{text}");
    let away = site.folder.path().join("away");
    let config = std::fs::read_to_string(&own).unwrap();
    let server = config.lines().find_map(|line| line.split_once("server: ")).unwrap().1;
    let server = server.split(['}', ',', ' ']).next().unwrap();
    std::fs::write(&away, config.replace(server, "https://127.0.0.1:1")).unwrap();
    let text = run(&site, &away, &[]);
    assert!(text.contains("the cluster does not answer") && text.contains("check that the API server runs"), "{text}");
    let text = run(&site, &own, &[]);
    assert!(text.contains("run its command `enrol`, or set DISTR_ENROLMENT_TOKEN"), "{text}");
    let mut outside = agent(&site, &own, &["run"]);
    let text =
        said(outside.env_remove("DISTR_AGENT_KUBECONFIG").env_remove("KUBERNETES_SERVICE_HOST").output().unwrap());
    assert!(text.contains("name the cluster's kubeconfig with --kubeconfig"), "{text}");
    site.become_account("low");
    let text = run(&site, &kubeconfig(&site), &[]);
    let words = format!("lacks rights in its own namespace {} (get secrets, list secrets", site.release.namespace);
    assert!(text.contains(&words) && text.contains("`distr-agent-kubernetes rules`"), "{text}");
}

#[test]
fn the_roles_that_it_prints_are_enough_for_it() {
    let Some(mut site) = Site::new() else { return };
    let own = kubeconfig(&site);
    let printed = agent(&site, &own, &["rules", "--applications", "default"]).output().unwrap();
    let path = site.folder.path().join("roles.yaml");
    std::fs::write(&path, printed.stdout).unwrap();
    site.kubectl(&["apply", "--dry-run=server", "-f", path.to_str().unwrap()]);
    // those of its own namespace, which are the first, as others test in the other one
    let roles = std::fs::read_to_string(&path).unwrap();
    let own_roles: Vec<&str> = roles.split("---\n").filter(|object| !object.trim().is_empty()).take(2).collect();
    std::fs::write(&path, own_roles.join("---\n")).unwrap();
    site.kubectl(&["apply", "-f", path.to_str().unwrap()]);
    site.become_account("distr-agent");
    let text = said(agent(&site, &kubeconfig(&site), &["run"]).output().unwrap());
    assert!(text.contains("the agent is not enrolled"), "{text}");
    let lease = site.get(&["lease", "distr-agent"]);
    assert_eq!(lease["spec"]["holderIdentity"].as_str().unwrap_or_default(), "", "it was set free");
}

#[tokio::test]
async fn state_in_files_stays_in_files() {
    let Some(site) = Site::new() else { return };
    let data = DataDir::open(&site.folder.path().join("agent")).unwrap();
    let identity = Identity {
        // nobody listens there
        hub: "http://127.0.0.1:1".to_owned(),
        target: TargetId(Uuid::from_u128(1)),
        credential: CredentialId(Uuid::from_u128(2)),
        secret: Secret::new("hunter2"),
    };
    identity.store(&data.identity()).unwrap();
    let state = DesiredState { etag: "1".to_owned(), registry: "127.0.0.1:1".to_owned(), deployments: vec![] };
    desired::store(&data, &state).unwrap();
    let log = site.folder.path().join("log");
    let mut running = agent(&site, &kubeconfig(&site), &["run", "--state", "files", "--interval", "1"])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    wait::until("a try to reach the hub", Duration::from_secs(60), async || {
        let text = std::fs::read_to_string(&log).unwrap();
        if text.contains("cannot reach the hub") { Ok(()) } else { Err(text) }
    })
    .await;
    for probe in ["live", "ready"] {
        let probed = agent(&site, &kubeconfig(&site), &["status", "--probe", probe]).output().unwrap();
        assert!(probed.status.success(), "{probe}: {}", String::from_utf8_lossy(&probed.stderr));
    }
    let secrets = site.get(&["secrets"]).to_string();
    let ended = Command::new("kill").arg(running.id().to_string()).status().unwrap();
    assert!(ended.success() && running.wait().unwrap().success());
    assert!(!secrets.contains("distr-agent-"), "{secrets}");
    assert!(data.root().join("key").exists());
    assert!(!std::fs::read_to_string(&log).unwrap().contains("hunter2"));
    let status = agent(&site, &kubeconfig(&site), &["status"]).output().unwrap();
    assert!(String::from_utf8(status.stdout).unwrap().starts_with("hub          http://127.0.0.1:1\n"));
}
