//! `oras`: generic artifacts, attachments, indexes.

use distr_tests::client::Client;
use serde_json::Value;

use super::vendor::Vendor;
use super::{is_not_there, push_image};

fn login(vendor: &Vendor, secret: &str) -> Client {
    let oras = Client::new("oras");
    oras.ok_with(&["login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry], secret);
    oras
}

#[tokio::test(flavor = "multi_thread")]
async fn oras_pushes_attaches_discovers_copies_and_deletes() {
    let vendor = Vendor::start().await;
    let wrong = Client::new("oras")
        .refused_with(&["login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry], "dst_guess");
    assert!(wrong.contains("the user name or the token is wrong"), "{wrong}");

    let oras = login(&vendor, &vendor.secret);
    let (files, copy) = (vendor.image("files"), vendor.image("copy"));
    oras.write("model.bin", vec![7; 3_000_000]);
    oras.write("bom.json", "{\"spdxVersion\":\"SPDX-2.3\"}");
    oras.ok(&["push", "--plain-http", &format!("{files}:1"), "model.bin:application/octet-stream"]);
    let attach = ["attach", "--plain-http", "--artifact-type", "application/spdx+json"];
    oras.ok(&[&attach[..], &[&format!("{files}:1"), "bom.json:application/spdx+json"]].concat());
    assert_eq!(oras.ok(&["repo", "tags", "--plain-http", &files]), "1");

    // with what is attached
    oras.ok(&["cp", "-r", "--from-plain-http", "--to-plain-http", &format!("{files}:1"), &format!("{copy}:1")]);
    for repository in [&files, &copy] {
        let found = oras.ok(&["discover", "--plain-http", "--format", "json", &format!("{repository}:1")]);
        let found: Value = serde_json::from_str(&found).expect("JSON");
        assert_eq!(found["referrers"][0]["artifactType"], "application/spdx+json", "{found:#}");
        assert_eq!(found["referrers"].as_array().map(Vec::len), Some(1));
    }
    oras.ok(&["pull", "--plain-http", "-o", "pulled", &format!("{copy}:1")]);
    assert_eq!(std::fs::read(oras.home().join("pulled/model.bin")).expect("the file"), vec![7; 3_000_000]);

    oras.ok(&["manifest", "delete", "--plain-http", "-f", &format!("{copy}:1")]);
    let gone = oras.refused(&["pull", "--plain-http", &format!("{copy}:1")]);
    assert!(gone.contains("not found"), "{gone}");
    oras.ok(&["logout", &vendor.registry]);
    let out = oras.refused(&["pull", "--plain-http", &format!("{files}:1")]);
    assert!(out.contains("401") || out.to_lowercase().contains("unauthorized"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn oras_copies_an_index_with_its_platforms() {
    let vendor = Vendor::start().await;
    let oras = login(&vendor, &vendor.secret);
    let (source, target) = (vendor.image("multi"), vendor.image("other/multi"));
    for platform in ["amd64", "arm64"] {
        oras.write("file", platform);
        let of = ["push", "--plain-http", "--artifact-platform", &format!("linux/{platform}")];
        oras.ok(&[&of[..], &[&format!("{source}:{platform}"), "file"]].concat());
    }
    oras.ok(&["manifest", "index", "create", "--plain-http", &format!("{source}:1"), "amd64", "arm64"]);
    oras.ok(&["cp", "--from-plain-http", "--to-plain-http", &format!("{source}:1"), &format!("{target}:1")]);
    let digest = |image: &str| oras.ok(&["resolve", "--plain-http", image]);
    assert_eq!(digest(&format!("{source}:1")), digest(&format!("{target}:1")));
    for platform in ["amd64", "arm64"] {
        let pull = ["pull", "--plain-http", "--platform", &format!("linux/{platform}"), "-o", platform];
        oras.ok(&[&pull[..], &[&format!("{target}:1")]].concat());
        assert_eq!(oras.read(&format!("{platform}/file")), platform);
    }
    // an index is not taken before its manifests are there
    oras.write("index.json", oras.ok(&["manifest", "fetch", "--plain-http", &format!("{source}:1")]));
    let early =
        oras.refused(&["manifest", "push", "--plain-http", &format!("{}:1", vendor.image("early")), "index.json"]);
    assert!(early.contains("not in the repository"), "{early}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_with_oras_is_told_what_its_license_says() {
    let vendor = Vendor::start().await;
    let oras = login(&vendor, &vendor.secret);
    let image = format!("{}:1.0.0", vendor.image("files"));
    oras.write("file", "content");
    push_image(&oras, &image, "file");
    let customers = login(&vendor, &vendor.release_to_customer(&image).await);
    let pull = ["pull", "--plain-http", image.as_str()];
    let refusal = customers.refused(&pull);
    assert!(is_not_there(&refusal), "{refusal}");
    vendor.license().await;
    customers.ok(&pull);
    assert_eq!(customers.read("file"), "content");
    customers.write("file", "other");
    let push = customers.refused(&["push", "--plain-http", &image, "file"]);
    assert!(push.contains("the token does not have the scope push"), "{push}");
    vendor.revoke_license().await;
    let refusal = customers.refused(&pull);
    assert!(refusal.contains("was revoked: contract ended"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_opens_the_tags_that_match_its_pattern() {
    let vendor = Vendor::start().await;
    let oras = login(&vendor, &vendor.secret);
    let models = vendor.image("models");
    for tag in ["llm-7b", "vision-1"] {
        oras.write("weights", tag);
        oras.ok(&["push", "--plain-http", &format!("{models}:{tag}"), "weights"]);
    }
    let image = format!("{}:1.0.0", vendor.image("files"));
    push_image(&oras, &image, "weights");
    let customers = login(&vendor, &vendor.release_to_customer(&image).await);
    vendor.license().await;
    let llm = format!("{models}:llm-7b");
    customers.refused(&["pull", "--plain-http", &llm]);

    let open = "applicationSetFeatureTags(name: \"hello\", features: [
        { feature: \"llm-addon\", repository: \"models\", tags: [\"llm-*\"] }
    ]) { changed }";
    vendor.run(open).await;
    let refusal = customers.refused(&["pull", "--plain-http", &llm]);
    assert!(refusal.contains("does not include feature \"llm-addon\"") || refusal.contains("llm-addon"), "{refusal}");
    let amend = "licenseAmend(customer: \"globex\", name: \"l\", terms: { features: [\"llm-addon\"] }) { changed }";
    vendor.run(amend).await;
    customers.ok(&["pull", "--plain-http", &llm]);
    assert_eq!(customers.read("weights"), "llm-7b");
    let other = customers.refused(&["pull", "--plain-http", &format!("{models}:vision-1")]);
    assert!(other.contains("not found"), "{other}");
    assert_eq!(customers.ok(&["repo", "tags", "--plain-http", &models]), "llm-7b");
}

#[tokio::test(flavor = "multi_thread")]
async fn oras_lists_tags_and_deletes_what_nothing_needs() {
    let vendor = Vendor::start().await;
    let oras = login(&vendor, &vendor.secret);
    let files = vendor.image("files");
    oras.write("file", "content");
    oras.ok(&["push", "--plain-http", &format!("{files}:1"), "file"]);
    oras.ok(&["tag", "--plain-http", &format!("{files}:1"), "latest", "stable"]);
    assert_eq!(oras.ok(&["repo", "tags", "--plain-http", &files]), "1\nlatest\nstable");
    assert_eq!(oras.ok(&["repo", "ls", "--plain-http", &vendor.registry]), "acme/files");

    // a blob, by itself and as a part
    oras.write("loose", "loose");
    let blob = |name: &str| {
        let pushed = oras.ok(&["blob", "push", "--plain-http", "--descriptor", &files, name]);
        let descriptor: Value = serde_json::from_str(&pushed).expect("a descriptor");
        format!("{files}@{}", descriptor["digest"].as_str().expect("a digest"))
    };
    let (loose, part) = (blob("loose"), blob("file"));
    let delete = ["blob", "delete", "--plain-http", "-f"];
    let named = oras.refused(&[&delete[..], &[&part]].concat());
    assert!(named.contains("a manifest names blob"), "{named}");
    oras.ok(&["blob", "fetch", "--plain-http", "--output", "back", &loose]);
    assert_eq!(oras.read("back"), "loose");
    oras.ok(&[&delete[..], &[&loose]].concat());
    let gone = oras.refused(&["blob", "fetch", "--plain-http", "--output", "back", &loose]);
    assert!(gone.contains("not found"), "{gone}");

    // a manifest takes its tags along, unless a release names it or the token may not
    let delete = ["manifest", "delete", "--plain-http", "-f"];
    let weak = login(&vendor, &vendor.token("label: \"p\", scopes: [PULL, PUSH]").await);
    let refusal = weak.refused(&[&delete[..], &[&format!("{files}:1")]].concat());
    assert!(refusal.contains("the token does not have the scope delete"), "{refusal}");
    oras.write("file", "released");
    let released = format!("{}:1.0.0", vendor.image("released"));
    push_image(&oras, &released, "file");
    vendor.release_to_customer(&released).await;
    let refusal = oras.refused(&[&delete[..], &[&released]].concat());
    assert!(refusal.contains("1.0.0"), "{refusal}");
    oras.ok(&[&delete[..], &[&format!("{files}:latest")]].concat());
    for tag in ["1", "stable"] {
        let gone = oras.refused(&["resolve", "--plain-http", &format!("{files}:{tag}")]);
        assert!(gone.contains("not found"), "{gone}");
    }
}
