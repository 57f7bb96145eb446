//! A stock registry client: its own binary, with a home of its own so that tests do not see each other's logins.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// No command of a client takes longer.
const LIMIT: &str = "120";

pub struct Client {
    program: PathBuf,
    /// before each command's own arguments
    globals: Vec<String>,
    home: TempDir,
}

impl Client {
    /// Fails the test when the client is not there.
    pub fn new(name: &str) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory can be made");
        Self { program: find(name), globals: vec![], home }
    }

    pub fn with_globals(self, globals: &[String]) -> Self {
        Self { globals: globals.to_vec(), ..self }
    }

    /// Where its commands run, and what it knows of its user.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new("timeout")
            .args(["--kill-after", "5", LIMIT])
            .arg(&self.program)
            .args(&self.globals)
            .args(arguments)
            .current_dir(self.home())
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.home())
            .env("REGISTRY_AUTH_FILE", self.home().join("auth.json"))
            .env("DOCKER_CONFIG", self.home().join("docker"))
            .env("COSIGN_PASSWORD", "")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a client can be started");
        // one that does not read has its reasons, which it says
        let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
        child.wait_with_output().expect("a client ends")
    }

    /// Standard output; fails the test if the command fails.
    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.ok_with(arguments, "")
    }

    #[track_caller]
    pub fn ok_with(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{} {arguments:?}: {}", self.program.display(), all(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// All that it said; fails the test if the command succeeds.
    #[track_caller]
    pub fn refused(&self, arguments: &[&str]) -> String {
        self.refused_with(arguments, "")
    }

    #[track_caller]
    pub fn refused_with(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(!output.status.success(), "{} {arguments:?} succeeded: {}", self.program.display(), all(&output));
        assert_ne!(output.status.code(), Some(124), "{} {arguments:?} took too long", self.program.display());
        all(&output)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().expect("below the home")).expect("own directory");
        std::fs::write(path, content).expect("own directory");
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}

fn all(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// As `script/setup-tools --tests` puts it: apart from the system, or from Debian's package.
pub fn find(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
    let apart = cache.map(|cache| cache.join("distr/clients").join(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&path).map(|folder| folder.join(name));
    let found = apart.into_iter().chain(in_path).find(|candidate| candidate.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is not installed; run script/setup-tools --tests, which takes it from Debian")
    })
}
