//! Starts a project and waits until it is well: every container of the selected services runs, and is healthy where it
//! can be asked, without a break for the soak time. Otherwise it says which service is not, and what it printed last.

use std::collections::BTreeMap;
use std::time::Duration;

use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use tokio::time::{Instant, sleep};

use crate::compose::{Project, Selection};
use crate::containers::{Container, Containers};
use crate::execute::Executor;
use crate::health::{Expectation, Illness, Verdict, judge};
use crate::model::Model;
use crate::networks;

/// Time for the engine to create, stop and start, beside what the health checks take.
const SLACK: Duration = Duration::from_secs(120);

const UP: [&str; 6] = ["up", "--detach", "--remove-orphans", "--no-build", "--pull", "never"];

/// What is there when `up` begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// no container of this generation: one that ends is a verdict at once
    Nothing,
    /// perhaps stopped ones, which `up` starts again: they are judged after it
    Remains,
}

pub(super) struct Start<'a> {
    pub project: Project<'a>,
    pub expected: &'a Expectation,
    pub limit: Duration,
    pub before: Before,
    /// of the release that is to serve; a candidate finds nothing of its own
    pub networks: Option<&'a Model>,
}

impl Executor {
    /// The containers of the project when it was well.
    pub(super) async fn start(&self, start: &Start<'_>) -> Result<Vec<Container>, Failure> {
        let has_lost_networks = match start.networks {
            Some(model) => self.clear_networks(start.project.name, model).await?,
            None => false,
        };
        let well = self.up(start, has_lost_networks).await?;
        let (own, others): (Vec<_>, Vec<_>) =
            well.into_iter().partition(|container| start.expected.services.contains_key(&container.service));
        // to compose, a service whose profile is no longer selected is not an orphan
        for container in others {
            self.engine.remove_container(&container.id).await?;
        }
        if let Some(model) = start.networks {
            self.drop_networks(start.project.name, model).await;
        }
        Ok(own)
    }

    /// Compose would leave them as they are. Whether there were any; their containers stay, for volumes without a name belong to
    /// whatever inherits them.
    async fn clear_networks(&self, project: &str, model: &Model) -> Result<bool, Failure> {
        let mut changed = networks::changed(model, &self.engine.networks(project).await?);
        changed.sort();
        for (network, what) in &changed {
            tracing::info!(project, network, what, "a network has another definition; it is made anew");
            let observed = self.engine.observe().await?;
            let own = observed.of_project(project).into_iter().map(|container| container.id.clone()).collect();
            self.engine.disconnect(network, &own).await?;
            self.engine.remove_network(network).await?;
        }
        Ok(!changed.is_empty())
    }

    /// Of releases before: each takes addresses that others could have. Nothing depends on it.
    async fn drop_networks(&self, project: &str, model: &Model) {
        let found = self.engine.networks(project).await.unwrap_or_default();
        for network in networks::unused(model, &found) {
            if let Err(trouble) = self.engine.remove_network(&network).await {
                tracing::info!(project, network, reason = trouble.text, "a network that nobody uses stays");
            }
        }
    }

    async fn up(&self, start: &Start<'_>, anew: bool) -> Result<Vec<Container>, Failure> {
        let mut arguments = UP.to_vec();
        arguments.extend(anew.then_some("--force-recreate"));
        let up = async {
            let done = start.project.run(Selection::Profiles, &arguments, start.limit + SLACK).await;
            match done {
                Ok(_) => Ok(()),
                Err(trouble) => Err(self.explain(start, trouble).await),
            }
        };
        if start.before == Before::Remains {
            up.await?;
            return self.wait(start).await;
        }
        let mut up = std::pin::pin!(up);
        let mut wait = std::pin::pin!(self.wait(start));
        tokio::select! {
            biased;
            done = &mut up => done?,
            // ill while `up` still waits for it: dropping `up` ends the command
            verdict = &mut wait => {
                let well = verdict?;
                up.await?;
                return Ok(well);
            }
        }
        wait.await
    }

    async fn wait(&self, start: &Start<'_>) -> Result<Vec<Container>, Failure> {
        let mut restarts = BTreeMap::new();
        let mut well: Option<(Instant, Vec<String>)> = None;
        let end = Instant::now() + start.limit;
        loop {
            let observed = self.engine.observe().await?;
            let containers = observed.of_project(start.project.name);
            for container in &containers {
                restarts.entry(container.id.clone()).or_insert(container.restarts);
            }
            match patient(start.before, judge(start.expected, &containers, &restarts)) {
                Verdict::Unhealthy(illness) => return Err(self.diagnose(&observed, illness).await),
                Verdict::Pending(why) if Instant::now() >= end => return Err(self.late(start, &observed, &why).await),
                Verdict::Pending(_) => well = None,
                Verdict::Healthy => {
                    let starts: Vec<String> = containers.iter().map(|container| container.started_at.clone()).collect();
                    match &well {
                        Some((since, same)) if *same == starts => {
                            if since.elapsed() >= self.timing.soak {
                                return Ok(containers.into_iter().cloned().collect());
                            }
                        }
                        _ => well = Some((Instant::now(), starts)),
                    }
                }
            }
            sleep(self.timing.look).await;
        }
    }

    /// Compose says that it failed; the containers say why.
    async fn explain(&self, start: &Start<'_>, trouble: Failure) -> Failure {
        let Ok(observed) = self.engine.observe().await else { return trouble };
        match judge(start.expected, &observed.of_project(start.project.name), &BTreeMap::new()) {
            Verdict::Unhealthy(illness) => self.diagnose(&observed, illness).await,
            _ => trouble,
        }
    }

    async fn late(&self, start: &Start<'_>, observed: &Containers, why: &str) -> Failure {
        let project = observed.of_project(start.project.name);
        let own = project.into_iter().filter(|container| container.generation == Some(start.expected.generation));
        let mut suspects = own.filter(|container| why.starts_with(&format!("service {} ", container.service)));
        let text = format!("not healthy within {} s: {why}", start.limit.as_secs());
        let words = match suspects.next() {
            Some(container) => self.last_words(container).await,
            None => String::new(),
        };
        Failure::bad(ErrorCategory::Unhealthy, text).with_words(words)
    }

    async fn diagnose(&self, observed: &Containers, illness: Illness) -> Failure {
        let container = observed.list.iter().find(|container| container.id == illness.container);
        let words = match container {
            Some(container) => self.last_words(container).await,
            None => String::new(),
        };
        Failure::bad(ErrorCategory::Unhealthy, illness.why).with_words(words)
    }

    async fn last_words(&self, container: &Container) -> String {
        let lines = self.engine.last_lines(&container.id).await;
        let mut words = vec![];
        if !container.probe_output.is_empty() {
            words.push(format!("its health check says: {}", container.probe_output));
        }
        if !lines.trim().is_empty() {
            let tail: String = last(lines.trim(), 1200);
            words.push(format!("its last lines: {tail}"));
        }
        words.join("; ")
    }
}

/// A container that was there before (and was paused, say) is given until the limit to recover.
fn patient(before: Before, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Unhealthy(illness) if before == Before::Remains && illness.may_recover => {
            Verdict::Pending(illness.why)
        }
        verdict => verdict,
    }
}

fn last(text: &str, characters: usize) -> String {
    text.chars().skip(text.chars().count().saturating_sub(characters)).collect()
}
