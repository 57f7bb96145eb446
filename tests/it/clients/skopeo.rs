//! `umoci` makes and unpacks images, `skopeo` carries them.

use distr_tests::client::Client;

use super::is_not_there;
use super::vendor::Vendor;

fn login(vendor: &Vendor, secret: &str) -> Client {
    let skopeo = Client::new("skopeo");
    skopeo.ok_with(&["login", "--tls-verify=false", "-u", "ci", "--password-stdin", &vendor.registry], secret);
    skopeo
}

/// An image with one file, as an OCI layout in the client's home.
fn make(home: &Client, layout: &str, content: &str) {
    make_for("amd64", home, layout, content);
}

fn make_for(architecture: &str, home: &Client, layout: &str, content: &str) {
    let umoci = Client::new("umoci");
    umoci.write("greeting", content);
    let layout = home.home().join(layout).display().to_string();
    let image = format!("{layout}:1");
    umoci.ok(&["init", "--layout", &layout]);
    umoci.ok(&["new", "--image", &image]);
    umoci.ok(&["insert", "--rootless", "--image", &image, "greeting", "/greeting"]);
    umoci.ok(&["config", "--image", &image, "--os", "linux", "--architecture", architecture]);
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
    let tags = skopeo.ok(&["list-tags", "--tls-verify=false", &format!("docker://{}", vendor.image("copy"))]);
    assert!(tags.contains("\"1\""), "{tags}");
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

#[tokio::test(flavor = "multi_thread")]
async fn skopeo_copies_an_index_with_its_platforms_and_deletes_it() {
    let vendor = Vendor::start().await;
    let skopeo = login(&vendor, &vendor.secret);
    let (source, target) = (vendor.image("multi"), vendor.image("other/multi"));
    let platforms = ["amd64", "arm64"];
    for platform in platforms {
        make_for(platform, &skopeo, platform, platform);
        let image = format!("docker://{source}:{platform}");
        skopeo.ok(&["copy", "--dest-tls-verify=false", &format!("oci:{platform}:1"), &image]);
    }
    // skopeo makes no index
    let oras = Client::new("oras");
    oras.ok_with(&["login", "--plain-http", "-u", "ci", "--password-stdin", &vendor.registry], &vendor.secret);
    oras.ok(&["manifest", "index", "create", "--plain-http", &format!("{source}:1"), "amd64", "arm64"]);
    let copy = |which: &str, from: &str, to: &str| {
        let (from, to) = (format!("docker://{from}"), format!("docker://{to}"));
        skopeo.run(&["copy", which, "--src-tls-verify=false", "--dest-tls-verify=false", &from, &to], "")
    };
    // the index alone is not taken before its manifests
    let alone = copy("--multi-arch=index-only", &format!("{source}:1"), &format!("{target}:1"));
    assert!(!alone.status.success());
    let said = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(said.contains("that the manifest names are not in the repository"), "{said}");
    assert!(copy("--all", &format!("{source}:1"), &format!("{target}:1")).status.success());
    let raw = |image: &str| skopeo.ok(&["inspect", "--raw", "--tls-verify=false", &format!("docker://{image}")]);
    assert_eq!(raw(&format!("{source}:1")), raw(&format!("{target}:1")));
    for platform in platforms {
        let of = ["--override-arch", platform, "inspect", "--tls-verify=false", "--format", "{{.Architecture}}"];
        assert_eq!(skopeo.ok(&[&of[..], &[&format!("docker://{target}:1")]].concat()), platform);
    }
    let inspect = ["inspect", "--tls-verify=false", "--format", "{{.Digest}}", &format!("docker://{target}:1")];
    let by_digest = format!("docker://{target}@{}", skopeo.ok(&inspect));
    skopeo.ok(&["delete", "--tls-verify=false", &by_digest]);
    let gone = skopeo.refused(&inspect);
    assert!(is_not_there(&gone), "{gone}");
    // the other repository keeps its own
    assert_eq!(raw(&format!("{source}:1")).matches("\"digest\"").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_with_skopeo_is_told_what_its_license_says() {
    let vendor = Vendor::start().await;
    let wrong = ["login", "--tls-verify=false", "-u", "ci", "--password-stdin", &vendor.registry];
    let refusal = Client::new("skopeo").refused_with(&wrong, "dst_guess");
    assert!(refusal.contains("invalid username/password"), "{refusal}");
    let skopeo = login(&vendor, &vendor.secret);
    make(&skopeo, "made", "licensed");
    let image = vendor.image("licensed");
    let tagged = format!("docker://{image}:1.0.0");
    skopeo.ok(&["copy", "--dest-tls-verify=false", "oci:made:1", &tagged]);
    let customers = login(&vendor, &vendor.release_to_customer(&format!("{image}:1.0.0")).await);
    let pull = ["copy", "--src-tls-verify=false", &tagged, "oci:pulled:1"];
    let refusal = customers.refused(&pull);
    assert!(is_not_there(&refusal), "{refusal}");
    vendor.license().await;
    customers.ok(&pull);
    let tags = customers.ok(&["list-tags", "--tls-verify=false", &format!("docker://{image}")]);
    assert!(tags.contains("1.0.0"), "{tags}");
    let push = customers.refused(&["copy", "--dest-tls-verify=false", "oci:pulled:1", &format!("docker://{image}:2")]);
    assert!(push.contains("the token does not have the scope push"), "{push}");
    let deletion = customers.refused(&["delete", "--tls-verify=false", &tagged]);
    assert!(deletion.contains("the token does not have the scope delete"), "{deletion}");
    vendor.revoke_license().await;
    let refusal = customers.refused(&pull);
    assert!(refusal.contains("was revoked: contract ended"), "{refusal}");
    customers.ok(&["logout", &vendor.registry]);
    let out = customers.refused(&pull);
    assert!(out.contains("unauthorized"), "{out}");
}
