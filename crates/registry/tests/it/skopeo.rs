//! Debian's `skopeo` against the registry: login, copy in and out, inspect, list, delete, and what it says of a refusal.

use std::path::Path;
use std::process::{Command, Output};

use distr_domain::license::{License, LicenseCommand, Terms};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bucket;
use crate::server::run;
use crate::vendor::{IMAGE, descriptor, digest_of};
use crate::world::{SECRET, World};

/// An OCI layout with one image of some megabytes; skopeo pushes such layers in chunks of its own choice.
fn write_layout(directory: &Path) {
    let layer: Vec<u8> = (0..5_000_000_u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 16).to_le_bytes()).collect();
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [digest_of(&layer)] },
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": IMAGE,
        "config": descriptor(&config, "application/vnd.oci.image.config.v1+json"),
        "layers": [descriptor(&layer, "application/vnd.oci.image.layer.v1.tar")],
    });
    let manifest = manifest.to_string().into_bytes();
    let blobs = directory.join("blobs/sha256");
    std::fs::create_dir_all(&blobs).unwrap();
    for bytes in [&layer, &config, &manifest] {
        std::fs::write(blobs.join(digest_of(bytes).hex()), bytes).unwrap();
    }
    std::fs::write(directory.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    let index = json!({ "schemaVersion": 2, "manifests": [descriptor(&manifest, IMAGE)] });
    std::fs::write(directory.join("index.json"), index.to_string()).unwrap();
}

struct Skopeo {
    directory: TempDir,
}

impl Skopeo {
    fn new() -> Self {
        Self { directory: TempDir::new().unwrap() }
    }

    /// Logged in, with an image to push in the layout `in`.
    async fn of_publisher(world: &World) -> Self {
        let skopeo = Self::new();
        write_layout(&skopeo.directory.path().join("in"));
        skopeo.log_in(world, "publisher").await;
        skopeo
    }

    async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("skopeo");
        command.args(arguments).current_dir(self.directory.path());
        command.env("REGISTRY_AUTH_FILE", self.directory.path().join("auth.json"));
        let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        ran.expect("skopeo is installed (script/test does it)")
    }

    async fn ok(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(!output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    async fn log_in(&self, world: &World, username: &str) {
        self.ok(&["login", "--tls-verify=false", "-u", username, "-p", SECRET, &world.address]).await;
    }
}

#[test]
fn skopeo_pushes_pulls_lists_and_deletes() {
    run(async {
        let world = World::start().await;
        let skopeo = Skopeo::of_publisher(&world).await;
        let image = format!("docker://{}/acme/tools/hello:1.0.0", world.address);
        skopeo.ok(&["copy", "--dest-tls-verify=false", "--preserve-digests", "oci:in", &image]).await;
        let inspected = skopeo.ok(&["inspect", "--tls-verify=false", &image]).await;
        let inspected: Value = serde_json::from_str(&inspected).unwrap();
        assert_eq!(inspected["RepoTags"], json!(["1.0.0"]));
        // as a Docker v2 schema 2 manifest, which is another one
        let docker = format!("docker://{}/acme/tools/hello:docker", world.address);
        skopeo.ok(&["copy", "--dest-tls-verify=false", "--format=v2s2", "oci:in", &docker]).await;
        skopeo.ok(&["copy", "--src-tls-verify=false", "--preserve-digests", &image, "oci:out"]).await;
        let blob = |side: &str, hex: &str| skopeo.directory.path().join(side).join("blobs/sha256").join(hex);
        for entry in std::fs::read_dir(skopeo.directory.path().join("in/blobs/sha256")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(std::fs::read(blob("in", &name)).unwrap() == std::fs::read(blob("out", &name)).unwrap(), "{name}");
        }
        skopeo.ok(&["delete", "--tls-verify=false", &docker]).await;
        let repository = format!("docker://{}/acme/tools/hello", world.address);
        let tags = skopeo.ok(&["list-tags", "--tls-verify=false", &repository]).await;
        assert_eq!(serde_json::from_str::<Value>(&tags).unwrap()["Tags"], json!(["1.0.0"]));
        world.stop().await;
    });
}

#[test]
fn skopeo_says_why_a_customer_is_refused() {
    run(async {
        let world = World::start().await;
        let skopeo = Skopeo::of_publisher(&world).await;
        let image = format!("docker://{}/acme/hello:1.0.0", world.address);
        skopeo.ok(&["copy", "--dest-tls-verify=false", "oci:in", &image]).await;
        let inspected: Value =
            serde_json::from_str(&skopeo.ok(&["inspect", "--tls-verify=false", &image]).await).unwrap();
        world.publish("1.0.0", "hello", &inspected["Digest"].as_str().unwrap().parse().unwrap()).await;
        let license = world.license("globex-hello", Terms::default()).await;

        skopeo.log_in(&world, "customer").await;
        skopeo.ok(&["copy", "--src-tls-verify=false", &image, "oci:out"]).await;
        let refused = skopeo.refused(&["copy", "--dest-tls-verify=false", "oci:in", &image]).await;
        assert!(refused.contains("acme/hello: customer role admin may not push"), "{refused}");
        let revoke = LicenseCommand::Revoke { reason: "contract ended".to_owned() };
        world.command::<License>(license.0, revoke).await;
        let refused = skopeo.refused(&["copy", "--src-tls-verify=false", &image, "oci:again"]).await;
        let reason = r#"acme/hello: license \"globex-hello\" was revoked: contract ended"#;
        assert!(refused.contains(reason), "{refused}");
        world.stop().await;
    });
}

#[test]
fn skopeo_does_not_get_in_with_a_wrong_token() {
    run(async {
        let world = World::start().await;
        let skopeo = Skopeo::new();
        let arguments = ["login", "--tls-verify=false", "-u", "publisher", "-p", "guess", &world.address];
        let refused = skopeo.refused(&arguments).await;
        assert!(refused.contains("invalid username/password"), "{refused}");
        world.stop().await;
    });
}

#[test]
fn skopeo_says_that_the_quota_is_used_up_and_goes_on_when_it_is_raised() {
    run(async {
        let world = World::start().await;
        let skopeo = Skopeo::of_publisher(&world).await;
        let image = format!("docker://{}/acme/hello:1.0.0", world.address);
        world.set_quota("hello", "10 MB").await;
        let push = ["copy", "--dest-tls-verify=false", "oci:in", &image];
        let refused = skopeo.refused(&push).await;
        let reason = "acme/hello: the repository holds 0 of the 10000000 bytes of its quota (10 MB), and this needs";
        assert!(refused.contains(reason), "{refused}");
        assert_eq!(world.held("hello").await, 0);
        world.set_quota("hello", "1 GiB").await;
        skopeo.ok(&push).await;
        world.stop().await;
    });
}

#[test]
fn skopeo_follows_to_the_bucket() {
    run(async {
        let world = World::beside_bucket(&bucket::Place::new().await).await;
        let skopeo = Skopeo::of_publisher(&world).await;
        let image = format!("docker://{}/acme/hello:1.0.0", world.address);
        skopeo.ok(&["copy", "--dest-tls-verify=false", "--preserve-digests", "oci:in", &image]).await;
        skopeo.ok(&["copy", "--src-tls-verify=false", "--preserve-digests", &image, "oci:out"]).await;
        let blobs = |side: &str| skopeo.directory.path().join(side).join("blobs/sha256");
        for entry in std::fs::read_dir(blobs("in")).unwrap() {
            let name = entry.unwrap().file_name();
            let read = |side: &str| std::fs::read(blobs(side).join(&name)).unwrap();
            assert!(read("in") == read("out"), "{name:?}");
        }
        world.stop().await;
    });
}
