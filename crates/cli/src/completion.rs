//! `distr completion`: a script that a shell loads.

use std::io::Write;

use anyhow::Result;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;

#[derive(Args)]
#[command(after_help = "For example: distr completion bash > ~/.local/share/bash-completion/completions/distr")]
pub(crate) struct Completion {
    #[arg(value_enum)]
    shell: Shell,
}

impl Completion {
    pub(crate) fn run(&self) -> Result<()> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut Cli::command(), "distr", &mut script);
        Ok(std::io::stdout().write_all(&script)?)
    }
}
