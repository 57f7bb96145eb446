//! `distr-agent data`: what containers wrote on this host, and where it lies.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Subcommand;
use distr_agent::data_dir::DataDir;
use distr_agent::memory;
use distr_agent_docker::engine::Engine;
use distr_agent_docker::home::Home;
use distr_agent_docker::record::Memory;

use crate::Place;
use distr_agent::output::line;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the folders and volumes of each deployment. An update keeps them, and so does a removal that does not say "with all data"
    List {
        #[command(flatten)]
        place: Place,
    },
}

pub(crate) async fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::List { place } => list(&place.open()?).await,
    }
}

async fn list(data: &DataDir) -> Result<ExitCode> {
    let memory: Memory = memory::load(data).context("cannot read what was deployed")?;
    let engine = Engine::default();
    if memory.is_empty() {
        line("nothing was deployed on this host")?;
    }
    for (deployment, record) in &memory {
        line(format!("{deployment} {}", record.handle.project))?;
        let folders = Home::of(&data.deployment(*deployment)).folders();
        let folders = folders.with_context(|| format!("cannot look into the folders of deployment {deployment}"))?;
        for (path, folder) in &folders {
            let size = size(folder).map_or_else(|error| format!("not read: {error}"), shown);
            line(format!("  folder {:?} {size} {:?}", format!("./{path}"), folder))?;
        }
        match engine.volumes(&record.handle.project).await {
            Ok(volumes) => {
                for volume in &volumes {
                    line(format!("  volume {volume}"))?;
                }
                let anonymous = engine.existing(&record.handle.anonymous_volumes).await.unwrap_or_default();
                for volume in &anonymous {
                    line(format!("  volume {volume} (without a name: no later release finds it)"))?;
                }
                if folders.is_empty() && volumes.is_empty() && anonymous.is_empty() {
                    line("  no data")?;
                }
            }
            Err(failure) => line(format!("  volumes are not known: {}", failure.text))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The bytes of all files in a folder; links count for themselves.
fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

fn shown(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit < UNITS.len() - 1 {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    if unit == 0 { format!("{bytes} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_in_the_unit_that_fits() {
        assert_eq!([0, 1023, 1024, 5_000_000].map(shown), ["0 bytes", "1023 bytes", "1.0 KiB", "4.8 MiB"]);
    }

    #[test]
    fn a_link_counts_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        fs::write(folder.path().join("deep/file"), "12345").unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("x")).unwrap();
        assert_eq!(size(folder.path()).unwrap(), 6);
    }
}
