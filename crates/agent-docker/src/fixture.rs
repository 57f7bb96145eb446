//! Values for the tables of the pure tests.

use std::collections::BTreeSet;

use crate::containers::{Container, Probe, State};
use crate::record::{Applied, Baseline, Handle, Memory, Record, Service};
pub(crate) use distr_agent::fixture::{DEPLOYMENT, attempt, desired, failed, wanted, wanted_removed};

pub(crate) const PROJECT: &str = "distr-shop";

/// A container of the project as it is after an apply of `generation`.
pub(crate) fn container(service: &str, generation: u64) -> Container {
    Container {
        id: format!("{service}-{generation}"),
        name: format!("{service}-1"),
        project: PROJECT.to_owned(),
        service: service.to_owned(),
        config_hash: Some(format!("hash-{generation}")),
        deployment: Some(DEPLOYMENT),
        generation: Some(generation),
        version: Some(format!("1.{generation}.0").parse().unwrap()),
        image: format!("image-{generation}"),
        state: State::Running,
        probe: Some(Probe::Healthy),
        probe_failure: None,
        probe_output: String::new(),
        exit_code: Some(0),
        is_out_of_memory: false,
        restarts: 0,
        is_looping: false,
        started_at: String::new(),
    }
}

pub(crate) fn applied(generation: u64, services: &[&str]) -> Applied {
    let service =
        Service { count: 1, config_hash: Some(format!("hash-{generation}")), image: format!("image-{generation}") };
    Applied {
        generation,
        version: format!("1.{generation}.0").parse().unwrap(),
        baseline: Baseline {
            profiles: vec![],
            services: services.iter().map(|name| ((*name).to_owned(), service.clone())).collect(),
            jobs: BTreeSet::new(),
        },
        folder: None,
    }
}

pub(crate) fn record() -> Record {
    Record::new(Handle::of(PROJECT.to_owned()))
}

pub(crate) fn applied_record(generation: u64) -> Record {
    Record { applied: Some(applied(generation, &["web"])), ..record() }
}

pub(crate) fn memory(record: Record) -> Memory {
    Memory::from([(DEPLOYMENT, record)])
}
