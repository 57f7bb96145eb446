//! What can be measured, in the order in which it is: one file each.

mod append;
mod fanout;
mod footprint;
mod heartbeats;
mod lag;
mod query;
mod reading;
mod registry;
mod size;
mod stranger;

use anyhow::{Context as _, Result, bail};

use crate::row::Row;
use crate::sample::Effort;
use crate::site::{Database, Site};

/// A new one gets a variant here, an arm in `Session::run`, and a file beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Bench {
    /// sizes of the binaries
    Size,
    /// durable appends against raw inserts
    Append,
    /// memory and processor time of hub and agent, idle
    Footprint,
    /// fleet and license audit, asked over GraphQL
    Query,
    /// the worst document of somebody who has not signed in
    Stranger,
    /// from a mutation to the last subscriber
    Fanout,
    /// reports over HTTP, with authentication
    Heartbeats,
    /// how far the fleet's read model is behind under load
    Lag,
    /// replay and rebuild against reading the log alone
    Reading,
    /// the registry against Debian's `docker-registry`, which must be installed
    Registry,
}

/// Holds what several of them need: the hub with its fleet is started when it is first used.
pub struct Session {
    effort: Effort,
    site: Option<Site>,
}

impl Session {
    pub fn new(effort: Effort) -> Self {
        Self { effort, site: None }
    }

    /// `benches` in their own order.
    pub async fn run(mut self, mut benches: Vec<Bench>) -> Result<Vec<Row>> {
        benches.sort();
        benches.dedup();
        let effort = self.effort.clone();
        let mut rows = vec![];
        for bench in benches {
            eprintln!("{bench:?} …");
            let measured = match bench {
                Bench::Size => size::run(),
                Bench::Append => append::run(&effort).await,
                Bench::Footprint => footprint::run(&effort, self.site().await?).await,
                Bench::Query => query::run(&effort, self.site().await?).await,
                Bench::Stranger => stranger::run(&effort, self.site().await?).await,
                Bench::Fanout => fanout::run(&effort, self.site().await?).await,
                Bench::Heartbeats => heartbeats::run(&effort, self.site().await?).await,
                Bench::Lag => lag::run(&effort, self.site().await?).await,
                Bench::Reading => reading::run(&effort, self.database().await?).await,
                Bench::Registry => registry::run(&effort).await,
            };
            rows.extend(measured.with_context(|| format!("cannot measure {bench:?}"))?);
        }
        Ok(rows)
    }

    async fn site(&mut self) -> Result<&mut Site> {
        if self.site.is_none() {
            self.site = Some(Site::start(&self.effort).await.context("cannot start a hub with a fleet")?);
        }
        match &mut self.site {
            Some(site) => Ok(site),
            None => bail!("the site was stopped"),
        }
    }

    /// The database with all that the other benches left in its log; its hub is stopped.
    async fn database(&mut self) -> Result<Database> {
        self.site().await?;
        self.site.take().context("the site was stopped")?.stop_hub().await
    }
}
