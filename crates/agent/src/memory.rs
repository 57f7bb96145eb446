//! What the agent remembers of each deployment, on disk, so that a crash in any step is safe and a bad generation is not
//! tried again after a restart. The rule: written before the step that it names begins.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::{fs, io};

use distr_domain::agent::{ReportedError, Step};
use distr_domain::ids::DeploymentId;
use distr_domain::version::Version;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data_dir::DataDir;
use crate::durable::{self, Access};
use crate::keeper::Item;

/// What a runtime keeps in a record for itself, as an object whose keys stand among those of the record.
pub trait Part: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static {}

impl<T: Debug + Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static> Part for T {}

/// The records of all deployments. `H` and `B` are the runtime's own parts.
pub type Memory<H, B> = BTreeMap<DeploymentId, Record<H, B>>;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "H: Part, B: Part")]
pub struct Record<H, B> {
    /// how the runtime finds the deployment again, chosen once
    #[serde(flatten)]
    pub handle: H,
    /// what was proven last, and is kept running
    #[serde(default)]
    pub applied: Option<Applied<B>>,
    /// what was begun and is not ended
    #[serde(default)]
    pub attempt: Option<Attempt>,
    /// what was given up
    #[serde(default)]
    pub failed: Option<FailedGeneration>,
    /// the generation that the host did not let begin
    #[serde(default)]
    pub held: Option<u64>,
    /// the generation by which it was removed
    #[serde(default)]
    pub removed: Option<u64>,
    /// the newest generation that was asked for; nothing if an agent of an earlier version wrote the record
    #[serde(default)]
    pub newest: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "B: Part")]
pub struct Applied<B> {
    pub generation: u64,
    pub version: Version,
    /// how all was when it was well: drift is what differs
    #[serde(flatten)]
    pub baseline: B,
    /// the name of its folder, where that is not its number
    #[serde(default)]
    pub folder: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub generation: u64,
    /// nothing if an agent of an earlier version wrote the record, or if it is a removal
    #[serde(default)]
    pub version: Option<Version>,
    pub step: Step,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedGeneration {
    pub generation: u64,
    /// nothing if an agent of an earlier version wrote the record
    #[serde(default)]
    pub version: Option<Version>,
    pub error: ReportedError,
}

impl<H, B> Record<H, B> {
    pub fn new(handle: H) -> Self {
        Self { handle, applied: None, attempt: None, failed: None, held: None, removed: None, newest: None }
    }

    /// The newest generation that was asked for, as far as it is known.
    pub fn newest(&self) -> u64 {
        let applied = self.applied.as_ref().map(|applied| applied.generation);
        let attempt = self.attempt.as_ref().map(|attempt| attempt.generation);
        let failed = self.failed.as_ref().map(|failed| failed.generation);
        let traces = [applied, attempt, failed, self.held, self.removed].into_iter().flatten().max();
        self.newest.or(traces).unwrap_or_default()
    }

    /// Whether nothing is left to do for this wish. A hub that was restored may give the number of a generation once more, for
    /// another version.
    pub fn has_settled(&self, generation: u64, version: &Version) -> bool {
        self.has_applied(generation, version) || self.failure(generation, version).is_some()
    }

    pub fn has_applied(&self, generation: u64, version: &Version) -> bool {
        self.applied.as_ref().is_some_and(|of| of.generation == generation && of.version == *version)
    }

    /// Why this wish was given up, if it was.
    pub fn failure(&self, generation: u64, version: &Version) -> Option<&ReportedError> {
        let failed = self.failed.as_ref().filter(|of| of.generation == generation);
        failed.filter(|of| of.version.as_ref().is_none_or(|failed| failed == version)).map(|of| &of.error)
    }

    /// The step that was begun for this wish, if it was not ended.
    pub fn begun(&self, generation: u64, version: Option<&Version>) -> Option<Step> {
        let begun = self.attempt.as_ref().filter(|of| of.generation == generation);
        begun.filter(|of| of.version.is_none() || of.version.as_ref() == version).map(|of| of.step)
    }

    /// The name of the folder for a wish: not that of another release which runs under the same number, and is to come back if
    /// the wish cannot be fulfilled.
    pub fn folder(&self, generation: u64, version: &Version) -> String {
        let number = generation.to_string();
        match &self.applied {
            Some(applied) if applied.generation == generation && applied.version == *version => applied.folder(),
            Some(applied) if applied.folder() == number => format!("{number}-again"),
            _ => number,
        }
    }
}

impl<B> Applied<B> {
    pub fn folder(&self) -> String {
        self.folder.clone().unwrap_or_else(|| self.generation.to_string())
    }
}

/// Every record that can be read. One that cannot counts as none: its deployment is brought about again.
pub fn load<H: Part, B: Part>(data: &DataDir) -> io::Result<Memory<H, B>> {
    let mut memory = Memory::new();
    let entries = match fs::read_dir(data.deployments()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(memory),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let Ok(deployment) = entry.file_name().to_string_lossy().parse::<DeploymentId>() else { continue };
        match read(data, deployment) {
            Ok(Some(record)) => drop(memory.insert(deployment, record)),
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%deployment, %error, "the deployment's state is not readable; it is made anew")
            }
        }
    }
    Ok(memory)
}

fn read<H: Part, B: Part>(data: &DataDir, deployment: DeploymentId) -> io::Result<Option<Record<H, B>>> {
    match fs::read(data.record(deployment)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(Some(serde_json::from_slice(&bytes?)?)),
    }
}

/// Returns when the record is on the disk, and wherever else it is kept.
pub async fn keep<H: Part, B: Part>(data: &DataDir, deployment: DeploymentId, record: &Record<H, B>) -> io::Result<()> {
    data.keep(Item::Record(deployment), &serde_json::to_vec_pretty(record)?).await?;
    store(data, deployment, record)
}

/// On the disk alone.
pub fn store<H: Part, B: Part>(data: &DataDir, deployment: DeploymentId, record: &Record<H, B>) -> io::Result<()> {
    durable::private_folder(&data.deployment(deployment))?;
    durable::write(&data.record(deployment), &serde_json::to_vec_pretty(record)?, Access::Owner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, Record, record};

    #[test]
    fn the_newest_generation_is_known_also_from_the_record_of_an_earlier_version() {
        let record = Record { held: Some(7), removed: Some(3), ..record() };
        let mut old = serde_json::to_value(&record).unwrap();
        old.as_object_mut().unwrap().remove("newest");
        assert_eq!(serde_json::from_value::<Record>(old).unwrap().newest(), 7);
        // somebody on the host agreed to an older one
        assert_eq!(Record { newest: Some(5), ..record }.newest(), 5);
    }

    #[test]
    fn records_are_read_as_they_were_written_and_a_broken_one_holds_up_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::open(folder.path()).unwrap();
        assert!(fixture::load(&data).is_empty());
        let (good, bad) = (DeploymentId(uuid::Uuid::from_u128(1)), DeploymentId(uuid::Uuid::from_u128(2)));
        let record = Record { removed: Some(3), ..record() };
        store(&data, good, &record).unwrap();
        store(&data, bad, &record).unwrap();
        fs::write(data.deployment(bad).join("state.json"), "{").unwrap();
        assert_eq!(fixture::load(&data), Memory::from([(good, record)]));
    }
}
