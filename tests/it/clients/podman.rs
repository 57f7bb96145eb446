//! `podman`: images and manifest lists, with a store of its own. It has no command that deletes from a registry.

use distr_tests::client::Client;

use super::is_not_there;
use super::vendor::Vendor;

fn podman() -> Client {
    let podman = Client::new("podman");
    let home = podman.home().display().to_string();
    let globals = [
        format!("--root={home}/root"),
        format!("--runroot={home}/run"),
        "--storage-driver=vfs".to_owned(),
        "--events-backend=file".to_owned(),
        "--cgroup-manager=cgroupfs".to_owned(),
    ];
    podman.with_globals(&globals)
}

fn login(vendor: &Vendor, podman: &Client, secret: &str) {
    podman.ok_with(&["login", "--tls-verify=false", "-u", "ci", "--password-stdin", &vendor.registry], secret);
}

#[tokio::test(flavor = "multi_thread")]
async fn podman_pushes_pulls_and_lists() {
    let vendor = Vendor::start().await;
    let podman = podman();
    let wrong = ["login", "--tls-verify=false", "-u", "ci", "--password-stdin", &vendor.registry];
    let refusal = podman.refused_with(&wrong, "dst_guess");
    assert!(refusal.contains("invalid username/password"), "{refusal}");
    login(&vendor, &podman, &vendor.secret);

    podman.write("layer/greeting", "hello from podman");
    let tar = ["-cf", "layer.tar", "-C", "layer", "."];
    let packed = std::process::Command::new("tar").args(tar).current_dir(podman.home()).status();
    assert!(packed.expect("tar can be started").success());
    let (image, multi) = (format!("{}:1", vendor.image("podman")), format!("{}:multi", vendor.image("podman")));
    let id = podman.ok(&["import", "layer.tar", &image]);
    podman.ok(&["push", "--tls-verify=false", &image]);
    podman.ok(&["rmi", "--force", &image]);
    podman.ok(&["pull", "--tls-verify=false", &image]);
    let pulled = podman.ok(&["image", "inspect", "--format", "{{.Id}}", &image]);
    assert!(id.ends_with(&pulled), "{id} {pulled}");

    podman.ok(&["manifest", "create", &multi]);
    podman.ok(&["manifest", "add", "--tls-verify=false", &multi, &image]);
    podman.ok(&["manifest", "push", "--all", "--tls-verify=false", &multi, &format!("docker://{multi}")]);
    let tags = podman.ok(&["search", "--tls-verify=false", "--list-tags", &vendor.image("podman")]);
    assert!(tags.contains("multi"), "{tags}");
    let found = podman.ok(&["search", "--tls-verify=false", &format!("{}/acme", vendor.registry)]);
    assert!(found.contains("acme/podman"), "{found}");

    let customer = vendor.release_to_customer(&image).await;
    login(&vendor, &podman, &customer);
    podman.ok(&["rmi", "--all", "--force"]);
    let refusal = podman.refused(&["pull", "--tls-verify=false", &image]);
    assert!(is_not_there(&refusal), "{refusal}");
    vendor.license().await;
    podman.ok(&["pull", "--tls-verify=false", &image]);
    let push =
        podman.refused(&["push", "--tls-verify=false", &image, &format!("docker://{}:2", vendor.image("podman"))]);
    assert!(push.contains("the token does not have the scope push"), "{push}");
    vendor.revoke_license().await;
    podman.ok(&["rmi", "--all", "--force"]);
    let refusal = podman.refused(&["pull", "--tls-verify=false", &image]);
    assert!(refusal.contains("was revoked: contract ended"), "{refusal}");
    podman.ok(&["logout", &vendor.registry]);
    podman.ok(&["rmi", "--all", "--force"]);
    let out = podman.refused(&["pull", "--tls-verify=false", &image]);
    assert!(out.contains("unauthorized"), "{out}");
}
