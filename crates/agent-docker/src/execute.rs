//! Carries out one action of the plan for one deployment, with the engine and compose. It publishes nothing itself.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use distr_agent::data_dir::DataDir;
use distr_agent::fault::{Failure, Stop};
use distr_agent::observe::Observed;
use distr_agent::plan::Kind;
use distr_agent::printed::Output;
use distr_agent::redact::Redactor;
use distr_agent::runtime::Runtime;
use distr_agent::secret::CurrentSecret;
use distr_agent::stamp::Stamp;
use distr_domain::agent::{DesiredState, ErrorCategory, Instruction, TargetFacts};
use tokio::time::Instant;

use crate::containers::candidate_of;
use crate::engine::Engine;
use crate::folder::Folder;
use crate::home::Home;
use crate::policy::PolicyFile;
use crate::record::{Applied, Baseline, Handle, Memory, Task};
use crate::restarts::Restarts;
use crate::{compose, look};

mod apply;
mod permit;
mod remove;
mod repair;
mod start;
mod surroundings;
mod unpack;

/// For commands that only stop and remove; containers may take their grace period, one after the other.
const DOWN_LIMIT: Duration = Duration::from_secs(300);

pub struct Executor {
    pub engine: Arc<Engine>,
    pub data: DataDir,
    /// the agent's password at the registry
    pub secret: CurrentSecret,
    /// of whoever owns this host
    pub policy: PolicyFile,
    /// `host[:port]` by which the agent knows the hub: another name of its registry
    pub hub: String,
    pub timing: Timing,
    /// what was seen so far
    pub restarts: Mutex<Restarts>,
}

#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// how long a release has to be well without a break
    pub soak: Duration,
    /// between two looks while waiting
    pub look: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { soak: Duration::from_secs(5), look: Duration::from_millis(500) }
    }
}

#[async_trait]
impl Runtime for Executor {
    type Handle = Handle;
    type Baseline = Baseline;

    async fn observe(&self, desired: &DesiredState, memory: &Memory) -> Result<Observed<Handle>, Failure> {
        let mut containers = self.engine.observe().await?;
        let mut restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        restarts.mark(&mut containers.list, Instant::now());
        if self.policy.output() == Output::Never {
            containers.list.iter_mut().for_each(|container| container.probe_output.clear());
        }
        Ok(look::look(desired, &containers, memory))
    }

    async fn perform(&self, task: Task) -> Result<(), Stop> {
        self.execute(task).await
    }

    async fn facts(&self) -> Option<TargetFacts> {
        self.engine.facts().await.inspect_err(|failure| tracing::debug!(reason = failure.text, "no facts")).ok()
    }

    fn policy(&self) -> Stamp {
        Stamp::of(&self.policy.path)
    }
}

impl Executor {
    async fn execute(&self, mut task: Task) -> Result<(), Stop> {
        let redactor = self.redactor(&task);
        if matches!(task.action.kind, Kind::Apply(_) | Kind::Remove(_)) {
            task.notice().await?;
        }
        let done = match task.action.kind.clone() {
            Kind::Apply(resume) => apply::run(self, &mut task, resume, &redactor).await,
            Kind::Repair { drift } => repair::run(self, &mut task, &drift).await.map_err(Stop::from),
            Kind::TakeDown => self.take_down(&task.record.handle.project).await.map_err(Stop::from),
            Kind::ClearLeftovers => self.drop_candidate(&task.record.handle.project).await.map_err(Stop::from),
            Kind::Remove(data) => remove::run(self, &mut task, data).await.map_err(Stop::from),
        };
        if let Err(Stop::Failed(trouble)) = &done
            && trouble.category == ErrorCategory::Policy
        {
            let generation = task.wanted.generation;
            task.remember(|record| (record.held, record.attempt) = (Some(generation), None)).await?;
        }
        done.map_err(|stop| match stop {
            Stop::Failed(trouble) => {
                log_words(&task, &trouble, &redactor);
                let text = trouble.reported(&redactor).text;
                Stop::Failed(Failure { text, words: String::new(), ..trouble })
            }
            Stop::Superseded => Stop::Superseded,
        })
    }

    /// Knows the values of the wanted and of the applied configuration.
    fn redactor(&self, task: &Task) -> Redactor {
        let applied = task.record.applied.as_ref();
        let applied = applied.map(|applied| self.applied_folder(task, applied).values()).unwrap_or_default();
        let wanted = match &task.wanted.instruction {
            Instruction::Run(run) => run.config.values().cloned().collect(),
            _ => vec![],
        };
        let values = applied.iter().chain(&wanted).map(String::as_str);
        Redactor::new(values.chain([self.secret.get().expose()]), self.policy.output())
    }

    /// The folder of what is to run.
    fn wanted_folder(&self, task: &Task) -> Result<Folder, Failure> {
        let name = task.record.folder(task.wanted.generation, &task.run_instruction()?.version);
        Ok(Folder::at(self.data.generation(task.wanted.deployment, &name)))
    }

    fn applied_folder(&self, task: &Task, applied: &Applied) -> Folder {
        Folder::at(self.data.generation(task.wanted.deployment, &applied.folder()))
    }

    fn home(&self, task: &Task) -> Home {
        Home::of(&self.data.deployment(task.wanted.deployment))
    }

    /// Takes note of the volumes without a name that the containers have now: with the containers goes what says whose they are.
    async fn note_anonymous(&self, task: &mut Task) -> Result<(), Failure> {
        let found = self.engine.anonymous_volumes(&task.record.handle.project).await?;
        if found.iter().all(|volume| task.record.handle.anonymous_volumes.contains(volume)) {
            return Ok(());
        }
        task.remember(|record| record.handle.anonymous_volumes.extend(found)).await
    }

    /// Containers and networks; data stays.
    async fn take_down(&self, project: &str) -> Result<(), Failure> {
        compose::run_without_files(project, &["down", "--remove-orphans"], DOWN_LIMIT).await?;
        self.remove_leftovers(project).await
    }

    /// With its volumes, which are its own.
    async fn drop_candidate(&self, project: &str) -> Result<(), Failure> {
        let candidate = candidate_of(project);
        let down = ["down", "--remove-orphans", "--volumes", "--timeout", "1"];
        compose::run_without_files(&candidate, &down, DOWN_LIMIT).await?;
        self.remove_leftovers(&candidate).await?;
        self.engine.remove_volumes(&candidate).await
    }

    /// What compose did not take for a part of the project.
    async fn remove_leftovers(&self, project: &str) -> Result<(), Failure> {
        for container in self.engine.observe().await?.of_project(project) {
            self.engine.remove_container(&container.id).await?;
        }
        Ok(())
    }
}

/// For whoever may read this host's log; values of the configuration are not for them either.
fn log_words(task: &Task, trouble: &Failure, redactor: &Redactor) {
    if !trouble.words.is_empty() {
        tracing::warn!(deployment = %task.wanted.deployment, "it was said: {}", redactor.clean(&trouble.words));
    }
}
