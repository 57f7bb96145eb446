//! The `docker` client and a real engine against the registry: login, push, pull, run, and what it prints of a refusal.

use std::path::PathBuf;
use std::process::{Command, Output};

use distr_domain::license::{License, LicenseCommand, Terms};
use tempfile::TempDir;

use crate::bucket;
use crate::server::run;
use crate::world::{SECRET, World};

struct Docker {
    directory: TempDir,
    /// Removed from the engine at the end.
    image: String,
}

impl Docker {
    /// With an image that prints a line.
    async fn build(image: String) -> Self {
        let docker = Self { directory: TempDir::new().unwrap(), image };
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].map(PathBuf::from).into_iter().find(|path| path.exists());
        let busybox = busybox.expect("busybox-static is installed (script/test does it)");
        std::fs::copy(busybox, docker.directory.path().join("busybox")).unwrap();
        // unlike that of any other test run, so that the engine has to send and fetch it
        std::fs::write(docker.directory.path().join("name"), &docker.image).unwrap();
        let dockerfile = "FROM scratch\nCOPY busybox name /\nCMD [\"/busybox\", \"echo\", \"hello from acme\"]\n";
        std::fs::write(docker.directory.path().join("Dockerfile"), dockerfile).unwrap();
        // the builder's cache reads every image of the engine, and fails when another test takes one away meanwhile
        docker.ok(&["build", "--no-cache", "-q", "-t", &docker.image.clone(), "."]).await;
        docker
    }

    async fn output(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("docker");
        command.args(arguments).current_dir(self.directory.path()).env("DOCKER_BUILDKIT", "0");
        command.env("DOCKER_CONFIG", self.directory.path().join("config"));
        let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        ran.expect("docker is installed (script/test does it)")
    }

    async fn ok(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {arguments:?} (an engine must run: script/dockerd up): {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    async fn refused(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments).await;
        assert!(!output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8(output.stderr).unwrap()
    }

    async fn log_in(&self, world: &World, username: &str) {
        self.ok(&["login", "-u", username, "-p", SECRET, &world.address]).await;
    }

    async fn forget_image(&self) {
        self.ok(&["image", "rm", "-f", &self.image]).await;
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["image", "rm", "-f", &self.image]).output();
    }
}

#[test]
fn docker_pushes_pulls_and_runs_until_the_license_ends() {
    run(async {
        let world = World::start().await;
        let docker = Docker::build(format!("{}/acme/hello:1.0.0", world.address)).await;
        let image = docker.image.clone();
        docker.log_in(&world, "publisher").await;
        let pushed = docker.ok(&["push", &image]).await;
        let digest = pushed.split_whitespace().find(|word| word.starts_with("sha256:")).expect("a digest").to_owned();
        world.publish("1.0.0", "hello", &digest.parse().unwrap()).await;
        let license = world.license("globex-hello", Terms::default()).await;

        docker.forget_image().await;
        docker.log_in(&world, "customer").await;
        assert!(docker.ok(&["pull", &image]).await.contains(&digest));
        assert_eq!(docker.ok(&["run", "--rm", "--network=none", &image]).await, "hello from acme\n");
        let refused = docker.refused(&["push", &image]).await;
        assert!(refused.contains("acme/hello: customer role admin may not push"), "{refused}");

        let revoke = LicenseCommand::Revoke { reason: "contract ended".to_owned() };
        world.command::<License>(license.0, revoke).await;
        docker.forget_image().await;
        let refused = docker.refused(&["pull", &image]).await;
        let reason = "acme/hello: license \"globex-hello\" was revoked: contract ended";
        assert!(refused.contains(reason), "{refused}");
        world.stop().await;
    });
}

#[test]
fn docker_finds_nothing_in_another_organization() {
    run(async {
        let world = World::start().await;
        let docker = Docker::build(format!("{}/acme/hello:2.0.0", world.address)).await;
        let image = docker.image.clone();
        docker.log_in(&world, "publisher").await;
        docker.ok(&["push", &image]).await;
        docker.forget_image().await;
        docker.log_in(&world, "stranger").await;
        let refused = docker.refused(&["pull", &image]).await;
        assert!(refused.contains("manifest \"2.0.0\" is not known in acme/hello"), "{refused}");
        world.stop().await;
    });
}

#[test]
fn docker_says_that_the_quota_is_used_up() {
    run(async {
        let world = World::start().await;
        let docker = Docker::build(format!("{}/acme/hello:1.0.0", world.address)).await;
        docker.log_in(&world, "publisher").await;
        world.set_quota("hello", "100 KiB").await;
        let refused = docker.refused(&["push", &docker.image]).await;
        let reason = "acme/hello: the repository holds 0 of the 102400 bytes of its quota (100 KiB), and this needs";
        assert!(refused.contains(reason), "{refused}");
        assert_eq!(world.held("hello").await, 0);
        world.stop().await;
    });
}

#[test]
fn docker_follows_to_the_bucket() {
    run(async {
        let world = World::beside_bucket(&bucket::Place::new().await).await;
        let docker = Docker::build(format!("{}/acme/hello:1.0.0", world.address)).await;
        docker.log_in(&world, "publisher").await;
        docker.ok(&["push", &docker.image]).await;
        docker.forget_image().await;
        docker.ok(&["pull", &docker.image]).await;
        assert_eq!(docker.ok(&["run", "--rm", "--network=none", &docker.image]).await, "hello from acme\n");
        world.stop().await;
    });
}
