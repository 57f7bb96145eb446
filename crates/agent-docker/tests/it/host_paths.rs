//! A release that writes to a folder of the host, and tries to reach the rest of it from there: what is mounted is what was
//! checked, for as long as it runs.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use distr_agent::converge::Settled;
use distr_domain::agent::{DesiredState, ErrorCategory, PinnedImage};
use tempfile::TempDir;

use crate::registry::docker;
use crate::site::Site;

/// A site with a folder of the host.
struct Shared {
    site: Site,
    image: PinnedImage,
    root: PathBuf,
    _folder: TempDir,
}

impl Shared {
    async fn new(allow: &[&str]) -> Self {
        let site = Site::new().await;
        let image = site.image("1.0.0");
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(root.join("data/sub")).unwrap();
        let lines: String =
            allow.iter().map(|line| format!("- {line}\n").replace("ROOT", root.to_str().unwrap())).collect();
        fs::write(site.policy().path, format!("allow:\n{lines}")).unwrap();
        Self { site, image, root, _folder: folder }
    }

    fn mounting(&self, generation: u64, mount: &str) -> DesiredState {
        let volumes = format!("[\"data:/data\", \"{}/{mount}\"]", self.root.display());
        let compose = self.site.good().replacen("[\"data:/data\"]", &volumes, 1);
        self.site.wants(generation, self.site.run("1.0.0", &self.image, &compose))
    }

    fn in_container(&self, command: &str) -> String {
        let containers = self.site.containers(&self.site.project);
        docker(&["exec", &containers[0], "/bin/busybox", "sh", "-c", command])
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_a_release_may_write_to_leads_nowhere_else() {
    let shared = Shared::new(&["write: ROOT/data", "read: ROOT/data/sub"]).await;
    let mut agent = shared.site.agent();
    assert_eq!(agent.settle(&shared.mounting(1, "data:/d")).await, Settled::Done);
    let deep = shared.root.join("data/1/2/3/4/5/6/7/8");
    let inside = "/d/1/2/3/4/5/6/7/8";
    shared.in_container(&format!("busybox mkdir -p {inside} && busybox ln -s {} /d/link", deep.display()));

    // cleaned by the engine, this is the host's root; followed by the kernel, it is the folder
    let up = "data/link/../../../../../../../..";
    assert_eq!(fs::canonicalize(shared.root.join(up)).unwrap(), shared.root.join("data"));
    let Settled::Failed(error) = agent.settle(&shared.mounting(2, &format!("{up}:/h"))).await else {
        panic!("no policy allows it")
    };
    assert_eq!(error.category, ErrorCategory::Config);
    assert!(error.text.contains("service web, key volumes") && error.text.contains("holds \"..\""), "{}", error.text);

    let Settled::Troubled(error) = agent.settle(&shared.mounting(3, "data/sub:/h:ro")).await else {
        panic!("the folder may be a link at the next start")
    };
    let root = shared.root.display();
    for line in [format!("the line \"- read: {root}/data/sub\" does not count"), format!("\"- write: {root}/data\"")] {
        assert!(error.category == ErrorCategory::Policy && error.text.contains(&line), "{}", error.text);
    }
    assert_eq!(shared.site.page().await.as_deref(), Some("1.0.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_leads_elsewhere_later_leads_the_engine_nowhere_else() {
    let shared = Shared::new(&["read: ROOT/data"]).await;
    let mut agent = shared.site.agent();
    let (link, other) = (shared.root.join("link"), shared.root.join("other"));
    symlink(shared.root.join("data"), &link).unwrap();
    fs::write(shared.root.join("data/file"), "checked").unwrap();
    fs::create_dir(&other).unwrap();
    fs::write(other.join("file"), "secret").unwrap();
    assert_eq!(agent.settle(&shared.mounting(1, "link:/h:ro")).await, Settled::Done);
    fs::remove_file(&link).unwrap();
    symlink(&other, &link).unwrap();
    let container = &shared.site.containers(&shared.site.project)[0];
    docker(&["restart", "--time", "0", container]);
    assert_eq!(shared.in_container("busybox cat /h/file"), "checked");
    let mounts = docker(&["inspect", "--format", "{{json .HostConfig.Binds}}", container]);
    assert!(mounts.contains(&format!("{}:/h", Path::new(&shared.root).join("data").display())), "{mounts}");
}
