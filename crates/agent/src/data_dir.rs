//! The agent's folder: where each of its files is, and the lock that keeps a second agent out.
//!
//! ```text
//! lock                                     held while an agent runs
//! identity.json                            0600: hub, target, credential
//! nonce                                    0600: while it enrols, what tells it from others with the same token
//! trust.json                               0600: the keys that this host trusts, see `host_trust`
//! desired.json                             0600: the last desired state
//! key                                      0600: random bytes, where a runtime names things by them
//! pull.json                                0600: the credential with which machines pull that have no agent
//! seals.json                               0600: digests, where a runtime keeps things within the reach of others
//! journal                                  0600: reports on their way to the hub, see `journal`
//! deployments/<id>/state.json              what was done so far, see `memory`
//! deployments/<id>/consent.json            what somebody on this host agreed to, see `consent`
//! deployments/<id>/held.txt                why the host holds what is wanted
//! deployments/<id>/<generation>/           the runtime's files of a generation; `<generation>-again` if a hub gave a
//!                                          number twice
//! ```

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, io};

use distr_domain::ids::DeploymentId;

use crate::durable;
use crate::keeper::{Item, Keeper};

#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
    keeper: Option<Arc<dyn Keeper>>,
}

/// Held until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

#[derive(Debug, thiserror::Error)]
pub enum DataDirFault {
    #[error("cannot open the data folder {path}", path = path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("another agent works in {path}; stop it first", path = path.display())]
    Busy { path: PathBuf },
}

impl DataDir {
    /// The file without which no agent is enrolled.
    pub const IDENTITY: &str = "identity.json";

    /// `/var/lib/distr-agent` for root, else `$XDG_STATE_HOME/distr-agent`.
    pub fn default_path() -> PathBuf {
        if rustix::process::geteuid().is_root() {
            return PathBuf::from("/var/lib/distr-agent");
        }
        let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || PathBuf::from(env::var_os("HOME").unwrap_or_else(|| "/".into())).join(".local/state");
        state.unwrap_or_else(home).join("distr-agent")
    }

    pub fn open(root: &Path) -> Result<Self, DataDirFault> {
        let fault = |source| DataDirFault::Open { path: root.to_owned(), source };
        durable::private_folder(root).map_err(fault)?;
        // what is run from here may follow every link on the way
        let root = std::fs::canonicalize(root).map_err(fault)?;
        Ok(Self { root, keeper: None })
    }

    /// The same folder, of which what the agent cannot do without is kept elsewhere, too.
    pub fn kept_by(self, keeper: Arc<dyn Keeper>) -> Self {
        Self { keeper: Some(keeper), ..self }
    }

    /// Keeps an item where it outlives the folder, before its file is written.
    pub async fn keep(&self, item: Item, content: &[u8]) -> io::Result<()> {
        match &self.keeper {
            Some(keeper) => keeper.keep(item, content).await,
            None => Ok(()),
        }
    }

    /// The file of an item.
    pub fn file(&self, item: Item) -> PathBuf {
        match item {
            Item::Identity => self.identity(),
            Item::Nonce => self.nonce(),
            Item::Trust => self.trust(),
            Item::Desired => self.desired(),
            Item::Key => self.root.join("key"),
            Item::Pull => self.root.join("pull.json"),
            Item::Seals => self.root.join("seals.json"),
            Item::Record(deployment) => self.record(deployment),
        }
    }

    pub fn lock(&self) -> Result<DirLock, DataDirFault> {
        let path = self.root.join("lock");
        let fault = |source| DataDirFault::Open { path: path.clone(), source };
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(DirLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirFault::Busy { path: self.root.clone() }),
            Err(TryLockError::Error(source)) => Err(fault(source)),
        }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn identity(&self) -> PathBuf {
        self.root.join(Self::IDENTITY)
    }

    pub fn desired(&self) -> PathBuf {
        self.root.join("desired.json")
    }

    pub fn nonce(&self) -> PathBuf {
        self.root.join("nonce")
    }

    pub fn trust(&self) -> PathBuf {
        self.root.join("trust.json")
    }

    pub fn journal(&self) -> PathBuf {
        self.root.join("journal")
    }

    /// See `pause`.
    pub fn paused(&self) -> PathBuf {
        self.root.join("paused")
    }

    pub fn deployments(&self) -> PathBuf {
        self.root.join("deployments")
    }

    pub fn deployment(&self, deployment: DeploymentId) -> PathBuf {
        self.deployments().join(deployment.to_string())
    }

    /// The file of what is remembered of a deployment, see `memory`.
    pub fn record(&self, deployment: DeploymentId) -> PathBuf {
        self.deployment(deployment).join("state.json")
    }

    pub fn consent(&self, deployment: DeploymentId) -> PathBuf {
        self.deployment(deployment).join("consent.json")
    }

    pub fn held(&self, deployment: DeploymentId) -> PathBuf {
        self.deployment(deployment).join("held.txt")
    }

    /// `name` is what the record calls it, see `memory`.
    pub fn generation(&self, deployment: DeploymentId, name: &str) -> PathBuf {
        self.deployment(deployment).join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_agent_is_kept_out_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        let lock = data.lock().unwrap();
        assert!(matches!(data.lock(), Err(DataDirFault::Busy { .. })));
        drop(lock);
        assert!(data.lock().is_ok());
    }
}
