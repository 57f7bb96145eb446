//! The folder of one generation: the vendor's compose file byte for byte, our overrides beside it, and the configuration.
//! All that is needed to bring the generation back, without the hub.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use distr_domain::agent::{DesiredDeployment, ErrorCategory, RunInstruction};
use serde_json::{Map, Value, json};

use crate::durable::{self, Access};
use crate::env_file;
use crate::fault::Trouble;
use crate::model::Model;
use crate::observe::{DEPLOYMENT_LABEL, GENERATION_LABEL, RELEASE_LABEL};

pub const VENDOR_FILE: &str = "compose.yaml";
/// pins the images and labels the services
pub const OVERRIDE_FILE: &str = "compose.distr.yaml";
/// takes away what cannot exist twice
pub const CANDIDATE_FILE: &str = "compose.candidate.yaml";

pub const FILES: [&str; 2] = [VENDOR_FILE, OVERRIDE_FILE];
pub const CANDIDATE_FILES: [&str; 3] = [VENDOR_FILE, OVERRIDE_FILE, CANDIDATE_FILE];

#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was written to the end: the override is written last.
    pub fn is_whole(&self) -> bool {
        FILES.iter().chain(&[".env"]).all(|file| self.path.join(file).exists())
    }

    pub fn write_vendors(&self, run: &RunInstruction) -> Result<(), Trouble> {
        let env =
            env_file::render(&run.config).map_err(|error| Trouble::bad(ErrorCategory::Config, error.to_string()))?;
        durable::private_folder(&self.path).map_err(not_written)?;
        // a file of an earlier try must not complete this one
        remove_file(&self.path.join(OVERRIDE_FILE)).map_err(not_written)?;
        self.write(VENDOR_FILE, run.compose.as_bytes())?;
        self.write(".env", env.as_bytes())
    }

    /// `services` are all that the vendor's file defines, whatever their profile.
    pub fn write_override(
        &self,
        wanted: &DesiredDeployment,
        run: &RunInstruction,
        registry: &str,
        services: &BTreeSet<String>,
    ) -> Result<(), Trouble> {
        let content = override_of(wanted, run, registry, services)?;
        self.write(OVERRIDE_FILE, format!("{content:#}\n").as_bytes())
    }

    pub fn write_candidate(&self, model: &Model) -> Result<(), Trouble> {
        self.write(CANDIDATE_FILE, candidate_of(model).as_bytes())
    }

    /// The values of the configuration.
    pub fn values(&self) -> Vec<String> {
        env_file::values(&fs::read_to_string(self.path.join(".env")).unwrap_or_default())
    }

    fn write(&self, file: &str, content: &[u8]) -> Result<(), Trouble> {
        durable::write(&self.path.join(file), content, Access::Owner).map_err(not_written)
    }
}

/// Removes the folders of the generations that nobody needs any more, with the secrets in them.
pub fn prune(deployment: &Path, keep: &[u64]) -> io::Result<()> {
    for entry in fs::read_dir(deployment)? {
        let entry = entry?;
        match entry.file_name().to_string_lossy().parse::<u64>() {
            Ok(generation) if !keep.contains(&generation) => fs::remove_dir_all(entry.path())?,
            _ => {}
        }
    }
    Ok(())
}

/// JSON, which is YAML.
fn override_of(
    wanted: &DesiredDeployment,
    run: &RunInstruction,
    registry: &str,
    services: &BTreeSet<String>,
) -> Result<Value, Trouble> {
    if let Some(pin) = run.images.iter().find(|pin| !services.contains(&pin.service)) {
        let text =
            format!("the release pins an image for service {}, which the compose file does not have", pin.service);
        return Err(Trouble::bad(ErrorCategory::Config, text));
    }
    let labels = json!({
        DEPLOYMENT_LABEL: wanted.deployment.to_string(),
        GENERATION_LABEL: wanted.generation.to_string(),
        RELEASE_LABEL: run.version.to_string(),
    });
    let of_service = |service: &String| {
        let mut content = json!({"labels": labels, "pull_policy": "never"});
        if let Some(pin) = run.images.iter().find(|pin| &pin.service == service) {
            content["image"] = json!(format!("{registry}/{}@{}", pin.repository, pin.digest));
        }
        (service.clone(), content)
    };
    Ok(json!({"services": services.iter().map(of_service).collect::<Map<_, _>>()}))
}

/// YAML, for the sake of compose's `!reset`.
fn candidate_of(model: &Model) -> String {
    let mut text = "services: {".to_owned();
    for (name, service) in &model.services {
        let name = Value::from(name.as_str());
        let container_name = if service.container_name.is_some() { ", container_name: !reset null" } else { "" };
        text.push_str(&format!("\n  {name}: {{ports: !reset []{container_name}}},"));
    }
    text + "\n}\n"
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn not_written(error: io::Error) -> Trouble {
    Trouble::of_disk("cannot write the generation's files", &error)
}

#[cfg(test)]
mod tests;
