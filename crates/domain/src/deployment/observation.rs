//! Reports of agents, and the facts that follow from them.

use chrono::{DateTime, Utc};

use super::DeploymentEvent::*;
use super::{Deployment, DeploymentEvent, Pace, Phase};
use crate::agent::{DeploymentReport, ErrorCategory, Health, ReportedError, Step};

/// A step that the agent tries again, and why.
#[derive(Debug)]
pub(super) struct Retry {
    pub step: Step,
    pub category: ErrorCategory,
    pub reason: String,
}

impl Deployment {
    pub(super) fn observe(&self, report: &DeploymentReport, at: DateTime<Utc>, pace: Pace) -> Vec<DeploymentEvent> {
        // of an older generation, or of one that was never asked for: says nothing about what is wanted now
        if report.generation != self.generation || matches!(self.phase, Phase::Absent | Phase::Removed) {
            return vec![];
        }
        let (generation, observed_at) = (self.generation, at);
        let mut events = match (pace, self.is_flapping) {
            (Pace::Restless, false) => vec![DeploymentFlapping { generation, observed_at }],
            (Pace::Steady, true) => vec![DeploymentSteady { generation, observed_at }],
            (Pace::Steady, false) | (Pace::Restless, true) => vec![],
        };
        events.extend(self.observe_change(report, at));
        events
    }

    fn observe_change(&self, report: &DeploymentReport, at: DateTime<Utc>) -> Vec<DeploymentEvent> {
        let generation = self.generation;
        let mut events = self.observe_drift(report, at);
        if let Some(reason) = held(report) {
            if self.held.as_ref() != Some(reason) {
                events.push(DeploymentHeld { generation, reason: reason.clone(), observed_at: at });
            }
            return events;
        }
        if let Some(error) = retried(report) {
            let is_known = self.retrying.as_ref().is_some_and(|known| known.is_like(report.step, error));
            if !is_known {
                let ReportedError { category, text } = error.clone();
                events.push(DeploymentRetrying {
                    generation,
                    step: report.step,
                    category,
                    reason: text,
                    observed_at: at,
                });
            }
            return events;
        }
        match report.step {
            // it asks the host again
            Step::Pending if self.phase == Phase::Held => {}
            Step::Removed if self.removal.is_some() => {
                events.push(DeploymentRemoved { generation, observed_at: at });
            }
            // nobody asked for it
            Step::Removed => {}
            Step::Failed if self.phase != Phase::Failed => events.push(failed(report, at)),
            Step::Failed => {}
            Step::Applied => events.extend(self.observe_health(report, at)),
            // on the way to where it stood before
            step if self.retrying.as_ref().is_some_and(|retry| step <= retry.step) => {}
            step if self.step != Some(step) => {
                events.push(DeploymentStepped { generation, step, observed_at: at });
            }
            _ => {}
        }
        events
    }

    fn observe_health(&self, report: &DeploymentReport, at: DateTime<Utc>) -> Option<DeploymentEvent> {
        // a number may be given twice where a log was restored
        let wanted = self.desired.as_ref().map(|desired| &desired.version);
        let is_wanted = |version| wanted.is_none_or(|wanted| wanted == version);
        let running = report.running.as_ref();
        let running = running.filter(|of| of.generation == self.generation && is_wanted(&of.version))?;
        let generation = self.generation;
        match (report.health, self.phase) {
            (Health::Ok, Phase::Healthy) | (Health::Warn | Health::Fail, Phase::Unhealthy)
                if self.retrying.is_none() =>
            {
                None
            }
            (Health::Ok, _) => {
                Some(DeploymentHealthy { generation, version: running.version.clone(), observed_at: at })
            }
            (Health::Warn | Health::Fail, _) => {
                let reason = report.error.as_ref().map_or("a container is not healthy", |error| &error.text);
                Some(DeploymentUnhealthy { generation, reason: reason.to_owned(), observed_at: at })
            }
            (Health::Unknown, _) => None,
        }
    }

    fn observe_drift(&self, report: &DeploymentReport, at: DateTime<Utc>) -> Vec<DeploymentEvent> {
        let generation = self.generation;
        match (&report.drift, self.drifted) {
            (Some(detail), false) => {
                vec![DriftDetected { generation, detail: detail.clone(), observed_at: at }]
            }
            // after a rollback it is the old release that is repaired; who sees nothing sees no repair
            (None, true) if matches!(report.step, Step::Applied | Step::Failed) && report.health != Health::Unknown => {
                vec![DriftRepaired { generation, observed_at: at }]
            }
            _ => vec![],
        }
    }
}

/// Why the host did not let it begin.
fn held(report: &DeploymentReport) -> Option<&String> {
    let error = report.error.as_ref().filter(|error| error.category == ErrorCategory::Policy)?;
    (report.step == Step::Pending).then_some(&error.text)
}

/// Why the agent tries again. What it says of an applied release is about its health, unless that is not known.
fn retried(report: &DeploymentReport) -> Option<&ReportedError> {
    let is_told = match report.step {
        Step::Pending | Step::Pulling | Step::Proving | Step::Switching | Step::Removing => true,
        Step::Applied => report.health == Health::Unknown,
        Step::Failed | Step::Removed => false,
    };
    report.error.as_ref().filter(|_| is_told)
}

impl Retry {
    /// Times, ports and ids differ with every try.
    fn is_like(&self, step: Step, error: &ReportedError) -> bool {
        (self.step, self.category) == (step, error.category) && masked(&self.reason).eq(masked(&error.text))
    }
}

/// The words, those with a digit as one and the same.
fn masked(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| if word.contains(|c: char| c.is_ascii_digit()) { "0" } else { word })
}

fn failed(report: &DeploymentReport, at: DateTime<Utc>) -> DeploymentEvent {
    let (category, reason) = match &report.error {
        Some(error) => (error.category, error.text.clone()),
        None => (ErrorCategory::Internal, "the agent gave no reason".to_owned()),
    };
    DeploymentFailed {
        generation: report.generation,
        category,
        reason,
        running: report.running.as_ref().map(|running| running.version.clone()),
        observed_at: at,
    }
}
