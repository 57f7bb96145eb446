//! Attacks with real processes: many writers, agents and watchers, and hubs, Postgres, agents and connections that are cut
//! down at random moments. After each round the log, everybody's books, the read models and the machines are compared.
//!
//! `script/torture` runs it for minutes; a short run is part of the test suite.

mod api;
mod audit;
mod cluster;
mod counted;
mod faults;
mod findings;
mod fleet;
mod ledger;
mod machines;
mod observed;
mod process;
mod rebuilt;
mod rounds;
mod scene;
mod signature;
mod site;
mod watchers;
mod writers;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::signal::unix::{SignalKind, signal};

pub use findings::{Findings, Summary};

use rounds::Rounds;
use scene::Scene;

/// How much, for how long, by which dice.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub limit: Limit,
    pub writers: usize,
    /// agents that speak the protocol and run nothing
    pub simulated: usize,
    /// real agents, on the real Docker engine
    pub machines: usize,
    /// of each round, without its faults' own time
    pub round: Duration,
}

#[derive(Debug, Clone, Copy)]
pub enum Limit {
    Rounds(usize),
    /// begins no further round after this
    Time(Duration),
}

/// Runs the plan. The directory stays when something was found, or when the run itself failed.
pub async fn run(plan: &Plan) -> Result<(Summary, PathBuf)> {
    let dir = tempfile::Builder::new().prefix("distr-torture-").tempdir()?.keep();
    // the server user of the embedded Postgres must get through
    std::fs::set_permissions(&dir, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    println!("seed {}; in {}", plan.seed, dir.display());
    let begun = Instant::now();
    let mut dice = StdRng::seed_from_u64(plan.seed);
    let mut scene = Scene::set(plan, dir.clone()).await.context("the scene could not be set")?;
    let outcome = tokio::select! {
        outcome = Rounds::new(plan, &mut dice).play(&mut scene) => outcome,
        () = stop_signal() => Err(anyhow::anyhow!("interrupted")),
    };
    scene.clear().await;
    let mut summary = outcome.with_context(|| format!("the run failed; see {}", dir.display()))?;
    summary.took = begun.elapsed();
    if summary.findings.none() {
        std::fs::remove_dir_all(&dir)?;
    }
    Ok((summary, dir))
}

/// What was started must be ended, also when somebody has seen enough.
async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
