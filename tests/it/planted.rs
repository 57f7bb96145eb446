//! Secrets that are easy to recognise, planted wherever one can come in, on ways that succeed and ways that fail. Then all
//! that is written, told and listed is searched for them: they are nowhere but where they belong.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use distr_tests::bucket::Bucket;
use distr_tests::hub::HubProcess;
use distr_tests::{binary, wait};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Part of each planted secret; nothing else has it.
const MARK: &str = "pLanTed5ecret";
const MASTER: &str = "5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2";

fn planted(what: &str) -> String {
    format!("{MARK}-{what}-0123456789")
}

/// What was given out or planted; all of it is searched for.
struct Secrets(Vec<String>);

impl Secrets {
    fn keep(&mut self, secret: impl Into<String>) -> String {
        let secret = secret.into();
        self.0.push(secret.clone());
        secret
    }

    #[track_caller]
    fn check(&self, place: &str, bytes: &[u8]) {
        // texts have no zeros, and files of a database are full of them
        for piece in bytes.split(|byte| *byte == 0) {
            for secret in self.0.iter().filter(|secret| secret.len() <= piece.len()) {
                let Some(at) = memchr::memmem::find(piece, secret.as_bytes()) else { continue };
                let around = &piece[at.saturating_sub(200)..(at + secret.len() + 50).min(piece.len())];
                panic!("{place} holds {secret:?}: …{}…", String::from_utf8_lossy(around));
            }
        }
    }
}

/// Everything that the hub answers is searched, too.
struct Client<'a> {
    hub: &'a HubProcess,
    secrets: Secrets,
    http: reqwest::Client,
}

impl Client<'_> {
    async fn graphql(&self, secret: Option<&str>, query: &str, variables: Value) -> Value {
        self.hub.graphql(secret, query, variables).await.0
    }

    /// A request whose answer must not tell what was sent.
    async fn told(&self, what: &str, request: reqwest::RequestBuilder) {
        let response = request.send().await.expect("an answer");
        let headers = format!("{:?}", response.headers());
        let body = response.bytes().await.expect("a body");
        self.secrets.check(&format!("the answer to {what}"), &body);
        self.secrets.check(&format!("the headers of the answer to {what}"), headers.as_bytes());
    }

    fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
        self.http.post(self.hub.url(path)).header("content-type", "application/json").body(body)
    }
}

#[tokio::test]
async fn planted_secrets_are_found_nowhere() {
    let log = [("DISTR_LOG", "info,distr_api=trace,distr_registry=trace,distr_eventlog=trace,distr_projections=trace")];
    let hub = HubProcess::start_with(&[log[0], ("DISTR_MASTER_KEY", MASTER)]).await;
    let mut client = Client { hub: &hub, secrets: Secrets(vec![]), http: reqwest::Client::new() };
    client.secrets.keep(MARK);
    client.secrets.keep(MASTER);
    client.secrets.keep(distr_tests::hub::PASSWORD);
    let session = hub.sign_in("acme").await;
    let owner = client.secrets.keep(session);

    people_and_tokens(&mut client, &owner).await;
    configuration(&mut client, &owner).await;
    let agent = agents(&mut client, &owner).await;
    mistakes(&client, &owner, &agent).await;
    socket(&client).await;
    let home = command_line(&mut client).await;
    processes(&client.secrets);

    let text = |value: Value| value.to_string();
    let events = "{ events(first: 1000, telemetry: [ACCESS, HEARTBEAT]) { events { type data actor } hasMore } }";
    let events = client.graphql(Some(&owner), events, json!({})).await;
    assert_eq!(events["data"]["events"]["hasMore"], false);
    client.secrets.check("the events", text(events).as_bytes());
    let metrics = client.http.get(hub.url("/metrics")).send().await.expect("an answer").bytes().await.expect("a body");
    client.secrets.check("/metrics", &metrics);
    client.secrets.check("the hub's log", hub.log().as_bytes());
    assert!(hub.log().contains("answered"), "the log is that of every request");
    database(&client.secrets, &hub);
    files(&client.secrets, &hub.data.path().join("hub"), &["postgres"]);
    files(&client.secrets, home.path(), &["profiles.toml"]);
}

/// A signed URL lets in whoever has it: it is told to who may pull, and written nowhere.
#[tokio::test]
async fn a_signed_url_is_written_nowhere() {
    let bucket = Bucket::start().await;
    let environment = bucket.environment();
    let mut environment: Vec<_> = environment.iter().map(|(key, value)| (*key, value.as_str())).collect();
    environment.extend([("DISTR_BLOB_REDIRECT", "true"), ("DISTR_LOG", "info,distr_api=trace,distr_registry=trace")]);
    let hub = HubProcess::start_with(&environment).await;
    let owner = hub.sign_in("acme").await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let scope = [("scope", "repository:acme/hello:pull,push")];
    let token = http.get(hub.url("/token")).query(&scope).basic_auth("owner", Some(&owner));
    let token: Value = token.send().await.expect("an answer").json().await.expect("JSON");
    let token = token["token"].as_str().expect("a token");
    let digest = format!("sha256:{}", hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, b"signed")));
    let push = http.post(hub.url(&format!("/v2/acme/hello/blobs/uploads/?digest={digest}"))).body("signed");
    assert_eq!(push.bearer_auth(token).send().await.expect("an answer").status(), 201);
    let pull = http.get(hub.url(&format!("/v2/acme/hello/blobs/{digest}"))).bearer_auth(token);
    let answer = pull.send().await.expect("an answer");
    assert_eq!(answer.status(), 307);
    let signed = answer.headers()["location"].to_str().expect("a URL");
    let (_, signature) = signed.split_once("X-Amz-Signature=").expect("a signature");
    assert_eq!(http.get(signed).send().await.expect("an answer").bytes().await.expect("a body"), "signed");

    let secrets = Secrets(vec![signature.split('&').next().unwrap_or_default().to_owned()]);
    let log = hub.log();
    assert!(log.contains("answered"), "the log is that of every request");
    secrets.check("the hub's log", log.as_bytes());
    database(&secrets, &hub);
    files(&secrets, &hub.data.path().join("hub"), &["postgres"]);
}

async fn people_and_tokens(client: &mut Client<'_>, owner: &str) {
    let password = planted("password");
    let add = "mutation { memberInvite(email: \"a@b.example\", role: AUDITOR) { code } }";
    let added = client.graphql(Some(owner), add, json!({})).await;
    assert!(added["errors"].is_null(), "{added}");
    let code = added["data"]["memberInvite"]["code"].as_str().expect("a code");
    client.secrets.keep(code);
    let accept =
        "mutation ($c: String!, $p: String!) { invitationAccept(code: $c, password: $p, name: \"A\") { token } }";
    let accepted = client.graphql(None, accept, json!({ "c": code, "p": password })).await;
    client.secrets.keep(accepted["data"]["invitationAccept"]["token"].as_str().expect("a session"));
    let void = client.graphql(None, accept, json!({ "c": code, "p": password })).await;
    client.secrets.check("the refusal of a code", void.to_string().as_bytes());
    let again = client.graphql(Some(owner), add, json!({})).await;
    client.secrets.check("the refusal of a member", again.to_string().as_bytes());
    let sign_in = "mutation ($p: String!) { sessionCreate(organization: \"acme\", email: \"a@b.example\", password: $p) { token } }";
    let wrong = client.graphql(None, sign_in, json!({ "p": planted("wrong-password") })).await;
    client.secrets.check("the refusal of a sign-in", wrong.to_string().as_bytes());
    let signed_in = client.graphql(None, sign_in, json!({ "p": password })).await;
    client.secrets.keep(signed_in["data"]["sessionCreate"]["token"].as_str().expect("a session"));
    let issued = client
        .graphql(
            Some(owner),
            "mutation { tokenIssue(label: \"t\", scopes: [READ, WRITE, PULL, PUSH]) { secret } }",
            json!({}),
        )
        .await;
    let token = client.secrets.keep(issued["data"]["tokenIssue"]["secret"].as_str().expect("a token"));
    let asked =
        client.http.get(client.hub.url("/token")).basic_auth("me", Some(&token)).send().await.expect("an answer");
    let registry: Value = asked.json().await.expect("JSON");
    client.secrets.keep(registry["token"].as_str().expect("a registry token"));
    let registry = registry["token"].as_str().unwrap_or_default();
    for path in ["/v2/", "/v2/acme/none/manifests/1", "/v2/other/none/tags/list"] {
        client.told(path, client.http.get(client.hub.url(path)).bearer_auth(registry)).await;
    }
}

async fn configuration(client: &mut Client<'_>, owner: &str) {
    for mutation in [
        "customerCreate(name: \"globex\") { changed }",
        "applicationCreate(name: \"hello\") { changed }",
        "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }",
    ] {
        let done = client.graphql(Some(owner), &format!("mutation {{ {mutation} }}"), json!({})).await;
        assert!(done["errors"].is_null(), "{done}");
    }
    let set = "mutation ($v: String!) { secretSet(customer: \"globex\", name: \"DB\", value: $v) { changed } }";
    let done = client.graphql(Some(owner), set, json!({ "v": planted("secret-value") })).await;
    assert!(done["errors"].is_null(), "{done}");
    let bad = "mutation ($v: String!) { secretSet(customer: \"globex\", name: \"not a name\", value: $v) { changed } }";
    let refused = client.graphql(Some(owner), bad, json!({ "v": planted("refused-value") })).await;
    client.secrets.check("the refusal of a secret", refused.to_string().as_bytes());
    crate::access::registry::push(client.hub, owner, "acme/hello", "1", "planted").await;
    let compose = "services: { web: { image: '${DISTR_REGISTRY}/acme/hello:1' } }";
    let publish = "mutation ($c: String!) { releasePublish(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: $c } }]) { changed } }";
    let done = client.graphql(Some(owner), publish, json!({ "c": compose })).await;
    assert!(done["errors"].is_null(), "{done}");
}

/// An agent that has enrolled and was told to run something with a secret; its credential.
async fn agents(client: &mut Client<'_>, owner: &str) -> String {
    let register = "mutation { targetRegister(customer: \"globex\", name: \"t\") { enrolment { token } } }";
    let registered = client.graphql(Some(owner), register, json!({})).await;
    let token = registered["data"]["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    client.secrets.keep(&token);
    let enrol = |token: &str| client.post("/agent/v1/enrol", r#"{"agent_version":"1"}"#).bearer_auth(token);
    let enrolled: Value = enrol(&token).send().await.expect("an answer").json().await.expect("JSON");
    client.told("an enrolment token that was used", enrol(&token)).await;
    client.told("a wrong enrolment token", enrol(&planted("enrolment"))).await;
    let agent = enrolled["secret"].as_str().expect("a credential").to_owned();
    client.secrets.keep(&agent);
    let deploy = "mutation { deploymentSetRelease(customer: \"globex\", target: \"t\", application: \"hello\", version: \"1.0.0\",
        config: [{ key: \"DB\", value: \"postgres://u:${secret:DB}@h/d\" }]) { changed } }";
    let done = client.graphql(Some(owner), deploy, json!({})).await;
    assert!(done["errors"].is_null(), "{done}");
    let heartbeat = || client.post("/agent/v1/heartbeats", r#"{"reports":[]}"#).bearer_auth(&agent);
    let desired = heartbeat().send().await.expect("an answer").text().await.expect("a text");
    assert!(desired.contains(&planted("secret-value")), "the one that needs it is told: {desired}");
    agent
}

/// Secrets where they do not belong.
async fn mistakes(client: &Client<'_>, owner: &str, agent: &str) {
    let secret = planted("mistake");
    for path in ["/graphql", "/healthz", "/install-agent", "/agent/v1/none", "/v2/", "/token"] {
        let url = client.hub.url(&format!("{path}?access_token={secret}&password={secret}"));
        client.told(path, client.http.get(&url)).await;
        client.told(path, client.http.get(&url).bearer_auth(&secret)).await;
        client.told(path, client.http.get(&url).basic_auth("me", Some(&secret))).await;
        client.told(path, client.http.get(&url).header("cookie", format!("session={secret}"))).await;
    }
    // bodies that are cut off or are no JSON, with a secret in them
    for path in ["/graphql", "/agent/v1/heartbeats", "/agent/v1/enrol"] {
        for body in [format!("{{\"password\":\"{secret}\""), secret.clone(), format!("{{\"query\":\"{secret}")] {
            client.told(path, client.post(path, body.clone()).bearer_auth(owner)).await;
            client.told(path, client.post(path, body).bearer_auth(agent)).await;
        }
    }
    let form = format!("grant_type=password&username=me&password={secret}&client_id=x");
    let token = client.http.post(client.hub.url("/token")).body(form);
    client.told("/token", token.header("content-type", "application/x-www-form-urlencoded")).await;
}

async fn socket(client: &Client<'_>) {
    use futures_util::{SinkExt, StreamExt};
    let mut request = format!("ws://127.0.0.1:{}/graphql", client.hub.port).into_client_request().expect("a good URL");
    request.headers_mut().insert("Sec-WebSocket-Protocol", "graphql-transport-ws".parse().expect("a good header"));
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("the hub takes the socket");
    let secret = planted("connection-init");
    let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {secret}"), "password": secret } });
    socket.send(tokio_tungstenite::tungstenite::Message::text(init.to_string())).await.expect("an open socket");
    let answer = tokio::time::timeout(Duration::from_secs(10), socket.next()).await.expect("an answer in time");
    client.secrets.check("the answer to connection_init", format!("{answer:?}").as_bytes());
}

/// Signs in and fails to, with the password on standard input; where it keeps its files.
async fn command_line(client: &mut Client<'_>) -> tempfile::TempDir {
    use std::io::Write;
    let home = tempfile::tempdir().expect("a temporary directory can be made");
    for (password, succeeds) in [(planted("password"), true), (planted("typed-wrong"), false)] {
        let mut child = Command::new(binary("distr"))
            .args(["--hub", &client.hub.url(""), "login", "--organization", "acme", "--email", "a@b.example"])
            .env("XDG_CONFIG_HOME", home.path())
            .env_remove("DISTR_TOKEN")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("distr can be started");
        child.stdin.take().expect("piped").write_all(password.as_bytes()).expect("distr reads");
        let output = child.wait_with_output().expect("distr ends");
        assert_eq!(output.status.success(), succeeds, "{output:?}");
        client.secrets.check("the output of distr login", &[output.stdout, output.stderr].concat());
    }
    home
}

/// No process of this machine shows one in its arguments; nor in its environment, but the hub its own master key.
fn processes(secrets: &Secrets) {
    let all = std::fs::read_dir("/proc").expect("there is /proc").flatten();
    for process in all.filter(|entry| entry.file_name().to_string_lossy().parse::<u32>().is_ok()) {
        let read = |name: &str| std::fs::read(process.path().join(name)).unwrap_or_default();
        let command = read("cmdline");
        let name = String::from_utf8_lossy(&command).replace('\0', " ");
        secrets.check(&format!("the arguments of {name:?}"), &command);
        if !name.contains("distr-hub") {
            secrets.check(&format!("the environment of {name:?}"), &read("environ"));
        }
    }
}

/// All rows of the hub's database, as text; but the sealed values and the hashes, which are no secrets any more.
fn database(secrets: &Secrets, hub: &HubProcess) {
    let folder = hub.data.path().join("hub/postgres");
    let mut seen = 0;
    for file in all_files(&folder) {
        secrets.check(&file.display().to_string(), &std::fs::read(&file).unwrap_or_default());
        seen += 1;
    }
    assert!(seen > 100, "the database's files are in {}", folder.display());
}

/// No file holds one but those that are meant to, and these are their owner's alone.
fn files(secrets: &Secrets, folder: &Path, meant: &[&str]) {
    for file in all_files(folder) {
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let is_meant = meant.iter().any(|meant| name.split('/').any(|part| part == *meant));
        let bytes = std::fs::read(&file).unwrap_or_default();
        let mode = std::fs::metadata(&file).map(|metadata| metadata.permissions().mode() & 0o077).unwrap_or_default();
        match is_meant {
            true => assert!(!bytes.windows(4).any(|window| window == b"dss_") || mode == 0, "{name} is open to others"),
            false => secrets.check(&name, &bytes),
        }
    }
}

fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = vec![];
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(all_files(&entry.path())),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    files
}

/// The test of the test: a secret that was written is found.
#[test]
#[should_panic(expected = "a log holds")]
fn what_was_planted_is_found() {
    Secrets(vec![MARK.to_owned()]).check("a log", format!("… {} …", planted("anything")).as_bytes());
}

/// With the real agent, at its most talkative: enrolment, a secret in its configuration, a hub that it cannot use.
#[tokio::test]
async fn the_agent_tells_nobody_its_credential() {
    let hub = HubProcess::start().await;
    let owner = hub.sign_in("acme").await;
    hub.graphql(Some(&owner), "mutation { customerCreate(name: \"globex\") { changed } }", json!({})).await.data();
    let register = "mutation { targetRegister(customer: \"globex\", name: \"t\") { enrolment { token } } }";
    let registered = hub.graphql(Some(&owner), register, json!({})).await.data();
    let token = registered["targetRegister"]["enrolment"]["token"].as_str().expect("a token").to_owned();
    let data = tempfile::tempdir().expect("a temporary directory can be made");
    let log = data.path().join("agent.log");
    let mut agent = Command::new(binary("distr-agent"))
        .arg("run")
        .env("DISTR_HUB_URL", hub.url(""))
        .env("DISTR_AGENT_DATA_DIR", data.path().join("agent"))
        .env("DISTR_ENROLMENT_TOKEN", &token)
        .env("DISTR_LOG", "trace,hyper=info,hyper_util=info,reqwest=info,rustls=info,bollard=info,h2=info")
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(data.path().join("agent.out")).expect("own directory"))
        .stderr(std::fs::File::create(&log).expect("own directory"))
        .spawn()
        .expect("distr-agent can be started");
    let query = "{ target(customer: \"globex\", name: \"t\") { lastHeartbeatAt } }";
    wait::until("a heartbeat", Duration::from_secs(60), async || {
        let answer = hub.graphql(Some(&owner), query, json!({})).await.0;
        match answer["data"]["target"]["lastHeartbeatAt"].is_string() {
            true => Ok(()),
            false => Err(format!("{answer} {}", std::fs::read_to_string(&log).unwrap_or_default())),
        }
    })
    .await;
    let mut secrets = Secrets(vec![token]);
    let folder = data.path().join("agent");
    for file in all_files(&folder) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap_or_default()).into_owned();
        if let Some(at) = text.find("dsa_") {
            let secret: String =
                text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "_-".contains(*c)).collect();
            secrets.keep(secret);
            let mode = std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
        }
    }
    assert_eq!(secrets.0.len(), 2, "the agent keeps its credential in one file");
    let _ = agent.kill();
    let _ = agent.wait();
    for name in ["agent.log", "agent.out"] {
        secrets.check(name, &std::fs::read(data.path().join(name)).expect("own directory"));
    }
    secrets.check("the hub's log", hub.log().as_bytes());
}
