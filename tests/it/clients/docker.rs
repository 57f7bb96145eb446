//! `docker`: with an engine that keeps a refresh token in place of the password.

use distr_tests::client::Client;

use super::vendor::Vendor;

#[tokio::test(flavor = "multi_thread")]
async fn docker_keeps_a_refresh_token_and_pulls_what_is_public_without_any() {
    let vendor = Vendor::start().await;
    let docker = Client::new("docker");
    let login = ["login", "-u", "ci", "--password-stdin", vendor.registry.as_str()];
    let wrong = docker.refused_with(&login, "dst_guess");
    assert!(wrong.contains("the user name or the token is wrong"), "{wrong}");
    docker.ok_with(&login, &vendor.secret);
    let kept = docker.read("docker/config.json");
    assert!(kept.contains("identitytoken") && !kept.contains(&vendor.secret), "{kept}");

    docker.write("context/greeting", vendor.registry.as_bytes());
    docker.write("context/Dockerfile", "FROM scratch\nCOPY greeting /greeting\n");
    let (image, mounted) = (format!("{}:1", vendor.image("docker")), format!("{}:1", vendor.image("mounted")));
    docker.ok(&["build", "--quiet", "--tag", &image, "context"]);
    docker.ok(&["push", &image]);
    docker.ok(&["tag", &image, &mounted]);
    let pushed = docker.ok(&["push", &mounted]);
    assert!(pushed.contains("Mounted from acme/docker"), "{pushed}");
    docker.ok(&["rmi", &image, &mounted]);
    docker.ok(&["pull", &image]);
    assert!(docker.ok(&["manifest", "inspect", "--insecure", &image]).contains("layers"));
    docker.ok(&["rmi", &image]);

    let anybody = Client::new("docker");
    let refusal = anybody.refused(&["pull", &image]);
    assert!(refusal.contains("may require 'docker login'"), "{refusal}");
    vendor.run("repositorySetVisibility(name: \"docker\", visibility: PUBLIC) { changed }").await;
    anybody.ok(&["pull", &image]);
    anybody.ok(&["rmi", &image]);
    anybody.refused(&["pull", &mounted]);

    docker.ok(&["logout", &vendor.registry]);
    docker.refused(&["pull", &mounted]);
}
