//! Files that a release ships beside its compose file: from the vendor's folder to what an agent is told, and what is refused on
//! the way.

use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_tests::binary;
use distr_tests::hub::{Answer, HubProcess};
use serde_json::{Value, json};

use crate::access::registry::push;

struct Vendor {
    hub: HubProcess,
    owner: String,
    folder: tempfile::TempDir,
}

impl Vendor {
    async fn start() -> Self {
        let hub = HubProcess::start().await;
        let owner = hub.sign_in("acme").await;
        let vendor = Self { hub, owner, folder: tempfile::tempdir().expect("a temporary directory can be made") };
        for made in [
            "applicationCreate(name: \"hello\") { changed }",
            "customerCreate(name: \"globex\") { changed }",
            "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }",
        ] {
            vendor.run(made).await;
        }
        let token = vendor.run("tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret }").await;
        let secret = token["tokenIssue"]["secret"].as_str().expect("a secret");
        push(&vendor.hub, secret, "acme/hello", "1", "hello").await;
        vendor
    }

    async fn run(&self, mutation: &str) -> Value {
        self.hub.graphql(Some(&self.owner), &format!("mutation {{ {mutation} }}"), json!({})).await.data()
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("own directory");
        std::fs::write(path, content).expect("own directory");
    }

    fn compose(&self, service: &str) -> String {
        format!("services:\n  web:\n    image: {}/acme/hello:1\n    {service}\n", self.hub.registry())
    }

    fn distr(&self, arguments: &[&str]) -> Output {
        Command::new(binary("distr"))
            .args(["--hub", &self.hub.url("")])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("DISTR_TOKEN", &self.owner)
            .output()
            .expect("distr can be started")
    }

    async fn draft(&self, compose: &str, files: Value) -> Answer {
        let draft = "mutation ($c: String!, $f: [PackageFileInput!]!) {
            releaseDraft(application: \"hello\", version: \"9.0.0\", packages: [{ compose: { file: $c, files: $f } }]) { changed }
        }";
        self.hub.graphql(Some(&self.owner), draft, json!({ "c": compose, "f": files })).await
    }

    /// The secret of an agent of a new target.
    async fn enrol(&self, target: &str) -> String {
        let register = format!("targetRegister(customer: \"globex\", name: \"{target}\") {{ enrolment {{ token }} }}");
        let registered = self.run(&register).await;
        let token = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
        let enrolled = self.post("enrol", &token, json!({ "agent_version": "1" })).await;
        enrolled["secret"].as_str().expect("a secret").to_owned()
    }

    async fn heartbeat(&self, secret: &str, version: &str, sequence: u64) -> Value {
        let report = json!({
            "id": uuid::Uuid::now_v7(), "boot": uuid::Uuid::nil(), "sequence": sequence, "at": "2026-11-30T10:00:00Z",
            "agent_version": version, "deployments": [],
        });
        self.post("heartbeats", secret, json!({ "reports": [report] })).await
    }

    async fn post(&self, path: &str, secret: &str, body: Value) -> Value {
        let url = self.hub.url(&format!("/agent/v1/{path}"));
        let answer = reqwest::Client::new().post(url).bearer_auth(secret).json(&body).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    async fn deploy(&self, target: &str) -> Answer {
        let deploy = format!(
            "mutation {{ deploymentSetRelease(customer: \"globex\", target: \"{target}\", application: \"hello\", version: \"1.0.0\")
                {{ changed }} }}"
        );
        self.hub.graphql(Some(&self.owner), &deploy, json!({})).await
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const PUBLISH: [&str; 7] = ["release", "publish", "--app", "hello", "--version", "1.0.0", "--compose"];

#[tokio::test]
async fn a_folder_is_published_with_the_files_that_its_compose_file_names() {
    let vendor = Vendor::start().await;
    vendor.write("compose.yaml", &vendor.compose("volumes: [./conf:/conf:ro, ./data:/data]\n    env_file: app.env"));
    let missing = vendor.distr(&[&PUBLISH[..], &["."]].concat());
    assert!(said(&missing).contains("service \"web\", key env_file: ./app.env is not there"), "{}", said(&missing));
    vendor.write("app.env", "A=grün\n");
    vendor.write("conf/a.conf", "listen 80\n");
    vendor.write("conf/logo", "\0binary");
    vendor.write("data/rows", "not shipped");
    vendor.write(".env", "SECRET=not shipped");
    let published = vendor.distr(&[&PUBLISH[..], &["."]].concat());
    assert!(published.status.success(), "{}", said(&published));
    assert_eq!(
        said(&published).lines().filter(|line| line.starts_with("ships")).collect::<Vec<_>>(),
        ["ships app.env (8 bytes)", "ships conf/a.conf (10 bytes)", "ships conf/logo (7 bytes)"]
    );
    let query = "{ release(application: \"hello\", version: \"1.0.0\") {
        packages { ... on ComposePackage { files { path bytes executable content } } } images { package service }
    } }";
    let shown = vendor.hub.graphql(Some(&vendor.owner), query, json!({})).await.data()["release"].clone();
    assert_eq!(shown["images"], json!([{ "package": "COMPOSE", "service": "web" }]));
    let logo = json!({ "path": "conf/logo", "bytes": 7, "executable": false, "content": STANDARD.encode("\0binary") });
    assert_eq!(shown["packages"][0]["files"][2], logo);
    let again = vendor.distr(&[&PUBLISH[..], &["compose.yaml"]].concat());
    assert!(again.status.success(), "the file is as good as its folder: {}", said(&again));
    let events = vendor.distr(&["events", "-o", "json"]);
    let events = String::from_utf8_lossy(&events.stdout).into_owned();
    assert!(events.contains("listen 80"), "an auditor reads what was shipped");
}

/// Compose puts the files together: with their paths, profiles and variables as they are.
#[tokio::test]
async fn a_file_that_takes_in_others_is_published_as_one() {
    let vendor = Vendor::start().await;
    let image = format!("{}/acme/hello:1", vendor.hub.registry());
    vendor.write("app/compose.yaml", &format!(
        "include: [db/compose.yaml]\nservices:\n  web:\n    extends: {{ file: base.yaml, service: base }}\n    image: {image}\n"
    ));
    vendor
        .write("app/base.yaml", "services:\n  base:\n    environment: { A: \"${A:-b}\" }\n    env_file: [base.env]\n");
    vendor.write("app/base.env", "X=1\n");
    vendor.write(
        "app/db/compose.yaml",
        &format!("services:\n  db:\n    image: {image}\n    profiles: [all]\n    volumes: [\"./conf:/conf:ro\"]\n"),
    );
    vendor.write("app/db/conf/settings", "s\n");
    let published = vendor.distr(&["release", "publish", "--app", "hello", "--version", "1.0.0", "--compose", "app"]);
    assert!(published.status.success(), "{}", said(&published));
    assert!(said(&published).contains("are published as one"), "{}", said(&published));
    let shown = vendor.distr(&["release", "show", "--app", "hello", "--version", "1.0.0", "-o", "json"]);
    let release: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let package = &release["packages"][0];
    let paths: Vec<&Value> = package["files"].as_array().expect("files").iter().map(|file| &file["path"]).collect();
    assert_eq!(paths, ["base.env", "db/conf/settings"]);
    let file = package["file"].as_str().expect("a compose file");
    assert!(file.contains("${A:-b}") && file.contains("- all") && !file.contains("include"), "{file}");
    assert!(!file.lines().any(|line| line.starts_with("name:")), "{file}");

    vendor.write("app/db/.env", "PASSWORD=secret\n");
    let refused = vendor.distr(&["release", "publish", "--app", "hello", "--version", "1.1.0", "--compose", "app"]);
    assert!(!refused.status.success() && said(&refused).contains("db/.env would become part"), "{}", said(&refused));
    std::fs::remove_file(vendor.folder.path().join("app/db/.env")).expect("own directory");
    std::fs::remove_file(vendor.folder.path().join("app/db/compose.yaml")).expect("own directory");
    let refused = vendor.distr(&["release", "publish", "--app", "hello", "--version", "1.1.0", "--compose", "app"]);
    assert!(!refused.status.success() && said(&refused).contains("docker compose cannot put"), "{}", said(&refused));
}

#[tokio::test]
async fn what_no_host_would_have_is_refused_at_the_draft() {
    let vendor = Vendor::start().await;
    let file = |path: &str| json!([{ "path": path, "content": STANDARD.encode("x") }]);
    let with = |service: &str| vendor.compose(service);
    for (service, files, code, reason) in [
        (
            "env_file: app.env",
            json!([]),
            "release.invalid_compose",
            "key env_file: the release does not ship \"app.env\"",
        ),
        ("volumes: [./a.conf:/a:ro]", file("b.conf"), "release.invalid_compose", "nothing would ever be in it"),
        ("volumes: [../a:/a]", json!([]), "release.invalid_compose", "lies outside of the compose file's folder"),
        ("env_file: ${F}", json!([]), "release.invalid_compose", "holds a variable"),
        ("hostname: a", json!([{ "path": "a", "content": "?" }]), "bad_user_input", "its content is no base64"),
        ("hostname: a", file("../a"), "bad_user_input", "file \"../a\" is not valid"),
        ("hostname: a", json!([file("a")[0], file("a")[0]]), "release.invalid_compose", "ships a twice"),
    ] {
        let answer = vendor.draft(&with(service), files).await;
        assert!(answer.message().contains(reason), "{service}: {answer:?}");
        assert!(answer.code() == Some(code) || code == "bad_user_input", "{service}: {answer:?}");
    }
    let large = json!([{ "path": "a", "content": STANDARD.encode(vec![b'a'; 1024 * 1024 + 1]) }]);
    let refused = vendor.draft(&with("hostname: a"), large).await;
    assert!(refused.message().contains("put them into an image"), "{refused:?}");
    vendor.draft(&with("volumes: [./data:/data, /srv:/srv:ro]\n    env_file: .env"), json!([])).await.data();
}

#[tokio::test]
async fn an_agent_that_knows_no_files_is_not_given_any() {
    let vendor = Vendor::start().await;
    vendor.write("compose.yaml", &vendor.compose("env_file: app.env"));
    vendor.write("app.env", "A=1\n");
    let published = vendor.distr(&[&PUBLISH[..], &["."]].concat());
    assert!(published.status.success(), "{}", said(&published));
    let secret = vendor.enrol("factory").await;
    vendor.heartbeat(&secret, "0.1.0", 1).await;
    let refused = distr_tests::wait::until("the agent's version", std::time::Duration::from_secs(30), async || {
        let answer = vendor.deploy("factory").await;
        if answer.code().is_some() { Ok(answer) } else { Err(format!("{answer:?}")) }
    });
    let refused = refused.await;
    assert_eq!(refused.code(), Some("deployment.agent_too_old"), "{refused:?}");
    assert!(refused.message().contains("version 0.1.0") && refused.message().contains("0.2.0"), "{refused:?}");
    let secret = vendor.enrol("office").await;
    vendor.heartbeat(&secret, "0.2.0", 1).await;
    vendor.deploy("office").await.data();
    let told = vendor.heartbeat(&secret, "0.2.0", 2).await;
    assert_eq!(told["desired"]["deployments"][0]["files"], json!([{ "path": "app.env", "text": "A=1\n" }]), "{told:#}");
}

#[tokio::test]
async fn an_agent_that_forgets_what_it_was_told_is_told_so_much_at_once_and_then_waits() {
    let vendor = Vendor::start().await;
    let secret = vendor.enrol("forgetful").await;
    let compose = format!("{}\n# {}\n", vendor.compose("restart: always"), "x".repeat(1_000_000));
    vendor.write("compose.yaml", &compose);
    assert!(vendor.distr(&[&PUBLISH[..], &["compose.yaml"]].concat()).status.success());
    vendor.deploy("forgetful").await.data();
    let url = vendor.hub.url("/agent/v1/heartbeats");
    let ask = async |etag: Option<&str>| {
        let body = json!({ "reports": [], "desired_etag": etag });
        let answer =
            reqwest::Client::new().post(&url).bearer_auth(&secret).json(&body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("JSON"))
    };
    let (status, told) = ask(None).await;
    assert_eq!(status, 200, "{told}");
    let etag = told["desired"]["etag"].as_str().expect("an etag").to_owned();
    // each has a megabyte, and 32 are told at once
    let mut answers = 1;
    let refused = loop {
        let (status, answer) = ask(None).await;
        if status != 200 {
            break (status, answer);
        }
        answers += 1;
        assert!(answers < 1_000, "it is told without an end");
    };
    assert_eq!(refused.0, 429, "{}", refused.1);
    assert!(answers > 30, "refused after {answers}");
    let (status, answer) = ask(Some(&etag)).await;
    assert_eq!((status, &answer["desired"]), (200, &Value::Null), "who names what it has is answered");
}
