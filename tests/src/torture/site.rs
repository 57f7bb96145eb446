//! Where it all happens: a data directory, Postgres, the proxy, one hub or two. Either one hub runs its embedded Postgres
//! or two hubs share one that the driver runs; it is the same database all along.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tokio::process::Command;

use super::api::Api;
use super::cluster::{Cluster, Keeper};
use super::process::Process;
use crate::binary;
use crate::hub::{OWNER, PASSWORD};
use crate::ports::free_port;
use crate::prepared;
use crate::proxy::Proxy;

const READY_WITHIN: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topology {
    OneHub,
    TwoHubs,
}

pub(crate) struct Site {
    pub(crate) dir: PathBuf,
    pub(crate) cluster: Cluster,
    pub(crate) proxy: Proxy,
    pub(crate) topology: Topology,
    pub(crate) hubs: Vec<Process>,
    /// how often a hub was started, over all topologies
    starts: usize,
    ports: [u16; 2],
    keeper: Option<Keeper>,
}

impl Site {
    /// With one hub, its organization and its owner.
    pub(crate) async fn start(dir: PathBuf) -> Result<Self> {
        std::fs::write(dir.join("password"), PASSWORD)?;
        // a cluster whose password is known before the hub's first start
        prepared::put_into(&dir.join("hub"));
        let cluster = Cluster::new(dir.join("hub/postgres"));
        let behind = cluster.clone();
        let proxy = Proxy::start(move || behind.socket()).await;
        let ports = [free_port(), free_port()];
        let topology = Topology::OneHub;
        let mut site = Self { dir, cluster, proxy, topology, hubs: vec![], starts: 0, ports, keeper: None };
        site.hubs.push(site.hub(0));
        site.ready().await?;
        Ok(site)
    }

    /// Every hub stops as it is asked to, and the others start.
    pub(crate) async fn change(&mut self, topology: Topology) -> Result<()> {
        if self.topology == topology {
            return Ok(());
        }
        self.stop().await?;
        self.topology = topology;
        if topology == Topology::TwoHubs {
            self.keeper = Some(Keeper::start(&self.cluster).await?);
        }
        self.hubs = (0..self.count()).map(|number| self.hub(number)).collect();
        self.ready().await
    }

    pub(crate) async fn stop(&mut self) -> Result<()> {
        self.starts += self.hubs.iter().map(Process::starts).sum::<usize>();
        futures_util::future::join_all(self.hubs.drain(..).map(Process::stop)).await;
        match self.keeper.take() {
            Some(keeper) => keeper.stop().await,
            None => Ok(()),
        }
    }

    pub(crate) fn count(&self) -> usize {
        match self.topology {
            Topology::OneHub => 1,
            Topology::TwoHubs => 2,
        }
    }

    pub(crate) fn url(&self, hub: usize) -> String {
        format!("http://127.0.0.1:{}", self.ports[hub])
    }

    /// `host:port`, as images name the registry.
    pub(crate) fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    pub(crate) fn starts(&self) -> usize {
        self.starts + self.hubs.iter().map(Process::starts).sum::<usize>()
    }

    /// Returns when every hub answers.
    pub(crate) async fn ready(&self) -> Result<()> {
        let begun = Instant::now();
        for number in 0..self.count() {
            let url = format!("{}/readyz", self.url(number));
            while let Err(seen) = Api::get(&url).await {
                if begun.elapsed() > READY_WITHIN {
                    bail!("hub {number} is not ready after {READY_WITHIN:?}: {seen}");
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    /// Nothing is frozen, nothing is about to be cut, every hub answers.
    pub(crate) async fn calm(&self) -> Result<()> {
        self.proxy.disarm();
        for hub in &self.hubs {
            hub.signal(Signal::CONT);
        }
        self.ready().await.context("after the faults")
    }

    fn hub(&self, number: usize) -> Process {
        let (dir, port, public) = (self.dir.clone(), self.ports[number], self.url(0));
        let through_proxy = self.cluster.url_through(self.proxy.port);
        let shared = self.topology == Topology::TwoHubs;
        let command = move || {
            let mut command = Command::new(binary("distr-hub"));
            command
                .arg("serve")
                .env("DISTR_DATA_DIR", dir.join("hub"))
                .env("DISTR_LISTEN", format!("127.0.0.1:{port}"))
                .env("DISTR_PUBLIC_URL", &public)
                .env("DISTR_BOOTSTRAP_ORGANIZATION", "acme")
                .env("DISTR_BOOTSTRAP_EMAIL", OWNER)
                .env("DISTR_BOOTSTRAP_PASSWORD_FILE", dir.join("password"))
                .env("DISTR_HEARTBEAT_SECONDS", "1")
                .env("DISTR_RATE_LIMIT", "100000")
                .env("EVENTLOG_URL", &through_proxy);
            if shared {
                command.env("DATABASE_URL", &through_proxy);
            }
            command
        };
        Process::start(command, self.dir.join(format!("hub-{number}.log")))
    }
}
