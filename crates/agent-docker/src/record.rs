//! What is remembered of a deployment that only this runtime understands: its compose project, and how its containers were
//! when all was well.

use std::collections::{BTreeMap, BTreeSet};

use distr_agent::{memory, task};
use distr_domain::names::Slug;
use serde::{Deserialize, Serialize};

pub type Memory = memory::Memory<Handle, Baseline>;
pub type Record = memory::Record<Handle, Baseline>;
pub type Applied = memory::Applied<Baseline>;
pub type Task = task::Task<Handle, Baseline>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// the compose project, chosen once
    pub project: String,
    /// volumes that have no name of their own: the engine keeps no word of whose they are
    #[serde(default)]
    pub anonymous_volumes: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    pub profiles: Vec<Slug>,
    /// the containers of each service
    pub services: BTreeMap<String, Service>,
    /// services that run to their end and stay ended
    pub jobs: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub count: usize,
    pub config_hash: Option<String>,
    pub image: String,
}

impl Handle {
    pub fn of(project: String) -> Self {
        Self { project, anonymous_volumes: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As agents up to 0.2 wrote it. It is never changed: what is on the disks of customers is read for ever.
    const OF_0_2: &str = include_str!("record/state-0.2.json");

    #[test]
    fn the_record_of_an_earlier_agent_is_read_and_written_as_it_was() {
        let record: Record = serde_json::from_str(OF_0_2).unwrap();
        assert_eq!(record.handle.project, "distr-shop-0d6f1c2e");
        assert_eq!(record.handle.anonymous_volumes.len(), 1);
        let applied = record.applied.as_ref().unwrap();
        assert_eq!((applied.generation, applied.folder().as_str()), (3, "3-again"));
        assert_eq!(applied.baseline.services["web"].count, 2);
        assert!(applied.baseline.jobs.contains("migrate"));
        let was: serde_json::Value = serde_json::from_str(OF_0_2).unwrap();
        assert_eq!(serde_json::to_value(&record).unwrap(), was, "an earlier agent can read it, too");
    }

    #[test]
    fn a_record_with_the_least_that_was_ever_written_is_read() {
        let record: Record = serde_json::from_str(r#"{"project": "distr-shop"}"#).unwrap();
        assert_eq!(record, Record::new(Handle::of("distr-shop".to_owned())));
    }
}
