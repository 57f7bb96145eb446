//! What an agent says of itself without asking anybody: who it is, whose signatures count, and what is deployed, as it stands in the data
//! folder.

use std::io;

use distr_domain::agent::{DesiredDeployment, Instruction};
use distr_domain::names::Slug;
use distr_signature::PublicKey;

use crate::data_dir::DataDir;
use crate::host_trust::{HostTrust, TrustFault};
use crate::identity::{Identity, IdentityFault};
use crate::memory::{Memory, Part, Record};
use crate::signed::Subject;
use crate::{desired, memory, signed};

/// A file of the data folder that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SummaryFault {
    #[error(transparent)]
    Identity(#[from] IdentityFault),
    #[error(transparent)]
    Trust(#[from] TrustFault),
    #[error("cannot read what was deployed")]
    Memory(#[source] io::Error),
    #[error("cannot read what the hub desires")]
    Desired(#[source] io::Error),
}

/// A line for each thing. `H` and `B` are the runtime's own parts of what is remembered; `held` says of a deployment that is held by whom, and
/// where to look.
pub fn of<H: Part, B: Part>(data: &DataDir, held: &str) -> Result<Vec<String>, SummaryFault> {
    let mut lines = match Identity::load(&data.identity())? {
        None => vec!["hub          none; this agent is not enrolled".to_owned()],
        Some(identity) => vec![
            format!("hub          {}", identity.hub),
            format!("target       {}", identity.target),
            format!("credential   {}", identity.credential),
        ],
    };
    let trust = HostTrust::load(data)?;
    lines.extend(of_trust(&trust));
    let memory: Memory<H, B> = memory::load(data).map_err(SummaryFault::Memory)?;
    let desired = desired::load(data).map_err(SummaryFault::Desired)?;
    for wanted in desired.iter().flat_map(|desired| &desired.deployments) {
        lines.extend(of_deployment(wanted, memory.get(&wanted.deployment), &trust, held));
    }
    Ok(lines)
}

/// The pinned keys, and the lowest versions.
pub fn of_trust(trust: &HostTrust) -> Vec<String> {
    let none = (!trust.is_pinned()).then(|| "pinned key   none; the hub says whose signatures count".to_owned());
    let keys = trust.keys.iter().map(|key| {
        let id = PublicKey::parse(key).map_or_else(|error| error.to_string(), |key| format!("SHA256:{}", key.id()));
        format!("pinned key   {} {id}", key.name)
    });
    let floors = trust.floors.iter().map(|(application, version)| format!("floor        {application} {version}"));
    none.into_iter().chain(keys).chain(floors).collect()
}

fn of_deployment<H, B>(
    wanted: &DesiredDeployment,
    record: Option<&Record<H, B>>,
    trust: &HostTrust,
    held: &str,
) -> Vec<String> {
    let DesiredDeployment { deployment, application, generation, instruction, .. } = wanted;
    let mut lines = vec![format!("deployment   {application} {deployment} generation {generation}")];
    lines.push(match record.and_then(|record| record.applied.as_ref()) {
        Some(applied) => format!("  runs       {} since generation {}", applied.version, applied.generation),
        None => "  runs       nothing".to_owned(),
    });
    match instruction {
        Instruction::Remove { .. } => lines.push("  desired    removal".to_owned()),
        Instruction::Unknown => lines.push("  desired    something that this agent is too old for".to_owned()),
        Instruction::Run(run) => lines.extend(of_wish(trust, application, run)),
        Instruction::RunChart(run) => lines.extend(of_wish(trust, application, run)),
    }
    if record.is_some_and(|record| record.held == Some(*generation)) {
        lines.push(format!("  held       {held}"));
    }
    if let Some(failed) = record.and_then(|record| record.failed.as_ref()) {
        lines.push(format!("  failed     generation {}: {}", failed.generation, failed.error.text));
    }
    lines
}

fn of_wish(trust: &HostTrust, application: &Slug, run: &impl Subject) -> [String; 2] {
    let signatures = match signed::check(trust, application, run) {
        Ok(verified) => format!("  signatures {verified}"),
        Err(trouble) => format!("  signatures refused: {}", trouble.text),
    };
    [format!("  desired    {}", run.version()), signatures]
}
