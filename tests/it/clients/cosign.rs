//! `cosign`: version 3 attaches sigstore bundles as referrers, version 2 its payloads by tags.

use distr_tests::client::Client;
use serde_json::{Value, json};

use super::vendor::Vendor;

/// With a key pair of its own, logged in.
pub(super) fn signer(vendor: &Vendor, program: &str) -> Client {
    let cosign = Client::new(program);
    cosign.ok(&["generate-key-pair"]);
    cosign.ok_with(&["login", &vendor.registry, "-u", "ci", "--password-stdin"], &vendor.secret);
    cosign
}

/// Nothing leaves the machine: no transparency log.
pub(super) fn offline(program: &str) -> &'static [&'static str] {
    match program {
        "cosign" => {
            &["--key", "cosign.key", "--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry", "-y"]
        }
        _ => &["--key", "cosign.key", "--tlog-upload=false", "--allow-http-registry", "-y"],
    }
}

pub(super) fn sign(cosign: &Client, program: &str, image: &str) {
    cosign.ok(&[&["sign"], offline(program), &[image]].concat());
}

const VERIFY: [&str; 4] = ["--key", "cosign.pub", "--insecure-ignore-tlog=true", "--allow-http-registry"];

/// Pushes an image; answers with its name by digest.
pub(super) fn push(vendor: &Vendor, repository: &str, content: &str) -> String {
    let oras = Client::new("oras");
    oras.ok_with(&["login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry], &vendor.secret);
    oras.write("file", content);
    let tagged = format!("{}:1.0.0", vendor.image(repository));
    super::push_image(&oras, &tagged, "file");
    format!("{}@{}", vendor.image(repository), oras.ok(&["resolve", "--plain-http", &tagged]))
}

async fn attachments(vendor: &Vendor, image: &str, application: Option<&str>) -> Vec<Value> {
    let (name, digest) = image.split_once('@').expect("by digest");
    let repository = name.rsplit('/').next().expect("a path");
    let query = "query ($repository: RepositoryName!, $digest: Digest!, $application: Name) {
        attachments(repository: $repository, digest: $digest, application: $application) {
            kind predicateType tag signedBy verified size
        }
    }";
    let variables = json!({ "repository": repository, "digest": digest, "application": application });
    let data = vendor.ask(query, variables).await.data();
    data["attachments"].as_array().expect("a list").clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_generations_of_cosign_sign_attest_and_verify() {
    let vendor = Vendor::start().await;
    vendor.run("applicationCreate(name: \"hello\") { changed }").await;
    for (program, repository) in [("cosign", "bundles"), ("cosign-2", "tags")] {
        let cosign = signer(&vendor, program);
        let image = push(&vendor, repository, program);
        let unsigned = cosign.refused(&[&["verify"], &VERIFY[..], &[&image]].concat());
        assert!(unsigned.contains("no ") && unsigned.contains("found"), "{unsigned}");
        sign(&cosign, program, &image);
        cosign.ok(&[&["verify"], &VERIFY[..], &[&image]].concat());
        cosign.write("bom.json", "{\"spdxVersion\":\"SPDX-2.3\"}");
        let predicate = ["--type", "spdxjson", "--predicate", "bom.json"];
        cosign.ok(&[&["attest"], offline(program), &predicate, &[&image]].concat());
        cosign.ok(&[&["verify-attestation", "--type", "spdxjson"], &VERIFY[..], &[&image]].concat());
        let stranger = signer(&vendor, program);
        stranger.refused(&[&["verify"], &VERIFY[..], &[&image]].concat());
        assert!(cosign.ok(&["tree", "--allow-http-registry", &image]).contains("sha256"));

        // as GraphQL shows it: first without trust, then with this key, then with another
        let shown = attachments(&vendor, &image, None).await;
        let kinds: Vec<&str> = shown.iter().filter_map(|attachment| attachment["kind"].as_str()).collect();
        assert_eq!(kinds, ["SIGNATURE", "SBOM"], "{program}: {shown:#?}");
        assert!(shown.iter().all(|attachment| attachment["verified"].is_null()));
        assert_eq!(shown[1]["predicateType"], "https://spdx.dev/Document");
        assert_eq!(shown[0]["tag"].is_string(), program == "cosign-2");
        for (key, expected) in [(&cosign, true), (&stranger, false)] {
            let policy = "mutation ($pem: String!) {
                applicationSetSigningPolicy(name: \"hello\", keys: [{ name: \"ci\", pem: $pem }], reason: \"other\") {
                    application { signingKeys { id } }
                }
            }";
            let set = vendor.ask(policy, json!({ "pem": key.read("cosign.pub") })).await.data();
            let id = set["applicationSetSigningPolicy"]["application"]["signingKeys"][0]["id"].clone();
            for attachment in attachments(&vendor, &image, Some("hello")).await {
                assert_eq!(attachment["verified"], expected, "{program}: {attachment}");
                if expected {
                    assert_eq!(attachment["signedBy"][0], id);
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_verifies_what_it_licensed() {
    let vendor = Vendor::start().await;
    let image = push(&vendor, "hello", "content");
    for program in ["cosign", "cosign-2"] {
        sign(&signer(&vendor, program), program, &image);
    }
    let key = signer(&vendor, "cosign");
    sign(&key, "cosign", &image);
    let secret = vendor.release_to_customer(&image).await;
    let customers = Client::new("cosign");
    customers.write("cosign.pub", key.read("cosign.pub"));
    customers.ok_with(&["login", &vendor.registry, "-u", "c", "--password-stdin"], &secret);
    let refusal = customers.refused(&[&["verify"], &VERIFY[..], &[&image]].concat());
    // what cosign makes of what is not there
    assert!(refusal.contains("no signatures found"), "{refusal}");
    vendor.license().await;
    customers.ok(&[&["verify"], &VERIFY[..], &[&image]].concat());
}

/// An index of two artifacts, by its digest.
fn push_index(vendor: &Vendor, repository: &str) -> String {
    let oras = Client::new("oras");
    oras.ok_with(&["login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry], &vendor.secret);
    let image = vendor.image(repository);
    for platform in ["amd64", "arm64"] {
        oras.write("file", platform);
        let of = ["push", "--plain-http", "--artifact-platform", &format!("linux/{platform}")];
        oras.ok(&[&of[..], &[&format!("{image}:{platform}"), "file"]].concat());
    }
    oras.ok(&["manifest", "index", "create", "--plain-http", &format!("{image}:1"), "amd64", "arm64"]);
    format!("{image}@{}", oras.ok(&["resolve", "--plain-http", &format!("{image}:1")]))
}

/// Version 2 copies signatures with the image and all that its index lists. Version 3 copies the image alone, says of itself that
/// its `copy` is deprecated, and points to `oras copy -r`.
#[tokio::test(flavor = "multi_thread")]
async fn signatures_of_an_index_are_copied_and_deleted() {
    let vendor = Vendor::start().await;
    for (program, repository) in [("cosign", "bundles"), ("cosign-2", "tags")] {
        let cosign = signer(&vendor, program);
        let image = push_index(&vendor, repository);
        cosign.ok(&[&["sign", "--recursive"], offline(program), &[&image]].concat());
        let copy = format!("{}:1", vendor.image(&format!("copies/{repository}")));
        match program {
            "cosign" => {
                let oras = Client::new("oras");
                let login = ["login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry];
                oras.ok_with(&login, &vendor.secret);
                oras.ok(&["cp", "-r", "--from-plain-http", "--to-plain-http", &image, &copy]);
            }
            _ => _ = cosign.ok(&["copy", "--allow-http-registry", &image, &copy]),
        }
        cosign.ok(&[&["verify"], &VERIFY[..], &[&copy]].concat());
        cosign.ok(&["clean", "--allow-http-registry", "-f", &image]);
        let unsigned = cosign.refused(&[&["verify"], &VERIFY[..], &[&image]].concat());
        assert!(unsigned.contains("no signatures found"), "{unsigned}");
        cosign.ok(&[&["verify"], &VERIFY[..], &[&copy]].concat());
    }
}
