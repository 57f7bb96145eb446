//! The real Docker client against the real engine.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Why the engine that `script/test` keeps running ended, as far as its log says; empty if it did not.
pub fn ends_of_the_engine() -> String {
    const LINES_OF_A_CRASH: usize = 25;
    let log = std::fs::read_to_string(crate::root().join(".distr/dockerd.log")).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    let ends = |line: &&str| line.starts_with("keep-dockerd:");
    let crashes = |line: &&str| line.starts_with("panic:") || line.starts_with("fatal error:");
    let crash = lines.iter().position(crashes).map(|at| &lines[at..]).unwrap_or_default();
    let said = crash.iter().take(LINES_OF_A_CRASH).chain(lines.iter().filter(|line| ends(line)));
    said.map(|line| format!("\n{line}")).collect()
}

/// A client with its own credentials, so that tests do not see each other's logins.
pub struct Docker {
    config: tempfile::TempDir,
}

impl Docker {
    /// Fails the test when no engine answers.
    pub fn new() -> Self {
        let docker = Self { config: tempfile::tempdir().expect("a temporary directory can be made") };
        let version = docker.run(&["version", "--format", "{{.Server.Version}}"]);
        let ends = ends_of_the_engine();
        assert!(version.status.success(), "no Docker engine answers; script/test starts one: {version:?}{ends}");
        docker
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new("docker")
            .arg("--config")
            .arg(self.config.path())
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("docker can be started")
    }

    /// Standard output; fails the test if the command fails.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    pub fn login(&self, registry: &str, secret: &str) -> Output {
        use std::io::Write;
        let mut child = Command::new("docker")
            .arg("--config")
            .arg(self.config.path())
            .args(["login", registry, "--username", "test", "--password-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker can be started");
        child.stdin.take().expect("piped").write_all(secret.as_bytes()).expect("docker reads");
        child.wait_with_output().expect("docker ends")
    }

    /// Builds from a folder with a Dockerfile.
    #[track_caller]
    pub fn build(&self, folder: &Path, tag: &str, arguments: &[&str]) {
        let folder = folder.to_str().expect("a path in UTF-8");
        // the builder's cache reads every image of the engine, and fails when another test takes one away meanwhile
        let mut all = vec!["build", "--no-cache", "--quiet", "--tag", tag];
        all.extend(arguments);
        all.push(folder);
        self.ok(&all);
    }

    /// Pushes an image that is like no other, and takes it off the engine.
    #[track_caller]
    pub fn push_unique(&self, image: &str) {
        let folder = tempfile::tempdir().expect("a temporary directory can be made");
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\nCOPY only /only\n").expect("own directory");
        std::fs::write(folder.path().join("only"), uuid::Uuid::now_v7().to_string()).expect("own directory");
        self.build(folder.path(), image, &[]);
        self.ok(&["push", image]);
        self.ok(&["rmi", image]);
    }
}

impl Default for Docker {
    fn default() -> Self {
        Self::new()
    }
}
