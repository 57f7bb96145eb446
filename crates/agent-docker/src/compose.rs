//! Runs the official `docker compose` plugin. Its environment is empty, so that neither the host's variables nor the agent's
//! token reach a compose file, and none of them stands before a value of the configuration; what it prints is handed back,
//! never logged.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use distr_domain::names::Slug;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Command;
use tokio::time::timeout;

use crate::folder::FILES;
use crate::said;

/// Where the engine is if `DOCKER_HOST` says nothing; the agent's own connection has the same.
const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

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
    /// The folder from which paths begin. Agents of earlier versions made none for shipped files.
    fn directory(&self) -> &'static str {
        match self.folder.join(FILES).is_dir() {
            true => FILES,
            false => ".",
        }
    }

    pub async fn run(&self, selection: Selection, arguments: &[&str], limit: Duration) -> Result<String, Failure> {
        let mut command = docker_compose(self.name)?;
        command.current_dir(self.folder).args(["--project-directory", self.directory(), "--env-file", ".env"]);
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

/// The version of the plugin.
pub async fn version(limit: Duration) -> Result<String, Failure> {
    let mut command = docker(&["compose", "version", "--short"])?;
    Ok(finish(command.current_dir("/"), limit).await?.trim().to_owned())
}

/// A project of which no file is left: compose finds it by its labels.
pub async fn run_without_files(project: &str, arguments: &[&str], limit: Duration) -> Result<String, Failure> {
    let mut command = docker_compose(project)?;
    finish(command.current_dir("/").args(arguments), limit).await
}

fn docker_compose(project: &str) -> Result<Command, Failure> {
    docker(&["compose", "--ansi", "never", "--progress", "quiet", "--project-name", project])
}

fn docker(arguments: &[&str]) -> Result<Command, Failure> {
    let not_installed = || Failure::passing(ErrorCategory::Runtime, "the program docker is not installed");
    let mut command = Command::new(program("docker").ok_or_else(not_installed)?);
    command.env_clear().args(engine_flags(&|name| env::var_os(name).filter(|value| !value.is_empty())));
    command.args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // the plugin is a child of `docker`: both have to end, so they get a group of their own
    command.process_group(0).kill_on_drop(true);
    Ok(command)
}

/// The program of that name in the folders of the agent's PATH.
fn program(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The flags for what `docker` would read from its environment: the engine that the agent itself is connected to, and the
/// folder with the person's plugins.
fn engine_flags(variable: &dyn Fn(&str) -> Option<OsString>) -> Vec<OsString> {
    let host = variable("DOCKER_HOST").unwrap_or_else(|| DEFAULT_HOST.into());
    let mut flags = vec!["--host".into(), host];
    let config = variable("DOCKER_CONFIG").or_else(|| Some(Path::new(&variable("HOME")?).join(".docker").into()));
    let certificates = variable("DOCKER_CERT_PATH").or_else(|| config.clone());
    flags.extend(config.into_iter().flat_map(|folder| ["--config".into(), folder]));
    if variable("DOCKER_TLS_VERIFY").is_some() {
        flags.push("--tlsverify".into());
        let files = [("--tlscacert", "ca.pem"), ("--tlscert", "cert.pem"), ("--tlskey", "key.pem")];
        for (folder, (flag, file)) in certificates.iter().flat_map(|folder| files.map(|file| (folder, file))) {
            flags.extend([flag.into(), Path::new(folder).join(file).into()]);
        }
    }
    flags
}

async fn finish(command: &mut Command, limit: Duration) -> Result<String, Failure> {
    let child = command.spawn().map_err(|error| Failure::internal("cannot start docker compose", error))?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)));
    let output = timeout(limit, child.wait_with_output()).await;
    let late = |_| Failure::passing(ErrorCategory::Runtime, format!("docker compose did not end within {limit:?}"));
    let output = output.map_err(late)?.map_err(|error| Failure::internal("cannot run docker compose", error))?;
    group.has_ended();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(said::of_compose(&complaint(&output))),
    }
}

/// Without the warnings, which are not why it failed, and without the trace of a program that stopped in the middle.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let said = text.lines().take_while(|line| !line.starts_with("goroutine "));
    let lines: Vec<&str> = said.filter(|line| !line.contains("level=warning") && !line.trim().is_empty()).collect();
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

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{ExitStatus, Output};

    fn flags(variables: &[(&str, &str)]) -> String {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        let flags = super::engine_flags(&variable);
        flags.iter().map(|flag| flag.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_plugin_is_told_the_agents_own_engine() {
        assert_eq!(flags(&[]), "--host unix:///var/run/docker.sock");
        assert_eq!(flags(&[("HOME", "/root")]), "--host unix:///var/run/docker.sock --config /root/.docker");
        let all =
            [("DOCKER_HOST", "tcp://h:1"), ("DOCKER_CONFIG", "/c"), ("HOME", "/root"), ("DOCKER_TLS_VERIFY", "1")];
        let tls = "--tlsverify --tlscacert /c/ca.pem --tlscert /c/cert.pem --tlskey /c/key.pem";
        assert_eq!(flags(&all), format!("--host tcp://h:1 --config /c {tls}"));
        let with_path = [("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/p")];
        assert!(flags(&with_path).contains("--tlskey /p/key.pem"));
    }

    #[test]
    fn a_complaint_is_what_the_program_said_without_warnings_and_traces() {
        let stderr = "time=x level=warning msg=\"old\"\npanic: no\n\ngoroutine 1 [running]:\nmain.main()\n";
        let output = Output { status: ExitStatus::from_raw(2 << 8), stdout: vec![], stderr: stderr.into() };
        assert_eq!(super::complaint(&output), "panic: no");
    }
}
