//! A registry of Debian's `docker-registry` on a loopback port, filled with small images.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use distr_domain::agent::PinnedImage;
use distr_tests::ports::free_port;
use tempfile::TempDir;

/// The password of the user `agent` at a registry that asks for one.
pub(crate) const PASSWORD: &str = "the-agents-secret";
const PASSWORD_HASH: &str = "$2y$04$WiXbfZTk73Fo5qzHOnIf2OymLguOph/F.UskRhCqR5cRPYPpVJYiq";

pub(crate) struct Registry {
    pub(crate) address: String,
    /// the same content behind a password
    pub(crate) guarded: String,
    processes: Vec<Child>,
    _data: TempDir,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join("htpasswd"), format!("agent:{PASSWORD_HASH}\n")).unwrap();
        let auth =
            format!("auth: {{htpasswd: {{realm: registry, path: {}}}}}\n", data.path().join("htpasswd").display());
        let (address, open) = serve(data.path(), "open.yml", "");
        let (guarded, closed) = serve(data.path(), "guarded.yml", &auth);
        Self { address, guarded, processes: vec![open, closed], _data: data }
    }

    /// Makes and pushes an image whose page says `text`, and forgets it locally, so that it has to be pulled.
    pub(crate) fn push(&self, repository: &str, text: &str) -> PinnedImage {
        let root = tempfile::tempdir().unwrap();
        let busybox = ["/bin/busybox", "/usr/bin/busybox"].into_iter().find(|path| Path::new(path).exists());
        let busybox = busybox.expect("busybox is missing: install busybox-static");
        std::fs::create_dir_all(root.path().join("bin")).unwrap();
        std::fs::create_dir_all(root.path().join("www")).unwrap();
        std::fs::copy(busybox, root.path().join("bin/busybox")).unwrap();
        std::fs::write(root.path().join("www/index.html"), text).unwrap();
        let reference = format!("{}/{repository}:{}", self.address, text.replace('.', "-"));
        import(root.path(), &reference);
        docker(&["push", "--quiet", &reference]);
        let digest = docker(&["image", "inspect", "--format", "{{index .RepoDigests 0}}", &reference]);
        docker(&["image", "rm", "--force", &reference]);
        let digest = digest.trim().split_once('@').expect("a pushed image has a digest").1.parse().unwrap();
        PinnedImage { service: "web".to_owned(), repository: repository.to_owned(), digest, signature: None }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn serve(data: &Path, file: &str, auth: &str) -> (String, Child) {
    let address = format!("127.0.0.1:{}", free_port());
    let config = format!(
        "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n{auth}",
        data.join("blobs").display()
    );
    std::fs::write(data.join(file), config).unwrap();
    let mut command = Command::new("docker-registry");
    command.arg("serve").arg(data.join(file)).stdout(Stdio::null()).stderr(Stdio::null());
    let process = command.spawn().expect("docker-registry is missing: install Debian's docker-registry");
    let end = Instant::now() + Duration::from_secs(20);
    while std::net::TcpStream::connect(&address).is_err() {
        assert!(Instant::now() < end, "the registry does not listen at {address}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
    (address, process)
}

fn import(root: &Path, reference: &str) {
    let mut tar = Command::new("tar").arg("-C").arg(root).args(["-c", "."]).stdout(Stdio::piped()).spawn().unwrap();
    let entrypoint = r#"ENTRYPOINT ["/bin/busybox"]"#;
    let import = Command::new("docker")
        .args(["import", "--change", entrypoint, "-", reference])
        .stdin(tar.stdout.take().unwrap())
        .output()
        .unwrap();
    assert!(tar.wait().unwrap().success() && import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
}

pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("the program docker is missing");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "docker {}: {said}", arguments.join(" "));
    String::from_utf8(output.stdout).unwrap()
}
