//! A vendor that asks for more than the host's policy allows: refused in sentences before anything is pulled or made, and
//! run once the host's owner wrote the lines that the refusal named.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use distr_agent::converge::Settled;
use distr_agent::{consent, desired};
use distr_domain::agent::{AskedBy, DataRemoval, DesiredState, ErrorCategory, PinnedImage, ReportedError, Step};
use tokio::net::{TcpListener, TcpStream};

use crate::registry::docker;
use crate::site::{Agent, Site, of};

/// Passes on what is said to the registry, and counts who comes.
struct Tap {
    address: String,
    callers: Arc<AtomicUsize>,
}

impl Tap {
    async fn before(registry: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (callers, registry) = (Arc::new(AtomicUsize::new(0)), registry.to_owned());
        let counted = Arc::clone(&callers);
        tokio::spawn(async move {
            while let Ok((mut caller, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let registry = registry.clone();
                tokio::spawn(async move {
                    let mut registry = TcpStream::connect(registry).await?;
                    tokio::io::copy_bidirectional(&mut caller, &mut registry).await
                });
            }
        });
        Self { address, callers }
    }
}

/// A site whose registry is watched.
struct Watched {
    site: Site,
    tap: Tap,
    image: PinnedImage,
}

impl Watched {
    async fn new() -> Self {
        let site = Site::new().await;
        let tap = Tap::before(&site.registry.address).await;
        let image = site.image("1.0.0");
        Self { site, tap, image }
    }

    /// The good release with more in its only service, and at the end of the file.
    fn release(&self, generation: u64, service: &str, rest: &str) -> DesiredState {
        let compose = self.site.good().replacen("    healthcheck:", &format!("{service}    healthcheck:"), 1) + rest;
        let run = self.site.run("1.0.0", &self.image, &compose);
        DesiredState { registry: self.tap.address.clone(), ..self.site.wants(generation, run) }
    }

    fn assert_untouched(&self) {
        assert_eq!(self.tap.callers.load(Ordering::SeqCst), 0, "somebody asked the registry");
        assert!(self.site.containers(&self.site.project).is_empty(), "a container was made");
    }

    async fn held(&self, agent: &mut Agent, desired: &DesiredState) -> ReportedError {
        let Settled::Troubled(error) = agent.settle(desired).await else { panic!("the host holds it") };
        assert_eq!(error.category, ErrorCategory::Policy, "{}", error.text);
        self.assert_untouched();
        error
    }
}

/// The lines that a refusal names.
fn lines(refusal: &str) -> Vec<String> {
    let named = refusal.split("the line \"").skip(1);
    named.map(|rest| rest.split("\" under").next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_asks_for_the_host_is_refused_before_anything_is_pulled_and_runs_with_the_lines_it_named() {
    let watched = Watched::new().await;
    let mut agent = watched.site.agent();
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    std::fs::create_dir(root.join("data")).unwrap();
    std::fs::create_dir(root.join("hidden")).unwrap();
    std::os::unix::fs::symlink(root.join("hidden"), root.join("link")).unwrap();
    std::fs::write(root.join("secret.env"), "HOST_ONLY=s3cret-of-the-host\n").unwrap();
    std::fs::set_permissions(root.join("secret.env"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let root = root.display().to_string();
    let service = format!(
        "    env_file: [\"{root}/secret.env\"]\n    cap_add: [SYS_PTRACE]\n    pid: host\n    labels: {{a: b}}\n"
    );
    let binds =
        format!("[\"data:/data\", \"{root}/link:/link:ro\", \"/var/run/docker.sock:/engine.sock\", \"bound:/bound\"]");
    let rest = format!("  bound: {{driver_opts: {{type: none, o: bind, device: \"{root}/data\"}}}}\n");
    let mut desired = watched.release(1, &service, &rest);
    let distr_domain::agent::Instruction::Run(run) = &mut desired.deployments[0].instruction else { unreachable!() };
    run.compose = run.compose.replacen("[\"data:/data\"]", &binds, 1);

    let error = watched.held(&mut agent, &desired).await;
    for sentence in [
        "service web, key env_file",
        "service web, key cap_add, value \"SYS_PTRACE\"",
        "service web, key pid, value \"host\"",
        &format!("{root}/link (which is {root}/hidden)"),
        "the socket of the container engine",
        "volume bound, key driver_opts",
    ] {
        assert!(error.text.contains(sentence), "{sentence}: {}", error.text);
    }
    assert!(!error.text.contains("s3cret-of-the-host"));
    let reports = of(&agent.reports(), watched.site.deployment);
    let last = reports.last().unwrap();
    assert_eq!(
        (last.step, last.error.as_ref().map(|error| error.category)),
        (Step::Pending, Some(ErrorCategory::Policy))
    );

    let lines = lines(&error.text);
    assert!(lines.contains(&format!("- read: {root}/hidden")) && lines.contains(&"- engine-socket: true".to_owned()));
    let policy = watched.site.policy().path;
    std::fs::write(&policy, format!("allow:\n{}", lines.iter().map(|line| format!("  {line}\n")).collect::<String>()))
        .unwrap();
    let settled = agent.settle(&desired).await;
    assert_eq!(settled, Settled::Done, "{lines:?}");
    let container = &watched.site.containers(&watched.site.project)[0];
    let environment = docker(&["inspect", "--format", "{{json .Config.Env}}", container]);
    assert!(environment.contains("HOST_ONLY=s3cret-of-the-host"), "{environment}");
    assert_eq!(watched.site.page().await.as_deref(), Some("1.0.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn compose_reads_no_file_of_the_host_before_the_policy_was_asked() {
    let watched = Watched::new().await;
    let mut agent = watched.site.agent();
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::canonicalize(folder.path()).unwrap().join("secret").display().to_string();
    // compose fails on this text if it reads it, and then the release is given up instead of held
    std::fs::write(&file, "\"no variable, no label\n").unwrap();
    for (generation, key) in [(1, "env_file"), (2, "label_file")] {
        let desired = watched.release(generation, &format!("    {key}: [\"{file}\"]\n"), "");
        let error = watched.held(&mut agent, &desired).await;
        let (place, line) = (format!("service web, key {key}"), format!("- read: {file}"));
        assert!(error.text.contains(&place) && error.text.contains(&line), "{}", error.text);
    }
    let developed = format!("    develop: {{watch: [{{path: \"{file}\", action: rebuild}}]}}\n");
    assert_eq!(agent.settle(&watched.release(3, &developed, "")).await, Settled::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_release_does_not_say_itself_never_runs() {
    let watched = Watched::new().await;
    let mut agent = watched.site.agent();
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("evil.yaml").display().to_string();
    std::fs::write(&file, "services: {evil: {image: evil, privileged: true}}").unwrap();
    let digest = "0".repeat(64);
    let own = watched.tap.address.clone();
    let alias = own.replace("127.0.0.1", "localhost");
    let mutable = format!("{own}/acme/{}:1-0-0", watched.site.application);
    let evil = |image: &str| {
        watched.site.good().replacen("services:", &format!("services:\n  evil: {{image: \"{image}\"}}"), 1)
    };
    for (generation, compose, reason) in [
        (1, format!("include: [\"{file}\"]\n{}", watched.site.good()), "the key \"include\""),
        (
            2,
            watched.site.good().replacen(
                "    image:",
                &format!("    extends: {{file: \"{file}\", service: evil}}\n    image:"),
                1,
            ),
            "extends a service of another file",
        ),
        (3, evil(&format!("${{PASSWORD:-{mutable}}}${{NONE:+@sha256:}}")), "holds a variable"),
        (4, evil(&mutable), "service evil: image"),
        (5, evil(&format!("{alias}/acme/evil@sha256:{digest}")), "of the hub's registry"),
        (
            6,
            evil(&format!("{}/acme/evil@sha256:{digest}", own.replace("127.0.0.1", "127.0.0.2"))),
            "of the hub's registry",
        ),
        (7, evil("postgres:17"), "it has no digest"),
        (8, evil("postgres:17@sha256:"), "its digest is not"),
        (9, format!("{}\n---\nservices: {{evil: {{image: evil}}}}\n", watched.site.good()), "cannot be read"),
        (10, evil("x").replacen("{image: \"x\"}", "{build: /}", 1), "is built"),
    ] {
        let run = watched.site.run("1.0.0", &watched.image, &compose);
        let desired = DesiredState { registry: own.clone(), ..watched.site.wants(generation, run) };
        let Settled::Failed(error) = agent.settle(&desired).await else { panic!("{compose} is given up") };
        assert!(error.text.contains(reason), "{reason}: {}", error.text);
        assert_eq!(error.category, ErrorCategory::Config);
        watched.assert_untouched();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_cannot_be_relied_on_lets_nothing_new_begin_and_what_runs_goes_on() {
    let watched = Watched::new().await;
    let mut agent = watched.site.agent();
    let policy = watched.site.policy().path;
    std::fs::write(&policy, "deploymentz: ask\n").unwrap();
    let desired = watched.release(1, "", "");
    let error = watched.held(&mut agent, &desired).await;
    assert!(
        error.text.contains("nothing new is applied or removed on this host") && error.text.contains("deploymentz"),
        "{}",
        error.text
    );
    std::fs::remove_file(&policy).unwrap();
    assert_eq!(agent.settle(&desired).await, Settled::Done);

    std::fs::write(&policy, "deployments: ask\n").unwrap();
    std::fs::set_permissions(&policy, std::fs::Permissions::from_mode(0o666)).unwrap();
    let Settled::Troubled(error) = agent.settle(&watched.release(2, "", "")).await else { panic!("it is held") };
    assert!(error.text.contains("may be written by others"), "{}", error.text);
    // looked after all the same
    docker(&["rm", "--force", &watched.site.containers(&watched.site.project)[0]]);
    agent.settle(&watched.release(2, "", "")).await;
    assert_eq!(watched.site.page().await.as_deref(), Some("1.0.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_ask_a_vendors_wish_waits_for_somebody_on_the_host() {
    let watched = Watched::new().await;
    let mut agent = watched.site.agent();
    std::fs::write(watched.site.policy().path, "deployments: ask\n").unwrap();
    let wanted = watched.release(1, "", "");
    let error = watched.held(&mut agent, &wanted).await;
    assert!(error.text.contains("waits for consent on this host"), "{}", error.text);
    desired::store(&watched.site.data(), &wanted).unwrap();
    assert!(consents(&watched.site, &["list"]).contains("release 1.0.0, asked for by the vendor, as the hub says"));
    let give = format!("distr-agent consent give {} --generation 1", watched.site.deployment);
    assert!(consents(&watched.site, &["list"]).contains(&give));
    let never = refused_answer(&watched.site, &["give", &watched.site.application, "--generation", "9"]);
    assert!(never.contains("there was no generation 9: the newest is 1"), "{never}");
    consents(&watched.site, &["refuse", &watched.site.application]);
    assert!(!consents(&watched.site, &["list"]).contains(&give));
    assert!(watched.held(&mut agent, &wanted).await.text.contains("was refused on this host"));
    consents(&watched.site, &["give", &watched.site.application, "--generation", "1"]);
    assert_eq!(agent.settle(&wanted).await, Settled::Done);
    assert!(consent::load(&watched.site.data(), watched.site.deployment).unwrap().is_none(), "it is used up");
    let late = refused_answer(&watched.site, &["refuse", &watched.site.application]);
    assert!(late.contains("runs already: there is nothing left to refuse"), "{late}");
    assert!(consents(&watched.site, &["give", &watched.site.application]).contains("runs already"));

    // that the customer's own member asked is the hub's word: it counts if the host's owner says so
    let mut own = watched.release(2, "    labels: {a: b}\n", "");
    own.deployments[0].asked_by = AskedBy::Customer;
    let Settled::Troubled(error) = agent.settle(&own).await else { panic!("nobody agreed to it") };
    assert!(
        error.text.contains("waits for consent on this host") && error.text.contains("customer-requests: as-vendor"),
        "{}",
        error.text
    );
    desired::store(&watched.site.data(), &own).unwrap();
    assert!(consents(&watched.site, &["list"]).contains("asked for by a member of the customer, as the hub says"));
    std::fs::write(watched.site.policy().path, "deployments: ask\ncustomer-requests: automatic\n").unwrap();
    assert_eq!(agent.settle(&own).await, Settled::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_is_removed_only_with_consent_whoever_asks() {
    let watched = Watched::new().await;
    let mut agent = watched.site.agent();
    assert_eq!(agent.settle(&watched.release(1, "", "")).await, Settled::Done);
    let removal = watched.site.wants_removal(2, DataRemoval::Remove);
    let mut claimed = removal.clone();
    claimed.deployments[0].asked_by = AskedBy::Customer;
    let held = async |agent: &mut Agent, desired: &DesiredState, reason: &str| {
        let Settled::Troubled(error) = agent.settle(desired).await else { panic!("it is held: {reason}") };
        assert!(error.category == ErrorCategory::Policy && error.text.contains(reason), "{}", error.text);
        assert_eq!(watched.site.volumes().len(), 1);
        assert_eq!(watched.site.page().await.as_deref(), Some("1.0.0"), "it serves on");
    };
    held(&mut agent, &removal, "waits for consent on this host").await;
    held(&mut agent, &claimed, "is the hub's word, which this host does not rely on").await;
    let policy = watched.site.policy().path;
    std::fs::write(&policy, "customer-requests: automatic\ndeploymentz: ask\n").unwrap();
    held(&mut agent, &claimed, "nothing new is applied or removed on this host").await;
    std::fs::write(&policy, "data-removal: never\n").unwrap();
    held(&mut agent, &removal, "data-removal: never").await;
    held(&mut agent, &claimed, "agrees to its removal with all data").await;
    std::fs::remove_file(&policy).unwrap();
    desired::store(&watched.site.data(), &removal).unwrap();
    consents(&watched.site, &["give", &watched.site.deployment.to_string()]);
    assert_eq!(agent.settle(&removal).await, Settled::Done);
    assert!(watched.site.volumes().is_empty() && watched.site.containers(&watched.site.project).is_empty());

    // the consent is used up: the same removal, sent again after a new install, asks again
    assert_eq!(agent.settle(&watched.release(3, "", "")).await, Settled::Done);
    held(&mut agent, &removal, "waits for consent on this host").await;
}

/// A folder with a compose file and a policy, for an agent that was never enrolled.
struct Check {
    folder: tempfile::TempDir,
}

impl Check {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(file)
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    /// The exit code, and all that is said.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_distr-agent"))
            .args(["policy", "check", "--env", "DATA=/srv/shop", "--application", "shop"])
            .args(arguments)
            .args([std::path::Path::new("--policy"), &self.path("policy.yaml"), &self.path("compose.yaml")])
            .env("DISTR_AGENT_DATA_DIR", self.path("data"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    }

    fn assert(&self, arguments: &[&str], code: i32, says: &[&str]) -> String {
        let (ended, said) = self.run(arguments);
        assert_eq!(ended, Some(code), "{said}");
        says.iter().for_each(|text| assert!(said.contains(text), "{text}: {said}"));
        said
    }
}

#[test]
fn a_compose_file_is_checked_against_the_policy_without_an_agent() {
    let check = Check::new();
    let image = format!("x@sha256:{}", "a".repeat(64));
    check.write("compose.yaml", &format!("services: {{web: {{image: \"{image}\", volumes: [\"${{DATA}}:/data\"]}}}}"));
    check.assert(&[], 3, &["- write: /srv/shop", "the policy refuses it, for 1 reason\n"]);
    check.write("policy.yaml", "allow:\n  - {write: /srv/shop, application: shop}\n");
    check.assert(&[], 0, &["the policy allows it\n"]);
    check.write("policy.yaml", "deployments: ask\nallow: [{write: /srv/shop}]\n");
    check.assert(&[], 0, &["waits for consent on this host, whoever deploys it"]);
    check.write("compose.yaml", "services: [");
    check.assert(&[], 1, &["cannot be read"]);
    check.write("compose.yaml", &format!("services: {{web: {{image: \"{image}\", env_file: [own.env]}}}}"));
    let said = check.assert(&[], 1, &["service \"web\", key env_file", "own.env is not there"]);
    assert!(!said.contains("agent's log"), "{said}");
    check.write("policy.yaml", "deploymentz: ask\n");
    let said = check.assert(&[], 1, &["deploymentz"]);
    assert_eq!(said.matches("--> <input>").count(), 1, "{said}");
    assert!(!check.path("data").exists(), "a check makes no folder");
}

#[test]
fn images_of_the_hubs_registry_need_no_line_and_a_tag_of_another_no_line_can_allow() {
    let check = Check::new();
    check.write("policy.yaml", "registries: listed\n");
    check.write(
        "compose.yaml",
        "services: {a: {image: \"127.0.0.1:8080/acme/web:1\"}, b: {image: \"${DISTR_REGISTRY}/acme/web:1\"}}",
    );
    check.assert(&["--registry", "127.0.0.1:8080"], 0, &["the policy allows it\n"]);
    let said =
        check.assert(&[], 3, &["service a: image 127.0.0.1:8080/acme/web:1: it has no digest", "--registry HOST"]);
    assert!(!said.contains("service b"), "{said}");
    check.assert(&["--registry", "https://hub.example"], 2, &["without https://"]);
    check.write("compose.yaml", "services: {db: {image: \"postgres:17\"}}");
    check.write("policy.yaml", "");
    check.assert(
        &["--registry", "hub.example"],
        3,
        &["service db: image postgres:17: it has no digest", "whatever the policy"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_enrolled_agent_knows_the_hubs_registry() {
    let check = Check::new();
    let data = distr_agent::data_dir::DataDir::open(&check.path("data")).unwrap();
    let identity = distr_agent::identity::Identity {
        hub: "https://hub.example".to_owned(),
        target: distr_domain::ids::TargetId(uuid::Uuid::from_u128(1)),
        credential: distr_domain::ids::CredentialId(uuid::Uuid::from_u128(2)),
        secret: distr_agent::secret::Secret::new("s"),
    };
    identity.store(&data.identity()).unwrap();
    check.write("policy.yaml", "registries: listed\n");
    check.write("compose.yaml", "services: {web: {image: \"hub.example/acme/web:1\"}}");
    check.assert(&[], 0, &["the policy allows it\n"]);
    let told = DesiredState { etag: String::new(), registry: "registry.hub.example".to_owned(), deployments: vec![] };
    desired::store(&data, &told).unwrap();
    check.write("compose.yaml", "services: {web: {image: \"registry.hub.example/acme/web:1\"}}");
    check.assert(&[], 0, &["the policy allows it\n"]);
}

#[test]
fn without_the_compose_plugin_the_check_says_so() {
    let check = Check::new();
    check.write("docker", "#!/bin/sh\necho 'unknown flag: --ansi' >&2\nexit 125\n");
    std::fs::set_permissions(check.path("docker"), std::fs::Permissions::from_mode(0o755)).unwrap();
    check.write("compose.yaml", "services: {web: {image: x}}");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_distr-agent"))
        .args(["policy", "check"])
        .arg(check.path("compose.yaml"))
        .env("PATH", format!("{}:/bin:/usr/bin", check.folder.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the docker compose plugin is not installed"), "{said}");
}

#[test]
fn a_reader_that_stops_ends_the_program_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_distr-agent"))
        .args(["policy", "default"])
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .env("DISTR_LOG", "off")
        .spawn()
        .unwrap()
        .wait_with_output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(141) && said.is_empty(), "{:?} {said}", output.status);
}

/// The answer of the agent's program to somebody on the host.
pub(crate) fn consents(site: &Site, arguments: &[&str]) -> String {
    let (done, said) = consent_command(site, arguments);
    assert!(done, "{said}");
    said
}

fn refused_answer(site: &Site, arguments: &[&str]) -> String {
    let (done, said) = consent_command(site, arguments);
    assert!(!done, "{said}");
    said
}

fn consent_command(site: &Site, arguments: &[&str]) -> (bool, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_distr-agent"))
        .arg("consent")
        .args(arguments)
        .arg("--data-dir")
        .arg(site.data().root())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}
