//! What follows the log as long as the hub runs: the read models, and the feed of changes. All of it reads the log once, together.

use std::sync::Arc;

use anyhow::Context;
use distr_eventlog::{Entry, EventLog, Position, Tail};
use distr_projections::{FollowerHandle, Group, Runner, groups};
use tokio::task::JoinHandle;

use super::stores::Stores;
use crate::feed::Changes;
use crate::models::ModelsProgress;
use crate::traces::Traces;

pub(super) struct Following {
    /// for whoever else follows it
    pub log: Arc<dyn EventLog>,
    pub changes: Changes,
    pub progress: ModelsProgress,
    runners: Vec<FollowerHandle>,
    follower: JoinHandle<()>,
}

impl Following {
    pub(super) async fn start(stores: &Stores, traces: Traces) -> anyhow::Result<Self> {
        let log: Arc<dyn EventLog> = Arc::new(Tail::start(stores.log.port()));
        let head: Position = log.head().await?;
        let groups = groups(&*stores.read.get().await?).await.context("cannot prepare the projections")?;
        let runners: Vec<FollowerHandle> = groups
            .into_iter()
            .map(|group| {
                let traces = traces.clone();
                let applied = move |entries: &[Entry], took| traces.projected(group.name, entries, took);
                Runner::start(group, log.clone(), stores.read.clone(), stores.owner, applied)
            })
            .collect();
        let progress_of = |group| {
            let runner = runners.iter().find(|runner| runner.name == group);
            runner.map(|runner| runner.progress.clone()).with_context(|| format!("there is no group {group}"))
        };
        let progress = ModelsProgress {
            core: progress_of(Group::CORE)?,
            fleet: progress_of(Group::FLEET)?,
            audit: progress_of(Group::AUDIT)?,
        };
        let changes = Changes::new(traces);
        let follower = changes.clone().follow(log.clone(), head, progress.core.clone(), progress.fleet.clone());
        Ok(Self { log, changes, progress, runners, follower: tokio::spawn(follower) })
    }

    pub(super) async fn stop(self) {
        self.follower.abort();
        for runner in self.runners {
            runner.stop().await;
        }
    }
}
