//! What converger and reporter share: the state of every deployment as last seen. A change is queued as a report at
//! once, so that no step is lost between two heartbeats.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use distr_domain::agent::{DeploymentReport, Report, Step};
use distr_domain::ids::DeploymentId;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::hub::AGENT_VERSION;
use crate::queue::ReportQueue;

/// Some days of changes; hours of heartbeats.
const QUEUED_REPORTS: usize = 2000;

pub struct Board {
    clock: Arc<dyn Clock>,
    boot: Uuid,
    state: Mutex<State>,
    changed: Notify,
    seen: Notify,
}

struct State {
    sequence: u64,
    /// none before the first look at the engine
    deployments: Option<Vec<DeploymentReport>>,
    queue: ReportQueue,
}

impl Board {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let state = State { sequence: 0, deployments: None, queue: ReportQueue::new(QUEUED_REPORTS) };
        Self { clock, boot: Uuid::now_v7(), state: Mutex::new(state), changed: Notify::new(), seen: Notify::new() }
    }

    /// Replaces what is known; a report is queued if that says something new.
    pub fn publish(&self, deployments: Vec<DeploymentReport>) {
        let mut state = self.state();
        let news = match &state.deployments {
            Some(known) => !says_the_same(known, &deployments),
            None => !deployments.is_empty(),
        };
        state.deployments = Some(deployments);
        if news {
            self.queue(&mut state);
        }
        self.seen.notify_waiters();
    }

    /// One deployment went a step further.
    pub fn step(&self, deployment: DeploymentId, step: Step) {
        let mut state = self.state();
        let known = state.deployments.iter_mut().flatten().find(|known| known.deployment == deployment);
        let Some(known) = known.filter(|known| known.step != step) else { return };
        known.step = step;
        known.error = None;
        self.queue(&mut state);
    }

    /// Queues what is known, whether or not it changed.
    pub fn heartbeat(&self) {
        self.queue(&mut self.state());
    }

    pub fn known(&self) -> Vec<DeploymentReport> {
        self.state().deployments.clone().unwrap_or_default()
    }

    pub fn unsent(&self, at_most: usize) -> Vec<Report> {
        self.state().queue.oldest(at_most)
    }

    pub fn acknowledge(&self, reports: &[Report]) {
        self.state().queue.acknowledge(reports);
    }

    /// Returns when there may be a new report.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Returns when the engine was looked at for the first time.
    pub async fn seen(&self) {
        let seen = self.seen.notified();
        if self.state().deployments.is_none() {
            seen.await;
        }
    }

    fn queue(&self, state: &mut State) {
        state.sequence += 1;
        let report = Report {
            id: Uuid::now_v7(),
            boot: self.boot,
            sequence: state.sequence,
            at: self.clock.now(),
            agent_version: AGENT_VERSION.to_owned(),
            deployments: state.deployments.clone().unwrap_or_default(),
        };
        state.queue.push(report);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The text of an error may differ (a health check prints the time); it goes with the next heartbeat.
fn says_the_same(known: &[DeploymentReport], new: &[DeploymentReport]) -> bool {
    let same = |(a, b): (&DeploymentReport, &DeploymentReport)| {
        let category = |report: &DeploymentReport| report.error.as_ref().map(|error| error.category);
        let without_error = |report: &DeploymentReport| DeploymentReport { error: None, ..report.clone() };
        category(a) == category(b) && without_error(a) == without_error(b)
    };
    known.len() == new.len() && known.iter().zip(new).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use distr_domain::agent::{ErrorCategory, Health, ReportedError};

    fn applied() -> DeploymentReport {
        DeploymentReport {
            deployment: DeploymentId(Uuid::from_u128(1)),
            generation: 1,
            step: Step::Applied,
            running: None,
            health: Health::Ok,
            drift: None,
            error: None,
        }
    }

    fn error(text: &str) -> Option<ReportedError> {
        Some(ReportedError { category: ErrorCategory::Unhealthy, text: text.to_owned() })
    }

    #[test]
    fn only_news_is_reported_between_heartbeats() {
        let board = Board::new(Arc::new(SystemClock));
        board.publish(vec![applied()]);
        board.publish(vec![applied()]);
        board.publish(vec![DeploymentReport { error: error("at 12:00"), ..applied() }]);
        board.publish(vec![DeploymentReport { error: error("at 12:01"), ..applied() }]);
        assert_eq!(board.unsent(10).len(), 2);
        board.heartbeat();
        let reports = board.unsent(10);
        assert_eq!(reports.iter().map(|report| report.sequence).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(reports[2].deployments[0].error, error("at 12:01"));
    }

    #[test]
    fn every_step_is_reported_in_order() {
        let board = Board::new(Arc::new(SystemClock));
        board.publish(vec![DeploymentReport { step: Step::Pending, ..applied() }]);
        for step in [Step::Pulling, Step::Pulling, Step::Proving, Step::Switching] {
            board.step(applied().deployment, step);
        }
        let steps: Vec<Step> = board.unsent(10).iter().map(|report| report.deployments[0].step).collect();
        assert_eq!(steps, [Step::Pending, Step::Pulling, Step::Proving, Step::Switching]);
    }
}
