//! A compose file that takes in others, as one file. How they are put together is compose's own business, so compose does it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// As little as possible is changed: variables stay variables, paths stay relative to the file, services of all profiles stay.
const ARGUMENTS: [&str; 7] =
    ["--profile", "*", "config", "--no-interpolate", "--no-path-resolution", "--no-normalize", "--no-consistency"];

/// The variables by which the plugin is found.
const KEPT: [&str; 3] = ["PATH", "HOME", "DOCKER_CONFIG"];

pub(super) fn one_file(file: &Path) -> Result<String> {
    let by_hand = || {
        format!(
            "{} takes in other files, and a release has one; on a machine with Docker's compose plugin, `docker compose -f {} {} > \
             one.yaml` makes it",
            file.display(),
            file.display(),
            ARGUMENTS.map(|argument| if argument == "*" { "'*'" } else { argument }).join(" ")
        )
    };
    refuse_values(file, &mut vec![])?;
    let mut command = Command::new("docker");
    command.arg("compose").args(["--env-file", "/dev/null"]).arg("-f").arg(file).args(ARGUMENTS);
    // what stands in the vendor's environment is not the customers', and a release is for ever
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept)));
    let output = command.output().with_context(by_hand)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("docker compose cannot put {} and what it takes in together: {}", file.display(), said.trim());
    }
    let text = String::from_utf8(output.stdout).context("docker compose wrote no text")?;
    Ok(without_name(&text, &std::fs::read_to_string(file).unwrap_or_default()))
}

/// Compose would put the values of an included file's `.env` in the places of their names, and a release is for ever.
fn refuse_values(file: &Path, seen: &mut Vec<PathBuf>) -> Result<()> {
    let reading = || format!("reading {}", file.display());
    let path = file.canonicalize().with_context(reading)?;
    if seen.contains(&path) {
        return Ok(());
    }
    seen.push(path);
    let text = std::fs::read_to_string(file).with_context(reading)?;
    // what is no YAML is compose's to refuse
    let Ok(value) = serde_saphyr::from_str::<Value>(&text) else { return Ok(()) };
    let folder = distr_package::folder_of(file);
    for included in value["include"].as_array().into_iter().flatten() {
        if !included["env_file"].is_null() {
            bail!(
                "{}: an include with the key env_file puts values into the release; let the configuration of each deployment \
                 set them",
                file.display()
            );
        }
        let paths = match &included["path"] {
            Value::Null => included.as_str().into_iter().collect(),
            Value::String(path) => vec![path.as_str()],
            paths => paths.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>(),
        };
        for path in paths.into_iter().map(|path| folder.join(path)).filter(|path| path.is_file()) {
            let values = distr_package::folder_of(&path).join(".env");
            if values.is_file() && values.parent() != Some(folder) {
                bail!(
                    "{} would become part of the release, for ever and for every customer; take it away, and let the \
                     configuration of each deployment set the variables",
                    values.display()
                );
            }
            refuse_values(&path, seen)?;
        }
    }
    Ok(())
}

/// Without the project's name, which compose adds from the name of the folder.
fn without_name(made: &str, original: &str) -> String {
    let names = |line: &&str| line.starts_with("name:");
    match original.lines().any(|line| names(&line)) {
        true => made.to_owned(),
        false => made.lines().filter(|line| !names(line)).map(|line| format!("{line}\n")).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_compose_added_goes() {
        assert_eq!(
            without_name("name: inc\nservices:\n  a:\n    name: x\n", "services: {}"),
            "services:\n  a:\n    name: x\n"
        );
        assert_eq!(without_name("name: mine\nservices: {}\n", "name: mine\n"), "name: mine\nservices: {}\n");
    }
}
