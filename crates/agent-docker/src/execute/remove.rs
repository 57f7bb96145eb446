//! Removes a deployment because that was said. Containers and networks go; data goes only if that was said too.

use distr_agent::consent;
use distr_agent::fault::Failure;
use distr_agent::pause;
use distr_domain::agent::{DataRemoval, Step};

use crate::execute::{Executor, permit};
use crate::folder;
use crate::record::Task;

pub(super) async fn run(executor: &Executor, task: &mut Task, data: DataRemoval) -> Result<(), Failure> {
    permit::begin(executor, task)?;
    task.begin(Step::Removing).await?;
    pause::at("removing", &task.data).await;
    let project = task.record.handle.project.clone();
    executor.drop_candidate(&project).await?;
    executor.note_anonymous(task).await?;
    executor.take_down(&project).await?;
    if data == DataRemoval::Remove {
        executor.engine.remove_volumes(&project).await?;
        let anonymous = task.record.handle.anonymous_volumes.clone();
        executor.engine.remove_volumes_named(&anonymous).await?;
        task.remember(|record| record.handle.anonymous_volumes.clear()).await?;
        executor
            .home(task)
            .remove()
            .await
            .map_err(|error| Failure::internal("cannot remove the deployment's own folders", error))?;
    }
    // with it go the configurations and the secrets in them
    folder::prune(&task.data.deployment(task.wanted.deployment), &[])
        .map_err(|error| Failure::internal("cannot remove the deployment's files", error))?;
    pause::at("removed", &task.data).await;
    let generation = task.wanted.generation;
    task.remember(|record| {
        record.applied = None;
        record.attempt = None;
        record.failed = None;
        record.removed = Some(generation);
    })
    .await?;
    consent::use_up(&task.data, task.wanted.deployment, generation);
    Ok(())
}
