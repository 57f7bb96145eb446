//! The keys that this host trusts. As soon as there is one, releases are verified with these keys alone, and no hub adds
//! another. Kept in `trust.json` in the data folder; a file that cannot be read lets nothing new run.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use distr_domain::names::Slug;
use distr_domain::trust::TrustedKey;
use distr_domain::version::Version;
use distr_signature::{InvalidKey, PublicKey};
use serde::{Deserialize, Serialize};

use crate::data_dir::DataDir;
use crate::durable::{self, Access};
use crate::keeper::Item;

/// Files of public keys for `enrol`, separated by commas.
pub const KEYS_VARIABLE: &str = "DISTR_TRUST_KEYS";

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostTrust {
    pub keys: Vec<TrustedKey>,
    /// the lowest version of an application that may run here
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub floors: BTreeMap<Slug, Version>,
}

#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    #[error("cannot read or write {path}")]
    Io { path: String, source: io::Error },
    #[error("{path} is not readable as the keys of this host; put it right, or remove it and add the keys again")]
    Garbled { path: String, source: serde_json::Error },
    #[error("\"{text}\" gives the key no name; use NAME=FILE with lower-case letters, digits and hyphens as NAME")]
    Unnamed { text: String },
    #[error(transparent)]
    Invalid(#[from] InvalidKey),
    #[error(
        "another key is pinned as \"{0}\" already; remove it first, or use NAME=FILE to give this one another name"
    )]
    NameTaken(Slug),
    #[error("no key is pinned as \"{0}\"")]
    Unknown(Slug),
}

impl HostTrust {
    pub fn load(data: &DataDir) -> Result<Self, TrustFault> {
        let path = data.trust();
        match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            bytes => {
                let bytes = bytes.map_err(|source| io_fault(&path, source))?;
                serde_json::from_slice(&bytes)
                    .map_err(|source| TrustFault::Garbled { path: path.display().to_string(), source })
            }
        }
    }

    /// Pins keys that stand in files, before the hub is asked for anything.
    pub async fn pin_files(data: &DataDir, files: &[String]) -> Result<(), TrustFault> {
        if files.is_empty() {
            return Ok(());
        }
        let mut trust = Self::load(data)?;
        for file in files {
            trust.pin(read_key(file)?)?;
        }
        let json = serde_json::to_vec_pretty(&trust).map_err(|error| io_fault(&data.trust(), error.into()))?;
        data.keep(Item::Trust, &json).await.map_err(|source| io_fault(&data.trust(), source))?;
        trust.store(data)
    }

    pub fn store(&self, data: &DataDir) -> Result<(), TrustFault> {
        let path = data.trust();
        let json = serde_json::to_vec_pretty(self).map_err(io::Error::from);
        json.and_then(|json| durable::write(&path, &json, Access::Owner)).map_err(|source| io_fault(&path, source))
    }

    pub fn is_pinned(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The same key again changes nothing.
    pub fn pin(&mut self, key: TrustedKey) -> Result<(), TrustFault> {
        PublicKey::parse(&key)?;
        match self.keys.iter().find(|known| known.name == key.name) {
            None => self.keys.push(key),
            Some(known) if known.pem == key.pem => {}
            Some(_) => return Err(TrustFault::NameTaken(key.name)),
        }
        Ok(())
    }

    pub fn unpin(&mut self, name: &Slug) -> Result<(), TrustFault> {
        let before = self.keys.len();
        self.keys.retain(|key| key.name != *name);
        match self.keys.len() == before {
            true => Err(TrustFault::Unknown(name.clone())),
            false => Ok(()),
        }
    }
}

/// Reads a key from `FILE`, whose name becomes the key's, or from `NAME=FILE`.
pub fn read_key(text: &str) -> Result<TrustedKey, TrustFault> {
    let (name, file) = text.split_once('=').map_or((None, text), |(name, file)| (Some(name), file));
    let path = Path::new(file);
    let name = match name {
        Some(name) => name.to_owned(),
        None => plain(&path.file_stem().unwrap_or_default().to_string_lossy()),
    };
    let name = name.parse().map_err(|_| TrustFault::Unnamed { text: text.to_owned() })?;
    let pem = fs::read_to_string(path).map_err(|source| io_fault(path, source))?.trim().to_owned();
    let key = TrustedKey { name, pem };
    PublicKey::parse(&key)?;
    Ok(key)
}

/// The text as the name of a key.
fn plain(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(plain).collect::<String>().trim_matches('-').to_owned()
}

fn io_fault(path: &Path, source: io::Error) -> TrustFault {
    TrustFault::Io { path: path.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("../../signature/tests/cosign/key.pub");
    const OTHER: &str = include_str!("../../signature/tests/cosign/ed25519.pub");

    fn file(folder: &Path, name: &str, content: &str) -> String {
        let path = folder.join(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    #[test]
    fn keys_are_kept_and_removed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(&folder.path().join("data")).unwrap();
        let mut trust = HostTrust::load(&data).unwrap();
        assert!(!trust.is_pinned());
        let key = file(folder.path(), "Release Key.pub", KEY);
        trust.pin(read_key(&key).unwrap()).unwrap();
        trust.pin(read_key(&key).unwrap()).unwrap();
        trust.pin(read_key(&format!("other={}", file(folder.path(), "o.pem", OTHER))).unwrap()).unwrap();
        trust.store(&data).unwrap();
        let mut kept = HostTrust::load(&data).unwrap();
        let names: Vec<&str> = kept.keys.iter().map(|key| key.name.as_str()).collect();
        assert_eq!(names, ["release-key", "other"]);
        kept.unpin(&"other".parse().unwrap()).unwrap();
        assert!(matches!(kept.unpin(&"other".parse().unwrap()), Err(TrustFault::Unknown(_))));
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let text = |given: &str| read_key(given).unwrap_err().to_string();
        let nonsense = file(folder.path(), "a.pub", "nonsense");
        assert!(text(&nonsense).contains("key \"a\" is not a PEM file"), "{}", text(&nonsense));
        assert!(text(&format!("Not A Name={nonsense}")).contains("gives the key no name"));
        assert!(text(&folder.path().join("absent.pub").display().to_string()).contains("absent.pub"));
        let mut trust = HostTrust::default();
        let named = |pem: &str| TrustedKey { name: "ci".parse().unwrap(), pem: pem.to_owned() };
        trust.pin(named(KEY)).unwrap();
        assert!(matches!(trust.pin(named(OTHER)), Err(TrustFault::NameTaken(_))));
    }

    #[test]
    fn a_garbled_file_is_no_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        fs::write(data.trust(), "{").unwrap();
        assert!(matches!(HostTrust::load(&data), Err(TrustFault::Garbled { .. })));
    }
}
