//! The folder of one generation: the vendor's compose file byte for byte, the same tree for compose, our override beside it, the
//! configuration, the files that the release ships, and the resolved file that runs. All that is needed to bring the generation back, without the hub.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use distr_agent::durable::{self, Access};
use distr_agent::fault::Failure;
use distr_domain::agent::{DesiredDeployment, ErrorCategory, RunInstruction};
use distr_domain::release::{PackageFile, check_files};
use serde_json::{Map, Value, json};

use crate::containers::{DEPLOYMENT_LABEL, GENERATION_LABEL, RELEASE_LABEL};
use crate::env_file;
use crate::policy::Withheld;
use crate::resolved::Resolved;
use crate::vendor_file::{self, VendorFile};

pub const VENDOR_FILE: &str = "compose.yaml";
/// the vendor's, as compose reads it
pub const READ_FILE: &str = "compose.read.yaml";
/// pins the images and labels the services
pub const OVERRIDE_FILE: &str = "compose.distr.yaml";
/// takes away what compose must not see, so that the rest can be checked
pub const WITHHELD_FILE: &str = "compose.withheld.yaml";
/// what was verified, and runs
pub const RESOLVED_FILE: &str = "compose.resolved.json";
/// the same beside the release that serves
pub const CANDIDATE_FILE: &str = "compose.candidate.json";

/// the folder of the files that the release ships, from which paths of the compose file begin
pub const FILES: &str = "files";

/// From which the resolved file is made.
pub const SOURCES: [&str; 2] = [READ_FILE, OVERRIDE_FILE];

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
        [VENDOR_FILE, OVERRIDE_FILE, ".env"].iter().all(|file| self.path.join(file).exists())
    }

    pub fn write_vendors(&self, run: &RunInstruction, file: &VendorFile) -> Result<(), Failure> {
        let env =
            env_file::render(&run.config).map_err(|error| Failure::bad(ErrorCategory::Config, error.to_string()))?;
        durable::private_folder(&self.path).map_err(not_written)?;
        // a file of an earlier try must not complete this one
        for file in [OVERRIDE_FILE, RESOLVED_FILE] {
            remove_file(&self.path.join(file)).map_err(not_written)?;
        }
        self.write(VENDOR_FILE, run.compose.as_bytes())?;
        self.write_files(&run.files)?;
        self.write_read(file)?;
        self.write(".env", env.as_bytes())
    }

    /// The folder of the shipped files. Compose takes it for the project's.
    pub fn files(&self) -> PathBuf {
        self.path.join(FILES)
    }

    /// Containers see them as other users than the agent's, and never write to them.
    fn write_files(&self, files: &[PackageFile]) -> Result<(), Failure> {
        check_files(files).map_err(|error| Failure::bad(ErrorCategory::Config, error.to_string()))?;
        let root = self.files();
        remove_folder(&root).and_then(|()| durable::shared_folder(&root)).map_err(not_written)?;
        for file in files {
            let path = root.join(file.path.as_str());
            let parents = Path::new(file.path.as_str()).parent().into_iter().flat_map(Path::ancestors);
            let mut folders: Vec<PathBuf> = parents.map(|folder| root.join(folder)).collect();
            folders.reverse();
            folders.iter().try_for_each(|folder| durable::shared_folder(folder)).map_err(not_written)?;
            let access = if file.executable { Access::EveryoneRuns } else { Access::Everyone };
            durable::write(&path, file.content.bytes(), access).map_err(not_written)?;
        }
        Ok(())
    }

    fn write_read(&self, file: &VendorFile) -> Result<(), Failure> {
        self.write(READ_FILE, file.text.as_bytes())
    }

    /// What compose reads, in a folder that an agent of an earlier version wrote.
    pub fn complete(&self) -> Result<(), Failure> {
        let path = self.path.join(VENDOR_FILE);
        let text = fs::read_to_string(&path)
            .map_err(|error| Failure::of_disk(&format!("cannot read {}", path.display()), &error))?;
        self.write_read(&vendor_file::read(&text)?)
    }

    /// `services` are all that the vendor's file defines, whatever their profile.
    pub fn write_override(
        &self,
        wanted: &DesiredDeployment,
        run: &RunInstruction,
        registry: &str,
        services: &BTreeSet<String>,
    ) -> Result<(), Failure> {
        let content = override_of(wanted, run, registry, services)?;
        self.write(OVERRIDE_FILE, format!("{content:#}\n").as_bytes())
    }

    /// Takes away what compose must not see. The names of all files that compose resolves, of which `files` are the others.
    pub fn write_withheld<'a>(&self, withheld: &Withheld, files: &[&'a str]) -> Result<Vec<&'a str>, Failure> {
        let mut files = files.to_vec();
        if let Some(text) = withheld.compose_file() {
            self.write(WITHHELD_FILE, text.as_bytes())?;
            files.push(WITHHELD_FILE);
        }
        Ok(files)
    }

    pub fn write_resolved(&self, file: &str, resolved: &Resolved) -> Result<(), Failure> {
        let open =
            || Failure::bad(ErrorCategory::Config, "docker compose left a variable in the resolved compose file");
        self.write(file, resolved.text().ok_or_else(open)?.as_bytes())
    }

    /// Nothing if an agent of an earlier version wrote the folder.
    pub fn resolved(&self) -> Option<Resolved> {
        Resolved::read(&fs::read_to_string(self.path.join(RESOLVED_FILE)).ok()?).ok()
    }

    /// The values of the configuration.
    pub fn values(&self) -> Vec<String> {
        env_file::values(&fs::read_to_string(self.path.join(".env")).unwrap_or_default())
    }

    fn write(&self, file: &str, content: &[u8]) -> Result<(), Failure> {
        durable::write(&self.path.join(file), content, Access::Owner).map_err(not_written)
    }
}

/// Removes the folders of the generations that nobody needs any more, with the secrets in them.
pub fn prune(deployment: &Path, keep: &[&str]) -> io::Result<()> {
    for entry in fs::read_dir(deployment)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_generation = name.strip_suffix("-again").unwrap_or(&name).parse::<u64>().is_ok();
        if is_generation && !keep.contains(&&*name) {
            fs::remove_dir_all(entry.path())?;
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
) -> Result<Value, Failure> {
    if let Some(pin) = run.images.iter().find(|pin| !services.contains(&pin.service)) {
        let text =
            format!("the release pins an image for service {}, which the compose file does not have", pin.service);
        return Err(Failure::bad(ErrorCategory::Config, text));
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

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn not_written(error: io::Error) -> Failure {
    Failure::of_disk("cannot write the generation's files", &error)
}

#[cfg(test)]
mod tests;
