//! The reporter: sends what is in the journal, oldest first, and takes the desired state from the answers. It knows nothing
//! of the runtime, so heartbeats go on while an apply takes its time. After an absence of the hub it sends batch after batch
//! without a pause, so that the newest state is not long in coming.

use std::sync::Arc;
use std::time::Duration;

use distr_domain::agent::{DesiredState, ErrorCategory, HeartbeatRequest, HeartbeatResponse, Report};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::board::Board;
use crate::data_dir::DataDir;
use crate::journal::BATCH;
use crate::link::{HubLink, LinkFault};
use crate::secret::CurrentSecret;
use crate::{desired, enrol};

const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(60) };
/// How long the first heartbeat waits for something to say.
const FIRST_LOOK: Duration = Duration::from_secs(10);
/// After a rotation that did not work out.
const ROTATE_AGAIN: Duration = Duration::from_secs(600);
const LAST_WORDS: Duration = Duration::from_secs(10);
const INTERVALS: std::ops::RangeInclusive<u32> = 1..=3600;

pub struct Reporter {
    pub hub: Box<dyn HubLink>,
    pub secret: CurrentSecret,
    pub board: Arc<Board>,
    pub data: DataDir,
    pub desired: HeldDesiredState,
    /// until the hub says otherwise
    pub interval: watch::Sender<Duration>,
    /// fixed by the operator: the hub's is not taken
    pub interval_is_fixed: bool,
    /// no new credential is asked for before
    pub rotate_after: Instant,
}

/// A report at each interval, whether or not those before could be sent.
async fn beat(board: Arc<Board>, mut interval: watch::Receiver<Duration>) {
    let mut last = Instant::now();
    loop {
        let due = last + *interval.borrow_and_update();
        tokio::select! {
            () = sleep_until(due) => {
                board.heartbeat();
                last = Instant::now();
            }
            // nobody can change it any more
            changed = interval.changed() => if changed.is_err() { return },
        }
    }
}

/// The desired state, in memory and on disk.
pub struct HeldDesiredState {
    desired: watch::Sender<Option<Arc<DesiredState>>>,
    /// what the disk has is older
    unstored: bool,
}

impl HeldDesiredState {
    pub fn new(desired: watch::Sender<Option<Arc<DesiredState>>>) -> Self {
        Self { desired, unstored: false }
    }

    fn etag(&self) -> Option<String> {
        self.desired.borrow().as_ref().map(|desired| desired.etag.clone())
    }

    fn take(&mut self, desired: DesiredState) {
        tracing::info!(etag = desired.etag, deployments = desired.deployments.len(), "desired state");
        self.unstored = true;
        self.desired.send_replace(Some(Arc::new(desired)));
    }

    /// A disk that is full now may have room later.
    async fn store(&mut self, data: &DataDir) {
        let Some(desired) = self.desired.borrow().clone().filter(|_| self.unstored) else { return };
        match desired::keep(data, &desired).await {
            Ok(()) => self.unstored = false,
            Err(error) => tracing::error!(%error, "cannot keep the desired state"),
        }
    }
}

/// A hub of an earlier version does not know the category of what the host holds, and refuses the whole request. Whether
/// there was something to say in its own words.
fn downgrade(reports: &mut [Report]) -> bool {
    let errors = reports.iter_mut().flat_map(|report| {
        report.deployments.iter_mut().filter_map(|deployment| deployment.error.as_mut()).chain(report.error.as_mut())
    });
    let mut changed = false;
    for error in errors.filter(|error| error.category == ErrorCategory::Policy) {
        (error.category, changed) = (ErrorCategory::Entitlement, true);
    }
    changed
}

impl Reporter {
    pub async fn run(self, stop: CancellationToken) {
        let beating = beat(Arc::clone(&self.board), self.interval.subscribe());
        tokio::select! {
            () = beating => {}
            () = self.send(stop) => {}
        }
    }

    async fn send(mut self, stop: CancellationToken) {
        // a first report that names no deployment would be wrong for a moment, unless there is none yet
        if self.desired.desired.borrow().is_some() {
            let _ = stop.run_until_cancelled(timeout(FIRST_LOOK, self.board.seen())).await;
        }
        if self.board.unsent(1).is_empty() {
            self.board.heartbeat();
        }
        let mut failures = 0;
        while !stop.is_cancelled() {
            if self.board.unsent(1).is_empty() {
                let _ = stop.run_until_cancelled(self.board.changed()).await;
                continue;
            }
            match stop.run_until_cancelled(self.exchange()).await {
                Some(Ok(())) => failures = 0,
                Some(Err(fault)) => {
                    tracing::warn!(failures, "heartbeat: {fault}");
                    failures += 1;
                    let _ = stop.run_until_cancelled(sleep(BACKOFF.jittered(failures))).await;
                }
                None => {}
            }
        }
        let _ = timeout(LAST_WORDS, self.flush()).await;
    }

    /// Sends all that is queued.
    pub async fn flush(&mut self) -> Result<(), LinkFault> {
        while !self.board.unsent(1).is_empty() {
            self.exchange().await?;
        }
        Ok(())
    }

    /// One round trip: the oldest reports there, the desired state back if ours is stale.
    pub async fn exchange(&mut self) -> Result<(), LinkFault> {
        let mut reports = self.board.unsent(BATCH);
        let answer = loop {
            let behind = self.board.waiting().saturating_sub(reports.len()) as u64;
            let (desired_etag, sent_at) = (self.desired.etag(), Some(self.board.now()));
            let request = HeartbeatRequest { reports, desired_etag, sent_at, behind };
            match self.hub.heartbeat(&self.secret.get(), &request).await {
                Err(fault) if fault.refuses_the_body() && !request.reports.is_empty() => {
                    reports = self.smaller(request, &fault);
                }
                answer => {
                    reports = request.reports;
                    break answer?;
                }
            }
        };
        let accepted = answer.accepted.min(reports.len());
        self.board.answered(&reports[..accepted], answer.repeated, answer.known);
        let rotate = answer.rotate;
        self.take(answer).await;
        if rotate {
            self.rotate().await;
        }
        match accepted == 0 && !reports.is_empty() {
            true => Err(LinkFault::Garbled("it stored none of the reports".to_owned())),
            false => Ok(()),
        }
    }

    /// Whatever goes wrong, the present credential lets in.
    async fn rotate(&mut self) {
        if Instant::now() < self.rotate_after {
            return;
        }
        match enrol::rotate(self.hub.as_ref(), &self.secret.get(), &self.data).await {
            Ok(identity) => {
                tracing::info!(credential = %identity.credential, "the credential is replaced");
                self.secret.replace(identity.secret);
            }
            Err(fault) => {
                self.rotate_after = Instant::now() + ROTATE_AGAIN;
                tracing::warn!(error = &fault as &dyn std::error::Error, "the credential stays as it is for now");
            }
        }
    }

    /// Half of the reports; one alone that is refused would hold up all that follow it for ever, so it goes.
    fn smaller(&self, request: HeartbeatRequest, fault: &LinkFault) -> Vec<Report> {
        let mut reports = request.reports;
        if downgrade(&mut reports) {
            return reports;
        }
        match reports.len() {
            1 => {
                tracing::error!(sequence = reports[0].sequence, "a report is refused and is lost: {fault}");
                self.board.acknowledge(&reports);
                self.board.unsent(1)
            }
            many => {
                reports.truncate(many / 2);
                reports
            }
        }
    }

    async fn take(&mut self, answer: HeartbeatResponse) {
        if !self.interval_is_fixed {
            let seconds = answer.interval.clamp(*INTERVALS.start(), *INTERVALS.end());
            let interval = Duration::from_secs(seconds.into());
            self.interval.send_if_modified(|present| std::mem::replace(present, interval) != interval);
        }
        if let Some(desired) = answer.desired {
            self.desired.take(desired);
        }
        self.desired.store(&self.data).await;
    }
}

#[cfg(test)]
mod tests {
    use distr_domain::agent::{DeploymentReport, Health, ReportedError, Step};
    use uuid::Uuid;

    use super::*;
    use crate::fixture::DEPLOYMENT;

    #[test]
    fn a_hub_that_does_not_know_the_category_is_told_in_its_own_words_once() {
        let error = ReportedError { category: ErrorCategory::Policy, text: "held".to_owned() };
        let deployment = DeploymentReport {
            deployment: DEPLOYMENT,
            generation: 1,
            step: Step::Pending,
            running: None,
            health: Health::Unknown,
            drift: None,
            error: Some(error),
        };
        let mut reports = [Report {
            id: Uuid::nil(),
            boot: Uuid::nil(),
            sequence: 1,
            at: chrono::DateTime::UNIX_EPOCH,
            agent_version: "1".to_owned(),
            facts: None,
            deployments: vec![deployment],
            error: None,
            missing: None,
            contact: None,
        }];
        assert!(downgrade(&mut reports) && !downgrade(&mut reports));
        let told = reports[0].deployments[0].error.as_ref().unwrap();
        assert_eq!((told.category, told.text.as_str()), (ErrorCategory::Entitlement, "held"));
    }
}
