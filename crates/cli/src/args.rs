//! Every command on one screen. A thing is named by a positional argument (`license revoke hello-2026`), what it belongs to
//! by flags that are the same everywhere (`--customer`, `--app`, `--version`).

use std::ffi::OsStr;

use anyhow::Result;
use clap::builder::Resettable;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::exit::Failure;
use crate::globals::{Format, Globals};
use crate::session::Session;
use crate::{
    alerts, app, apply, audit, branding, channel, completion, customer, deploy, entitlement, events, exit, fleet,
    license, login, man, member, policy, profile, release, repository, rollout, secret, sign_ins, target, token,
    version,
};

#[derive(Parser)]
#[command(name = "distr", version, about = "Ship releases to customers, and see what runs there", after_help = exit::HELP)]
pub(crate) struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sign in and remember it as a profile
    Login(login::Login),
    /// End the session and forget the profile
    Logout,
    /// Say who is signed in, and where
    Whoami,
    /// The sign-ins of this machine
    #[command(subcommand)]
    Profile(profile::Command),
    /// Applications
    #[command(subcommand)]
    App(app::Command),
    /// Releases of an application
    #[command(subcommand)]
    Release(release::Command),
    /// Channels of an application
    #[command(subcommand)]
    Channel(channel::Command),
    /// How customers see the organization in their portal
    #[command(subcommand)]
    Branding(branding::Command),
    /// Repositories of the registry
    #[command(subcommand)]
    Repository(repository::Command),
    /// Customers
    #[command(subcommand)]
    Customer(customer::Command),
    /// Licenses of customers
    #[command(subcommand)]
    License(license::Command),
    /// What customers may pull
    #[command(subcommand)]
    Entitlement(entitlement::Command),
    /// Customers' environments, each with an agent
    #[command(subcommand)]
    Target(target::Command),
    /// Bring a release onto a target, or take it away
    Deploy(Box<deploy::Deploy>),
    /// A release, taken to many targets in waves
    #[command(subcommand)]
    Rollout(Box<rollout::Command>),
    /// The rules that rollouts go by
    #[command(subcommand)]
    Policy(policy::Command),
    /// What runs where, and how it is
    Fleet(fleet::Fleet),
    /// What needs a person
    #[command(subcommand)]
    Alerts(alerts::Command),
    /// The log of all that happened
    Events(events::Events),
    /// What proves that the log is as it was
    #[command(subcommand)]
    Audit(audit::Command),
    /// Where you are signed in
    #[command(subcommand)]
    Session(sign_ins::Command),
    /// Your own password
    #[command(subcommand)]
    Password(sign_ins::Password),
    /// Tokens for machines
    #[command(subcommand)]
    Token(token::Command),
    /// People and robots
    #[command(subcommand)]
    Member(member::Command),
    /// Secrets that configurations name
    #[command(subcommand)]
    Secret(secret::Command),
    /// Bring about what YAML files say
    Apply(apply::Apply),
    /// Print a completion script for a shell
    Completion(completion::Completion),
    /// Write the manual pages
    Man(man::Man),
    /// The versions of this program and of the hub
    Version(version::Version),
}

impl Cli {
    /// The arguments of this run. Ends it if they are wrong, or ask for help or the version.
    pub(crate) fn read() -> Self {
        let mut command = without_empty_variables(Self::command());
        let matches = command.get_matches_mut();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit())
    }

    pub(crate) async fn run(self) -> Result<()> {
        let globals = self.globals;
        // before anything is sent, not when its result is to be shown
        if globals.output == Format::Jsonl && !matches!(self.command, Command::Events(_)) {
            return Err(Failure::Usage("jsonl is for events; use -o json".into()).into());
        }
        let session = || Session::open(&globals);
        match self.command {
            Command::Login(login) => login.run(&globals).await,
            Command::Logout => login::logout(&globals).await,
            Command::Completion(completion) => completion.run(Cli::command()),
            Command::Man(man) => man.run(Cli::command()),
            Command::Version(version) => version.run(&globals).await,
            Command::Profile(command) => command.run(&globals),
            Command::Whoami => login::whoami(&session()?).await,
            Command::App(command) => command.run(&session()?).await,
            Command::Release(command) => command.run(&session()?).await,
            Command::Channel(command) => command.run(&session()?).await,
            Command::Branding(command) => command.run(&session()?).await,
            Command::Repository(command) => command.run(&session()?).await,
            Command::Customer(command) => command.run(&session()?).await,
            Command::License(command) => command.run(&session()?).await,
            Command::Entitlement(command) => command.run(&session()?).await,
            Command::Target(command) => command.run(&session()?).await,
            Command::Deploy(deploy) => deploy.run(&session()?).await,
            Command::Rollout(command) => command.run(&session()?).await,
            Command::Policy(command) => command.run(&session()?).await,
            Command::Fleet(fleet) => fleet.run(&session()?).await,
            Command::Alerts(command) => command.run(&session()?).await,
            Command::Events(events) => events.run(&session()?).await,
            Command::Audit(command) => command.run(&globals, session).await,
            Command::Session(command) => command.run(&session()?).await,
            Command::Password(command) => command.run(&session()?).await,
            Command::Token(command) => command.run(&session()?).await,
            Command::Member(command) => command.run(&session()?).await,
            Command::Secret(command) => command.run(&session()?).await,
            Command::Apply(apply) => apply.run(|| Session::open(&globals)).await,
        }
    }
}

/// Whoever sets an environment variable to nothing means none.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env().is_some_and(is_empty) {
        true => argument.env(Resettable::Reset),
        false => argument,
    });
    command.mut_subcommands(without_empty_variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
