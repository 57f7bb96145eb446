//! Who the agent is at its hub: given once at enrolment, kept in a file that only its owner may read.

use std::path::Path;
use std::{fs, io};

use distr_domain::ids::{CredentialId, TargetId};
use serde::{Deserialize, Serialize};

use crate::data_dir::DataDir;
use crate::durable::{self, Access};
use crate::keeper::Item;
use crate::secret::Secret;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// the hub's base URL
    pub hub: String,
    pub target: TargetId,
    pub credential: CredentialId,
    /// the bearer token at the hub, and the password at the registry
    pub secret: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum IdentityFault {
    #[error("cannot read or write the identity")]
    Io(#[from] io::Error),
    #[error("the identity file is not readable as one; enrol again")]
    Garbled(#[from] serde_json::Error),
}

impl Identity {
    pub fn load(path: &Path) -> Result<Option<Self>, IdentityFault> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns when it is on the disk, and wherever else it is kept.
    pub async fn keep(&self, data: &DataDir) -> Result<(), IdentityFault> {
        data.keep(Item::Identity, &serde_json::to_vec_pretty(self)?).await?;
        self.store(&data.identity())
    }

    /// On the disk alone.
    pub fn store(&self, path: &Path) -> Result<(), IdentityFault> {
        Ok(durable::write(path, &serde_json::to_vec_pretty(self)?, Access::Owner)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("identity.json");
        assert_eq!(Identity::load(&path).unwrap(), None);
        let identity = Identity {
            hub: "https://hub.example".to_owned(),
            target: TargetId(uuid::Uuid::from_u128(1)),
            credential: CredentialId(uuid::Uuid::from_u128(2)),
            secret: Secret::new("s"),
        };
        identity.store(&path).unwrap();
        assert_eq!(Identity::load(&path).unwrap(), Some(identity));
    }
}
