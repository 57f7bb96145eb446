//! Brings a generation about: pull, prove beside the old release, switch. The old release serves until the new one was
//! seen to be healthy, and comes back if the new one is not healthy in its place.

use std::collections::BTreeMap;
use std::time::Duration;

use distr_agent::consent;
use distr_agent::fault::{Blame, Failure, Stop};
use distr_agent::memory::FailedGeneration;
use distr_agent::pause;
use distr_agent::plan::Resume;
use distr_agent::redact::Redactor;
use distr_domain::agent::{ErrorCategory, Step};
use tokio::time::sleep;

use crate::compose::Project;
use crate::containers::{Container, State, candidate_of};
use crate::execute::start::{Before, Start};
use crate::execute::unpack::{self, Unpacked, Verified};
use crate::execute::{Executor, permit, repair, surroundings};
use crate::folder::{self, CANDIDATE_FILE, RESOLVED_FILE};
use crate::record::{Applied, Baseline, Service, Task};
use crate::strategy::{self, Strategy};

/// Tries of a switch that takes down what serves. After the last one the generation is given up, whoever is to blame; where nothing
/// serves, nothing is lost by another try.
const SWITCHES: u32 = 3;
const OUTLIVED: Duration = Duration::from_secs(5);

pub(super) async fn run(executor: &Executor, task: &mut Task, resume: Resume, redactor: &Redactor) -> Result<(), Stop> {
    match attempt(executor, task, resume, redactor).await {
        Err(Stop::Failed(trouble)) if trouble.blame == Blame::Generation => {
            Ok(give_up(task, &trouble, redactor).await?)
        }
        ended => ended,
    }
}

async fn attempt(executor: &Executor, task: &mut Task, resume: Resume, redactor: &Redactor) -> Result<(), Stop> {
    let cancel = task.cancel.clone();
    let verified = cancel.run_until_cancelled(verify(executor, task, resume)).await.ok_or(Stop::Superseded)??;
    if resume == Resume::Start {
        task.begin(Step::Pulling).await?;
    }
    let generation = task.wanted.generation;
    let pulled = cancel.run_until_cancelled(unpack::pull(executor, task, verified, generation)).await;
    let unpacked = pulled.ok_or(Stop::Superseded)??;
    pause::at("pulled", &task.data).await;
    if resume == Resume::Start && something_serves(executor, task).await? {
        prove(executor, task, &unpacked).await?;
        pause::at("proved", &task.data).await;
    }
    surroundings::check(&executor.engine, &task.record.handle.project, &unpacked.model).await?;
    let before = before(executor, task, resume).await?;
    switch(executor, task, &unpacked, before, redactor).await?;
    pause::at("applied", &task.data).await;
    Ok(executor.drop_candidate(&task.record.handle.project).await?)
}

/// What was verified before the agent ended while it switched is not asked about again.
async fn verify(executor: &Executor, task: &Task, resume: Resume) -> Result<Verified, Failure> {
    let folder = executor.wanted_folder(task)?;
    match resume {
        Resume::Switch if folder.resolved().is_some() => {
            unpack::load(task, folder, task.run_instruction()?.profiles.clone()).await
        }
        _ => unpack::verify(executor, task, &permit::begin(executor, task)?).await,
    }
}

async fn something_serves(executor: &Executor, task: &Task) -> Result<bool, Failure> {
    let observed = executor.engine.observe().await?;
    Ok(observed.of_project(&task.record.handle.project).iter().any(|container| container.state == State::Running))
}

/// A release before, whose generation had the same number, ends during the switch as it should.
async fn before(executor: &Executor, task: &Task, resume: Resume) -> Result<Before, Failure> {
    let generation = Some(task.wanted.generation);
    let observed = executor.engine.observe().await?;
    let is_there =
        || observed.of_project(&task.record.handle.project).iter().any(|container| container.generation == generation);
    Ok(if resume == Resume::Switch || is_there() { Before::Remains } else { Before::Nothing })
}

async fn prove(executor: &Executor, task: &mut Task, unpacked: &Unpacked) -> Result<(), Stop> {
    if let Strategy::InPlace { why } = strategy::decide(&unpacked.model) {
        tracing::info!(deployment = %task.wanted.deployment, why, "the release is switched in place");
        return Ok(());
    }
    task.begin(Step::Proving).await?;
    executor.drop_candidate(&task.record.handle.project).await?;
    let name = candidate_of(&task.record.handle.project);
    let candidate = unpacked.resolved.candidate(&task.record.handle.project, &name);
    unpacked.folder.write_resolved(CANDIDATE_FILE, &candidate)?;
    let project =
        Project { name: &name, folder: unpacked.folder.path(), files: &[CANDIDATE_FILE], profiles: &unpacked.profiles };
    let start =
        Start { project, expected: &unpacked.expected, limit: unpacked.limit, before: Before::Nothing, networks: None };
    let proven = task.cancel.run_until_cancelled(executor.start(&start)).await;
    match proven {
        Some(Ok(_)) => return Ok(()),
        // what a failed proof leaves is cleared away by the plan, if it cannot be now
        Some(Err(_)) | None => drop(executor.drop_candidate(&task.record.handle.project).await),
    }
    proven.map_or(Err(Stop::Superseded), |proven| proven.map(drop).map_err(Stop::from))
}

async fn switch(
    executor: &Executor,
    task: &mut Task,
    unpacked: &Unpacked,
    before: Before,
    redactor: &Redactor,
) -> Result<(), Stop> {
    task.begin(Step::Switching).await?;
    pause::at("switching", &task.data).await;
    let project_name = task.record.handle.project.clone();
    let project = Project {
        name: &project_name,
        folder: unpacked.folder.path(),
        files: &[RESOLVED_FILE],
        profiles: &unpacked.profiles,
    };
    let networks = Some(&unpacked.model);
    let start = Start { project, expected: &unpacked.expected, limit: unpacked.limit, before, networks };
    executor.note_anonymous(task).await?;
    let started = match executor.start(&start).await {
        // a compose that outlived an agent's crash may be at the same work; it ends soon
        Err(trouble) if before == Before::Remains && trouble.category == ErrorCategory::Runtime => {
            sleep(OUTLIVED).await;
            executor.start(&start).await
        }
        started => started,
    };
    match started {
        Ok(containers) => {
            pause::at("switched", &task.data).await;
            executor.note_anonymous(task).await?;
            Ok(succeed(task, unpacked, &containers).await?)
        }
        Err(trouble) if trouble.blame == Blame::Generation => go_back(executor, task, trouble, redactor).await,
        Err(trouble) if task.attempts + 1 >= SWITCHES && task.record.applied.is_some() => {
            go_back(executor, task, trouble, redactor).await
        }
        // what served serves again until the next try
        Err(trouble) => {
            put_back(executor, task).await.err().inspect(|worse| {
                tracing::warn!(deployment = %task.wanted.deployment, reason = worse.text, "what ran before could not be put back");
            });
            Err(trouble.into())
        }
    }
}

async fn succeed(task: &mut Task, unpacked: &Unpacked, containers: &[Container]) -> Result<(), Failure> {
    let generation = task.wanted.generation;
    let version = task.run_instruction()?.version.clone();
    let folder = task.record.folder(generation, &version);
    let applied = Applied {
        generation,
        version,
        baseline: Baseline {
            profiles: unpacked.profiles.clone(),
            services: services(containers, generation),
            jobs: unpacked.expected.jobs.clone(),
        },
        folder: Some(folder.clone()),
    };
    task.remember(|record| {
        record.applied = Some(applied);
        record.attempt = None;
        record.failed = None;
        record.removed = None;
    })
    .await?;
    consent::use_up(&task.data, task.wanted.deployment, generation);
    // only disk space depends on it
    if let Err(error) = folder::prune(&task.data.deployment(task.wanted.deployment), &[&folder]) {
        tracing::warn!(%error, "cannot remove the folders of earlier generations");
    }
    Ok(())
}

/// The containers of the generation as they are now, by service.
pub(super) fn services(containers: &[Container], generation: u64) -> BTreeMap<String, Service> {
    let mut services: BTreeMap<String, Service> = BTreeMap::new();
    for container in containers.iter().filter(|container| container.generation == Some(generation)) {
        let first = || Service { count: 0, config_hash: container.config_hash.clone(), image: container.image.clone() };
        services.entry(container.service.clone()).or_insert_with(first).count += 1;
    }
    services
}

/// The failure is remembered before the old release is put back: if the agent ends between, the plan finds that what
/// runs is not what was applied, and repairs it.
async fn go_back(executor: &Executor, task: &mut Task, trouble: Failure, redactor: &Redactor) -> Result<(), Stop> {
    pause::at("failed", &task.data).await;
    give_up(task, &trouble, redactor).await?;
    pause::at("going back", &task.data).await;
    if let Err(worse) = put_back(executor, task).await {
        let text = format!("{}; and what was there before could not be put back: {}", trouble.text, worse.text);
        give_up(task, &Failure { text, ..trouble }, redactor).await?;
    }
    Ok(())
}

async fn put_back(executor: &Executor, task: &Task) -> Result<(), Failure> {
    match task.record.applied.clone() {
        Some(applied) => repair::bring_back(executor, task, &applied).await.map(|_| ()),
        None => executor.take_down(&task.record.handle.project).await,
    }
}

async fn give_up(task: &mut Task, trouble: &Failure, redactor: &Redactor) -> Result<(), Failure> {
    super::log_words(task, trouble, redactor);
    let error = trouble.reported(redactor);
    let (deployment, generation) = (task.wanted.deployment, task.wanted.generation);
    let version = task.run_instruction().ok().map(|run| run.version.clone());
    tracing::warn!(%deployment, generation, category = ?error.category, reason = error.text, "the generation is given up");
    task.remember(|record| {
        record.failed = Some(FailedGeneration { generation, version, error });
        record.attempt = None;
    })
    .await
}
