//! Reports over HTTP to the real hub, each agent with its own credential, the whole fleet in turn: as quickly as they are
//! answered, singly and a hundred a request; and at the rate that one core should carry, with how long they wait.

use std::time::Duration;

use anyhow::Result;
use async_trait::async_trait;

use crate::load::{Agent, CONNECTIONS, Outcome, Pace, Plan, greet, run as run_load};
use crate::process::{Cpu, Watched};
use crate::row::Row;
use crate::sample::{Effort, Measure, alternate, median};
use crate::site::Site;
use crate::wire::Connection;

/// Reports a second that one core of the hub should carry, and how long the slowest hundredth may take.
pub(super) const RATE: f64 = 3_000.0;
const WAIT_MS: f64 = 50.0;
const BATCH: usize = 100;
/// Agents do not share connections.
const OPEN_CONNECTIONS: usize = 1_000;

pub(super) async fn run(effort: &Effort, site: &mut Site) -> Result<Vec<Row>> {
    let plan = Plan {
        address: site.address(),
        connections: CONNECTIONS,
        reports_per_request: 1,
        pace: Pace::Closed,
        duration: Duration::ZERO,
    };
    greet(plan.address, &mut site.agents).await?;
    let mut bare = Bare { plan };
    let mut singles = Reports { plan, agents: site.agents.clone() };
    let figures = alternate(effort, &mut [&mut bare, &mut singles]).await?;
    site.agents = singles.agents;
    let mut rows = vec![
        Row::new("heartbeats.singles vs 3 000/s", figures[1], "reports/s").over(RATE).aim(1.0),
        Row::new("heartbeats.singles vs bare HTTP", figures[1], "reports/s").over(figures[0]),
    ];
    rows.extend(at_rate(effort, site, plan).await?);
    let plan = Plan { reports_per_request: BATCH, ..plan };
    let mut batches = Reports { plan, agents: site.agents.clone() };
    let figures = alternate(effort, &mut [&mut batches]).await?;
    site.agents = batches.agents;
    rows.push(Row::new("heartbeats.batches of 100", figures[0], "reports/s").over(RATE).aim(1.0));
    site.settle().await?;
    Ok(rows)
}

/// At a fixed rate, whatever the answers do.
async fn at_rate(effort: &Effort, site: &mut Site, plan: Plan) -> Result<Vec<Row>> {
    let (mut rates, mut middles, mut slowest) = (vec![], vec![], vec![]);
    let (mut hub, mut postgres, mut driver) = (vec![], vec![], vec![]);
    let plan = Plan { connections: OPEN_CONNECTIONS, pace: Pace::Open(RATE), duration: effort.warm_up(), ..plan };
    run_load(plan, &mut site.agents).await?;
    for _ in 0..effort.rounds {
        let of_hub = Cpu::watch(Watched::One(site.hub_pid()))?;
        let of_postgres = Cpu::watch(site.database.process()?)?;
        let of_driver = Cpu::watch(Watched::One(std::process::id()))?;
        let plan = Plan { duration: effort.sample(), ..plan };
        let mut outcome: Outcome = run_load(plan, &mut site.agents).await?;
        hub.push(of_hub.cores()?);
        postgres.push(of_postgres.cores()?);
        driver.push(of_driver.cores()?);
        rates.push(outcome.reports_per_second());
        middles.push(outcome.wait(50.0));
        slowest.push(outcome.wait(99.0));
    }
    let rate = median(rates);
    let row = |name: &str, figures, unit| Row::new(format!("heartbeats.at 3 000/s.{name}"), median(figures), unit);
    Ok(vec![
        Row::new("heartbeats.at 3 000/s.answered", rate, "reports/s").over(RATE),
        row("p50", middles, "ms"),
        row("p99", slowest, "ms").under(WAIT_MS).aim(1.0),
        row("hub", hub, "cores").under(1.0).aim(1.0),
        row("Postgres", postgres, "cores"),
        row("driver", driver, "cores"),
    ])
}

struct Reports {
    plan: Plan,
    agents: Vec<Agent>,
}

#[async_trait]
impl Measure for Reports {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let outcome = run_load(Plan { duration: time, ..self.plan }, &mut self.agents).await?;
        Ok(outcome.reports_per_second())
    }
}

/// What the hub's HTTP does without any work behind it: `/healthz` over as many connections.
struct Bare {
    plan: Plan,
}

#[async_trait]
impl Measure for Bare {
    async fn sample(&mut self, time: Duration) -> Result<f64> {
        let ask = async || {
            let mut connection = Connection::open(self.plan.address).await?;
            let (began, mut count) = (tokio::time::Instant::now(), 0);
            while began.elapsed() < time {
                connection.get("/healthz").await?;
                count += 1;
            }
            anyhow::Ok(f64::from(count) / began.elapsed().as_secs_f64())
        };
        let rates = futures_util::future::try_join_all((0..self.plan.connections).map(|_| ask())).await?;
        Ok(rates.into_iter().sum())
    }
}
