//! From an instruction to a generation's folder with the file that runs. Nothing is pulled before the whole model is bound to
//! the release and allowed by the host; what was verified is written out, and that file alone is started.

use std::time::Duration;

use distr_agent::fault::Failure;
use distr_agent::host_trust::{HostTrust, TrustFault};
use distr_agent::signed;
use distr_domain::agent::ErrorCategory;
use distr_domain::names::Slug;

use crate::compose::Selection;
use crate::execute::{Executor, permit};
use crate::folder::{Folder, RESOLVED_FILE, SOURCES};
use crate::health::{self, Expectation};
use crate::hooks;
use crate::model::Model;
use crate::policy::{Policy, Withheld};
use crate::pull::Registries;
use crate::reading::{self, Place, Placed, Vendors, not_understood};
use crate::record::Task;
use crate::resolved::Resolved;
use crate::{bound, impossible, pull};

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
    let (folder, profiles) = (executor.wanted_folder(task)?, run.profiles.clone());
    let vendors = Vendors::write(&task.record.handle.project, &folder, run).await?;
    let host = executor.host_of(task, &folder);
    let place = Place {
        project: &task.record.handle.project,
        folder: &folder,
        home: &executor.home(task),
        host: &host,
        registry: &task.registry,
        policy,
        application: task.wanted.application.as_str(),
    };
    let Placed { resolved, plain, written, refused } =
        place.put(&vendors, (&task.wanted, run), Selection::Profiles).await?;
    bound::check(&plain, run, &signed, &[&task.registry, &executor.hub])?;
    impossible::check(&plain)?;
    permit::check(executor, task, policy, (&plain, &written, &host), refused)?;
    hooks::check(&plain).await?;
    folder.write_resolved(RESOLVED_FILE, &resolved)?;
    Ok(Verified { folder, profiles, resolved })
}

/// A generation that was verified when it was written.
pub(super) async fn load(task: &Task, folder: Folder, profiles: Vec<Slug>) -> Result<Verified, Failure> {
    let resolved = match folder.resolved() {
        Some(resolved) => resolved,
        None => {
            folder.complete()?;
            let files = folder.write_withheld(&Withheld::default(), &SOURCES)?;
            let project = &task.record.handle.project;
            let resolved = reading::resolved(project, &folder, &files, &profiles, Selection::Profiles).await?;
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

/// Nothing new runs until the file is mended, and then the same generation may.
fn unreadable_trust(fault: &TrustFault) -> Failure {
    Failure::passing(ErrorCategory::Entitlement, fault.to_string())
}
