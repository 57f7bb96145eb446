//! What converger and reporter share: the state of every deployment as last seen. A change is queued as a report at
//! once, so that no step is lost between two heartbeats; it goes into the journal first.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use distr_domain::agent::{DeploymentReport, Report, ReportMark, Step, TargetFacts};
use distr_domain::ids::DeploymentId;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::hub::AGENT_VERSION;
use crate::journal::Journal;
use crate::redact::Redactor;

pub struct Board {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
    seen: Notify,
}

struct State {
    /// this incarnation
    boot: Uuid,
    sequence: u64,
    /// the newest report of this incarnation that the hub has acknowledged
    acknowledged: Option<u64>,
    /// none before the first look at what runs
    deployments: Option<Vec<DeploymentReport>>,
    facts: Option<TargetFacts>,
    journal: Journal,
}

impl Board {
    pub fn new(clock: Arc<dyn Clock>, journal: Journal) -> Self {
        let boot = Uuid::now_v7();
        let state = State { boot, sequence: 0, acknowledged: None, deployments: None, facts: None, journal };
        Self { clock, state: Mutex::new(state), changed: Notify::new(), seen: Notify::new() }
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
            self.queue(&mut state, true);
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
        self.queue(&mut state, true);
    }

    /// The facts that reports tell of the place from now on. They are no news: the next heartbeat has them.
    pub fn know(&self, facts: TargetFacts) {
        self.state().facts = Some(facts);
    }

    /// Queues what is known, whether or not it changed.
    pub fn heartbeat(&self) {
        self.queue(&mut self.state(), false);
    }

    pub fn known(&self) -> Vec<DeploymentReport> {
        self.state().deployments.clone().unwrap_or_default()
    }

    pub fn unsent(&self, at_most: usize) -> Vec<Report> {
        self.state().journal.oldest(at_most)
    }

    /// How many reports wait.
    pub fn waiting(&self) -> usize {
        self.state().journal.len()
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn acknowledge(&self, reports: &[Report]) {
        self.state().acknowledge(reports);
    }

    /// Takes the hub's word on these reports: they are stored. Unless it knows reports of this agent that this agent does
    /// not know: then the machine was set back to an earlier state, what the hub passed over was new, and it is sent anew
    /// under another incarnation.
    pub fn answered(&self, reports: &[Report], repeated: usize, known: Option<ReportMark>) {
        let mut state = self.state();
        match known.filter(|_| repeated > 0) {
            Some(known) if state.was_set_back(known) => state.begin_anew(),
            _ => state.acknowledge(reports),
        }
    }

    /// Returns when there may be a new report.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Returns when the runtime was looked at for the first time.
    pub async fn seen(&self) {
        let seen = self.seen.notified();
        if self.state().deployments.is_none() {
            seen.await;
        }
    }

    fn queue(&self, state: &mut State, news: bool) {
        state.sequence += 1;
        let report = Report {
            id: Uuid::now_v7(),
            boot: state.boot,
            sequence: state.sequence,
            at: self.clock.now(),
            agent_version: AGENT_VERSION.to_owned(),
            facts: state.facts.clone(),
            deployments: state.deployments.clone().unwrap_or_default(),
            error: state.journal.trouble().map(|trouble| trouble.reported(&Redactor::default())),
            missing: None,
            contact: None,
        };
        state.journal.push(report, news);
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn acknowledge(&mut self, reports: &[Report]) {
        let own = reports.iter().rfind(|report| report.boot == self.boot);
        self.acknowledged = own.map(|report| report.sequence).or(self.acknowledged);
        self.journal.acknowledge(reports);
    }

    /// `known` is the newest report that the hub had before it passed over some of ours.
    fn was_set_back(&self, known: ReportMark) -> bool {
        match known.boot == self.boot {
            // otherwise it is one of ours whose answer was lost
            true => self.acknowledged < Some(known.sequence) && !self.journal.contains(known.id),
            // another one goes on from our state
            false => self.acknowledged.is_some(),
        }
    }

    fn begin_anew(&mut self) {
        let old = std::mem::replace(&mut self.boot, Uuid::now_v7());
        tracing::warn!(%old, new = %self.boot, "the hub knows later reports of this agent than the agent itself: it was set back");
        (self.sequence, self.acknowledged) = (0, None);
        let (boot, sequence) = (self.boot, &mut self.sequence);
        self.journal.rename(|report| {
            if report.boot == old {
                *sequence += 1;
                (report.id, report.boot, report.sequence) = (Uuid::now_v7(), boot, *sequence);
            }
        });
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
    use crate::journal::Limits;
    use distr_domain::agent::{ErrorCategory, Health, ReportedError};
    use std::path::Path;

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

    fn board(folder: &Path) -> Board {
        Board::new(Arc::new(SystemClock), Journal::open(folder.join("journal"), Limits::default()))
    }

    fn error(text: &str) -> Option<ReportedError> {
        Some(ReportedError { category: ErrorCategory::Unhealthy, text: text.to_owned() })
    }

    #[test]
    fn only_news_is_reported_between_heartbeats() {
        let folder = tempfile::tempdir().unwrap();
        let board = board(folder.path());
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
        let folder = tempfile::tempdir().unwrap();
        let board = board(folder.path());
        board.publish(vec![DeploymentReport { step: Step::Pending, ..applied() }]);
        for step in [Step::Pulling, Step::Pulling, Step::Proving, Step::Switching] {
            board.step(applied().deployment, step);
        }
        let steps: Vec<Step> = board.unsent(10).iter().map(|report| report.deployments[0].step).collect();
        assert_eq!(steps, [Step::Pending, Step::Pulling, Step::Proving, Step::Switching]);
    }

    fn sequences(board: &Board) -> Vec<u64> {
        board.unsent(usize::MAX).iter().map(|report| report.sequence).collect()
    }

    #[test]
    fn a_lost_answer_is_no_sign_of_an_earlier_state() {
        let folder = tempfile::tempdir().unwrap();
        let board = board(folder.path());
        (0..3).for_each(|_| board.heartbeat());
        let sent = board.unsent(3);
        board.heartbeat();
        board.answered(&board.unsent(4), 3, Some(sent[2].mark()));
        assert_eq!(board.waiting(), 0);
    }

    #[test]
    fn an_agent_that_was_set_back_says_what_is_new_under_another_incarnation() {
        let folder = tempfile::tempdir().unwrap();
        let board = board(folder.path());
        board.heartbeat();
        let first = board.unsent(1);
        board.answered(&first, 0, None);
        (0..2).for_each(|_| board.heartbeat());
        let sent = board.unsent(10);
        // the hub has heard of a second report, and it is not this one
        let known = ReportMark { id: Uuid::nil(), ..sent[0].mark() };
        board.answered(&sent, 1, Some(known));
        let again = board.unsent(10);
        assert_eq!(sequences(&board), [1, 2]);
        assert!(again.iter().zip(&sent).all(|(new, old)| new.boot != old.boot && new.id != old.id && new.at == old.at));
        board.answered(&again, 0, Some(known));
        assert_eq!(board.waiting(), 0);
    }

    #[test]
    fn of_two_agents_with_one_state_each_notices_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let board = board(folder.path());
        board.heartbeat();
        board.answered(&board.unsent(1), 0, None);
        board.heartbeat();
        let other = ReportMark { id: Uuid::nil(), boot: Uuid::nil(), sequence: 1 };
        board.answered(&board.unsent(1), 1, Some(other));
        assert_eq!(sequences(&board), [1]);
        board.answered(&board.unsent(1), 0, Some(other));
        assert_eq!(board.waiting(), 0);
    }
}
