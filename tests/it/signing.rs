//! Signing policies: whose they are, that they are changed for a reason, and that they bind what is promoted and deployed, not
//! only what is published.

use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use distr_tests::hub::{Answer, HubProcess};
use distr_tests::{binary, root};
use serde_json::{Value, json};

use crate::access::registry::push;

struct Vendor {
    hub: HubProcess,
    owner: String,
    folder: tempfile::TempDir,
}

impl Vendor {
    /// With application hello, a customer with a license and a target.
    async fn start() -> Self {
        let hub = HubProcess::with_one_connection().await;
        let owner = hub.sign_in("acme").await;
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        let vendor = Self { hub, owner, folder };
        for made in [
            "applicationCreate(name: \"hello\") { changed }",
            "channelCreate(application: \"hello\", name: \"stable\") { changed }",
            "customerCreate(name: \"globex\") { changed }",
            "licenseIssue(customer: \"globex\", application: \"hello\", name: \"l\", terms: {}) { changed }",
            "targetRegister(customer: \"globex\", name: \"factory\") { changed }",
        ] {
            vendor.run(made).await;
        }
        let token = vendor.run("tokenIssue(label: \"ci\", scopes: [PULL, PUSH]) { secret }").await;
        let secret = token["tokenIssue"]["secret"].as_str().expect("a secret");
        push(&vendor.hub, secret, "acme/hello", "1", "hello").await;
        let compose = format!("services:\n  web:\n    image: {}/acme/hello:1\n", vendor.hub.registry());
        std::fs::write(vendor.folder.path().join("compose.yaml"), compose).expect("own directory");
        vendor
    }

    async fn ask(&self, mutation: &str) -> Answer {
        self.hub.graphql(Some(&self.owner), &format!("mutation {{ {mutation} }}"), json!({})).await
    }

    async fn run(&self, mutation: &str) -> Value {
        self.ask(mutation).await.data()
    }

    /// Whom to trust: the public half of one of the keys that lie with the command line's tests.
    async fn trust(&self, key: &str, more: &str) -> Answer {
        let pem = std::fs::read_to_string(keys().join(format!("{key}.pub"))).expect("a public key");
        let policy = format!(
            "mutation ($pem: String!) {{ applicationSetSigningPolicy(
                name: \"hello\", keys: [{{ name: \"{key}\", pem: $pem }}], {more}
            ) {{ changed application {{ signingRequires }} }} }}"
        );
        self.hub.graphql(Some(&self.owner), &policy, json!({ "pem": pem })).await
    }

    /// The token of a robot that may publish and has no key.
    async fn publisher(&self) -> String {
        let robot = self.run("robotAdd(name: \"ci\", role: PUBLISHER) { member { id } }").await;
        let id = robot["robotAdd"]["member"]["id"].as_str().expect("an id").to_owned();
        let issue =
            format!("tokenIssue(label: \"ci\", scopes: [READ, WRITE, PULL, PUSH], member: \"{id}\") {{ secret }}");
        let issued = self.run(&issue).await;
        issued["tokenIssue"]["secret"].as_str().expect("a secret").to_owned()
    }

    /// The statement of a release, as `distr` prints it for other tools to sign.
    fn statement(&self, version: &str) -> String {
        let of = ["release", "sign", "--app", "hello", "--version", version, "--print-statement"];
        self.distr(&of).expect("a statement").trim_end_matches('\n').to_owned()
    }

    /// As whoever holds the token, who may have no key.
    async fn sign(&self, secret: &str, version: &str, envelope: &Value) -> Answer {
        let sign = "mutation ($version: Version!, $envelope: String!) {
            releaseSign(application: \"hello\", version: $version, envelope: $envelope) { changed }
        }";
        let variables = json!({ "version": version, "envelope": envelope.to_string() });
        self.hub.graphql(Some(secret), sign, variables).await
    }

    async fn envelopes(&self, version: &str) -> Vec<Value> {
        let query = format!(
            "{{ release(application: \"hello\", version: \"{version}\") {{ envelopes: signatures {{ key envelope }} }} }}"
        );
        let shown = self.hub.graphql(Some(&self.owner), &query, json!({})).await.data();
        shown["release"]["envelopes"].as_array().expect("a list").clone()
    }

    /// The secret of a new agent of the target.
    async fn enrol(&self) -> String {
        let offered =
            self.run("targetOfferEnrolment(customer: \"globex\", name: \"factory\") { enrolment { token } }").await;
        let token = offered["targetOfferEnrolment"]["enrolment"]["token"].as_str().expect("a token").to_owned();
        let enrolled = self.post("enrol", &token, json!({ "agent_version": "1" })).await;
        enrolled["secret"].as_str().expect("a secret").to_owned()
    }

    /// What a new agent of the target is to run.
    async fn desired(&self) -> Value {
        let secret = self.enrol().await;
        self.post("heartbeats", &secret, json!({ "reports": [] })).await["desired"]["deployments"][0].clone()
    }

    async fn post(&self, path: &str, secret: &str, body: Value) -> Value {
        let url = self.hub.url(&format!("/agent/v1/{path}"));
        let answer = reqwest::Client::new().post(url).bearer_auth(secret).json(&body).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    fn distr(&self, arguments: &[&str]) -> Result<String, String> {
        let output = self.run_distr(arguments);
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// The remarks beside what was done.
    fn remarks(&self, arguments: &[&str]) -> String {
        let output = self.run_distr(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        said
    }

    fn run_distr(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(binary("distr"))
            .args(["--hub", &self.hub.url("")])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_CONFIG_HOME", self.folder.path())
            .env("DISTR_TOKEN", &self.owner)
            .output()
            .expect("distr can be started")
    }

    fn publish(&self, version: &str, more: &[&str]) -> Result<String, String> {
        let of = ["release", "publish", "--app", "hello", "--version", version, "--compose", "compose.yaml"];
        self.distr(&[&of[..], more].concat())
    }

    async fn promote(&self, version: &str) -> Answer {
        self.ask(&format!(
            "channelPromote(application: \"hello\", name: \"stable\", version: \"{version}\") {{ changed }}"
        ))
        .await
    }

    async fn deploy(&self, version: &str) -> Answer {
        let deploy = format!(
            "deploymentSetRelease(customer: \"globex\", target: \"factory\", application: \"hello\",
                version: \"{version}\") {{ changed }}"
        );
        self.ask(&deploy).await
    }
}

fn keys() -> std::path::PathBuf {
    root().join("crates/cli/src/release/key/keys")
}

fn key(name: &str) -> String {
    keys().join(format!("{name}.pem")).display().to_string()
}

#[tokio::test]
async fn a_policy_in_force_changes_for_a_reason_that_the_log_and_the_application_show() {
    let vendor = Vendor::start().await;
    let first = vendor.trust("ed25519", "").await.data();
    let requires = &first["applicationSetSigningPolicy"]["application"]["signingRequires"];
    assert_eq!(requires, "IMAGES_AND_RELEASE", "the first policy requires everything");
    for looser in [vendor.trust("ed25519", "requires: IMAGES").await, vendor.trust("p256", "").await] {
        assert_eq!(looser.code(), Some("application.reason_needed"), "{looser:?}");
    }
    let cleared = vendor.ask("applicationSetSigningPolicy(name: \"hello\", keys: []) { changed }").await;
    assert_eq!(cleared.code(), Some("application.reason_needed"), "{cleared:?}");
    for forged in ["a\\nb", "a\\u001b[2K", "a\\u202eb"] {
        let refused = vendor.trust("p256", &format!("reason: \"{forged}\"")).await;
        assert_eq!(refused.code(), Some("bad_input"), "{refused:?}");
    }
    vendor.trust("p256", "reason: \"the old key was lost\"").await.data();

    let events = vendor.distr(&["events"]).expect("the log");
    assert!(events.contains("images and release signed by p256 (a297f1ece1befadd): the old key was lost"), "{events}");
    let shown = vendor.distr(&["app", "show", "hello", "-o", "json"]).expect("the application");
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let changes = shown["signingPolicyChanges"].as_array().expect("a list");
    let reasons: Vec<&Value> = changes.iter().map(|change| &change["reason"]).collect();
    assert_eq!(reasons, [&json!("the old key was lost"), &Value::Null], "{shown:#}");
    assert!(changes[0]["actor"].as_str().is_some_and(|actor| actor.starts_with("member:")), "{shown:#}");
    let id = &shown["signingKeys"][0]["id"];
    assert!(id.is_string() && changes[0]["keys"] == json!([{ "name": "p256", "id": id }]), "{shown:#}");
}

#[tokio::test]
async fn whoever_publishes_does_not_say_whom_to_trust() {
    let vendor = Vendor::start().await;
    vendor.trust("ed25519", "").await.data();
    let secret = vendor.publisher().await;
    let clear = "mutation { applicationSetSigningPolicy(name: \"hello\", keys: [], reason: \"mine\") { changed } }";
    let refused = vendor.hub.graphql(Some(&secret), clear, json!({})).await;
    assert_eq!(refused.code(), Some("forbidden"), "{refused:?}");
    assert!(refused.message().contains("ManageSigningPolicy"), "{refused:?}");
    let refused = vendor.publish("1.0.0", &[]).expect_err("the policy is there");
    assert!(refused.contains("not signed as a whole"), "{refused}");
}

#[tokio::test]
async fn a_stricter_policy_holds_up_what_was_published_before_it_until_it_is_signed() {
    let vendor = Vendor::start().await;
    vendor.publish("1.0.0", &[]).expect("nothing is demanded");
    vendor.promote("1.0.0").await.data();
    vendor.deploy("1.0.0").await.data();
    vendor.publish("1.1.0", &[]).expect("nothing is demanded");
    vendor.trust("ed25519", "requires: RELEASE").await.data();
    for refused in [vendor.promote("1.1.0").await, vendor.deploy("1.1.0").await] {
        assert_eq!(refused.code(), Some("release.unsigned"), "{refused:?}");
        assert!(refused.message().contains("distr release sign"), "{refused:?}");
    }

    // an agent that comes now is told what is demanded now, of what was asked for before, too
    let run = vendor.desired().await;
    assert_eq!((&run["version"], &run["trust"]["requires"]), (&json!("1.0.0"), &json!("release")), "{run:#}");
    assert!(run["signatures"].is_null(), "{run:#}");

    // by a key that is not trusted, and then by the one that is
    let of = ["release", "sign", "--app", "hello", "--version", "1.1.0", "--key"];
    let refused = vendor.distr(&[&of[..], &[&key("p256")]].concat()).expect_err("nobody trusts it");
    assert!(refused.contains("by an unknown key, and by none of \"ed25519\""), "{refused}");
    vendor.distr(&[&of[..], &[&key("ed25519")]].concat()).expect("it is trusted");
    vendor.promote("1.1.0").await.data();
    vendor.deploy("1.1.0").await.data();
    let shown = vendor.distr(&["release", "show", "--app", "hello", "--version", "1.1.0"]).expect("the release");
    assert!(shown.contains("signatures of the whole") && shown.contains("key: ed25519, standing: VERIFIED"), "{shown}");
}

#[tokio::test]
async fn a_signature_that_nobody_verified_is_not_shown_as_one_that_counts() {
    let vendor = Vendor::start().await;
    vendor.publish("1.0.0", &["--sign", &key("ed25519")]).expect("nothing is demanded");
    let sign = ["release", "sign", "--app", "hello", "--version", "1.0.0", "--key"];
    let remarks = vendor.remarks(&[&sign[..], &[&key("p256")]].concat());
    assert!(remarks.contains("the hub verified no signature"), "{remarks}");
    let statement = vendor.folder.path().join("statement.json");
    std::fs::write(&statement, vendor.statement("1.0.0")).expect("own folder");
    let unsigned = ["release", "sign", "--app", "hello", "--version", "1.0.0", "--envelope", "statement.json"];
    assert!(vendor.distr(&unsigned).expect_err("unsigned").contains("is the unsigned statement"));
    let unverified = json!({ "key": null, "standing": "UNVERIFIED" });
    let standings = async || {
        let query = "{ release(application: \"hello\", version: \"1.0.0\") { signatures { key standing } } }";
        let shown = vendor.hub.graphql(Some(&vendor.owner), query, json!({})).await.data();
        shown["release"]["signatures"].clone()
    };
    assert_eq!(standings().await, json!([unverified, unverified]));

    // its key is trusted: it counts, and is shown as verified when it is added again
    vendor.trust("ed25519", "requires: RELEASE").await.data();
    assert_eq!(standings().await, json!([unverified, unverified]));
    vendor.deploy("1.0.0").await.data();
    assert_eq!(vendor.desired().await["trust"]["requires"], "release", "its agent verifies it");
    let envelope = vendor.envelopes("1.0.0").await[0]["envelope"].as_str().expect("a text").to_owned();
    let envelope: Value = serde_json::from_str(&envelope).expect("JSON");
    vendor.sign(&vendor.owner, "1.0.0", &envelope).await.data();
    assert_eq!(standings().await, json!([unverified, { "key": "ed25519", "standing": "VERIFIED" }]));

    vendor.trust("p384", "reason: \"another\"").await.data();
    let remarks = vendor.remarks(&[&sign[..], &[&key("p384")]].concat());
    assert!(!remarks.contains("verified no signature"), "this one was verified: {remarks}");
    let before = json!({ "key": "ed25519", "standing": "NOT_TRUSTED" });
    let both = json!([unverified, before, { "key": "p384", "standing": "VERIFIED" }]);
    assert_eq!(standings().await, both);
    vendor.trust("p256", "reason: \"another one\"").await.data();
    assert_eq!(standings().await[2], json!({ "key": "p384", "standing": "NOT_TRUSTED" }));
}

#[tokio::test]
async fn an_agent_hears_of_a_changed_policy_and_of_a_new_signature_with_its_next_heartbeat() {
    let vendor = Vendor::start().await;
    vendor.publish("1.0.0", &[]).expect("nothing is demanded");
    vendor.deploy("1.0.0").await.data();
    let agent = vendor.enrol().await;
    let mut etag = Value::Null;
    let mut news = async || {
        let answer = vendor.post("heartbeats", &agent, json!({ "reports": [], "desired_etag": etag })).await;
        if let Some(new) = answer["desired"]["etag"].as_str() {
            etag = new.into();
        }
        answer["desired"]["deployments"][0].clone()
    };
    let first = news().await;
    assert_eq!((&first["generation"], &first["trust"]), (&json!(1), &Value::Null), "{first:#}");
    assert_eq!(news().await, Value::Null, "it holds what there is");

    vendor.trust("ed25519", "requires: RELEASE").await.data();
    let changed = news().await;
    assert_eq!((&changed["generation"], &changed["trust"]["requires"]), (&json!(1), &json!("release")), "{changed:#}");
    assert_eq!(news().await, Value::Null);

    let sign = ["release", "sign", "--app", "hello", "--version", "1.0.0", "--key", &key("ed25519")];
    vendor.distr(&sign).expect("it is trusted");
    let signed = news().await;
    assert_eq!(
        (&signed["generation"], signed["signatures"].as_array().map(Vec::len)),
        (&json!(1), Some(1)),
        "{signed:#}"
    );
    assert_eq!(news().await, Value::Null);
}

#[tokio::test]
async fn another_compose_file_than_the_hubs_is_not_signed() {
    let vendor = Vendor::start().await;
    let of = ["--app", "hello", "--version", "1.0.0"];
    vendor.distr(&[&["release", "draft"], &of[..], &["--compose", "compose.yaml"]].concat()).expect("a draft");
    let mine = std::fs::read_to_string(vendor.folder.path().join("compose.yaml")).expect("a file") + "\n";
    std::fs::write(vendor.folder.path().join("mine.yaml"), mine).expect("own directory");
    let key = key("p384");
    let sign = [&["release", "sign"], &of[..], &["--key", &key, "--compose", "mine.yaml"]].concat();
    let refused = vendor.distr(&sign).expect_err("the hub has other bytes");
    assert!(refused.contains("the compose file has other bytes than the signed one"), "{refused}");
    // again is the same, though no two of its signatures are
    for _ in 0..2 {
        vendor.publish("1.0.0", &["--sign", &key]).expect("the hub trusts whom hosts may trust");
    }
    let shown = vendor.distr(&["release", "show", "--app", "hello", "--version", "1.0.0", "-o", "json"]);
    let shown: Value = serde_json::from_str(&shown.expect("the release")).expect("JSON");
    assert_eq!(shown["envelopes"].as_array().map(Vec::len), Some(1), "{shown:#}");
}

#[tokio::test]
async fn whoever_has_no_key_takes_no_room_from_who_has() {
    let vendor = Vendor::start().await;
    let robot = vendor.publisher().await;
    vendor.publish("1.0.0", &[]).expect("nothing is demanded");
    let statement = vendor.statement("1.0.0");
    let envelope = |signatures: &[String], mark: usize| {
        let signatures: Vec<Value> = signatures.iter().map(|text| json!({ "sig": text })).collect();
        let payload = STANDARD.encode(&statement);
        json!({ "payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": signatures, "mark": mark })
    };
    let junk = |number: usize| vec![STANDARD.encode(format!("junk {number}"))];
    for number in 0..9 {
        vendor.sign(&robot, "1.0.0", &envelope(&junk(number), number)).await.data();
    }
    for count in [0, 9] {
        let refused = vendor.sign(&robot, "1.0.0", &envelope(&vec![junk(0)[0].clone(); count], 0)).await;
        assert_eq!(refused.code(), Some("bad_input"), "{refused:?}");
    }

    // as soon as a key is trusted, its signature is taken, and once, whatever else is in the envelope
    vendor.trust("ed25519", "requires: RELEASE").await.data();
    let by = |name: &str| {
        let of = ["release", "sign", "--app", "hello", "--version", "1.0.0", "--key"];
        vendor.distr(&[&of[..], &[&key(name)]].concat())
    };
    by("ed25519").expect("it is trusted");
    vendor.promote("1.0.0").await.data();
    let kept = vendor.envelopes("1.0.0").await;
    assert_eq!((kept.len(), &kept[7]["key"]), (8, &json!("ed25519")), "{kept:#?}");
    let bundle: Value = serde_json::from_str(kept[7]["envelope"].as_str().expect("a text")).expect("JSON");
    let good = bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().expect("a signature").to_owned();
    for number in 0..9 {
        let again = vendor.sign(&robot, "1.0.0", &envelope(&[junk(number)[0].clone(), good.clone()], number)).await;
        assert_eq!(again.data()["releaseSign"]["changed"], false);
    }
    let refused = vendor.sign(&robot, "1.0.0", &envelope(&junk(9), 9)).await;
    assert_eq!(refused.code(), Some("release.unknown_key"), "{refused:?}");

    // and so is that of the next one
    vendor.trust("p256", "reason: \"the old key was lost\"").await.data();
    by("p256").expect("it is trusted now");
    vendor.promote("1.0.0").await.data();
    let kept: Vec<Value> = vendor.envelopes("1.0.0").await.iter().map(|of| of["key"].clone()).collect();
    assert_eq!((kept.len(), &kept[6..]), (8, &[json!("ed25519"), json!("p256")][..]));
}
