//! `helm`: charts. It has no command that lists or deletes them in a registry.

use distr_tests::client::Client;

use super::is_not_there;
use super::vendor::Vendor;

fn login(vendor: &Vendor, secret: &str) -> Client {
    let helm = Client::new("helm");
    helm.ok_with(&["registry", "login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry], secret);
    helm
}

#[tokio::test(flavor = "multi_thread")]
async fn helm_pushes_shows_and_pulls_a_chart() {
    let vendor = Vendor::start().await;
    let wrong = Client::new("helm").refused_with(
        &["registry", "login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry],
        "dst_guess",
    );
    assert!(wrong.contains("the user name or the token is wrong"), "{wrong}");

    let helm = login(&vendor, &vendor.secret);
    helm.write("hello/Chart.yaml", "apiVersion: v2\nname: hello\nversion: 1.0.0\n");
    helm.write("hello/templates/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hello}\n");
    helm.ok(&["package", "hello"]);
    let charts = format!("oci://{}", vendor.image("charts"));
    helm.ok(&["push", "--plain-http", "hello-1.0.0.tgz", &charts]);
    let chart = format!("{charts}/hello");
    assert!(helm.ok(&["show", "chart", "--plain-http", &chart, "--version", "1.0.0"]).contains("name: hello"));
    assert!(helm.ok(&["template", "--plain-http", "t", &chart]).contains("kind: ConfigMap"));
    helm.ok(&["pull", "--plain-http", &chart, "--version", "1.0.0", "--untar", "-d", "pulled"]);
    assert!(helm.read("pulled/hello/Chart.yaml").contains("version: 1.0.0"));
    let none = helm.refused(&["pull", "--plain-http", &chart, "--version", "2.0.0"]);
    assert!(none.contains("not found"), "{none}");

    vendor.run("applicationCreate(name: \"hello\") { changed }").await;
    let reference = format!("{}:1.0.0", vendor.image("charts/hello"));
    let package =
        format!("{{ helm: {{ chart: \"{reference}\", images: [], kinds: [], cases: 1, tool: \"by hand\" }} }}");
    let publish =
        format!("releasePublish(application: \"hello\", version: \"1.0.0\", packages: [{package}]) {{ changed }}");
    vendor.run(&publish).await;
    let customers = login(&vendor, &vendor.customer().await);
    let pull = ["pull", "--plain-http", &chart, "--version", "1.0.0"];
    let refusal = customers.refused(&pull);
    assert!(is_not_there(&refusal), "{refusal}");
    vendor.license().await;
    customers.ok(&pull);
    let push = customers.refused(&["push", "--plain-http", "hello-1.0.0.tgz", &charts]);
    assert!(push.contains("the token does not have the scope push"), "{push}");
    vendor.revoke_license().await;
    let refusal = customers.refused(&pull);
    assert!(refusal.contains("was revoked: contract ended"), "{refusal}");
    helm.ok(&["registry", "logout", &vendor.registry]);
    let out = helm.refused(&pull);
    assert!(out.contains("401") || out.to_lowercase().contains("unauthorized"), "{out}");
}
