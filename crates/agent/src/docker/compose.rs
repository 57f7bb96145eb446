//! Runs the official `docker compose` plugin. Its environment is built from nothing, so that neither the host's variables
//! nor the agent's token reach a compose file; what it prints is handed back, never logged.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{env, io};

use distr_domain::agent::ErrorCategory;
use distr_domain::names::Slug;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio::time::timeout;

use crate::fault::Failure;

/// What the plugin and its connection to the engine may know of the host.
const PASSED_ON: [&str; 8] = [
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CONTEXT",
    "XDG_RUNTIME_DIR",
];

/// A compose project as one generation defines it.
#[derive(Debug, Clone, Copy)]
pub struct Project<'a> {
    pub name: &'a str,
    pub folder: &'a Path,
    pub files: &'a [&'a str],
    pub profiles: &'a [Slug],
}

/// Which services a command is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// those without a profile, and those of the project's profiles
    Profiles,
    Everything,
}

impl Project<'_> {
    pub async fn run(&self, selection: Selection, arguments: &[&str], limit: Duration) -> Result<String, Failure> {
        let mut command = docker_compose(self.name);
        command.current_dir(self.folder).args(["--project-directory", ".", "--env-file", ".env"]);
        for file in self.files {
            command.args(["-f", file]);
        }
        let profiles = match selection {
            Selection::Profiles => self.profiles.iter().map(Slug::as_str).collect(),
            Selection::Everything => vec!["*"],
        };
        command.args(profiles.into_iter().flat_map(|profile| ["--profile", profile]));
        finish(command.args(arguments), limit).await
    }
}

/// A project of which no file is left: compose finds it by its labels.
pub async fn run_without_files(project: &str, arguments: &[&str], limit: Duration) -> Result<String, Failure> {
    let mut command = docker_compose(project);
    finish(command.current_dir("/").args(arguments), limit).await
}

fn docker_compose(project: &str) -> Command {
    let mut command = Command::new("docker");
    command.env_clear();
    command.envs(PASSED_ON.iter().filter_map(|name| Some((name, env::var_os(name)?))));
    command.args(["compose", "--ansi", "never", "--progress", "quiet", "--project-name", project]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // the plugin is a child of `docker`: both have to end, so they get a group of their own
    command.process_group(0).kill_on_drop(true);
    command
}

async fn finish(command: &mut Command, limit: Duration) -> Result<String, Failure> {
    let child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failure::passing(ErrorCategory::Runtime, "the program docker is not installed"),
        _ => Failure::internal("cannot start docker compose", error),
    })?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)));
    let output = timeout(limit, child.wait_with_output()).await;
    let late = |_| Failure::bad(ErrorCategory::Runtime, format!("docker compose did not end within {limit:?}"));
    let output = output.map_err(late)?.map_err(|error| Failure::internal("cannot run docker compose", error))?;
    group.has_ended();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failure::of_compose(&complaint(&output))),
    }
}

/// Without the warnings, which are not why it failed.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> =
        text.lines().filter(|line| !line.contains("level=warning") && !line.trim().is_empty()).collect();
    match lines.is_empty() {
        true => format!("docker compose ended with {}", output.status),
        false => lines.join("\n"),
    }
}

/// Ends the processes of a command that is given up in the middle.
struct Group(Option<Pid>);

impl Group {
    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // it may have ended by itself just now
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
