//! How far the fleet's read model is behind the log while the fleet reports: from when a position is given out until a
//! query shows it.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Result;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_postgres::Client;

use crate::bench::heartbeats::RATE;
use crate::load::{Pace, Plan, greet, run as run_load};
use crate::row::Row;
use crate::sample::{Effort, median, percentile};
use crate::site::Site;

const CONNECTIONS: usize = 1_000;
const LOOK: Duration = Duration::from_millis(10);

pub(super) async fn run(effort: &Effort, site: &mut Site) -> Result<Vec<Row>> {
    let client = site.database.connect().await?;
    let plan = Plan {
        address: site.address(),
        connections: CONNECTIONS,
        reports_per_request: 1,
        pace: Pace::Open(RATE),
        duration: effort.warm_up(),
    };
    greet(plan.address, &mut site.agents).await?;
    run_load(plan, &mut site.agents).await?;
    let (mut middles, mut slowest) = (vec![], vec![]);
    for _ in 0..effort.rounds {
        let plan = Plan { duration: effort.sample(), ..plan };
        let mut lags = tokio::select! {
            outcome = run_load(plan, &mut site.agents) => {
                outcome?;
                anyhow::bail!("the load ended before the watch did")
            }
            lags = watch(&client, effort.sample().mul_f64(0.9)) => lags?,
        };
        middles.push(percentile(&mut lags, 50.0));
        slowest.push(percentile(&mut lags, 99.0));
        site.settle().await?;
    }
    Ok(vec![
        Row::new("lag.fleet at 3 000/s.p50", median(middles), "ms"),
        Row::new("lag.fleet at 3 000/s.p99", median(slowest), "ms"),
    ])
}

/// For each head that was seen, how long until the read model was there, in milliseconds.
async fn watch(client: &Client, time: Duration) -> Result<Vec<f64>> {
    let sql = "SELECT (SELECT position FROM eventlog.head), (SELECT position FROM read.checkpoint WHERE group_name = 'fleet')";
    let statement = client.prepare(sql).await?;
    let mut heads: VecDeque<(i64, Instant)> = VecDeque::new();
    let (mut lags, began) = (vec![], Instant::now());
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while began.elapsed() < time {
        look.tick().await;
        let asked = Instant::now();
        let row = client.query_one(&statement, &[]).await?;
        let (head, shown): (i64, i64) = (row.get(0), row.get(1));
        heads.push_back((head, asked));
        while let Some((_, seen)) = heads.pop_front_if(|(position, _)| *position <= shown) {
            lags.push(asked.duration_since(seen).as_secs_f64() * 1000.0);
        }
    }
    // those that are still waited for count with what they have waited
    lags.extend(heads.into_iter().map(|(_, seen)| seen.elapsed().as_secs_f64() * 1000.0));
    Ok(lags)
}
