//! Subscribers who all watch the fleet: from the answer to a mutation until the last of them was told what it changed,
//! and how many messages a second go out when changes come without a pause.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::fleet::{APPLICATION, VERSIONS};
use crate::row::Row;
use crate::sample::{Effort, median};
use crate::site::{Graphql, Site};
use crate::socket::Subscribers;

const WATCH: &str = "subscription { targetChanged { name state lastHeartbeatAt deployments { phase } } }";
const DEPLOY: &str = "mutation ($c: Name!, $t: Name!, $a: Name!, $v: Version!) {
    deploymentSetRelease(
        customer: $c, target: $t, application: $a, version: $v, allowDowngrade: true, reason: \"there and back\"
    ) { changed }
}";
/// Mutations without a pause between them.
const BURST: usize = 10;
const WARM_UPS: usize = 10;
const QUIET: Duration = Duration::from_millis(500);

pub(super) async fn run(effort: &Effort, site: &mut Site) -> Result<Vec<Row>> {
    let mut rows = vec![];
    // each a change: the other version on the next target
    let mut number = 0;
    for &count in &effort.subscribers {
        let mut subscribers = Subscribers::open(site.address(), &site.owner, WATCH, count).await?;
        let mut graphql = site.graphql().await?;
        warm_up(site, &mut graphql, &subscribers, count, &mut number).await?;
        let (mut lasts, mut rates) = (vec![], vec![]);
        for _ in 0..effort.rounds {
            let before = subscribers.told();
            deploy(site, &mut graphql, &mut number).await?;
            let acknowledged = Instant::now();
            let last = subscribers.until_told(before + count).await?;
            lasts.push(last.duration_since(acknowledged).as_secs_f64() * 1000.0);

            let began = Instant::now();
            for _ in 0..BURST {
                deploy(site, &mut graphql, &mut number).await?;
            }
            let last = subscribers.until_told(before + count * (BURST + 1)).await?;
            rates.push((count * BURST) as f64 / last.duration_since(began).as_secs_f64());
        }
        rows.push(Row::new(format!("fanout.{count} subscribers.last told"), median(lasts), "ms"));
        rows.push(Row::new(format!("fanout.{count} subscribers.rate"), median(rates), "messages/s"));
    }
    site.settle().await?;
    Ok(rows)
}

/// Until a mutation is told to all: a subscription is not acknowledged.
async fn warm_up(
    site: &Site,
    graphql: &mut Graphql<'_>,
    subscribers: &Subscribers,
    count: usize,
    number: &mut usize,
) -> Result<()> {
    for _ in 0..WARM_UPS {
        let before = subscribers.told();
        deploy(site, graphql, number).await?;
        let mut told = before;
        // until nothing more comes
        loop {
            sleep(QUIET).await;
            if subscribers.told() == told {
                break;
            }
            told = subscribers.told();
        }
        if told == before + count {
            return Ok(());
        }
    }
    ensure!(false, "not every subscriber is told of a change");
    Ok(())
}

async fn deploy(site: &Site, graphql: &mut Graphql<'_>, number: &mut usize) -> Result<()> {
    let target = &site.fleet.targets[*number % site.fleet.targets.len()];
    // deployed is the first version: the second one in the first round over the fleet, and so on
    let version = VERSIONS[(*number / site.fleet.targets.len() + 1) % VERSIONS.len()];
    *number += 1;
    let customer = &site.fleet.customers[target.customer_number];
    let variables = json!({ "c": customer.as_str(), "t": target.name.as_str(), "a": APPLICATION, "v": version });
    let data = graphql.ask(DEPLOY, variables).await?;
    ensure!(data["deploymentSetRelease"]["changed"] == true, "nothing changed: {data}");
    Ok(())
}
