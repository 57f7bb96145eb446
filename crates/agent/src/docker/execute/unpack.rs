//! From an instruction to a generation's folder with the file that runs. Nothing is pulled before the whole model is bound to
//! the release and allowed by the host; what was verified is written out, and that file alone is started.

use std::time::Duration;

use distr_domain::agent::ErrorCategory;
use distr_domain::names::Slug;
use distr_domain::release::FilePath;
use serde_json::Value;

use crate::docker::compose::Selection;
use crate::docker::execute::{Executor, permit};
use crate::docker::folder::{Folder, RESOLVED_FILE, SOURCES};
use crate::docker::health::{self, Expectation};
use crate::docker::home::Places;
use crate::docker::model::Model;
use crate::docker::pull::Registries;
use crate::docker::reading::{self, not_understood};
use crate::docker::resolved::Resolved;
use crate::fault::Failure;
use crate::host_trust::{HostTrust, TrustFault};
use crate::policy::{Policy, Withheld, read_while_resolving};
use crate::task::Task;
use crate::{docker::bound, docker::pull, docker::vendor_file, signed};

/// A generation that may run; nothing of it is pulled yet.
pub(super) struct Verified {
    pub folder: Folder,
    pub profiles: Vec<Slug>,
    pub resolved: Resolved,
}

/// A generation that is ready to be started.
pub(super) struct Unpacked {
    pub folder: Folder,
    pub profiles: Vec<Slug>,
    pub resolved: Resolved,
    pub model: Model,
    pub expected: Expectation,
    pub limit: Duration,
}

/// Writes the wanted generation's folder, if all of it may run here.
pub(super) async fn verify(executor: &Executor, task: &Task, policy: &Policy) -> Result<Verified, Failure> {
    let run = task.run_instruction()?;
    // read anew, so that a key that was pinned meanwhile counts
    let trust = HostTrust::load(&executor.data).map_err(|fault| unreadable_trust(&fault))?;
    let signed = signed::check(&trust, &task.wanted.application, run)?;
    let file = vendor_file::read(&run.compose)?;
    let (folder, profiles) = (executor.folder(task, task.wanted.generation), run.profiles.clone());
    folder.write_vendors(run, &file)?;
    let raw = reading::raw(&task.record.project, &folder).await?;
    vendor_file::compare(&file.services, &raw)?;
    folder.write_override(&task.wanted, run, &task.registry, &file.services)?;
    let host = executor.host();
    let bad = |text| Failure::bad(ErrorCategory::Config, text);
    let needs = read_while_resolving(&raw, &folder.files(), &host).map_err(bad)?;
    let refused = policy.refused(task.wanted.application.as_str(), needs);
    let mut resolved = resolve(task, &folder, &profiles, &Withheld::new(&raw, &refused)).await?;
    let shipped: Vec<FilePath> = run.files.iter().map(|file| file.path.clone()).collect();
    let (home, files) = (executor.home(task), folder.files());
    resolved.place(&Places { home: &home, files: &files, shipped: &shipped })?;
    let written = resolved.settle()?;
    let plain = resolved.plain();
    check(&plain)?;
    bound::check(&plain, run, &signed, &[&task.registry, &executor.hub])?;
    permit::check(executor, task, policy, (&plain, &written), refused)?;
    folder.write_resolved(RESOLVED_FILE, &resolved)?;
    Ok(Verified { folder, profiles, resolved })
}

/// A generation that was verified when it was written.
pub(super) async fn load(task: &Task, folder: Folder, profiles: Vec<Slug>) -> Result<Verified, Failure> {
    let resolved = match folder.resolved() {
        Some(resolved) => resolved,
        None => {
            folder.complete()?;
            let resolved = resolve(task, &folder, &profiles, &Withheld::default()).await?;
            folder.write_resolved(RESOLVED_FILE, &resolved)?;
            resolved
        }
    };
    Ok(Verified { folder, profiles, resolved })
}

/// Pulls what is missing.
pub(super) async fn pull(
    executor: &Executor,
    task: &Task,
    verified: Verified,
    generation: u64,
) -> Result<Unpacked, Failure> {
    let Verified { folder, profiles, resolved } = verified;
    let mut model: Model = serde_json::from_value(resolved.plain()).map_err(not_understood)?;
    pull::images(&executor.engine, &Registries { own: &task.registry, secret: &executor.secret.get() }, &mut model)
        .await?;
    let (expected, limit) = (Expectation::of(&model, generation), health::limit(&model));
    Ok(Unpacked { folder, profiles, resolved, model, expected, limit })
}

async fn resolve(task: &Task, folder: &Folder, profiles: &[Slug], withheld: &Withheld) -> Result<Resolved, Failure> {
    let files = folder.write_withheld(withheld, &SOURCES)?;
    reading::resolved(&task.record.project, folder, &files, profiles, Selection::Profiles).await
}

fn check(model: &Value) -> Result<(), Failure> {
    match model.get("services").and_then(Value::as_object).is_some_and(|services| !services.is_empty()) {
        true => Ok(()),
        false => {
            let text =
                "no service is selected: each one of the compose file has a profile that the license does not include";
            Err(Failure::bad(ErrorCategory::Config, text))
        }
    }
}

/// Nothing new runs until the file is mended, and then the same generation may.
fn unreadable_trust(fault: &TrustFault) -> Failure {
    Failure::passing(ErrorCategory::Entitlement, fault.to_string())
}
