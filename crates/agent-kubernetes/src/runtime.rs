//! The runtime of a cluster, behind the port of the agents' library.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use distr_agent::clock::Clock;
use distr_agent::data_dir::DataDir;
use distr_agent::fault::{Blame, Failure, Stop};
use distr_agent::host_trust::{HostTrust, TrustFault};
use distr_agent::memory::{Applied, FailedGeneration};
use distr_agent::observe::{Observed, Seen};
use distr_agent::plan::{Kind, Resume};
use distr_agent::printed::Output;
use distr_agent::redact::Redactor;
use distr_agent::runtime::Runtime;
use distr_agent::stamp::Stamp;
use distr_domain::agent::{
    DataRemoval, DesiredDeployment, DesiredState, ErrorCategory, Instruction, PinnedImage, RunChartInstruction, Step,
    TargetFacts,
};

use crate::apply::{self, NOTHING_KEPT, Outcome, Packages, Steps, Timing, Wanted};
use crate::charts::{Charts, is_archive};
use crate::cluster::Cluster;
use crate::files::{Files, prune};
use crate::helm::{Helm, Release};
use crate::package::{self, Kept};
use crate::post_render::PodSecurity;
use crate::pull::PullSecrets;
use crate::record::{Baseline, Handle, Memory, Record, Task};
use crate::sights::Sights;
use crate::{history, instruction, pull, secrets, signed};

/// A cluster, with all that is needed to bring a release about in it.
pub struct Kubernetes {
    pub cluster: Cluster,
    /// the same as the agent itself, and not as the account of releases
    pub own: Cluster,
    pub helm: Helm,
    pub charts: Arc<dyn Charts>,
    /// with what the nodes pull; without it they have what they need
    pub pulls: Option<PullSecrets>,
    pub clock: Arc<dyn Clock>,
    pub data: DataDir,
    /// where releases are put that name no namespace
    pub namespace: String,
    /// by which the Secrets of values are named
    pub key: Vec<u8>,
    pub timing: Timing,
    /// which pods the cluster's owner takes
    pub pod_security: PodSecurity,
    /// what was seen last, and what tells of changes
    pub sights: Sights,
}

/// An apply on its way.
struct Way<'a> {
    task: &'a mut Task,
    charts: &'a dyn Charts,
    registry: &'a str,
    /// of this registry
    images: Vec<PinnedImage>,
}

#[async_trait]
impl Steps for Way<'_> {
    async fn begin(&mut self, step: Step) -> Result<(), Failure> {
        self.task.begin(step).await
    }

    /// Asks for each image that would run, before anything changes. What only other features bring is not asked for: nobody here may pull it.
    async fn rehearsed(&mut self, printed: &str) -> Result<(), Failure> {
        let runs = |image: &&PinnedImage| {
            printed.contains(&format!("{}/{}@{}", self.registry, image.repository, image.digest))
        };
        for image in self.images.iter().filter(runs) {
            self.charts.check(self.registry, image).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl Runtime for Kubernetes {
    type Handle = Handle;
    type Baseline = Baseline;

    async fn observe(&self, desired: &DesiredState, memory: &Memory) -> Result<Observed<Handle>, Failure> {
        let mut deployments = BTreeMap::new();
        for wanted in &desired.deployments {
            let seen = match memory.get(&wanted.deployment) {
                Some(record) => match self.see(wanted, record).await {
                    Ok(seen) => seen,
                    Err(failure) => self.unseen(record, failure).await?,
                },
                None => Seen::nothing(self.handle(wanted)),
            };
            deployments.insert(wanted.deployment, seen);
        }
        self.sights.watch(&self.cluster, &deployments.keys().copied().collect()).await;
        self.keep_pulling(desired, memory).await;
        Ok(Observed { deployments })
    }

    async fn perform(&self, mut task: Task) -> Result<(), Stop> {
        if matches!(task.action.kind, Kind::Apply(_) | Kind::Remove(_)) {
            task.notice().await?;
        }
        let done = match task.action.kind.clone() {
            Kind::Apply(_) => self.bring_about(&mut task).await,
            Kind::Repair { drift } => self.repair(&task, &drift).await,
            Kind::TakeDown => {
                self.runtime(&self.kept(&task)).bring_back(&release(&task), &id(&task), None, &task.cancel).await
            }
            Kind::ClearLeftovers => {
                let cleared = self.runtime(&self.kept(&task)).recover(&release(&task), &id(&task)).await;
                cleared.map(drop).map_err(Stop::from)
            }
            Kind::Remove(data) => self.remove(&mut task, data).await,
        };
        if let Err(Stop::Failed(Failure { category: ErrorCategory::Policy, .. })) = &done {
            let generation = task.wanted.generation;
            task.remember(|record| (record.held, record.attempt) = (Some(generation), None)).await?;
        }
        done.map_err(|stop| match stop {
            Stop::Failed(failure) => {
                log_words(&task.wanted, &failure);
                let text = failure.reported(&redactor(&task.wanted)).text;
                Stop::Failed(Failure { text, words: String::new(), ..failure })
            }
            Stop::Superseded => Stop::Superseded,
        })
    }

    async fn facts(&self) -> Option<TargetFacts> {
        self.own.facts().await.inspect_err(|failure| tracing::debug!(reason = failure.text, "no facts")).ok()
    }

    /// A cluster's owner says by rights what may run, and those are asked for at each try.
    fn policy(&self) -> Stamp {
        Stamp::of(Path::new("/"))
    }
}

impl Kubernetes {
    fn handle(&self, wanted: &DesiredDeployment) -> Handle {
        let named = chart(wanted).ok().and_then(|run| run.namespace.as_ref());
        let namespace = named.map_or_else(|| self.namespace.clone(), ToString::to_string);
        Handle { namespace, release: wanted.application.to_string() }
    }

    /// What runs goes on running if it does not work now, and the next look tries again.
    async fn keep_pulling(&self, desired: &DesiredState, memory: &Memory) {
        let Some(pulls) = &self.pulls else { return };
        let is_there = |record: &&Record| record.applied.is_some() || record.attempt.is_some();
        let pulls_from_hub = |wanted: &&DesiredDeployment| chart(wanted).is_ok_and(has_own_images);
        let records = desired.deployments.iter().filter(pulls_from_hub);
        let records = records.filter_map(|wanted| memory.get(&wanted.deployment)).filter(is_there);
        let in_use: BTreeSet<String> = records.map(|record| record.handle.namespace.clone()).collect();
        let keep = async {
            for namespace in &in_use {
                pulls.ensure(&self.cluster, &desired.registry, namespace).await?;
            }
            pulls.leave(&self.cluster, &in_use).await
        };
        if let Err(failure) = keep.await {
            tracing::warn!(reason = failure.text, "what the nodes pull with is as it was");
        }
    }

    /// A deployment that cannot be looked at, while the cluster answers: it holds up no other, nor its own removal.
    async fn unseen(&self, record: &Record, failure: Failure) -> Result<Seen<Handle>, Failure> {
        self.cluster.version().await?;
        tracing::warn!(
            release = record.handle.release,
            reason = failure.text,
            "how a deployment stands cannot be seen"
        );
        Ok(Seen { is_there: true, illness: Some(failure.text), ..Seen::nothing(record.handle.clone()) })
    }

    async fn see(&self, wanted: &DesiredDeployment, record: &Record) -> Result<Seen<Handle>, Failure> {
        if record.applied.is_some() {
            let (release, deployment) = (record.handle.release(), wanted.deployment.to_string());
            history::adopt(&self.cluster, &self.helm.seals, &release, &deployment).await?;
        }
        let settings = chart(wanted).map(|run| &run.settings);
        let vendors = settings.map_or((&[][..], &[][..]), |of| (of.health.as_slice(), of.yields.as_slice()));
        self.sights.see(&self.cluster, wanted.deployment, record, vendors, self.clock.now()).await
    }

    fn runtime<'a>(&'a self, packages: &'a dyn Packages) -> apply::Runtime<'a> {
        let Self { cluster, helm, clock, timing, .. } = self;
        apply::Runtime { cluster, helm, clock: clock.as_ref(), packages, timing: *timing }
    }

    fn kept(&self, task: &Task) -> Kept<'_> {
        let folder = |applied: &Applied<Baseline>| self.data.generation(task.wanted.deployment, &applied.folder());
        Kept {
            charts: self.charts.as_ref(),
            registry: task.registry.clone(),
            folder: task.record.applied.as_ref().map(folder),
            applied: task.record.applied.clone(),
        }
    }

    async fn bring_about(&self, task: &mut Task) -> Result<(), Stop> {
        let wanted = task.wanted.clone();
        let outcome = match self.attempt(task, &wanted).await {
            Err(Stop::Failed(failure)) if failure.blame == Blame::Generation => {
                Outcome::GivenUp { failure, back: None }
            }
            ended => ended?,
        };
        let (generation, version) = (wanted.generation, wanted.instruction.version().cloned());
        match (outcome, version) {
            (Outcome::Applied { revision }, Some(version)) => {
                let folder = task.record.folder(generation, &version);
                let files = Files::at(&self.data.generation(wanted.deployment, &folder));
                let package = Some(package::of(chart(&wanted)?, &files)?);
                tracing::info!(deployment = %wanted.deployment, generation, %version, revision, "the release is well");
                let (baseline, named) = (Baseline { revision, package }, Some(folder.clone()));
                task.remember(|record| {
                    record.applied = Some(Applied { generation, version, baseline, folder: named });
                    (record.attempt, record.failed, record.removed) = (None, None, None);
                })
                .await?;
                // only disk space depends on it
                if let Err(error) = prune(&self.data.deployment(wanted.deployment), &folder) {
                    tracing::warn!(%error, "cannot remove the folders of earlier generations");
                }
            }
            (Outcome::Applied { .. }, None) => {}
            (Outcome::GivenUp { failure, back }, version) => {
                [Some(&failure), back.as_ref()].into_iter().flatten().for_each(|failure| log_words(&wanted, failure));
                let worse =
                    back.map(|back| format!("; and what was there before could not be put back: {}", back.text));
                let text = format!("{}{}", failure.text, worse.unwrap_or_default());
                let error = Failure { text, ..failure }.reported(&redactor(&wanted));
                let deployment = wanted.deployment;
                tracing::warn!(%deployment, generation, category = ?error.category, reason = error.text, "the generation is given up");
                task.remember(|record| {
                    record.failed = Some(FailedGeneration { generation, version, error });
                    record.attempt = None;
                })
                .await?;
            }
        }
        Ok(())
    }

    async fn attempt(&self, task: &mut Task, wanted: &DesiredDeployment) -> Result<Outcome, Stop> {
        let run = chart(wanted)?;
        let trust = HostTrust::load(&self.data).map_err(|fault| unreadable_trust(&fault))?;
        let verified = signed::check(&trust, &wanted.application, run)?;
        tracing::info!(deployment = %wanted.deployment, generation = wanted.generation, %verified, "signatures");
        let switches = task.action.kind == Kind::Apply(Resume::Switch);
        if !switches {
            task.begin(Step::Pulling).await?;
        }
        let (release, deployment, registry) = (release(task), id(task), task.registry.clone());
        let folder = self.data.generation(wanted.deployment, &task.record.folder(wanted.generation, &run.version));
        let values = secrets::secret(&release, &deployment, &instruction::secrets(run), &self.key);
        let name = values["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let files = Files::at(&folder);
        let fetched = task.cancel.run_until_cancelled(self.fetch(&registry, run, &files, switches)).await;
        fetched.ok_or(Stop::Superseded)??;
        let pulls = self.pulls.as_ref().filter(|_| has_own_images(run));
        if let Some(pulls) = pulls {
            pulls.ensure(&self.cluster, &registry, &release.namespace).await?;
        }
        let document = serde_json::Value::Object(instruction::values(run, &name, &registry)?);
        files.write(&files.values, document.to_string().as_bytes())?;
        let yields = self.runtime(&NOTHING_KEPT).yielded(&release, &deployment, &run.settings.yields).await?;
        let pull_secret = pulls.map(|_| pull::NAME.to_owned());
        let plan = instruction::plan(
            run,
            (&deployment, &release.namespace, &registry),
            pull_secret,
            (yields, self.pod_security),
        );
        let plan = serde_json::to_vec(&plan).map_err(|error| Failure::internal("no plan", error))?;
        files.write(&files.plan, &plan)?;
        let wanted = Wanted {
            deployment: &deployment,
            generation: wanted.generation,
            release: &release,
            chart: &files.chart,
            values: &files.values,
            plan: &files.plan,
            adopts: false,
            rules: &run.settings.health,
            kinds: &run.lock.kinds,
            rollback: run.settings.rollback,
            secret: (!run.secrets.is_empty()).then_some(&values),
            good: task.record.applied.as_ref().map(|applied| applied.generation),
        };
        let cancel = task.cancel.clone();
        let deadline = match run.settings.minutes {
            0 => self.timing.deadline,
            minutes => Duration::from_secs(u64::from(minutes) * 60),
        };
        let timing = Timing { deadline, ..self.timing };
        let kept = self.kept(task);
        let runtime = apply::Runtime { timing, ..self.runtime(&kept) };
        let charts = self.charts.as_ref();
        let mut way = Way { task, charts, registry: &registry, images: run.images.clone() };
        runtime.apply(&wanted, &mut way, &cancel).await
    }

    /// Brings the chart into the generation's folder. One that is there is asked for, unless that was done before the agent ended.
    async fn fetch(
        &self,
        registry: &str,
        run: &RunChartInstruction,
        files: &Files,
        is_asked: bool,
    ) -> Result<(), Failure> {
        let is_there = fs::read(&files.chart).is_ok_and(|bytes| is_archive(&bytes, &run.chart));
        if !is_there {
            return files.write(&files.chart, &self.charts.archive(registry, &run.chart).await?);
        }
        for chart in run.images.iter().filter(|image| !is_asked && image.digest == run.chart.digest) {
            self.charts.check(registry, chart).await?;
        }
        Ok(())
    }

    /// The applied generation as it was: its revision first, then each object that differs.
    async fn repair(&self, task: &Task, drift: &str) -> Result<(), Stop> {
        let Some(applied) = &task.record.applied else { return Ok(()) };
        tracing::warn!(deployment = %task.wanted.deployment, drift, "drift is repaired");
        let (release, deployment) = (release(task), id(task));
        let kept = self.kept(task);
        self.runtime(&kept).recover(&release, &deployment).await?;
        self.runtime(&kept).bring_back(&release, &deployment, Some(applied.generation), &task.cancel).await?;
        let vendors = chart(&task.wanted).map(|run| run.settings.yields.as_slice()).unwrap_or_default();
        self.runtime(&kept).put_right(&release, &deployment, vendors).await?;
        // what was put right is looked at again
        self.sights.forget(task.wanted.deployment);
        Ok(())
    }

    async fn remove(&self, task: &mut Task, data: DataRemoval) -> Result<(), Stop> {
        task.begin(Step::Removing).await?;
        let package = task.record.applied.as_ref().and_then(|applied| applied.baseline.package.as_ref());
        let kinds = package.map(|package| package.kinds.clone()).unwrap_or_default();
        let runtime = self.runtime(&NOTHING_KEPT);
        let left = crate::remove::remove(&runtime, &release(task), &id(task), (&kinds, data), &task.cancel).await?;
        tracing::info!(deployment = %task.wanted.deployment, claims = left.join(", "), ?data, "removed; these claims stay");
        let generation = task.wanted.generation;
        task.remember(|record| {
            (record.applied, record.attempt, record.failed) = (None, None, None);
            record.removed = Some(generation);
        })
        .await?;
        Ok(())
    }
}

fn chart(wanted: &DesiredDeployment) -> Result<&RunChartInstruction, Failure> {
    let text = match &wanted.instruction {
        Instruction::RunChart(run) => return Ok(run),
        Instruction::Run(_) => "this is a cluster, and the release has no chart for one",
        Instruction::Remove { .. } => "a removal has nothing to run",
        Instruction::Unknown => "this agent is too old for what the hub asks for; update it to the hub's version",
    };
    Err(Failure::bad(ErrorCategory::Config, text))
}

/// The keys that count here are not known, so nothing new runs.
fn unreadable_trust(fault: &TrustFault) -> Failure {
    let causes = distr_domain::fault::causes(fault);
    Failure::passing(
        ErrorCategory::Config,
        format!("the keys that this cluster's agent trusts are not readable: {causes}"),
    )
}

/// For whoever may read this log; values of secrets are not for them either.
fn log_words(wanted: &DesiredDeployment, failure: &Failure) {
    if !failure.words.is_empty() {
        tracing::warn!(deployment = %wanted.deployment, "it was said: {}", redactor(wanted).clean(&failure.words));
    }
}

/// Whether anything of it is pulled from the hub's registry.
fn has_own_images(run: &RunChartInstruction) -> bool {
    run.lock.images.iter().any(|image| image.image.is_some())
}

fn redactor(wanted: &DesiredDeployment) -> Redactor {
    let run = chart(wanted).ok();
    let secrets = run.into_iter().flat_map(|run| run.secrets.values().map(String::as_str));
    Redactor::new(secrets, Output::Never)
}

fn release(task: &Task) -> Release {
    task.record.handle.release()
}

fn id(task: &Task) -> String {
    task.wanted.deployment.to_string()
}
