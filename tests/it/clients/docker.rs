//! `docker`: with an engine that keeps a refresh token in place of the password. It has no command that lists or deletes what is
//! in a registry, and searches by an interface that is Docker Hub's alone.

use distr_tests::client::Client;
use serde_json::json;

use super::is_not_there;
use super::vendor::Vendor;

fn build(docker: &Client, image: &str) {
    docker.write("context/greeting", image.as_bytes());
    docker.write("context/Dockerfile", "FROM scratch\nCOPY greeting /greeting\n");
    // the builder's cache reads every image of the engine, and fails when another test takes one away meanwhile
    docker.ok(&["build", "--no-cache", "--quiet", "--tag", image, "context"]);
}

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

    let (image, mounted) = (format!("{}:1", vendor.image("docker")), format!("{}:1", vendor.image("mounted")));
    build(&docker, &image);
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

#[tokio::test(flavor = "multi_thread")]
async fn docker_pushes_an_index_and_pulls_a_platform_of_it() {
    let vendor = Vendor::start().await;
    let docker = Client::new("docker");
    docker.ok_with(&["login", "-u", "ci", "--password-stdin", vendor.registry.as_str()], &vendor.secret);
    let multi = vendor.image("multi");
    let platforms = ["amd64", "arm64"];
    let images = platforms.map(|platform| format!("{multi}:{platform}"));
    for image in &images {
        build(&docker, image);
        docker.ok(&["push", image]);
        docker.ok(&["rmi", image]);
    }
    let index = format!("{multi}:1");
    docker.ok(&["manifest", "create", "--insecure", &index, &images[0], &images[1]]);
    // both were built on one machine
    docker.ok(&["manifest", "annotate", "--arch", "arm64", &index, &images[1]]);
    docker.ok(&["manifest", "push", "--insecure", &index]);
    let shown = docker.ok(&["manifest", "inspect", "--insecure", &index]);
    assert!(platforms.iter().all(|platform| shown.contains(platform)), "{shown}");
    docker.ok(&["pull", &index]);
    docker.ok(&["rmi", &index]);

    vendor.run("applicationCreate(name: \"hello\") { changed }").await;
    for (platform, told) in [("linux/arm64", false), ("linux/s390x", true)] {
        let draft = "mutation ($compose: String!) {
            releaseDraft(application: \"hello\", version: \"1.0.0\", packages: [{ compose: { file: $compose } }]) { warnings }
        }";
        let compose = format!("services: {{ web: {{ image: '{index}', platform: {platform} }} }}");
        let drafted = vendor.ask(draft, json!({ "compose": compose })).await.data();
        let warnings = drafted["releaseDraft"]["warnings"].to_string();
        let is_told = warnings.contains("the image is built for linux/amd64 and linux/arm64, and not for linux/s390x");
        assert_eq!(is_told, told, "{platform}: {warnings}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_with_docker_is_told_what_its_license_says() {
    let vendor = Vendor::start().await;
    let docker = Client::new("docker");
    let login = ["login", "-u", "ci", "--password-stdin", vendor.registry.as_str()];
    docker.ok_with(&login, &vendor.secret);
    let image = format!("{}:1.0.0", vendor.image("licensed"));
    build(&docker, &image);
    docker.ok(&["push", &image]);
    docker.ok(&["rmi", &image]);
    let customers = Client::new("docker");
    customers.ok_with(&login, &vendor.release_to_customer(&image).await);
    let refusal = customers.refused(&["pull", &image]);
    assert!(is_not_there(&refusal), "{refusal}");
    vendor.license().await;
    customers.ok(&["pull", &image]);
    let push = customers.refused(&["push", &image]);
    assert!(push.contains("the token does not have the scope push"), "{push}");
    customers.ok(&["rmi", &image]);
    vendor.revoke_license().await;
    let refusal = customers.refused(&["pull", &image]);
    assert!(refusal.contains("was revoked: contract ended"), "{refusal}");
}
