//! The options of every command.

use clap::{Args, ValueEnum};

use crate::hub::Transport;

/// Below each command's own options.
const GLOBAL: &str = "Options of every command";

#[derive(Args)]
pub(crate) struct Globals {
    /// How to print results
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Table, help_heading = GLOBAL)]
    pub(crate) output: Format,
    /// Print nothing but what a script needs: a secret alone, or nothing
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub(crate) quiet: bool,
    /// Which of the sign-ins on this machine to use
    #[arg(long, global = true, env = "DISTR_PROFILE", default_value = "default", value_name = "NAME", help_heading = GLOBAL)]
    pub(crate) profile: String,
    /// The hub's address [default: the profile's, else http://127.0.0.1:8080]
    #[arg(long, global = true, env = "DISTR_HUB", value_name = "URL", help_heading = GLOBAL)]
    pub(crate) hub: Option<String>,
    /// Also speak plain HTTP to a hub that is not on this machine: whoever sits between can read the token
    #[arg(long, global = true, env = "DISTR_ALLOW_INSECURE", value_parser = clap::builder::FalseyValueParser::new(), help_heading = GLOBAL)]
    pub(crate) allow_insecure: bool,
}

impl Globals {
    pub(crate) fn transport(&self) -> Transport {
        if self.allow_insecure { Transport::AnyHttp } else { Transport::Secure }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Table,
    Json,
    /// one object a line; for events only
    Jsonl,
}
