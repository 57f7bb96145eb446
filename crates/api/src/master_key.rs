//! The secret of this hub that all its other keys are derived from: in the environment, or in a file of the data directory.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, bail};
use aws_lc_rs::{hmac, rand};

use crate::private_file;

const VARIABLE: &str = "DISTR_MASTER_KEY";

#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Its name in the data directory, and in a backup that holds it.
    pub const FILE: &str = "master.key";
    /// The key that a rotation is about to put in its place.
    pub const NEXT_FILE: &str = "master.key.next";

    pub fn new() -> anyhow::Result<Self> {
        let mut key = [0; 32];
        rand::fill(&mut key).context("no randomness for a master key")?;
        Ok(Self(key))
    }

    pub fn in_environment() -> bool {
        std::env::var_os(VARIABLE).is_some()
    }

    /// From the environment, or from the data directory if there is one.
    pub fn find(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        if Self::in_environment() {
            return Self::of_variable(VARIABLE).map(Some);
        }
        let file = data_dir.join(Self::FILE);
        match file.try_exists().with_context(|| format!("cannot read {}", file.display()))? {
            true => Self::of_file(&file).map(Some),
            false => Ok(None),
        }
    }

    /// As `find`, where there is no hub without one.
    pub fn find_or_say(data_dir: &Path) -> anyhow::Result<Self> {
        Self::find(data_dir)?.with_context(|| {
            format!(
                "there is no master key: {VARIABLE} is not set, and {} is not there",
                data_dir.join(Self::FILE).display()
            )
        })
    }

    /// A new one, in the data directory.
    pub fn make(data_dir: &Path) -> anyhow::Result<Self> {
        let new = Self::new()?;
        new.write(&data_dir.join(Self::FILE))?;
        Ok(new)
    }

    pub fn of_variable(name: &str) -> anyhow::Result<Self> {
        let text = std::env::var(name).with_context(|| format!("{name} is not set"))?;
        Self::parse(&text).with_context(|| format!("{name} is not 64 hexadecimal digits"))
    }

    pub fn of_file(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is not a master key: 64 hexadecimal digits", path.display()))
    }

    /// Readable by its owner alone. Another key that lies there is never written over.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        match Self::of_file(path) {
            Ok(there) if there.0 == self.0 => return Ok(()),
            Err(error) if is_missing(&error) => {}
            _ => bail!("{} is there already and is another key; put it aside first", path.display()),
        }
        private_file::write(path, &format!("{}\n", hex::encode(self.0)))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Tells keys apart, and tells nothing of the key.
    pub fn id(&self) -> String {
        hex::encode(&self.derive("key id")[..8])
    }

    /// A key for one purpose; no purpose's key tells anything of another's.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, format!("distr {purpose} v1").as_bytes());
        tag.as_ref().try_into().expect("an HMAC-SHA256 has 32 bytes")
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let bytes = hex::decode(text.trim())?;
        Ok(Self(bytes.try_into().map_err(|_| anyhow::anyhow!("it has another length"))?))
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}
