//! `distr completion`: a script that a shell loads.

use std::io::Write;

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::Shell;

#[derive(Args)]
#[command(after_help = "For example: distr completion bash > ~/.local/share/bash-completion/completions/distr")]
pub(crate) struct Completion {
    #[arg(value_enum)]
    shell: Shell,
}

impl Completion {
    /// Of `distr`, as clap knows it.
    pub(crate) fn run(&self, mut distr: Command) -> Result<()> {
        let mut script = vec![];
        clap_complete::generate(self.shell, &mut distr, "distr", &mut script);
        Ok(std::io::stdout().write_all(&script)?)
    }
}
