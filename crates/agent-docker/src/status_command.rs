//! `distr-agent status`: who this agent is, whose signatures count here, and what is deployed. Read from the data folder; neither
//! hub nor engine is asked.

use std::process::ExitCode;

use anyhow::{Context, Result};
use distr_agent::data_dir::DataDir;
use distr_agent::host_trust::HostTrust;
use distr_agent::identity::Identity;
use distr_agent::{desired, memory, signed};
use distr_agent_docker::record::Memory;
use distr_domain::agent::{DesiredDeployment, Instruction};

use crate::output::line;
use crate::trust_command;

pub(crate) fn run(data: &DataDir) -> Result<ExitCode> {
    match Identity::load(&data.identity())? {
        None => line("hub          none; this agent is not enrolled")?,
        Some(identity) => {
            line(format!("hub          {}", identity.hub))?;
            line(format!("target       {}", identity.target))?;
            line(format!("credential   {}", identity.credential))?;
        }
    }
    let trust = trust_command::list(data)?;
    let memory: Memory = memory::load(data).context("cannot read what was deployed")?;
    let desired = desired::load(data).context("cannot read what the hub desires")?;
    for wanted in desired.iter().flat_map(|desired| &desired.deployments) {
        deployment(wanted, &memory, &trust)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn deployment(wanted: &DesiredDeployment, memory: &Memory, trust: &HostTrust) -> Result<()> {
    let DesiredDeployment { deployment, application, generation, instruction, .. } = wanted;
    line(format!("deployment   {application} {deployment} generation {generation}"))?;
    let record = memory.get(deployment);
    match record.and_then(|record| record.applied.as_ref()) {
        Some(applied) => line(format!("  runs       {} since generation {}", applied.version, applied.generation))?,
        None => line("  runs       nothing")?,
    }
    match instruction {
        Instruction::Remove { .. } => line("  desired    removal")?,
        Instruction::RunChart(run) => line(format!("  desired    {}", run.version))?,
        Instruction::Unknown => line("  desired    something that this agent is too old for")?,
        Instruction::Run(run) => {
            line(format!("  desired    {}", run.version))?;
            match signed::check(trust, application, run) {
                Ok(verified) => line(format!("  signatures {verified}"))?,
                Err(trouble) => line(format!("  signatures refused: {}", trouble.text))?,
            }
        }
    }
    if record.is_some_and(|record| record.held == Some(*generation)) {
        line("  held       by this host; `distr-agent consent list` says why, and how to let it begin")?;
    }
    if let Some(failed) = record.and_then(|record| record.failed.as_ref()) {
        line(format!("  failed     generation {}: {}", failed.generation, failed.error.text))?;
    }
    Ok(())
}
