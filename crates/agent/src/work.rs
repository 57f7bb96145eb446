//! An agent at work: the converger and the reporter side by side, for ever or for one pass, and how they end.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use distr_domain::agent::DesiredState;
use distr_domain::ids::DeploymentId;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::task::JoinError;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::board::Board;
use crate::clock::SystemClock;
use crate::converge::{Converger, Intervals, Settled};
use crate::data_dir::DataDir;
use crate::journal::{Journal, Limits};
use crate::link::{HubLink, LinkFault};
use crate::reporter::{HeldDesiredState, Reporter};
use crate::runtime::Runtime;
use crate::secret::CurrentSecret;
use crate::{desired, memory};

/// Seconds between heartbeats until the hub says otherwise.
const INTERVAL: u32 = 5;

/// The parts with which an agent works.
pub struct Work<R: Runtime> {
    pub runtime: Arc<R>,
    pub data: DataDir,
    pub hub: Box<dyn HubLink>,
    pub secret: CurrentSecret,
    /// seconds between heartbeats, whatever the hub says
    pub interval: Option<u32>,
}

/// How one pass ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Pass {
    NothingDesired,
    /// before its end
    Stopped,
    Settled(BTreeMap<DeploymentId, Settled>),
}

/// Why an agent ended that was not told to.
#[derive(Debug, thiserror::Error)]
pub enum WorkFault {
    #[error("cannot read what was deployed")]
    Memory(#[source] io::Error),
    #[error("the {0} ended by itself")]
    Ended(&'static str, #[source] JoinError),
    #[error(transparent)]
    Link(#[from] LinkFault),
    #[error("{0}")]
    Runtime(String),
    #[error("not every report reached the hub")]
    Unsent,
    #[error("a deployment could not be brought about now")]
    Troubled,
}

type Desired = watch::Receiver<Option<Arc<DesiredState>>>;

impl<R: Runtime> Work<R> {
    /// Until `stop`. The converger ends first, and the reporter when it has sent what that found.
    pub async fn for_ever(self, wake: Arc<Notify>, stop: CancellationToken) -> Result<(), WorkFault> {
        let (converger, reporter, desired) = self.parts()?;
        let (stop_converging, stop_reporting) = (CancellationToken::new(), CancellationToken::new());
        let mut converging = tokio::spawn(converger.run(desired, wake, stop_converging.clone()));
        let mut reporting = tokio::spawn(reporter.run(stop_reporting.clone()));
        let by_itself = |part| move |error| WorkFault::Ended(part, error);
        tokio::select! {
            () = stop.cancelled() => {}
            ended = &mut converging => ended.map_err(by_itself("converger"))?,
            ended = &mut reporting => ended.map_err(by_itself("reporter"))?,
        }
        tracing::info!("the agent stops");
        stop_converging.cancel();
        if !converging.is_finished() {
            converging.await.map_err(by_itself("converger"))?;
        }
        // last, so that it still sends what the converger found
        stop_reporting.cancel();
        if !reporting.is_finished() {
            reporting.await.map_err(by_itself("reporter"))?;
        }
        Ok(())
    }

    /// Asks the hub, brings about what it desires, and reports how that went.
    pub async fn once(self, stop: CancellationToken) -> Result<Pass, WorkFault> {
        let (mut converger, mut reporter, desired) = self.parts()?;
        reporter.exchange().await?;
        let Some(wanted) = desired.borrow().clone() else {
            tracing::info!("nothing is desired");
            return Ok(Pass::NothingDesired);
        };
        let (stop_reporting, board) = (CancellationToken::new(), Arc::clone(&reporter.board));
        let reporting = tokio::spawn(reporter.run(stop_reporting.clone()));
        let settled = tokio::select! {
            () = stop.cancelled() => return Ok(Pass::Stopped),
            settled = converger.settle(&wanted) => settled,
        };
        board.heartbeat();
        stop_reporting.cancel();
        reporting.await.map_err(|error| WorkFault::Ended("reporter", error))?;
        let settled = settled.map_err(|trouble| WorkFault::Runtime(trouble.text))?;
        if !board.unsent(1).is_empty() {
            return Err(WorkFault::Unsent);
        }
        for (deployment, how) in &settled {
            tracing::info!(%deployment, ?how, "settled");
        }
        Ok(Pass::Settled(settled))
    }

    fn parts(self) -> Result<(Converger<R>, Reporter, Desired), WorkFault> {
        let Self { runtime, data, hub, secret, interval } = self;
        let journal = Journal::open(data.journal(), Limits::default());
        let board = Arc::new(Board::new(Arc::new(SystemClock), journal));
        let memory = memory::load(&data).map_err(WorkFault::Memory)?;
        let converger = Converger::new(runtime, data.clone(), Arc::clone(&board), memory, Intervals::default());
        let (sender, desired) = watch::channel(cached(&data));
        let reporter = Reporter {
            hub,
            secret,
            board,
            data,
            desired: HeldDesiredState::new(sender),
            interval: watch::Sender::new(Duration::from_secs(interval.unwrap_or(INTERVAL).into())),
            interval_is_fixed: interval.is_some(),
            rotate_after: Instant::now(),
        };
        Ok((converger, reporter, desired))
    }
}

impl Pass {
    /// Whether a deployment was given up. One that may succeed later is a fault.
    pub fn has_failed(&self) -> Result<bool, WorkFault> {
        let Self::Settled(settled) = self else { return Ok(false) };
        let is = |what: fn(&Settled) -> bool| settled.values().any(what);
        match (is(|how| matches!(how, Settled::Failed(_))), is(|how| matches!(how, Settled::Troubled(_)))) {
            (false, true) => Err(WorkFault::Troubled),
            (failed, _) => Ok(failed),
        }
    }
}

/// One that cannot be read counts as none: the hub sends it again.
fn cached(data: &DataDir) -> Option<Arc<DesiredState>> {
    let cached =
        desired::load(data).inspect_err(|error| tracing::error!(%error, "the kept desired state is not readable"));
    cached.ok().flatten().map(Arc::new)
}

/// Cancelled when the process is told to stop.
pub fn told_to_stop() -> io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let told = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        told.cancel();
    });
    Ok(stop)
}
