//! Brings a generation about: a rehearsal that touches nothing, Helm, and the wait until all is well. If that is in vain, the release goes
//! back to the generation that was good. Each step converges from whatever a crash left: what is so already is not done again.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use distr_agent::clock::Clock;
use distr_agent::fault::{Blame, Failure, Stop};
use distr_domain::agent::{ErrorCategory, Step};
use distr_domain::release::{CustomHealth, LockedKind, RollbackPolicy, YieldedField};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::files::Files;
use crate::helm::{Helm, Release, Upgrade};
use crate::history;
use crate::labels::{DEPLOYMENT_LABEL, VALUES_LABEL};
use crate::objects::{as_applied, objects};
use crate::post_render::Yielded;
use crate::preflight;
use crate::revision::{Payload, Revision, deployed, newest, of_generation};
use crate::rights::Resource;
use crate::secrets::unused;
use crate::wait::{Expected, Patience, until_well};
use crate::yields::Yields;

/// The runtime's parts.
pub struct Runtime<'a> {
    pub cluster: &'a Cluster,
    pub helm: &'a Helm,
    pub clock: &'a dyn Clock,
    /// what was applied once
    pub packages: &'a dyn Packages,
    pub timing: Timing,
}

/// The packages of generations that were well.
#[async_trait]
pub trait Packages: Send + Sync {
    /// The files by which Helm can apply a generation again; nothing if they are not known any more.
    async fn of(&self, generation: u64) -> Result<Option<Files>, Failure>;
}

#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// for a release to become well, from when Helm began
    pub deadline: Duration,
    pub soak: Duration,
    pub look: Duration,
    /// for each hook
    pub hooks: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        let [deadline, soak, look, hooks] = [900, 30, 2, 300].map(Duration::from_secs);
        Self { deadline, soak, look, hooks }
    }
}

/// Where nothing has to come back.
pub const NOTHING_KEPT: NothingKept = NothingKept;

pub struct NothingKept;

#[async_trait]
impl Packages for NothingKept {
    async fn of(&self, _: u64) -> Result<Option<Files>, Failure> {
        Ok(None)
    }
}

/// A generation that is to run, with its files.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub deployment: &'a str,
    pub generation: u64,
    pub release: &'a Release,
    pub chart: &'a Path,
    pub values: &'a Path,
    pub plan: &'a Path,
    pub adopts: bool,
    pub rules: &'a [CustomHealth],
    /// those that rendering found when the release was published
    pub kinds: &'a [LockedKind],
    /// whether what a release changed can be taken back; otherwise it stays as it is until a person decides
    pub rollback: RollbackPolicy,
    /// the Secret of its values, see `secrets`
    pub secret: Option<&'a Value>,
    /// the generation that was well, and comes back if this one is not
    pub good: Option<u64>,
}

/// Told what is about to be done; an error keeps it from being done.
#[async_trait]
pub trait Steps: Send {
    /// A step begins.
    async fn begin(&mut self, step: Step) -> Result<(), Failure>;

    /// This is what Helm would apply, hooks included, and nothing is changed yet.
    async fn rehearsed(&mut self, printed: &str) -> Result<(), Failure>;
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// it is well, as this revision of Helm's
    Applied { revision: u32 },
    /// it is given up; `back` is why what ran before could not come back
    GivenUp { failure: Failure, back: Option<Failure> },
}

impl Runtime<'_> {
    /// Ends well also when the generation was given up; an error is worth another try. `steps` is told each step before it begins.
    pub async fn apply(
        &self,
        wanted: &Wanted<'_>,
        steps: &mut dyn Steps,
        cancel: &CancellationToken,
    ) -> Result<Outcome, Stop> {
        self.recover(wanted.release, wanted.deployment).await?;
        // all revisions that are left are vouched for
        let begun = self.begun(wanted).await?;
        let switched = match begun {
            Some(revision) => {
                steps.begin(Step::Switching).await?;
                self.wait(wanted, revision, cancel).await
            }
            None => self.switch(wanted, steps, cancel).await,
        };
        match switched {
            Err(Stop::Failed(failure)) if failure.blame == Blame::Generation => {
                self.go_back(wanted, failure, cancel).await
            }
            Err(stop) => Err(stop),
            Ok(revision) => {
                // nothing depends on it, and the next generation tries again
                if let Err(failure) = self.sweep_secrets(wanted).await {
                    tracing::warn!(
                        deployment = wanted.deployment,
                        reason = failure.text,
                        "Secrets that nothing names are left"
                    );
                }
                Ok(Outcome::Applied { revision })
            }
        }
    }

    /// Deletes the Secrets of values that neither this generation nor a revision names to which Helm could go back.
    async fn sweep_secrets(&self, wanted: &Wanted<'_>) -> Result<(), Failure> {
        let namespace = &wanted.release.namespace;
        let labels = format!("{DEPLOYMENT_LABEL}={},{VALUES_LABEL}=true", wanted.deployment);
        let secrets = self.cluster.list(("v1", "Secret"), namespace, &labels).await?;
        let mut payloads = vec![];
        for revision in self.cluster.revisions_of(wanted.release, wanted.deployment).await? {
            payloads.extend(self.cluster.payload(&revision).await?);
        }
        let present = wanted.secret.and_then(|secret| secret["metadata"]["name"].as_str()).unwrap_or_default();
        let unused = unused(&secrets, &payloads, present);
        for secret in secrets
            .iter()
            .filter(|secret| secret["metadata"]["name"].as_str().is_some_and(|name| unused.contains(name)))
        {
            self.cluster.delete(secret, namespace).await?;
        }
        Ok(())
    }

    /// Frees what a Helm of ours left behind when it was killed, and takes what nobody vouches for out of Helm's history: a sentence for each.
    /// Somebody else's Helm is waited for.
    pub async fn recover(&self, release: &Release, deployment: &str) -> Result<Vec<String>, Failure> {
        history::clear(self.cluster, &self.helm.seals, release, deployment).await
    }

    /// The deployed revision, if it is of this generation already: an agent before this one was killed while it waited.
    async fn begun(&self, wanted: &Wanted<'_>) -> Result<Option<Revision>, Failure> {
        let revisions = self.cluster.revisions_of(wanted.release, wanted.deployment).await?;
        Ok(deployed(&revisions).filter(|revision| revision.generation == Some(wanted.generation)).cloned())
    }

    async fn switch(
        &self,
        wanted: &Wanted<'_>,
        steps: &mut dyn Steps,
        cancel: &CancellationToken,
    ) -> Result<u32, Stop> {
        steps.begin(Step::Proving).await?;
        let mut upgrade = Upgrade {
            chart: wanted.chart,
            values: wanted.values,
            plan: wanted.plan,
            deployment: wanted.deployment,
            generation: wanted.generation,
            timeout: self.timing.hooks,
            adopts: wanted.adopts,
            is_rehearsal: true,
        };
        // Helm's own rehearsal needs rights, too, and does not say which
        let resources = wanted.kinds.iter().filter(|kind| kind.namespaced).map(Resource::from).collect();
        preflight::check_rights(self.cluster, wanted.release, &resources).await?;
        let rehearsed = self.helm.upgrade(wanted.release, &upgrade, cancel).await?;
        steps.rehearsed(&rehearsed).await?;
        let unchecked = preflight::check(self.cluster, (wanted.release, wanted.deployment), &rehearsed).await?;
        if !unchecked.is_empty() {
            tracing::info!(
                deployment = wanted.deployment,
                objects = unchecked.join(", "),
                "not checked: the release brings their kinds"
            );
        }
        steps.begin(Step::Switching).await?;
        if let Some(secret) = wanted.secret {
            self.cluster.put(secret, &wanted.release.namespace).await?;
        }
        upgrade.is_rehearsal = false;
        self.helm.upgrade(wanted.release, &upgrade, cancel).await?;
        let revision = self.begun(wanted).await?;
        let gone = || Failure::passing(ErrorCategory::Runtime, "Helm's revision is not there any more");
        self.wait(wanted, revision.ok_or_else(gone)?, cancel).await
    }

    async fn wait(&self, wanted: &Wanted<'_>, revision: Revision, cancel: &CancellationToken) -> Result<u32, Stop> {
        let payload = self.payload(&revision).await?;
        let applied = objects(payload.manifest());
        let applied = applied.map_err(|error| Failure::internal("what Helm applied cannot be read", error))?;
        let namespace = &wanted.release.namespace;
        let expected = Expected { objects: &applied, namespace, rules: wanted.rules };
        let begun = payload.deployed_at().unwrap_or_else(|| self.clock.now());
        let limit = TimeDelta::from_std(self.timing.deadline).unwrap_or(TimeDelta::MAX);
        let patience = Patience { deadline: begun + limit, soak: self.timing.soak, look: self.timing.look };
        until_well(self.cluster, &expected, patience, self.clock, cancel).await?;
        Ok(revision.number)
    }

    async fn payload(&self, revision: &Revision) -> Result<Payload, Failure> {
        let gone = || Failure::passing(ErrorCategory::Runtime, format!("{} is not there any more", revision.secret));
        self.cluster.payload(revision).await?.ok_or_else(gone)
    }

    async fn go_back(
        &self,
        wanted: &Wanted<'_>,
        failure: Failure,
        cancel: &CancellationToken,
    ) -> Result<Outcome, Stop> {
        if wanted.rollback == RollbackPolicy::Forbidden {
            return Ok(Outcome::GivenUp { failure, back: None });
        }
        match self.bring_back(wanted.release, wanted.deployment, wanted.good, cancel).await {
            Ok(()) => Ok(Outcome::GivenUp { failure, back: None }),
            Err(Stop::Failed(worse)) => Ok(Outcome::GivenUp { failure, back: Some(worse) }),
            Err(Stop::Superseded) => Err(Stop::Superseded),
        }
    }

    /// What was good runs again; without one, nothing does. What Helm did not touch stays as it is.
    pub async fn bring_back(
        &self,
        release: &Release,
        deployment: &str,
        good: Option<u64>,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let limit = self.timing.hooks;
        let revisions = self.cluster.revisions_of(release, deployment).await?;
        let Some(good) = good else {
            return match revisions.is_empty() {
                true => Ok(()),
                false => self.helm.uninstall(release, limit, cancel).await,
            };
        };
        let is_back = deployed(&revisions).is_some_and(|revision| revision.generation == Some(good));
        let is_untouched = newest(&revisions).is_none_or(|newest| newest.generation == Some(good));
        if is_back && is_untouched {
            return Ok(());
        }
        for revision in of_generation(&revisions, good) {
            if self.payload(revision).await?.is_good() {
                return self.helm.rollback(release, revision.number, limit, cancel).await;
            }
        }
        self.apply_again(release, deployment, good, cancel).await
    }

    /// Applies each object of the deployed revision that is not as it was, but for what is left to others.
    pub async fn put_right(
        &self,
        release: &Release,
        deployment: &str,
        vendors: &[YieldedField],
    ) -> Result<(), Failure> {
        let yields = Yields::of(self.cluster, &release.namespace, vendors).await?;
        for object in self.deployed_objects(release, deployment).await? {
            let wanted = as_applied(&object, release);
            let live = self.cluster.get(&object, &release.namespace).await?;
            let wanted = live.map_or(wanted.clone(), |live| yields.leave(&wanted, &live));
            self.cluster.apply(&wanted, &release.namespace).await?;
        }
        Ok(())
    }

    /// The fields that an upgrade has to leave as they are in the objects that run now.
    pub async fn yielded(
        &self,
        release: &Release,
        deployment: &str,
        vendors: &[YieldedField],
    ) -> Result<Vec<Yielded>, Failure> {
        let objects = self.deployed_objects(release, deployment).await?;
        if objects.is_empty() {
            return Ok(vec![]);
        }
        let (yields, mut found) = (Yields::of(self.cluster, &release.namespace, vendors).await?, vec![]);
        for object in &objects {
            let live = self.cluster.get(object, &release.namespace).await?;
            found.extend(live.iter().flat_map(|live| yields.of_object(live)));
        }
        Ok(found)
    }

    /// Those of the deployed revision, if it counts.
    async fn deployed_objects(&self, release: &Release, deployment: &str) -> Result<Vec<Value>, Failure> {
        let revisions = self.cluster.revisions_of(release, deployment).await?;
        let Some(runs) = deployed(&revisions) else { return Ok(vec![]) };
        let Some(payload) = self.cluster.payload(runs).await? else { return Ok(vec![]) };
        objects(payload.manifest()).map_err(|error| Failure::internal("what Helm applied cannot be read", error))
    }

    /// What was good once more from its chart, as Helm's history does not have it any more.
    async fn apply_again(
        &self,
        release: &Release,
        deployment: &str,
        generation: u64,
        cancel: &CancellationToken,
    ) -> Result<(), Stop> {
        let Some(files) = self.packages.of(generation).await? else {
            let text = format!("no revision of generation {generation} is left to go back to");
            return Err(Failure::passing(ErrorCategory::Runtime, text).into());
        };
        tracing::warn!(
            deployment,
            generation,
            "Helm's history does not have it any more: it is applied again from its chart"
        );
        let upgrade = Upgrade {
            chart: &files.chart,
            values: &files.values,
            plan: &files.plan,
            deployment,
            generation,
            timeout: self.timing.hooks,
            adopts: false,
            is_rehearsal: false,
        };
        self.helm.upgrade(release, &upgrade, cancel).await.map(drop)
    }
}
