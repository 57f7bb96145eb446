//! One action of the plan for one deployment, on its way. What it learns goes to disk first and then, in order, to the converger.

use distr_domain::agent::{DesiredDeployment, ErrorCategory, Instruction, RunInstruction, Step};
use distr_domain::ids::DeploymentId;
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

use crate::data_dir::DataDir;
use crate::fault::Failure;
use crate::memory::{self, Attempt, Part, Record};
use crate::plan::Action;

/// One action on its way, with all that it may know.
pub struct Task<H, B> {
    pub data: DataDir,
    pub action: Action,
    pub wanted: DesiredDeployment,
    pub registry: String,
    /// how often this generation was tried in vain
    pub attempts: u32,
    pub record: Record<H, B>,
    pub cancel: CancellationToken,
    pub updates: UnboundedSender<RecordUpdate<H, B>>,
}

/// The news of a task for the converger: the record as it is on disk now.
#[derive(Debug)]
pub struct RecordUpdate<H, B> {
    pub deployment: DeploymentId,
    pub record: Record<H, B>,
}

impl<H: Part, B: Part> Task<H, B> {
    /// The instruction of an apply or repair; a plan has neither for a removal.
    pub fn run_instruction(&self) -> Result<&RunInstruction, Failure> {
        match &self.wanted.instruction {
            Instruction::Run(run) => Ok(run),
            Instruction::Remove { .. } => Err(Failure::bad(ErrorCategory::Internal, "a removal has nothing to run")),
            Instruction::RunChart(_) => Err(Failure::bad(
                ErrorCategory::Config,
                "the hub asks for a package of another runtime than this agent's; ask for a release with one of this runtime",
            )),
            Instruction::Unknown => Err(Failure::bad(
                ErrorCategory::Config,
                "this agent is too old for what the hub asks for; update it to the hub's version",
            )),
        }
    }

    /// Remembers a generation that is newer than all before, whatever becomes of it; what was begun is over.
    pub async fn notice(&mut self) -> Result<(), Failure> {
        let generation = self.wanted.generation;
        match generation > self.record.newest() {
            true => self.remember(|record| (record.newest, record.attempt) = (Some(generation), None)).await,
            false => Ok(()),
        }
    }

    /// On disk before the step begins. A generation that is older than the newest has the host's consent, and counts from now.
    pub async fn begin(&mut self, step: Step) -> Result<(), Failure> {
        tracing::info!(deployment = %self.wanted.deployment, generation = self.wanted.generation, ?step, "step");
        let version = self.wanted.instruction.version().cloned();
        let attempt = Attempt { generation: self.wanted.generation, version, step };
        let newest = Some(self.wanted.generation);
        self.remember(|record| (record.attempt, record.held, record.newest) = (Some(attempt), None, newest)).await
    }

    pub async fn remember(&mut self, change: impl FnOnce(&mut Record<H, B>)) -> Result<(), Failure> {
        let mut record = self.record.clone();
        change(&mut record);
        memory::keep(&self.data, self.wanted.deployment, &record)
            .await
            .map_err(|error| Failure::of_disk("cannot write the deployment's state", &error))?;
        self.record = record;
        // without a converger there is nobody to tell
        let _ = self.updates.send(RecordUpdate { deployment: self.wanted.deployment, record: self.record.clone() });
        Ok(())
    }
}
