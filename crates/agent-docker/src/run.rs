//! `distr-agent run`: puts the parts together, and stops them in order.

use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result};
use distr_agent::enrol;
use distr_agent::host_trust::HostTrust;
use distr_agent::hub::Hub;
use distr_agent::secret::CurrentSecret;
use distr_agent::work::{Work, told_to_stop};
use distr_agent_docker::engine::Engine;
use distr_agent_docker::execute::{Executor, Timing};
use distr_agent_docker::policy::PolicyFile;
use distr_agent_docker::wake;
use tokio::sync::Notify;

use crate::Run;

const A_DEPLOYMENT_FAILED: u8 = 3;

pub(crate) async fn run(options: &Run) -> Result<ExitCode> {
    let data = options.place.open()?;
    let _lock = data.lock()?;
    HostTrust::pin_files(&data, &options.pins.keys).await?;
    let transport = options.insecure.transport();
    let identity = enrol::identity(&data, options.hub.as_deref(), transport).await?;
    let hub = Hub::try_new(options.hub.as_deref().unwrap_or(&identity.hub), transport)?;
    tracing::info!(target_id = %identity.target, hub = hub.base(), "the agent starts");
    let secret = CurrentSecret::new(identity.secret);
    let engine = Arc::new(Engine::default());
    let executor = Executor {
        engine: Arc::clone(&engine),
        data: data.clone(),
        secret: secret.clone(),
        policy: PolicyFile { path: options.policy.path() },
        hub: hub.authority(),
        timing: Timing { soak: Duration::from_secs(options.soak.into()), ..Timing::default() },
        restarts: Mutex::default(),
    };
    let work = Work { runtime: Arc::new(executor), data, hub: Box::new(hub), secret, interval: options.interval };
    let stop = told_to_stop().context("cannot listen for SIGTERM")?;
    if options.once {
        return match work.once(stop.clone()).await?.has_failed()? {
            _ if stop.is_cancelled() => Ok(ExitCode::FAILURE),
            true => Ok(ExitCode::from(A_DEPLOYMENT_FAILED)),
            false => Ok(ExitCode::SUCCESS),
        };
    }
    let wake = Arc::new(Notify::new());
    let events = tokio::spawn(wake::on_events(engine, Arc::clone(&wake)));
    work.for_ever(wake, stop).await?;
    events.abort();
    Ok(ExitCode::SUCCESS)
}
