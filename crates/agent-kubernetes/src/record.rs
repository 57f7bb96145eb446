//! What is remembered of a deployment that only this runtime understands: Helm's release, and the revision that was well.

use distr_agent::{memory, task};
use distr_domain::agent::ChartSource;
use distr_domain::release::LockedKind;
use distr_domain::version::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::helm::Release;
use crate::post_render::Plan;

pub type Memory = memory::Memory<Handle, Baseline>;
pub type Record = memory::Record<Handle, Baseline>;
pub type Task = task::Task<Handle, Baseline>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    pub namespace: String,
    /// Helm's name for it
    pub release: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Helm's number, whose manifest says how all was
    pub revision: u32,
    /// from which it can be applied again; nothing if an agent of an earlier version wrote the record
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
}

/// The package that Helm was given. None of it is secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Package {
    pub chart: ChartSource,
    pub values: Value,
    pub plan: Plan,
    /// those that its objects are of
    pub kinds: Vec<LockedKind>,
}

impl Handle {
    pub fn release(&self) -> Release {
        Release { name: self.release.clone(), namespace: self.namespace.clone() }
    }
}

/// The version that a generation brought about, as far as the record tells.
pub fn version_of(record: &Record, generation: u64) -> Option<Version> {
    let applied = record.applied.as_ref().filter(|of| of.generation == generation).map(|of| of.version.clone());
    let attempt = record.attempt.as_ref().filter(|of| of.generation == generation).and_then(|of| of.version.clone());
    let failed = record.failed.as_ref().filter(|of| of.generation == generation).and_then(|of| of.version.clone());
    applied.or(attempt).or(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let handle = Handle { namespace: "shop".to_owned(), release: "hello".to_owned() };
        let mut record = Record::new(handle);
        let version: Version = "1.4.0".parse().unwrap();
        let baseline = Baseline { revision: 7, package: None };
        record.applied = Some(memory::Applied { generation: 3, version: version.clone(), baseline, folder: None });
        let text = serde_json::to_string(&record).unwrap();
        assert!(
            text.starts_with(
                r#"{"namespace":"shop","release":"hello","applied":{"generation":3,"version":"1.4.0","revision":7"#
            ),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        assert_eq!((version_of(&record, 3), version_of(&record, 4)), (Some(version), None));
    }
}
