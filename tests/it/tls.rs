//! The hub with a certificate of its own: clients that check it, versions, renewal, and what it says of files that do not fit.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use distr_tests::authority::Authority;
use distr_tests::client::Client as Tool;
use distr_tests::hub::{HubProcess, OWNER, PASSWORD};
use distr_tests::ports::free_port;
use distr_tests::reverse_proxy::client;
use distr_tests::{binary, root, wait};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(90);

pub(crate) struct Secure {
    pub(crate) hub: HubProcess,
    pub(crate) client: Client,
    pub(crate) authority: Authority,
    files: TempDir,
}

impl Secure {
    pub(crate) async fn start(more: &[(&str, &str)]) -> Self {
        let (authority, files) = (Authority::new("ours"), tempfile::tempdir().expect("a temporary directory"));
        let pair = authority.issue(files.path(), "hub");
        std::fs::write(files.path().join("ca.pem"), authority.pem()).expect("own directory");
        let environment: Vec<(&str, &str)> = pair.environment().into_iter().chain(more.iter().copied()).collect();
        let hub = HubProcess::begin(&environment);
        let secure = Self { hub, client: client(&authority), authority, files };
        wait::until("a ready hub", LIMIT, async || match secure.client.get(secure.url("/readyz")).send().await {
            Ok(answer) if answer.status() == 200 => Ok(()),
            other => Err(format!("{other:?}\n{}", secure.hub.log())),
        })
        .await;
        secure
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.hub.port)
    }

    pub(crate) fn authority_file(&self) -> String {
        self.files.path().join("ca.pem").display().to_string()
    }

    async fn ask(&self, secret: Option<&str>, query: &str) -> Value {
        let request = self.client.post(self.url("/graphql")).json(&json!({ "query": query }));
        let request = match secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        };
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    pub(crate) async fn sign_in(&self) -> String {
        let query = format!(
            "mutation {{ sessionCreate(organization: \"acme\", email: {OWNER:?}, password: {PASSWORD:?}) {{ token }} }}"
        );
        let answer = self.ask(None, &query).await;
        answer["data"]["sessionCreate"]["token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// Standard output of curl, and whether it ended well.
    fn curl(&self, arguments: &[&str]) -> (bool, String) {
        let output = Command::new("curl")
            .args(["--silent", "--show-error", "--max-time", "20", "--cacert", &self.authority_file()])
            .args(arguments)
            .output()
            .expect("curl can be started");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&text).into_owned())
    }
}

#[tokio::test]
async fn clients_that_check_the_certificate_are_served_by_http_2_and_1() {
    let hub = Secure::start(&[]).await;
    let url = hub.url("/healthz");
    let version = ["--output", "/dev/null", "--write-out", "%{http_version} %{http_code}"];
    assert_eq!(hub.curl(&[&version[..], &["--http2", &url]].concat()), (true, "2 200".to_owned()));
    assert_eq!(hub.curl(&[&version[..], &["--http1.1", &url]].concat()), (true, "1.1 200".to_owned()));
    assert!(hub.curl(&["--tlsv1.3", &url]).0 && hub.curl(&["--tlsv1.2", "--tls-max", "1.2", &url]).0);
    let (served, said) = hub.curl(&["--tlsv1.0", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", &url]);
    assert!(!served, "TLS 1.1 is served: {said}");
    let plain = Client::new().get(format!("http://127.0.0.1:{}/healthz", hub.hub.port)).send().await;
    assert!(plain.is_err(), "{plain:?}");

    let (_, headers) = hub.curl(&["--dump-header", "-", "--output", "/dev/null", &url]);
    assert!(headers.to_lowercase().contains("strict-transport-security: max-age=31536000"), "{headers}");
    let (_, challenge) = hub.curl(&["--dump-header", "-", "--output", "/dev/null", &hub.url("/v2/")]);
    let realm = format!("realm=\"https://localhost:{}/token\"", hub.hub.port);
    assert!(challenge.contains(&realm), "{challenge}");

    // documents of some size, over HTTP/2
    let owner = hub.sign_in().await;
    let answer = hub.ask(Some(&owner), "mutation { targetNonsense }").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "bad_request", "{answer}");
    hub.ask(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }").await;
    let register = "mutation { targetRegister(customer: \"globex\", name: \"t\") { enrolment { command } } }";
    let registered = hub.ask(Some(&owner), register).await;
    let command = registered["data"]["targetRegister"]["enrolment"]["command"].as_str().unwrap_or_default();
    assert!(command.contains("https://127.0.0.1:"), "{registered}");
}

#[tokio::test(flavor = "multi_thread")]
async fn registry_clients_push_and_pull_with_the_authority_that_they_were_given() {
    let hub = Secure::start(&[]).await;
    let owner = hub.sign_in().await;
    let issued = hub.ask(Some(&owner), "mutation { tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret } }").await;
    let secret = issued["data"]["tokenIssue"]["secret"].as_str().expect("a secret").to_owned();
    let registry = format!("localhost:{}", hub.hub.port);
    for name in ["podman", "skopeo"] {
        let tool = Tool::new(name);
        let home = tool.home().display().to_string();
        // where both look for authorities of a registry
        let certificates = tool.home().join(".config/containers/certs.d").join(&registry);
        std::fs::create_dir_all(&certificates).expect("own directory");
        std::fs::copy(hub.authority_file(), certificates.join("ca.crt")).expect("own directory");
        let login =
            ["login", "--cert-dir", &certificates.display().to_string(), "-u", "ci", "--password-stdin", &registry];
        tool.ok_with(&login, &secret);
        if name == "skopeo" {
            continue;
        }
        let tool = tool.with_globals(&[
            format!("--root={home}/root"),
            format!("--runroot={home}/run"),
            "--storage-driver=vfs".to_owned(),
            "--events-backend=file".to_owned(),
            "--cgroup-manager=cgroupfs".to_owned(),
        ]);
        let layer = "0123456789abcdef".repeat(1 << 16);
        tool.write("layer/large", &layer);
        let packed =
            Command::new("tar").args(["-cf", "layer.tar", "-C", "layer", "."]).current_dir(tool.home()).status();
        assert!(packed.expect("tar can be started").success());
        let image = format!("{registry}/acme/secure:1");
        tool.ok(&["import", "layer.tar", &image]);
        let directory = certificates.display().to_string();
        tool.ok(&["push", "--cert-dir", &directory, &image]);
        tool.ok(&["rmi", "--force", &image]);
        tool.ok(&["pull", "--cert-dir", &directory, &image]);
        tool.ok(&["rmi", "--all", "--force"]);
        let stranger = tool.refused(&["pull", &image.replace("localhost", "127.0.0.1")]);
        assert!(stranger.contains("certificate"), "{stranger}");
    }
}

#[tokio::test]
async fn a_new_certificate_is_served_without_a_restart_and_a_broken_one_is_not() {
    let metrics = free_port();
    let hub = Secure::start(&[("DISTR_METRICS_LISTEN", &format!("127.0.0.1:{metrics}"))]).await;
    let metric = async |name: &str| {
        let text = reqwest::get(format!("http://127.0.0.1:{metrics}/metrics")).await.expect("an answer").text().await;
        let text = text.expect("text");
        text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok())
    };
    let subject = || hub.curl(&["--verbose", "--output", "/dev/null", &hub.url("/healthz")]).1;
    assert!(subject().contains("CN=hub"), "{}", subject());
    wait::until("the end of the certificate in the metrics", LIMIT, async || {
        match metric("distr_tls_certificate_expires_timestamp_seconds").await {
            Some(ends) if ends > 1_700_000_000.0 => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;

    std::fs::write(hub.files.path().join("hub.pem"), "no certificate").expect("own directory");
    wait::until("the broken file in the log", LIMIT, async || match hub.hub.log() {
        log if log.contains("keeps the certificate that it has") && log.contains("hub.pem") => Ok(()),
        log => Err(log),
    })
    .await;
    assert_eq!(metric("distr_tls_certificate_broken").await, Some(1.0));
    assert!(subject().contains("CN=hub"), "the one before is served: {}", subject());

    let renewed = hub.authority.issue(hub.files.path(), "renewed");
    std::fs::rename(renewed.key, hub.files.path().join("hub.key")).expect("own directory");
    std::fs::rename(renewed.certificate, hub.files.path().join("hub.pem")).expect("own directory");
    wait::until("the new certificate", LIMIT, async || match subject() {
        said if said.contains("CN=renewed") => Ok(()),
        said => Err(said),
    })
    .await;
    hub.sign_in().await;
}

fn refusal(data: &Path, environment: &[(&str, &str)]) -> String {
    let output = Command::new(binary("distr-hub"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .arg("--data-dir")
        .arg(data)
        .envs(environment.iter().copied())
        .output()
        .expect("distr-hub can be started");
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn settings_that_do_not_fit_stop_the_start_with_a_sentence() {
    let (authority, files) = (Authority::new("ours"), tempfile::tempdir().expect("a temporary directory"));
    let (one, other) = (authority.issue(files.path(), "one"), authority.issue(files.path(), "other"));
    let [certificate, key] = one.environment();
    let foreign_key = ("DISTR_TLS_KEY", other.environment()[1].1);
    let data = files.path().join("data");
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[certificate], "go together"),
        (&[key], "go together"),
        (&[certificate, foreign_key], "is not the one of the certificate"),
        (&[certificate, ("DISTR_TLS_KEY", certificate.1)], "has no private key"),
        (&[("DISTR_TLS_CERT", "/nowhere.pem"), key], "cannot read /nowhere.pem, which DISTR_TLS_CERT names"),
        (&[("DISTR_TRUSTED_PROXIES", "0.0.0.0/0")], "holds every address"),
        (&[("DISTR_TRUSTED_PROXIES", "proxy.example.com")], "neither an address nor a network"),
    ];
    for (environment, says) in cases {
        let said = refusal(&data, environment);
        assert!(said.contains(says), "{environment:?}: {said}");
    }
    assert!(!data.exists(), "nothing is made before the settings fit");
}

/// The lines of the runbook that make an authority and a certificate, for this machine.
fn certificates_of_the_runbook(folder: &Path) {
    let runbook = std::fs::read_to_string(root().join("deploy/README.md")).expect("the runbook");
    let begin = runbook.find("$ openssl req -x509").expect("the lines");
    let lines = runbook[begin..].split("```").next().expect("their end").replace("$ openssl", "openssl");
    let lines = lines.replace("DNS:distr.example.com", "DNS:localhost");
    let done = Command::new("sh").args(["-ec", &lines]).current_dir(folder).output().expect("sh can be started");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What `distr` says when it signs in at `hub`, and whether it could.
fn sign_in_with_distr(hub: &str, folder: &Path, authority: Option<&str>) -> (bool, String) {
    let mut distr = Command::new(binary("distr"));
    distr.args(["--hub", hub, "login", "--organization", "acme", "--email", OWNER]);
    distr.env("DISTR_PASSWORD", PASSWORD).env("XDG_CONFIG_HOME", folder).env_remove("DISTR_TOKEN");
    distr.env_remove("SSL_CERT_FILE").envs(authority.map(|file| ("SSL_CERT_FILE", folder.join(file))));
    let output = distr.output().expect("distr can be started");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

async fn serving(certificate: &Path, key: &Path) -> HubProcess {
    let environment = [
        ("DISTR_TLS_CERT", certificate.to_str().expect("a path in UTF-8")),
        ("DISTR_TLS_KEY", key.to_str().expect("a path in UTF-8")),
    ];
    let hub = HubProcess::begin(&environment);
    let client = Client::builder().danger_accept_invalid_certs(true).build().expect("a client");
    wait::until("a ready hub", LIMIT, async || {
        match client.get(format!("https://localhost:{}/readyz", hub.port)).send().await {
            Ok(answer) if answer.status() == 200 => Ok(()),
            other => Err(format!("{other:?}\n{}", hub.log())),
        }
    })
    .await;
    hub
}

#[tokio::test]
async fn the_runbooks_certificates_are_taken_and_others_are_refused_in_words() {
    let files = tempfile::tempdir().expect("a temporary directory");
    let folder = files.path();
    certificates_of_the_runbook(folder);
    let hub = serving(&folder.join("fullchain.pem"), &folder.join("privkey.pem")).await;
    let url = format!("https://localhost:{}", hub.port);
    let (done, said) = sign_in_with_distr(&url, folder, Some("ca.pem"));
    assert!(done, "{said}");
    let (done, said) = sign_in_with_distr(&url, folder, None);
    assert!(!done && said.contains("SSL_CERT_FILE names a file"), "{said}");
    let (done, said) = sign_in_with_distr(&format!("http://localhost:{}", hub.port), folder, None);
    assert!(!done && said.contains("does it speak https?"), "{said}");
    drop(hub);
    // an authority's own certificate is none of a server
    let hub = serving(&folder.join("ca.pem"), &folder.join("ca.key")).await;
    let (done, said) = sign_in_with_distr(&format!("https://localhost:{}", hub.port), folder, Some("ca.pem"));
    assert!(!done && said.contains("an authority's own"), "{said}");
}
