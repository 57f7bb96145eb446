//! The policy's file, and whether it can be relied on: one that others than its owner may write is no policy. It is read anew
//! whenever it is asked, so that a change needs no restart.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::{InvalidPolicy, Output, Policy};

/// Bytes of a policy; a larger one is none that a person wrote.
const LARGEST: u64 = 256 * 1024;

#[derive(Debug, Clone)]
pub struct PolicyFile {
    pub path: PathBuf,
}

/// Each says its reason itself, since it is told in reports, in the log and on the terminal alike; so none has a source.
#[derive(Debug, thiserror::Error)]
pub enum PolicyFault {
    #[error("the policy file {path} cannot be read: {reason}", path = path.display())]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("the policy file {path} may be written by others than its owner; run: chmod go-w {path}", path = path.display())]
    Writable { path: PathBuf },
    #[error("the policy file {path} belongs to user {uid}, who is neither root nor the agent's user", path = path.display())]
    Foreign { path: PathBuf, uid: u32 },
    #[error("the policy file {path} is not valid: {reason}", path = path.display())]
    Invalid { path: PathBuf, reason: Box<InvalidPolicy> },
}

impl PolicyFile {
    pub fn default_path() -> PathBuf {
        PathBuf::from("/etc/distr-agent/policy.yaml")
    }

    /// The file's policy, or the built-in default if there is no file.
    pub fn read(&self) -> Result<Policy, PolicyFault> {
        let Some(text) = self.text()? else { return Ok(Policy::default()) };
        Policy::parse(&text)
            .map_err(|reason| PolicyFault::Invalid { path: self.path.clone(), reason: Box::new(reason) })
    }

    /// Whether what containers print may be reported; not under a policy that cannot be read.
    pub fn output(&self) -> Output {
        self.read().map(|policy| policy.container_output).unwrap_or_default()
    }

    fn text(&self) -> Result<Option<String>, PolicyFault> {
        let unreadable = |reason| PolicyFault::Unreadable { path: self.path.clone(), reason };
        let file = match fs::File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return self.missing(),
            file => file.map_err(unreadable)?,
        };
        let metadata = file.metadata().map_err(unreadable)?;
        trusted(&self.path, &metadata)?;
        if metadata.len() > LARGEST {
            return Err(unreadable(io::Error::other(format!("it has more than {LARGEST} bytes"))));
        }
        io::read_to_string(file).map(Some).map_err(unreadable)
    }

    /// A link that leads nowhere is not a file that was never made.
    fn missing(&self) -> Result<Option<String>, PolicyFault> {
        match fs::symlink_metadata(&self.path) {
            Ok(_) => {
                let reason = io::Error::other("the link leads to no file");
                Err(PolicyFault::Unreadable { path: self.path.clone(), reason })
            }
            Err(_) => Ok(None),
        }
    }
}

fn trusted(path: &Path, metadata: &fs::Metadata) -> Result<(), PolicyFault> {
    let user = rustix::process::geteuid().as_raw();
    let uid = metadata.uid();
    if uid != 0 && uid != user {
        return Err(PolicyFault::Foreign { path: path.to_owned(), uid });
    }
    match metadata.mode() & 0o022 {
        0 => Ok(()),
        _ => Err(PolicyFault::Writable { path: path.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_cannot_be_relied_on_is_no_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = PolicyFile { path: folder.path().join("policy.yaml") };
        assert_eq!(file.read().unwrap(), Policy::default());
        for (content, mode, reason) in [
            ("deployments: ask", 0o666, "may be written by others"),
            ("deployments: ask", 0o664, "may be written by others"),
            ("deployments: maybe", 0o644, "is not valid"),
            ("deploymentz: ask", 0o644, "is not valid"),
            ("allow: [{reed: /srv}]", 0o644, "has the key \"reed\", which is none"),
        ] {
            fs::write(&file.path, content).unwrap();
            fs::set_permissions(&file.path, fs::Permissions::from_mode(mode)).unwrap();
            let fault = file.read().unwrap_err();
            assert!(fault.to_string().contains(reason) && fault.to_string().contains("policy.yaml"), "{fault}");
            assert!(std::error::Error::source(&fault).is_none(), "its reason is said once");
        }
        fs::remove_file(&file.path).unwrap();
        std::os::unix::fs::symlink("/nowhere/at/all", &file.path).unwrap();
        assert!(file.read().is_err());
    }
}
