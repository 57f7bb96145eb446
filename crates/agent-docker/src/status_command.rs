//! `distr-agent status`: who this agent is, whose signatures count here, and what is deployed. Read from the data folder; neither
//! hub nor engine is asked.

use std::process::ExitCode;

use anyhow::Result;
use distr_agent::data_dir::DataDir;
use distr_agent::output::line;
use distr_agent::summary;
use distr_agent_docker::record::{Baseline, Handle};

const HELD: &str = "by this host; `distr-agent consent list` says why, and how to let it begin";

pub(crate) fn run(data: &DataDir) -> Result<ExitCode> {
    summary::of::<Handle, Baseline>(data, HELD)?.into_iter().try_for_each(line)?;
    Ok(ExitCode::SUCCESS)
}
