//! From an instruction to a generation's folder, and from a folder to the model that compose resolves it to.

use std::collections::BTreeSet;
use std::time::Duration;

use distr_domain::agent::ErrorCategory;
use distr_domain::names::Slug;

use crate::compose::{Project, Selection};
use crate::execute::{Executor, Task};
use crate::fault::{Blame, Trouble};
use crate::folder::{FILES, Folder, VENDOR_FILE};
use crate::health::{self, Expectation};
use crate::model::Model;
use crate::pull;
use crate::signed;

/// Reading files takes no longer.
const LIMIT: Duration = Duration::from_secs(60);

/// A generation that is ready to be started.
pub(super) struct Unpacked {
    pub folder: Folder,
    pub profiles: Vec<Slug>,
    pub model: Model,
    pub expected: Expectation,
    pub limit: Duration,
}

/// Writes the wanted generation's folder, if its images may run here.
pub(super) async fn write(executor: &Executor, task: &Task) -> Result<Folder, Trouble> {
    let run = task.run_instruction()?;
    signed::check(run)?;
    let folder = executor.folder(task, task.wanted.generation);
    folder.write_vendors(run)?;
    let vendors = Project { name: &task.record.project, folder: folder.path(), files: &[VENDOR_FILE], profiles: &[] };
    let services = vendors.run(Selection::Everything, &["config", "--services"], LIMIT).await.map_err(of_config)?;
    let services: BTreeSet<String> = services.lines().map(str::to_owned).collect();
    folder.write_override(&task.wanted, run, &task.registry, &services)?;
    Ok(folder)
}

/// Resolves the folder of a generation, and pulls what is missing.
pub(super) async fn resolve(
    executor: &Executor,
    task: &Task,
    folder: Folder,
    generation: u64,
    profiles: Vec<Slug>,
) -> Result<Unpacked, Trouble> {
    let project = Project { name: &task.record.project, folder: folder.path(), files: &FILES, profiles: &profiles };
    let json = project.run(Selection::Profiles, &["config", "--format", "json"], LIMIT).await.map_err(of_config)?;
    let unreadable =
        |error| Trouble::bad(ErrorCategory::Config, format!("the resolved compose file is not understood: {error}"));
    let mut model: Model = serde_json::from_str(&json).map_err(unreadable)?;
    check(&model)?;
    pull::images(&executor.engine, &task.registry, &executor.secret.get(), &mut model).await?;
    let (expected, limit) = (Expectation::of(&model, generation), health::limit(&model));
    Ok(Unpacked { folder, profiles, model, expected, limit })
}

fn check(model: &Model) -> Result<(), Trouble> {
    if model.services.is_empty() {
        let text =
            "no service is selected: each one of the compose file has a profile that the license does not include";
        return Err(Trouble::bad(ErrorCategory::Config, text));
    }
    match model.services.iter().find(|(_, service)| service.image.is_none()) {
        Some((name, _)) => {
            let text = format!("service {name} has no image, and nothing is built here");
            Err(Trouble::bad(ErrorCategory::Config, text))
        }
        None => Ok(()),
    }
}

/// Resolving asks nothing of the engine, so what fails is in the file.
fn of_config(trouble: Trouble) -> Trouble {
    match trouble.blame {
        Blame::Generation => Trouble { category: ErrorCategory::Config, ..trouble },
        Blame::Surroundings => trouble,
    }
}
