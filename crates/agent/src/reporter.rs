//! The reporter: sends what is queued, oldest first, and takes the desired state from the answers. It knows nothing of
//! the engine, so heartbeats go on while an apply takes its time.

use std::sync::Arc;
use std::time::Duration;

use distr_domain::agent::{DesiredState, HeartbeatRequest, HeartbeatResponse};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::board::Board;
use crate::data_dir::DataDir;
use crate::desired;
use crate::hub::{Hub, HubFault};
use crate::secret::Secret;

const BATCH: usize = 100;
const BACKOFF: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(60) };
/// How long the first heartbeat waits for something to say.
const FIRST_LOOK: Duration = Duration::from_secs(10);
const LAST_WORDS: Duration = Duration::from_secs(10);
const INTERVALS: std::ops::RangeInclusive<u32> = 1..=3600;

pub struct Reporter {
    pub hub: Hub,
    pub secret: Secret,
    pub board: Arc<Board>,
    pub data: DataDir,
    pub desired: watch::Sender<Option<Arc<DesiredState>>>,
    /// until the hub says otherwise
    pub interval: Duration,
    /// fixed by the operator: the hub's is not taken
    pub interval_is_fixed: bool,
}

impl Reporter {
    pub async fn run(mut self, stop: CancellationToken) {
        // a first report that names no deployment would be wrong for a moment, unless there is none yet
        if self.desired.borrow().is_some() {
            let _ = stop.run_until_cancelled(timeout(FIRST_LOOK, self.board.seen())).await;
        }
        if self.board.unsent(1).is_empty() {
            self.board.heartbeat();
        }
        let (mut due, mut failures) = (Instant::now() + self.interval, 0);
        while !stop.is_cancelled() {
            if Instant::now() >= due {
                self.board.heartbeat();
                due = Instant::now() + self.interval;
            }
            if self.board.unsent(1).is_empty() {
                let _ = stop.run_until_cancelled(timeout_at(due, self.board.changed())).await;
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
    pub async fn flush(&mut self) -> Result<(), HubFault> {
        while !self.board.unsent(1).is_empty() {
            self.exchange().await?;
        }
        Ok(())
    }

    /// One round trip: the oldest reports there, the desired state back if ours is stale.
    pub async fn exchange(&mut self) -> Result<(), HubFault> {
        let mut reports = self.board.unsent(BATCH);
        let answer = loop {
            let desired_etag = self.desired.borrow().as_ref().map(|desired| desired.etag.clone());
            let request = HeartbeatRequest { reports, desired_etag };
            match self.hub.heartbeat(&self.secret, &request).await {
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
        self.board.acknowledge(&reports[..accepted]);
        self.take(answer);
        match accepted == 0 && !reports.is_empty() {
            true => Err(HubFault::Garbled("it stored none of the reports".to_owned())),
            false => Ok(()),
        }
    }

    /// Half of the reports; one alone that is refused would hold up all that follow it for ever, so it goes.
    fn smaller(&self, request: HeartbeatRequest, fault: &HubFault) -> Vec<distr_domain::agent::Report> {
        let mut reports = request.reports;
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

    fn take(&mut self, answer: HeartbeatResponse) {
        if !self.interval_is_fixed {
            let seconds = answer.interval.clamp(*INTERVALS.start(), *INTERVALS.end());
            self.interval = Duration::from_secs(seconds.into());
        }
        if let Some(desired) = answer.desired {
            tracing::info!(etag = desired.etag, deployments = desired.deployments.len(), "desired state");
            if let Err(error) = desired::store(&self.data, &desired) {
                tracing::error!(%error, "cannot keep the desired state on disk");
            }
            self.desired.send_replace(Some(Arc::new(desired)));
        }
    }
}
