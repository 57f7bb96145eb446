//! What goes wrong, and when: chosen by the seed.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::Signal;

use super::machines::Machines;
use super::site::{Site, Topology};
use crate::proxy::Cut;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// `kill -9` of a hub
    Hub,
    /// `kill -9` of the Postgres server
    Server,
    /// `kill -9` of one of its connections' processes
    Backend,
    /// a connection to Postgres cut before its commit arrives
    Before,
    /// a connection to Postgres cut after its commit, before the answer
    After,
    /// a hub that stands still for longer than its leases
    Freeze,
    /// `kill -9` of a real agent
    Agent,
}

/// How often each came about.
pub(crate) type Counts = BTreeMap<Fault, usize>;

const FROZEN: Duration = Duration::from_millis(6_500);

impl Fault {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fault::Hub => "hub",
            Fault::Server => "postgres",
            Fault::Backend => "backend",
            Fault::Before => "cut before commit",
            Fault::After => "cut after commit",
            Fault::Freeze => "frozen hub",
            Fault::Agent => "agent",
        }
    }

    fn choose(dice: &mut StdRng, topology: Topology) -> Self {
        match dice.random_range(0..14) {
            0..=2 => Fault::Hub,
            3 | 4 => Fault::Server,
            5 => Fault::Backend,
            6 | 7 => Fault::Before,
            8..=10 => Fault::After,
            11 if topology == Topology::TwoHubs => Fault::Freeze,
            11 => Fault::After,
            _ => Fault::Agent,
        }
    }
}

/// A round's faults, one after another at random moments. `lasting` is how long the round takes without them.
pub(crate) async fn strike(site: &Site, machines: &Machines, dice: &mut StdRng, lasting: Duration) -> Counts {
    let mut counts = Counts::new();
    let count = dice.random_range(2..=6);
    let pause = lasting / (count + 1);
    for _ in 0..count {
        tokio::time::sleep(pause.mul_f64(dice.random_range(0.4..1.6))).await;
        let fault = Fault::choose(dice, site.topology);
        if happen(fault, site, machines, dice).await {
            *counts.entry(fault).or_default() += 1;
        }
    }
    tokio::time::sleep(pause).await;
    counts
}

/// Whether it came about. A cut that is ordered counts: the next commit that passes meets it.
async fn happen(fault: Fault, site: &Site, machines: &Machines, dice: &mut StdRng) -> bool {
    let hub = dice.random_range(0..site.hubs.len());
    match fault {
        Fault::Hub => site.hubs[hub].signal(Signal::KILL),
        Fault::Server => site.cluster.kill_server(),
        Fault::Backend => site.cluster.kill_backend(dice).await.unwrap_or(false),
        Fault::Before | Fault::After => {
            let cut = if fault == Fault::Before { Cut::BeforeCommit } else { Cut::AfterCommit };
            (0..dice.random_range(1..=4)).for_each(|_| site.proxy.arm(cut));
            true
        }
        Fault::Freeze => {
            let frozen = site.hubs[hub].signal(Signal::STOP);
            tokio::time::sleep(FROZEN).await;
            site.hubs[hub].signal(Signal::CONT);
            frozen
        }
        Fault::Agent => match machines.agents.len() {
            0 => false,
            count => machines.agents[dice.random_range(0..count)].process.signal(Signal::KILL),
        },
    }
}
