//! The converger: observe → plan → execute → report, again and again. Each action runs as a task of its own, so that one
//! broken deployment holds up no other; here is the only place that publishes what is known.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use distr_domain::agent::{DesiredState, ErrorCategory, Instruction, ReportedError};
use distr_domain::ids::DeploymentId;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Notify, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::backoff::{Backoff, Retry};
use crate::board::Board;
use crate::consent;
use crate::data_dir::DataDir;
use crate::fault::{Failure, Stop};
use crate::memory::{Memory, Record};
use crate::observe::Observed;
use crate::plan::{Action, Kind, plan};
use crate::redact::Redactor;
use crate::runtime::Runtime;
use crate::stamp::Stamp;
use crate::status::{self, Progress};
use crate::task::{RecordUpdate, Task};

mod once;

pub use once::Settled;

/// A deployment that was quiet for so long after its last try begins anew with the backoff.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);
/// What wakes the converger comes in bursts.
const BURST: Duration = Duration::from_millis(200);
/// Between two questions for what hardly ever changes.
const FACTS: Duration = Duration::from_secs(600);
/// A stop waits this long for actions to reach a safe place; the next start goes on from wherever they are.
const STOP_LIMIT: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy)]
pub struct Intervals {
    /// between two looks at what runs when nothing wakes the converger
    pub look: Duration,
    /// between tries of what did not work
    pub backoff: Backoff,
}

impl Default for Intervals {
    fn default() -> Self {
        let backoff = Backoff { base: Duration::from_secs(2), cap: Duration::from_secs(300) };
        Self { look: Duration::from_secs(15), backoff }
    }
}

pub struct Converger<R: Runtime> {
    runtime: Arc<R>,
    data: DataDir,
    board: Arc<Board>,
    intervals: Intervals,
    memory: Memory<R::Handle, R::Baseline>,
    live: BTreeMap<DeploymentId, Live>,
    retries: BTreeMap<DeploymentId, Retry>,
    troubles: BTreeMap<DeploymentId, ReportedError>,
    /// the policy's and the consents' files as they were last
    host_said: Vec<Stamp>,
    tasks: JoinSet<Result<(), Stop>>,
    of_task: HashMap<Id, DeploymentId>,
    updates: Updates<R>,
    /// when the place was asked for its facts
    asked_for_facts: Option<Instant>,
}

type Update<R> = RecordUpdate<<R as Runtime>::Handle, <R as Runtime>::Baseline>;
type Updates<R> = (UnboundedSender<Update<R>>, UnboundedReceiver<Update<R>>);

/// An action on its way.
struct Live {
    generation: u64,
    kind: Kind,
    cancel: CancellationToken,
}

impl<R: Runtime> Converger<R> {
    pub fn new(
        runtime: Arc<R>,
        data: DataDir,
        board: Arc<Board>,
        memory: Memory<R::Handle, R::Baseline>,
        intervals: Intervals,
    ) -> Self {
        Self {
            runtime,
            data,
            board,
            intervals,
            memory,
            live: BTreeMap::new(),
            retries: BTreeMap::new(),
            troubles: BTreeMap::new(),
            host_said: vec![],
            tasks: JoinSet::new(),
            of_task: HashMap::new(),
            updates: mpsc::unbounded_channel(),
            asked_for_facts: None,
        }
    }

    /// Until it is told to stop.
    pub async fn run(
        mut self,
        mut desired: watch::Receiver<Option<Arc<DesiredState>>>,
        wake: Arc<Notify>,
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            let wanted = desired.borrow_and_update().clone();
            if let Some(wanted) = &wanted {
                // trouble with the runtime is published; the next look may find it gone
                let _ = self.pass(wanted).await;
            }
            let pause = self.pause();
            tokio::select! {
                () = stop.cancelled() => {}
                Ok(()) = desired.changed() => {}
                () = wake.notified() => sleep(BURST).await,
                () = self.progress() => {}
                () = sleep(pause) => {}
            }
        }
        self.stop().await;
    }

    /// Observe → plan → execute → report. What is found is reported before it is repaired.
    pub(crate) async fn pass(&mut self, desired: &DesiredState) -> Result<(), Failure> {
        for wanted in &desired.deployments {
            consent::void_others(&self.data, wanted.deployment, wanted.generation);
        }
        self.ask_the_host_again(desired);
        let observed = self.observe(desired).await?;
        self.report(desired, &observed);
        self.ask_for_facts().await;
        let actions = plan(desired, &observed, &self.memory);
        self.supersede(desired);
        self.forgive(&actions);
        for action in actions {
            self.execute(action, desired, &observed);
        }
        Ok(())
    }

    async fn ask_for_facts(&mut self) {
        if self.asked_for_facts.is_none_or(|at| at.elapsed() >= FACTS) {
            self.asked_for_facts = Some(Instant::now());
            self.runtime.facts().await.into_iter().for_each(|facts| self.board.know(facts));
        }
    }

    /// What the host held is tried at once when its policy or somebody's consent changed.
    fn ask_the_host_again(&mut self, desired: &DesiredState) {
        let data = &self.data;
        let consents = desired.deployments.iter().map(|wanted| Stamp::of(&data.consent(wanted.deployment)));
        let said = [self.runtime.policy()].into_iter().chain(consents).collect();
        if std::mem::replace(&mut self.host_said, said) != self.host_said {
            let troubles = &self.troubles;
            let is_held = |deployment: &DeploymentId| {
                troubles.get(deployment).is_some_and(|held| held.category == ErrorCategory::Policy)
            };
            self.retries.retain(|deployment, _| !is_held(deployment));
        }
    }

    /// One look, at one state of the memory: what an action brought about meanwhile would be taken for a change by hand.
    async fn observe(&mut self, desired: &DesiredState) -> Result<Observed<R::Handle>, Failure> {
        self.take_updates();
        let observed = loop {
            let observed = self.runtime.observe(desired, &self.memory).await;
            if !self.take_updates() || observed.is_err() {
                break observed;
            }
        };
        observed.inspect_err(|trouble| {
            let error = trouble.reported(&Redactor::default());
            let blind =
                |wanted| status::blind(wanted, self.memory.get(&wanted.deployment), &self.progress_of(wanted), &error);
            self.board.publish(desired.deployments.iter().map(blind).collect());
        })
    }

    fn report(&self, desired: &DesiredState, observed: &Observed<R::Handle>) {
        let report = |wanted: &distr_domain::agent::DesiredDeployment| {
            let record = self.memory.get(&wanted.deployment);
            status::report(wanted, observed, record, &self.progress_of(wanted))
        };
        self.board.publish(desired.deployments.iter().map(report).collect());
    }

    fn progress_of(&self, wanted: &distr_domain::agent::DesiredDeployment) -> Progress {
        let deployment = wanted.deployment;
        let live = self.live.get(&deployment);
        // what an earlier generation ran into says nothing of this one
        let is_own = self.retries.get(&deployment).is_some_and(|retry| retry.generation == wanted.generation);
        let repairing = live.and_then(|live| match &live.kind {
            Kind::Repair { drift } => Some(drift.clone()),
            _ => None,
        });
        // the host is asked again and again, and mostly says the same
        let is_told = |trouble: &&ReportedError| live.is_none() || trouble.category == ErrorCategory::Policy;
        let trouble = self.troubles.get(&deployment).filter(|_| is_own).filter(is_told).cloned();
        let applying = live.is_some_and(|live| matches!(live.kind, Kind::Apply(_)));
        Progress { repairing, trouble, applying }
    }

    /// What is being proven although something newer is wanted is given up.
    fn supersede(&self, desired: &DesiredState) {
        for wanted in &desired.deployments {
            if let Some(live) = self.live.get(&wanted.deployment).filter(|live| live.generation < wanted.generation) {
                live.cancel.cancel();
            }
        }
    }

    fn forgive(&mut self, actions: &[Action]) {
        let now = Instant::now();
        let (live, troubles) = (&self.live, &mut self.troubles);
        self.retries.retain(|deployment, retry| {
            let busy = live.contains_key(deployment) || actions.iter().any(|action| action.deployment == *deployment);
            busy || now < retry.not_before + FORGIVEN_AFTER
        });
        troubles.retain(|deployment, _| self.retries.contains_key(deployment));
    }

    fn execute(&mut self, action: Action, desired: &DesiredState, observed: &Observed<R::Handle>) {
        let deployment = action.deployment;
        let retry = self.retries.get(&deployment).filter(|retry| retry.generation == action.generation);
        let waits = retry.is_some_and(|retry| !retry.allows(action.generation, Instant::now()));
        let wanted = desired.deployments.iter().find(|wanted| wanted.deployment == deployment);
        let Some(wanted) = wanted.filter(|_| !waits && !self.live.contains_key(&deployment)) else { return };
        let chosen = observed.deployments.get(&deployment).map(|seen| seen.handle.clone());
        let known = self.memory.get(&deployment).cloned();
        let Some(record) = known.or_else(|| chosen.map(Record::new)) else { return };
        self.memory.insert(deployment, record.clone());
        let cancel = CancellationToken::new();
        let live = Live { generation: action.generation, kind: action.kind.clone(), cancel: cancel.clone() };
        let task = Task {
            data: self.data.clone(),
            action,
            wanted: wanted.clone(),
            registry: desired.registry.clone(),
            attempts: retry.map_or(0, |retry| retry.attempts),
            record,
            cancel,
            updates: self.updates.0.clone(),
        };
        let runtime = Arc::clone(&self.runtime);
        let handle = self.tasks.spawn(async move { runtime.perform(task).await });
        self.of_task.insert(handle.id(), deployment);
        self.live.insert(deployment, live);
    }

    /// Returns when there is reason for another pass: an action ended.
    async fn progress(&mut self) {
        loop {
            tokio::select! {
                Some(update) = self.updates.1.recv() => self.take(update),
                Some(ended) = self.tasks.join_next_with_id() => {
                    self.take_updates();
                    return self.ended(ended);
                }
                else => std::future::pending().await,
            }
        }
    }

    /// Whether there were any.
    fn take_updates(&mut self) -> bool {
        let mut any = false;
        while let Ok(update) = self.updates.1.try_recv() {
            self.take(update);
            any = true;
        }
        any
    }

    fn take(&mut self, update: Update<R>) {
        if let Some(attempt) = &update.record.attempt {
            self.board.step(update.deployment, attempt.step);
        }
        self.memory.insert(update.deployment, update.record);
    }

    fn ended(&mut self, ended: Result<(Id, Result<(), Stop>), JoinError>) {
        let (id, result) = match ended {
            Ok(ended) => ended,
            Err(error) => (error.id(), Err(Stop::Failed(Failure::internal("the agent's task ended early", error)))),
        };
        let Some(deployment) = self.of_task.remove(&id) else { return };
        let Some(live) = self.live.remove(&deployment) else { return };
        let earlier = self.retries.remove(&deployment);
        self.troubles.remove(&deployment);
        let again = || Retry::after(earlier.as_ref(), live.generation, Instant::now(), self.intervals.backoff);
        match result {
            Ok(()) if matches!(live.kind, Kind::Repair { .. }) => drop(self.retries.insert(deployment, again())),
            Ok(()) | Err(Stop::Superseded) => {}
            Err(Stop::Failed(trouble)) => {
                tracing::warn!(%deployment, category = ?trouble.category, reason = trouble.text, "will be tried again");
                self.retries.insert(deployment, again());
                self.troubles.insert(deployment, trouble.reported(&Redactor::default()));
            }
        }
    }

    /// Until the next look, or the end of a backoff.
    fn pause(&self) -> Duration {
        let now = Instant::now();
        let due = self.retries.values().map(|retry| retry.not_before).filter(|due| *due > now);
        due.map(|due| due - now).chain([self.intervals.look]).min().unwrap_or(self.intervals.look)
    }

    async fn stop(mut self) {
        self.live.values().for_each(|live| live.cancel.cancel());
        let ends = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(STOP_LIMIT, ends).await.is_err() {
            tracing::warn!("an action is not at its end; the next start goes on with it");
        }
        self.take_updates();
    }

    /// Whether an instruction is fulfilled, as far as is remembered.
    fn is_fulfilled(&self, deployment: DeploymentId, generation: u64, instruction: &Instruction) -> bool {
        let Some(record) = self.memory.get(&deployment) else { return false };
        match instruction {
            Instruction::Remove { .. } => record.removed == Some(generation),
            run => run.version().is_some_and(|version| record.has_applied(generation, version)),
        }
    }
}
