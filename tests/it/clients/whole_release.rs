//! A release that is signed as a whole, from `distr release publish --sign` with a key of cosign's to an agent whose host pins
//! that key: it runs, and whatever the hub makes of it does not.

use std::process::{Command, Output};

use distr_tests::agent::AgentProcess;
use distr_tests::binary;
use distr_tests::client::Client;
use serde_json::{Value, json};

use super::between::Between;
use super::cosign::{sign, signer};
use super::site::Site;

/// `distr` as the owner, where the key lies.
fn distr(site: &Site, key: &Client, arguments: &[&str]) -> Output {
    Command::new(binary("distr"))
        .args(["--hub", &site.vendor.hub.url("")])
        .args(arguments)
        .current_dir(key.home())
        .env("XDG_CONFIG_HOME", key.home())
        .env("DISTR_TOKEN", &site.vendor.owner)
        .env("COSIGN_PASSWORD", "")
        .output()
        .expect("distr can be started")
}

#[track_caller]
fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

async fn release(site: &Site, version: &str) -> Value {
    let query = "query ($version: Version!) {
        release(application: \"hello\", version: $version) { signatures { key envelope } images { digest } }
    }";
    site.vendor.ask(query, json!({ "version": version })).await.data()["release"].clone()
}

/// Pushes and signs the image, and publishes with a signature of the whole.
async fn publish(site: &Site, key: &Client, version: &str) -> Value {
    let image = site.push(version);
    sign(key, "cosign", &image);
    key.write("compose.yaml", format!("services:\n  web:\n    image: {image}\n    volumes: [\"./motd:/motd:ro\"]\n"));
    key.write("motd", format!("hello from {version}"));
    let of = ["--app", "hello", "--version", version];
    let published = [&["release", "publish"], &of[..], &["--compose", "compose.yaml", "--sign", "cosign.key"]].concat();
    done(&distr(site, key, &published));
    release(site, version).await
}

fn desired(answer: &mut Value) -> Option<&mut Value> {
    answer.pointer_mut("/desired/deployments/0")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_pins_a_key_runs_what_that_key_signed_and_nothing_that_a_hub_makes_of_it() {
    let mut site = Site::start().await;
    let key = signer(&site.vendor, "cosign");
    let policy = "mutation ($pem: String!) {
        applicationSetSigningPolicy(name: \"hello\", keys: [{ name: \"release-key\", pem: $pem }]) { changed }
    }";
    site.vendor.ask(policy, json!({ "pem": key.read("cosign.pub") })).await.data();

    // signed images alone are not enough by default, and it is told what is missing
    let image = site.push("0.9.0");
    sign(&key, "cosign", &image);
    let refused = site.vendor.publish("0.9.0", &image).await;
    assert_eq!(refused.code(), Some("release.unsigned"), "{refused:?}");
    assert!(refused.message().contains("not signed as a whole") && refused.message().contains("--sign"), "{refused:?}");

    // cosign itself verifies what was signed
    let first = publish(&site, &key, "1.0.0").await;
    assert_eq!(first["signatures"][0]["key"], "release-key", "{first:#}");
    key.write("bundle.json", first["signatures"][0]["envelope"].as_str().expect("an envelope"));
    let verify = ["verify-blob-attestation", "--key", "cosign.pub", "--bundle", "bundle.json"];
    let of_release = ["--type", "urn:distr:release:v1", "--insecure-ignore-tlog=true", "compose.yaml"];
    key.ok(&[&verify[..], &of_release].concat());

    let token = site.register().await;
    let (between, url) = Between::start(site.vendor.hub.url("")).await;
    let agent = AgentProcess::start_pinned(&url, &token, &key.home().join("cosign.pub"));
    site.deploy("1.0.0").await;
    site.until(&agent, "HEALTHY", "1.0.0").await;
    let runs = site.running();

    let second = publish(&site, &key, "1.1.0").await;
    let (old_digest, old_envelope) = (first["images"][0]["digest"].clone(), first["signatures"][0].clone());
    let (new_envelope, old_layer) = (second["signatures"][0]["envelope"].clone(), old_envelope["envelope"].clone());
    assert_ne!(new_envelope, old_layer);
    type Change = Box<dyn FnMut(&mut Value) + Send>;
    let changes: Vec<(&str, Change)> = vec![
        (
            "the compose file has other bytes",
            Box::new(|deployment| {
                let compose = deployment["compose"].as_str().expect("a compose file").to_owned();
                deployment["compose"] = json!(compose + "    privileged: true\n");
            }),
        ),
        ("runs acme/hello@", Box::new(move |deployment| deployment["images"][0]["digest"] = old_digest.clone())),
        (
            "version \"1.0.0\", not \"1.1.0\"",
            Box::new(move |deployment| deployment["signatures"][0]["content"] = old_layer.clone()),
        ),
        ("file motd is", Box::new(|deployment| deployment["files"][0]["text"] = json!("something else"))),
        (
            "it is not signed as a whole",
            Box::new(|deployment| {
                deployment["trust"] = Value::Null;
                deployment["signatures"] = json!([]);
            }),
        ),
        ("application \"hello\", not \"other\"", Box::new(|deployment| deployment["application"] = json!("other"))),
    ];
    for (words, mut change) in changes {
        between.changes(move |answer| {
            if let Some(deployment) = desired(answer) {
                change(deployment);
            }
        });
        site.deploy("1.1.0").await;
        site.until_said(&agent, "FAILED", "1.0.0", words).await;
        assert_eq!(site.running(), runs, "{words}");
    }

    // handed as it was signed, it runs; and the host can say why
    between.changes(|_| {});
    site.deploy("1.1.0").await;
    site.until(&agent, "HEALTHY", "1.1.0").await;
    let status = Command::new(binary("distr-agent")).args(["status", "--data-dir"]).arg(agent.folder()).output();
    let status = done(&status.expect("distr-agent can be started"));
    for line in
        ["pinned key   cosign SHA256:", "the release as a whole is signed by key \"cosign\", pinned on this host"]
    {
        assert!(status.contains(line), "{status}");
    }
}

/// What other tools sign: `cosign attest-blob` here.
#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_cosign_signed_is_attached() {
    let site = Site::start().await;
    let key = signer(&site.vendor, "cosign");
    let image = super::cosign::push(&site.vendor, "hello", "content");
    key.write("compose.yaml", format!("services:\n  web:\n    image: {image}\n"));
    let of = ["--app", "hello", "--version", "1.0.0"];
    done(&distr(&site, &key, &[&["release", "draft"], &of[..], &["--compose", "compose.yaml"]].concat()));
    let statement = done(&distr(&site, &key, &[&["release", "sign"], &of[..], &["--print-statement"]].concat()));
    key.write("statement.json", &statement);
    let attest = ["attest-blob", "--key", "cosign.key", "--statement", "statement.json", "--bundle", "bundle.json"];
    key.ok(&[&attest[..], &["--use-signing-config=false", "--tlog-upload=false", "-y"]].concat());
    let attach = [&["release", "sign"], &of[..], &["--envelope", "bundle.json"]].concat();
    done(&distr(&site, &key, &attach));
    let kept = release(&site, "1.0.0").await["signatures"][0]["envelope"].clone();
    // kept in one form, which says the same
    let json = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(json(kept.as_str().expect("an envelope")), json(&key.read("bundle.json")));

    // what was signed for this one is not taken for another
    let of = ["--app", "hello", "--version", "1.0.1"];
    done(&distr(&site, &key, &[&["release", "draft"], &of[..], &["--compose", "compose.yaml"]].concat()));
    let refused = distr(&site, &key, &[&["release", "sign"], &of[..], &["--envelope", "bundle.json"]].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("version \"1.0.0\", not \"1.0.1\""), "{said}");
}
