//! `umoci` makes and unpacks images, `skopeo` carries them.

use distr_tests::client::Client;

use super::vendor::Vendor;

fn login(vendor: &Vendor, secret: &str) -> Client {
    let skopeo = Client::new("skopeo");
    skopeo.ok_with(&["login", "--tls-verify=false", "-u", "ci", "--password-stdin", &vendor.registry], secret);
    skopeo
}

/// An image with one file, as an OCI layout in the client's home.
fn make(home: &Client, layout: &str, content: &str) {
    let umoci = Client::new("umoci");
    umoci.write("greeting", content);
    let layout = home.home().join(layout).display().to_string();
    let image = format!("{layout}:1");
    umoci.ok(&["init", "--layout", &layout]);
    umoci.ok(&["new", "--image", &image]);
    umoci.ok(&["insert", "--rootless", "--image", &image, "greeting", "/greeting"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_carries_what_umoci_made_there_and_back() {
    let vendor = Vendor::start().await;
    let skopeo = login(&vendor, &vendor.secret);
    make(&skopeo, "made", "hello from umoci");
    let (image, copy) =
        (format!("docker://{}:1", vendor.image("made")), format!("docker://{}:1", vendor.image("copy")));
    skopeo.ok(&["copy", "--dest-tls-verify=false", "oci:made:1", &image]);
    skopeo.ok(&["copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false", &image, &copy]);
    let digest = |of: &str| skopeo.ok(&["inspect", "--tls-verify=false", "--format", "{{.Digest}}", of]);
    assert_eq!(digest(&image), digest(&copy));
    assert!(skopeo.ok(&["list-tags", "--tls-verify=false", &copy.replace(":1", "")]).contains("\"1\""));
    // as Docker's own format, with digests of its own
    let v2 = format!("docker://{}:v2", vendor.image("made"));
    skopeo.ok(&["copy", "--format", "v2s2", "--dest-tls-verify=false", "oci:made:1", &v2]);

    skopeo.ok(&["copy", "--src-tls-verify=false", &copy, "oci:back:1"]);
    let (umoci, back) = (Client::new("umoci"), skopeo.home().join("back").display().to_string());
    umoci.ok(&["unpack", "--rootless", "--image", &format!("{back}:1"), "bundle"]);
    assert_eq!(umoci.read("bundle/rootfs/greeting"), "hello from umoci");

    skopeo.ok(&["delete", "--tls-verify=false", &copy]);
    let gone = skopeo.refused(&["inspect", "--tls-verify=false", &copy]);
    assert!(gone.contains("manifest unknown"), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_reads_public_repositories_without_a_login_and_robots_keep_to_theirs() {
    let vendor = Vendor::start().await;
    let robot = vendor.token("label: \"r\", scopes: [PULL, PUSH], repositories: [\"public\", \"tools/*\"]").await;
    let skopeo = login(&vendor, &robot);
    make(&skopeo, "made", "for everybody");
    let (public, private) = (vendor.image("public"), vendor.image("tools/private"));
    for image in [&public, &private] {
        skopeo.ok(&["copy", "--dest-tls-verify=false", "oci:made:1", &format!("docker://{image}:1")]);
    }
    let elsewhere = format!("docker://{}:1", vendor.image("elsewhere"));
    let refusal = skopeo.refused(&["copy", "--dest-tls-verify=false", "oci:made:1", &elsewhere]);
    assert!(refusal.contains("403"), "{refusal}");
    let deletion = skopeo.refused(&["delete", "--tls-verify=false", &format!("docker://{public}:1")]);
    assert!(deletion.contains("the token does not have the scope delete"), "{deletion}");

    let anybody = Client::new("skopeo");
    let inspect = |image: &str| ["inspect".to_owned(), "--tls-verify=false".to_owned(), format!("docker://{image}:1")];
    anybody.refused(&inspect(&public).each_ref().map(String::as_str));
    vendor.run("repositorySetVisibility(name: \"public\", visibility: PUBLIC) { changed }").await;
    anybody.ok(&inspect(&public).each_ref().map(String::as_str));
    let refusal = anybody.refused(&inspect(&private).each_ref().map(String::as_str));
    assert!(refusal.contains("unauthorized"), "{refusal}");
}
