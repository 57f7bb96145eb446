//! Values for the tables of the pure tests.

use std::collections::BTreeMap;

use distr_domain::agent::{
    AskedBy, DataRemoval, DesiredDeployment, DesiredState, ErrorCategory, Instruction, ReportedError, RunInstruction,
    Step,
};
use distr_domain::ids::DeploymentId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::data_dir::DataDir;
use crate::memory::{self, Applied, Attempt, FailedGeneration};
use crate::observe::{Observed, Seen};

pub const DEPLOYMENT: DeploymentId = DeploymentId(Uuid::from_u128(7));

/// The own parts of a runtime that needs little.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Nothing {}

pub type Memory = memory::Memory<Name, Nothing>;
pub type Record = memory::Record<Name, Nothing>;

pub fn name() -> Name {
    Name { name: "distr-shop".to_owned() }
}

pub fn record() -> Record {
    Record::new(name())
}

pub fn applied_record(generation: u64) -> Record {
    let version = format!("1.{generation}.0").parse().unwrap();
    Record { applied: Some(Applied { generation, version, baseline: Nothing {}, folder: None }), ..record() }
}

pub fn memory(record: Record) -> Memory {
    Memory::from([(DEPLOYMENT, record)])
}

pub fn load(data: &DataDir) -> Memory {
    memory::load(data).unwrap()
}

pub fn observed(seen: Seen<Name>) -> Observed<Name> {
    Observed { deployments: BTreeMap::from([(DEPLOYMENT, seen)]) }
}

pub fn attempt(generation: u64, step: Step) -> Option<Attempt> {
    Some(Attempt { generation, version: None, step })
}

pub fn failed(generation: u64) -> Option<FailedGeneration> {
    let error = ReportedError { category: ErrorCategory::Unhealthy, text: "service web is unhealthy".to_owned() };
    Some(FailedGeneration { generation, version: None, error })
}

pub fn run_instruction() -> RunInstruction {
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

pub fn wanted(generation: u64) -> DesiredDeployment {
    let instruction = Instruction::Run(run_instruction());
    DesiredDeployment {
        deployment: DEPLOYMENT,
        application: "shop".parse().unwrap(),
        generation,
        asked_by: AskedBy::Vendor,
        instruction,
    }
}

pub fn wanted_removed(generation: u64, data: DataRemoval) -> DesiredDeployment {
    DesiredDeployment { instruction: Instruction::Remove { data }, ..wanted(generation) }
}

pub fn desired(deployments: &[DesiredDeployment]) -> DesiredState {
    DesiredState { etag: "1".to_owned(), registry: "registry.example".to_owned(), deployments: deployments.to_vec() }
}
