//! `distr man`: the manual pages, one for each command.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Command};

#[derive(Args)]
#[command(after_help = "For example: distr man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// The folder to write them into, which is made if it is not there
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

impl Man {
    /// Of `distr`, as clap knows it.
    pub(crate) fn run(&self, distr: Command) -> Result<()> {
        let at = || format!("writing the manual pages into {}", self.folder.display());
        std::fs::create_dir_all(&self.folder).with_context(at)?;
        clap_mangen::generate_to(distr, &self.folder).with_context(at)
    }
}
