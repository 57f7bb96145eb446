//! `distr-agent consent`: what waits for somebody on this host. Works beside an agent that runs, which notices by itself.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use distr_agent::clock::{Clock, SystemClock};
use distr_agent::consent::{self, Answer, Decision};
use distr_agent::data_dir::DataDir;
use distr_agent::{desired, memory};
use distr_agent_docker::record::{Memory, Record};
use distr_domain::agent::{
    AskedBy, DataRemoval, DesiredDeployment, DesiredState, Instruction, RunChartInstruction, RunInstruction,
};

use crate::Place;
use distr_agent::output::line;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what the host holds: each deployment with its generation, what is asked and by whom, and why it is held
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Agree to what is asked for
    Give(Of),
    /// Say no to it; a later generation asks again
    Refuse(Of),
}

#[derive(Args)]
pub(crate) struct Of {
    /// Its id, or the name of its application if only one deployment has it
    deployment: String,
    /// The generation that is meant; the answer is refused if a newer one has come
    #[arg(long)]
    generation: Option<u64>,
    #[command(flatten)]
    place: Place,
}

pub(crate) fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::List { place } => list(&place.open()?),
        Command::Give(of) => decide(of, Answer::Given),
        Command::Refuse(of) => decide(of, Answer::Refused),
    }
}

fn list(data: &DataDir) -> Result<ExitCode> {
    let (desired, memory) = (wanted(data)?, remembered(data)?);
    let is_held = |wanted: &&DesiredDeployment| {
        memory.get(&wanted.deployment).is_some_and(|record| record.held == Some(wanted.generation))
    };
    let held: Vec<_> = desired.deployments.iter().filter(is_held).collect();
    if held.is_empty() {
        line("nothing is held on this host")?;
    }
    for wanted in held {
        let DesiredDeployment { deployment, application, generation, .. } = wanted;
        line(format!("{deployment} {application} generation {generation}: {}", asked(wanted)))?;
        let answer = consent::load(data, *deployment)?.filter(|decision| decision.covers(wanted));
        let reason = consent::reason(data, *deployment);
        match answer.map(|decision| decision.answer) {
            Some(Answer::Given) => line("  consent was given")?,
            Some(Answer::Refused) if reason.is_none() => line("  refused on this host")?,
            Some(Answer::Refused) | None => {}
        }
        reason.iter().flat_map(|reason| reason.lines()).try_for_each(|text| line(format!("  {text}")))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn asked(wanted: &DesiredDeployment) -> String {
    let what = match &wanted.instruction {
        Instruction::Run(RunInstruction { version, .. })
        | Instruction::RunChart(RunChartInstruction { version, .. }) => {
            format!("release {version}")
        }
        Instruction::Unknown => "something that this agent is too old for".to_owned(),
        Instruction::Remove { data: DataRemoval::Keep } => "removal, data stays".to_owned(),
        Instruction::Remove { data: DataRemoval::Remove } => "removal with all data".to_owned(),
    };
    let who = match wanted.asked_by {
        AskedBy::Vendor => "the vendor",
        AskedBy::Customer => "a member of the customer",
    };
    format!("{what}, asked for by {who}, as the hub says")
}

fn decide(of: &Of, answer: Answer) -> Result<ExitCode> {
    let data = of.place.open()?;
    let desired = wanted(&data)?;
    let is_it = |wanted: &&DesiredDeployment| {
        wanted.deployment.to_string() == of.deployment || wanted.application.as_str() == of.deployment
    };
    let found: Vec<_> = desired.deployments.iter().filter(is_it).collect();
    let wanted = match found[..] {
        [one] => one,
        [] => bail!("no deployment is called {:?}; see: distr-agent consent list", of.deployment),
        _ => bail!("several deployments are of {:?}; name one by its id", of.deployment),
    };
    if let Some(generation) = of.generation.filter(|generation| *generation != wanted.generation) {
        bail!("{}", another(generation, wanted));
    }
    let memory = remembered(&data)?;
    if let Some(done) = memory.get(&wanted.deployment).and_then(|record| done(record, wanted)) {
        let text = format!("generation {} of {} {done}", wanted.generation, wanted.application);
        match answer {
            Answer::Given => line(format!("{text}, and needs no consent"))?,
            Answer::Refused => bail!("{text}: there is nothing left to refuse"),
        }
        return Ok(ExitCode::SUCCESS);
    }
    consent::store(&data, wanted.deployment, &Decision::about(wanted, answer, SystemClock.now()))
        .context("cannot keep the answer")?;
    // the agent says anew what it still waits for
    consent::forget_reason(&data, wanted.deployment);
    let said = if answer == Answer::Given { "agreed to" } else { "refused" };
    line(format!("{said} generation {} of {}: {}", wanted.generation, wanted.application, asked(wanted)))?;
    Ok(ExitCode::SUCCESS)
}

/// Why the generation that somebody named is not the one to answer about.
fn another(generation: u64, wanted: &DesiredDeployment) -> String {
    let newest = wanted.generation;
    match generation > newest {
        true => format!("there was no generation {generation}: the newest is {newest}, {}", asked(wanted)),
        false => {
            format!("generation {generation} is not the newest any more: generation {newest} is {}", asked(wanted))
        }
    }
}

/// What became of it, as the end of a sentence, if it is brought about.
fn done(record: &Record, wanted: &DesiredDeployment) -> Option<&'static str> {
    match (&wanted.instruction, wanted.instruction.version()) {
        (_, Some(version)) => record.has_applied(wanted.generation, version).then_some("runs already"),
        (_, None) => (record.removed == Some(wanted.generation)).then_some("is removed already"),
    }
}

fn remembered(data: &DataDir) -> Result<Memory> {
    memory::load(data).context("cannot read what was deployed")
}

fn wanted(data: &DataDir) -> Result<DesiredState> {
    let desired = desired::load(data).context("cannot read what is desired")?;
    desired.context("the agent has not heard from its hub what is desired")
}
