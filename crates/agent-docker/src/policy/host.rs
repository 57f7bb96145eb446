//! The paths of the host that have power: the engine's sockets and the agent's own folders. Paths are compared after every
//! symbolic link in them is followed.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use super::links::{Trail, canonical};

const SOCKETS: [&str; 6] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
];

/// Folders of engines: in each folder of theirs there may be what containers write, such as volumes.
const STORES: [&str; 5] =
    ["/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/run/containerd", "/run/docker"];

#[derive(Debug, Clone, Default)]
pub struct Host {
    pub sockets: Vec<PathBuf>,
    /// the agent's folder with its credential, and its policy
    pub own: Vec<PathBuf>,
    /// the folders of the deployment that is looked at
    pub deployment: Option<DeploymentFolders>,
}

/// The use of a path of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

/// Folders of the agent that one deployment's containers may see. Everything in them is made by the agent, without links.
#[derive(Debug, Clone)]
pub struct DeploymentFolders {
    /// each folder in it may be written to
    pub home: PathBuf,
    /// files of the release, to be read
    pub files: PathBuf,
}

impl Host {
    pub fn new(own: impl IntoIterator<Item = PathBuf>) -> Self {
        let named = env::var("DOCKER_HOST").ok().and_then(|host| host.strip_prefix("unix://").map(PathBuf::from));
        let user = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).into_iter();
        let user = user.flat_map(|folder| [folder.join("docker.sock"), folder.join("podman/podman.sock")]);
        let sockets = SOCKETS.iter().map(PathBuf::from).chain(named).chain(user);
        Self {
            sockets: sockets.map(|socket| canonical(&socket)).collect(),
            own: own.into_iter().map(|folder| canonical(&folder)).collect(),
            deployment: None,
        }
    }

    /// The same host, for one deployment.
    pub fn with(self, DeploymentFolders { home, files }: DeploymentFolders) -> Self {
        Self { deployment: Some(DeploymentFolders { home: canonical(&home), files: canonical(&files) }), ..self }
    }

    /// Whether the path, which is canonical, is the deployment's own.
    pub(super) fn is_deployments(&self, path: &Path, access: Access) -> bool {
        let Some(DeploymentFolders { home, files }) = &self.deployment else { return false };
        path.parent() == Some(home) || access == Access::Read && path.starts_with(files)
    }

    /// Whether a socket of an engine may be seen there.
    pub(super) fn shows_engine(&self, trail: &Trail) -> bool {
        let path = trail.end.as_path();
        is_hidden(path)
            || trail.is_of_process()
            || self.sockets.iter().any(|socket| socket.starts_with(path) || is_same_socket(path, socket))
    }

    /// Whether something of the agent's is seen in `path`, which is canonical.
    pub(super) fn shows_agent(&self, path: &Path) -> bool {
        self.own.iter().any(|own| own.starts_with(path) || path.starts_with(own))
    }
}

/// The engines' folders, with those of an engine that an ordinary user runs.
pub(super) fn stores() -> Vec<PathBuf> {
    let user = env::var_os("XDG_DATA_HOME").map(PathBuf::from);
    let user = user.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".local/share")));
    let user = user.into_iter().flat_map(|folder| [folder.join("docker"), folder.join("containers")]);
    STORES.iter().map(PathBuf::from).chain(user).map(|store| canonical(&store)).collect()
}

impl Trail {
    /// Whether it leads through the folder of a process in `/proc`.
    pub(super) fn is_of_process(&self) -> bool {
        self.folders.iter().chain([&self.end]).any(|folder| is_of_process(folder))
    }
}

/// A path at which an agent that is an ordinary user cannot look may be a link to anywhere.
fn is_hidden(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
}

/// A path below `/proc` that is another one for each process, such as `/proc/self/cwd`: the engine finds something else there
/// than the agent does, who may not even see the process.
fn is_of_process(path: &Path) -> bool {
    let process = path.strip_prefix("/proc").ok().and_then(|rest| rest.iter().next()?.to_str());
    process.is_some_and(|name| matches!(name, "self" | "thread-self") || name.bytes().all(|c| c.is_ascii_digit()))
}

/// Whether both are the same socket, under another name or mounted elsewhere.
fn is_same_socket(path: &Path, socket: &Path) -> bool {
    let (Ok(path), Ok(socket)) = (fs::metadata(path), fs::metadata(socket)) else { return false };
    path.file_type().is_socket() && (path.dev(), path.ino()) == (socket.dev(), socket.ino())
}

#[cfg(test)]
mod tests {
    use super::super::links::follow;
    use super::*;

    #[test]
    fn a_path_that_each_process_reads_differently_may_lead_to_the_engine() {
        let host = Host::default();
        for path in ["/proc/self/root/srv", "/proc/thread-self/cwd", "/proc/1/root"] {
            assert!(host.shows_engine(&follow(Path::new(path))), "{path}");
        }
        for link in ["/proc/net", "/dev/fd"] {
            assert!(host.shows_engine(&follow(Path::new(link))), "{link} leads through /proc/self");
        }
        assert!(
            !host.shows_engine(&follow(Path::new("/proc"))) && !host.shows_engine(&follow(Path::new("/proc/meminfo")))
        );
    }

    #[test]
    fn a_socket_is_seen_in_whatever_contains_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let socket = root.join("engine.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        fs::hard_link(&socket, root.join("other.sock")).unwrap();
        let host = Host { sockets: vec![socket.clone()], own: vec![root.join("agent")], ..Host::default() };
        for path in [&socket, &root, Path::new("/"), &root.join("other.sock")] {
            assert!(host.shows_engine(&follow(path)), "{}", path.display());
        }
        assert!(!host.shows_engine(&follow(&root.join("else"))) && !host.shows_agent(&root.join("agents")));
        assert!(host.shows_agent(&root) && host.shows_agent(&root.join("agent/deployments")));
    }
}
