//! Puts the applied generation back as it was, from its folder.

use distr_agent::fault::Failure;

use crate::compose::Project;
use crate::containers::{Container, State};
use crate::execute::start::{Before, Start};
use crate::execute::{Executor, apply, permit, unpack};
use crate::folder::RESOLVED_FILE;
use crate::record::{Applied, Baseline, Task};

pub(super) async fn run(executor: &Executor, task: &mut Task, drift: &str) -> Result<(), Failure> {
    let Some(applied) = task.record.applied.clone() else { return Ok(()) };
    tracing::warn!(deployment = %task.wanted.deployment, drift, "drift is repaired");
    let containers = bring_back(executor, task, &applied).await?;
    // a newer compose counts its digests otherwise; what it made now is as applied
    let services = apply::services(&containers, applied.generation);
    let baseline = Baseline { services, ..applied.baseline };
    task.remember(|record| record.applied = Some(Applied { baseline, ..applied })).await
}

/// The containers when all was well again.
pub(super) async fn bring_back(executor: &Executor, task: &Task, applied: &Applied) -> Result<Vec<Container>, Failure> {
    let mut folder = executor.applied_folder(task, applied);
    let is_wanted =
        task.run_instruction().is_ok_and(|run| task.record.has_applied(task.wanted.generation, &run.version));
    if !folder.is_whole() && is_wanted {
        folder = unpack::verify(executor, task, &permit::begin(executor, task)?).await?.folder;
    }
    let verified = unpack::load(task, folder, applied.baseline.profiles.clone()).await?;
    let unpacked = unpack::pull(executor, task, verified, applied.generation).await?;
    unpause(executor, &task.record.handle.project).await?;
    let project = Project {
        name: &task.record.handle.project,
        folder: unpacked.folder.path(),
        files: &[RESOLVED_FILE],
        profiles: &unpacked.profiles,
    };
    let networks = Some(&unpacked.model);
    let start =
        Start { project, expected: &unpacked.expected, limit: unpacked.limit, before: Before::Remains, networks };
    executor.start(&start).await
}

/// Compose cannot start a paused container.
async fn unpause(executor: &Executor, project: &str) -> Result<(), Failure> {
    let observed = executor.engine.observe().await?;
    for container in observed.of_project(project).iter().filter(|container| container.state == State::Paused) {
        executor.engine.unpause(&container.id).await?;
    }
    Ok(())
}
