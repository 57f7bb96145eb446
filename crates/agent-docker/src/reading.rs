//! A compose file as the plugin understands it, twice: before anything is put in, and resolved, with all paths where they lead on
//! this host. Nothing is asked of the engine. An apply and a check of the policy read by the same way.

use std::time::Duration;

use distr_agent::fault::{Blame, Failure};
use distr_domain::agent::{DesiredDeployment, ErrorCategory, RunInstruction};
use distr_domain::names::Slug;
use distr_domain::release::FilePath;
use serde_json::Value;

use crate::compose::{Project, Selection};
use crate::folder::{Folder, READ_FILE, SOURCES};
use crate::home::{Home, Places};
use crate::policy::{Host, Need, Policy, Withheld, Written, read_while_resolving};
use crate::resolved::Resolved;
use crate::said;
use crate::vendor_file::{self, VendorFile};

/// Reading files takes no longer.
const LIMIT: Duration = Duration::from_secs(60);
const RAW: [&str; 7] =
    ["config", "--no-interpolate", "--no-normalize", "--no-path-resolution", "--no-consistency", "--format", "json"];

/// The vendor's compose file, as it lies in the folder of a generation.
pub struct Vendors {
    pub file: VendorFile,
    /// with its variables in it
    pub raw: Value,
}

impl Vendors {
    pub async fn write(project: &str, folder: &Folder, run: &RunInstruction) -> Result<Self, Failure> {
        let file = vendor_file::read(&run.compose)?;
        folder.write_vendors(run, &file)?;
        let raw = raw(project, folder).await?;
        vendor_file::compare(&file.services, &raw)?;
        Ok(Self { file, raw })
    }
}

/// Where a release is to run, and what it may do there.
pub struct Place<'a> {
    pub project: &'a str,
    pub folder: &'a Folder,
    pub home: &'a Home,
    /// with the folders of the deployment
    pub host: &'a Host,
    pub registry: &'a str,
    pub policy: &'a Policy,
    pub application: &'a str,
}

/// The release as it would run on this host.
pub struct Placed {
    pub resolved: Resolved,
    /// the same as compose will understand it
    pub plain: Value,
    pub written: Written,
    /// what the policy refused to read; the rest was read without it
    pub refused: Vec<Need>,
}

impl Place<'_> {
    pub async fn put(
        &self,
        vendors: &Vendors,
        (wanted, run): (&DesiredDeployment, &RunInstruction),
        selection: Selection,
    ) -> Result<Placed, Failure> {
        let bad = |text| Failure::bad(ErrorCategory::Config, text);
        self.folder.write_override(wanted, run, self.registry, &vendors.file.services)?;
        let needs = read_while_resolving(&vendors.raw, &self.folder.files(), self.host).map_err(bad)?;
        let reads_host = needs.iter().any(Need::is_of_env_file);
        let refused = self.policy.refused(self.application, needs);
        let files = self.folder.write_withheld(&Withheld::new(&vendors.raw, &refused), &SOURCES)?;
        let resolved = resolved(self.project, self.folder, &files, &run.profiles, selection).await;
        let of_release = |failure| if reads_host { failure } else { said::of_shipped_env_files(failure) };
        let mut resolved = resolved.map_err(of_release)?;
        let shipped: Vec<FilePath> = run.files.iter().map(|file| file.path.clone()).collect();
        resolved.place(&Places { home: self.home, files: &self.folder.files(), shipped: &shipped })?;
        let written = resolved.settle()?;
        let plain = resolved.plain();
        check_selected(&plain)?;
        Ok(Placed { resolved, plain, written, refused })
    }
}

fn check_selected(model: &Value) -> Result<(), Failure> {
    match model.get("services").and_then(Value::as_object).is_some_and(|services| !services.is_empty()) {
        true => Ok(()),
        false => {
            let text =
                "no service is selected: each one of the compose file has a profile that the license does not include";
            Err(Failure::bad(ErrorCategory::Config, text))
        }
    }
}

/// The vendor's file with its variables in it. What compose says of it is of the vendor's own text, and may be told.
async fn raw(project: &str, folder: &Folder) -> Result<Value, Failure> {
    let project = Project { name: project, folder: folder.path(), files: &[READ_FILE], profiles: &[] };
    let json = project.run(Selection::Everything, &RAW, LIMIT).await.map_err(of_config).map_err(in_own_words)?;
    serde_json::from_str(&json).map_err(not_understood)
}

pub async fn resolved(
    project: &str,
    folder: &Folder,
    files: &[&str],
    profiles: &[Slug],
    selection: Selection,
) -> Result<Resolved, Failure> {
    let project = Project { name: project, folder: folder.path(), files, profiles };
    let json = project.run(selection, &["config", "--format", "json"], LIMIT).await.map_err(of_config)?;
    Resolved::read(&json).map_err(not_understood)
}

pub(crate) fn not_understood(error: serde_json::Error) -> Failure {
    Failure::bad(ErrorCategory::Config, format!("the resolved compose file is not understood: {error}"))
}

fn in_own_words(trouble: Failure) -> Failure {
    match trouble.blame {
        Blame::Generation => Failure { text: trouble.words, words: String::new(), ..trouble },
        Blame::Surroundings => trouble,
    }
}

/// Resolving asks nothing of the engine, so what fails is in the file.
fn of_config(trouble: Failure) -> Failure {
    match trouble.blame {
        Blame::Generation => Failure { category: ErrorCategory::Config, ..trouble },
        Blame::Surroundings => trouble,
    }
}
