//! Our registry against Debian's `docker-registry` (CNCF distribution) on the same disk, by the same client: bytes in and
//! out, manifests asked for with a token that is verified each time, many who pull at once, and memory. We record each
//! pull, ask licenses and the caller's credential with each request, and sync what we acknowledge; the peer does none of it.

mod client;
mod content;
mod manifests;
mod ours;
mod peer;
mod pulling;
mod pushing;

use anyhow::Result;

use crate::process::{highest, proportional, resident};
use crate::row::Row;
use crate::sample::{Effort, Measure, alternate};
use crate::site::Database;

use content::Content;
use manifests::{Ask, Asking};
use ours::Ours;
use peer::Peer;
use pulling::{PullLarge, PullMany, PullSmall};
use pushing::{PushLarge, PushSmall};

const BOTH_REPOSITORIES: &str = "acme/bench";
/// Memory should be a quarter of the peer's.
const MEMORY_AIM: f64 = 4.0;

/// Who asks. Each customer is licensed for what it pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Vendor,
    Customer(usize),
}

/// Customers with a license and a robot each.
const CUSTOMERS: usize = 16;

/// One of the two, with the token that it takes for its repository.
#[derive(Debug, Clone, Copy)]
enum Subject<'a> {
    Ours(&'a Ours),
    Peer(&'a Peer),
}

impl Subject<'_> {
    fn address(self) -> std::net::SocketAddr {
        match self {
            Self::Ours(ours) => ours.address(),
            Self::Peer(peer) => peer.address,
        }
    }

    /// Good for minutes: each sample begins with new ones.
    async fn token(self, who: Who) -> Result<String> {
        match self {
            Self::Ours(ours) => ours.token(who).await,
            Self::Peer(peer) => peer.token(who),
        }
    }
}

pub(super) async fn run(effort: &Effort) -> Result<Vec<Row>> {
    let content = Content::make(effort);
    let peer = Peer::start().await?;
    let ours = Ours::start(Database::start().await?).await?;
    let idle = (Memory::of_ours(&ours)?, resident(peer.pid())?);
    let subjects = [Subject::Ours(&ours), Subject::Peer(&peer)];
    for subject in subjects {
        content.push(subject).await?;
    }
    ours.publish(&content).await?;
    let mut postgres = Memory::of_ours(&ours)?.postgres;
    let mut rows = vec![];
    for bench in [Part::PushLarge, Part::PushSmall, Part::PullLarge, Part::PullSmall, Part::Manifests, Part::PullMany] {
        rows.extend(bench.run(effort, &content, subjects).await?);
        postgres = postgres.max(Memory::of_ours(&ours)?.postgres);
    }
    let (our_highest, their_highest) = (highest(ours.hub_pid())?, highest(peer.pid())?);
    let row = |name: &str, value: f64, peer| {
        Row::new(format!("registry.memory.{name}"), value, "MiB").under(peer).aim(MEMORY_AIM)
    };
    rows.extend([
        row("idle", idle.0.hub, idle.1),
        row("idle, Postgres included", idle.0.hub + idle.0.postgres, idle.1),
        row("highest", our_highest, their_highest),
        row("highest, Postgres included", our_highest + postgres, their_highest),
    ]);
    ours.stop().await?;
    Ok(rows)
}

/// In MiB.
struct Memory {
    hub: f64,
    postgres: f64,
}

impl Memory {
    fn of_ours(ours: &Ours) -> Result<Self> {
        Ok(Self { hub: resident(ours.hub_pid())?, postgres: proportional(ours.database.process()?)? })
    }
}

#[derive(Debug, Clone, Copy)]
enum Part {
    PushLarge,
    PushSmall,
    PullLarge,
    PullSmall,
    Manifests,
    PullMany,
}

impl Part {
    async fn run(self, effort: &Effort, content: &Content, subjects: [Subject<'_>; 2]) -> Result<Vec<Row>> {
        let large = format!("{} MiB", content.large.mebibytes());
        let small = format!("{} small blobs", content.small.len());
        let mut rows = vec![];
        match self {
            Self::PushLarge => {
                for (when, on_disk) in [("", false), (", both on the disk", true)] {
                    let [mut ours, mut peer] = subjects.map(|subject| PushLarge { subject, content, on_disk });
                    rows.push(against(effort, format!("push.{large}{when}"), "MiB/s", &mut ours, &mut peer).await?);
                }
            }
            Self::PushSmall => {
                for (when, on_disk) in [("", false), (", both on the disk", true)] {
                    let [mut ours, mut peer] = subjects.map(|subject| PushSmall { subject, content, on_disk });
                    rows.push(against(effort, format!("push.{small}{when}"), "blobs/s", &mut ours, &mut peer).await?);
                }
            }
            Self::PullLarge => {
                let [mut ours, mut peer] = subjects.map(|subject| PullLarge { subject, content });
                rows.push(against(effort, format!("pull.{large}"), "MiB/s", &mut ours, &mut peer).await?);
            }
            Self::PullSmall => {
                let [mut ours, mut peer] = subjects.map(|subject| PullSmall { subject, content });
                rows.push(against(effort, format!("pull.{small}"), "blobs/s", &mut ours, &mut peer).await?);
            }
            Self::Manifests => {
                for asking in Asking::ALL {
                    let [mut ours, mut peer] = subjects.map(|subject| Ask { subject, content, asking });
                    rows.push(against(effort, asking.name(), "requests/s", &mut ours, &mut peer).await?);
                }
            }
            Self::PullMany => {
                let [mut ours, mut peer] = subjects.map(|subject| PullMany { subject, content });
                rows.push(against(effort, PullMany::NAME.to_owned(), "MiB/s", &mut ours, &mut peer).await?);
            }
        }
        Ok(rows)
    }
}

async fn against(
    effort: &Effort,
    name: String,
    unit: &'static str,
    ours: &mut dyn Measure,
    peer: &mut dyn Measure,
) -> Result<Row> {
    let figures = alternate(effort, &mut [ours, peer]).await?;
    Ok(Row::new(format!("registry.{name}"), figures[0], unit).over(figures[1]).aim(1.0))
}
