//! `distr-agent run`: puts the parts together, and stops them in order.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use distr_agent::board::Board;
use distr_agent::clock::SystemClock;
use distr_agent::converge::{Converger, Intervals, Settled};
use distr_agent::data_dir::DataDir;
use distr_agent::enrol::{self, TOKEN_VARIABLE};
use distr_agent::hub::Hub;
use distr_agent::identity::Identity;
use distr_agent::journal::{Journal, Limits};
use distr_agent::reporter::{HeldDesiredState, Reporter};
use distr_agent::secret::CurrentSecret;
use distr_agent::{desired, memory};
use distr_agent_docker::engine::Engine;
use distr_agent_docker::execute::{Executor, Timing};
use distr_agent_docker::policy::PolicyFile;
use distr_agent_docker::wake;
use distr_domain::agent::DesiredState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::Run;

const A_DEPLOYMENT_FAILED: u8 = 3;
const DEFAULT_INTERVAL: u32 = 5;

type Desired = watch::Receiver<Option<Arc<DesiredState>>>;

pub(crate) async fn run(options: &Run) -> Result<ExitCode> {
    let data = options.place.open()?;
    let _lock = data.lock()?;
    let identity = identity(options, &data).await?;
    let hub = Hub::try_new(options.hub.as_deref().unwrap_or(&identity.hub), options.insecure.transport())?;
    tracing::info!(target_id = %identity.target, hub = hub.base(), "the agent starts");
    let journal = Journal::open(data.journal(), Limits::default());
    let board = Arc::new(Board::new(Arc::new(SystemClock), journal));
    let secret = CurrentSecret::new(identity.secret);
    let engine = Arc::new(Engine::default());
    let executor = Arc::new(Executor {
        engine: Arc::clone(&engine),
        data: data.clone(),
        secret: secret.clone(),
        policy: PolicyFile { path: options.policy.path() },
        hub: hub.authority(),
        timing: Timing { soak: Duration::from_secs(options.soak.into()), ..Timing::default() },
        restarts: Mutex::default(),
    });
    let memory = memory::load(&data).context("cannot read what was deployed")?;
    let converger = Converger::new(executor, data.clone(), Arc::clone(&board), memory, Intervals::default());
    let (sender, desired) = watch::channel(cached(&data));
    let reporter = Reporter {
        hub: Box::new(hub),
        secret,
        board,
        data,
        desired: HeldDesiredState::new(sender),
        interval: watch::Sender::new(Duration::from_secs(options.interval.unwrap_or(DEFAULT_INTERVAL).into())),
        interval_is_fixed: options.interval.is_some(),
        rotate_after: Instant::now(),
    };
    match options.once {
        true => once(converger, reporter, desired).await,
        false => for_ever(converger, reporter, desired, engine).await,
    }
}

async fn identity(options: &Run, data: &DataDir) -> Result<Identity> {
    options.pins.store(data)?;
    if let Some(identity) = Identity::load(&data.identity())? {
        return Ok(identity);
    }
    let token = enrol::token_from_environment();
    let token = token
        .with_context(|| format!("the agent is not enrolled: run `distr-agent enrol`, or set {TOKEN_VARIABLE}"))?;
    let hub = options.hub.as_deref().context("the agent is not enrolled: say at which hub with --hub")?;
    Ok(enrol::enrol(&Hub::try_new(hub, options.insecure.transport())?, &token, data).await?)
}

/// One that cannot be read counts as none: the hub sends it again.
fn cached(data: &DataDir) -> Option<Arc<DesiredState>> {
    let cached =
        desired::load(data).inspect_err(|error| tracing::error!(%error, "the kept desired state is not readable"));
    cached.ok().flatten().map(Arc::new)
}

async fn for_ever(
    converger: Converger<Executor>,
    reporter: Reporter,
    desired: Desired,
    engine: Arc<Engine>,
) -> Result<ExitCode> {
    let (stop_converging, stop_reporting) = (CancellationToken::new(), CancellationToken::new());
    let wake = Arc::new(Notify::new());
    let events = tokio::spawn(wake::on_events(engine, Arc::clone(&wake)));
    let mut converging = tokio::spawn(converger.run(desired, wake, stop_converging.clone()));
    let mut reporting = tokio::spawn(reporter.run(stop_reporting.clone()));
    tokio::select! {
        stopped = told_to_stop() => stopped?,
        ended = &mut converging => ended.context("the converger ended by itself")?,
        ended = &mut reporting => ended.context("the reporter ended by itself")?,
    }
    tracing::info!("the agent stops");
    events.abort();
    stop_converging.cancel();
    if !converging.is_finished() {
        converging.await?;
    }
    // last, so that it still sends what the converger found
    stop_reporting.cancel();
    if !reporting.is_finished() {
        reporting.await?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn once(mut converger: Converger<Executor>, mut reporter: Reporter, desired: Desired) -> Result<ExitCode> {
    reporter.exchange().await?;
    let Some(wanted) = desired.borrow().clone() else {
        tracing::info!("nothing is desired");
        return Ok(ExitCode::SUCCESS);
    };
    let (stop, board) = (CancellationToken::new(), Arc::clone(&reporter.board));
    let reporting = tokio::spawn(reporter.run(stop.clone()));
    let settled = tokio::select! {
        stopped = told_to_stop() => return stopped.map(|()| ExitCode::FAILURE),
        settled = converger.settle(&wanted) => settled,
    };
    board.heartbeat();
    stop.cancel();
    reporting.await?;
    let settled = settled.map_err(|trouble| anyhow::anyhow!("{}", trouble.text))?;
    anyhow::ensure!(board.unsent(1).is_empty(), "not every report reached the hub");
    for (deployment, how) in &settled {
        tracing::info!(%deployment, ?how, "settled");
    }
    let is = |what: fn(&Settled) -> bool| settled.values().any(what);
    match (is(|how| matches!(how, Settled::Failed(_))), is(|how| matches!(how, Settled::Troubled(_)))) {
        (true, _) => Ok(ExitCode::from(A_DEPLOYMENT_FAILED)),
        (false, true) => anyhow::bail!("a deployment could not be brought about now"),
        (false, false) => Ok(ExitCode::SUCCESS),
    }
}

async fn told_to_stop() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
