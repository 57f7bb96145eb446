//! Values for the tables of the pure tests.

use std::collections::{BTreeMap, BTreeSet};

use distr_domain::agent::{
    AskedBy, DataRemoval, DesiredDeployment, DesiredState, ErrorCategory, Instruction, ReportedError, RunInstruction,
    Step,
};
use distr_domain::ids::DeploymentId;
use uuid::Uuid;

use crate::memory::{Applied, Attempt, Baseline, FailedGeneration, Memory, Record};
use crate::observe::{Container, Observed, Probe, State};

pub(crate) const DEPLOYMENT: DeploymentId = DeploymentId(Uuid::from_u128(7));
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
        probe_output: String::new(),
        exit_code: 0,
        restarts: 0,
        is_looping: false,
        started_at: String::new(),
    }
}

pub(crate) fn observed(containers: &[Container]) -> Observed {
    Observed { containers: containers.to_vec() }
}

pub(crate) fn applied(generation: u64, services: &[&str]) -> Applied {
    let baseline =
        Baseline { count: 1, config_hash: Some(format!("hash-{generation}")), image: format!("image-{generation}") };
    Applied {
        generation,
        version: format!("1.{generation}.0").parse().unwrap(),
        profiles: vec![],
        services: services.iter().map(|service| ((*service).to_owned(), baseline.clone())).collect(),
        jobs: BTreeSet::new(),
        folder: None,
    }
}

pub(crate) fn record() -> Record {
    Record::new(PROJECT.to_owned())
}

pub(crate) fn applied_record(generation: u64) -> Record {
    Record { applied: Some(applied(generation, &["web"])), ..record() }
}

pub(crate) fn attempt(generation: u64, step: Step) -> Option<Attempt> {
    Some(Attempt { generation, version: None, step })
}

pub(crate) fn failed(generation: u64) -> Option<FailedGeneration> {
    let error = ReportedError { category: ErrorCategory::Unhealthy, text: "service web is unhealthy".to_owned() };
    Some(FailedGeneration { generation, version: None, error })
}

pub(crate) fn memory(record: Record) -> Memory {
    Memory::from([(DEPLOYMENT, record)])
}

pub(crate) fn run_instruction() -> RunInstruction {
    RunInstruction {
        version: "1.4.0".parse().unwrap(),
        compose: "services: {}".to_owned(),
        files: vec![],
        images: vec![],
        trust: None,
        signatures: vec![],
        profiles: vec![],
        config: BTreeMap::new(),
    }
}

pub(crate) fn wanted(generation: u64) -> DesiredDeployment {
    let instruction = Instruction::Run(run_instruction());
    DesiredDeployment {
        deployment: DEPLOYMENT,
        application: "shop".parse().unwrap(),
        generation,
        asked_by: AskedBy::Vendor,
        instruction,
    }
}

pub(crate) fn wanted_removed(generation: u64, data: DataRemoval) -> DesiredDeployment {
    DesiredDeployment { instruction: Instruction::Remove { data }, ..wanted(generation) }
}

pub(crate) fn desired(deployments: &[DesiredDeployment]) -> DesiredState {
    DesiredState { etag: "1".to_owned(), registry: "registry.example".to_owned(), deployments: deployments.to_vec() }
}
