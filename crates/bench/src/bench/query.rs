//! What a dashboard asks of a large fleet, page by page through all of it: the targets with state and what runs, and the
//! license audit. Once at rest, once while each target reports every five seconds.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::load::{Pace, Plan, greet, run as run_load};
use crate::row::Row;
use crate::sample::{Effort, percentile};
use crate::site::Site;

const LIMIT_MS: f64 = 50.0;
const PAGE: usize = 100;
const CONNECTIONS: usize = 1_000;
/// Seconds between two reports of a target, as the hub asks for by default.
const HEARTBEAT: f64 = 5.0;

const FLEET: &str = "query ($after: String, $first: Int!) {
    list: targets(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { name state lastHeartbeatAt agentVersion customer { name }
                deployments { application { name } phase runningVersion } }
    }
}";
const AUDIT: &str = "query ($after: String, $first: Int!) {
    list: licenseAudit(first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { position at kind actor customer { name } application { name } subject reason }
    }
}";
const AUDIT_OF_CUSTOMER: &str = "query ($after: String, $first: Int!, $customer: Name!) {
    list: licenseAudit(customer: $customer, first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { position at kind actor customer { name } application { name } subject reason }
    }
}";

pub(super) async fn run(effort: &Effort, site: &mut Site) -> Result<Vec<Row>> {
    greet(site.address(), &mut site.agents).await?;
    site.settle().await?;
    let mut rows = vec![];
    rows.extend(ask_all(effort, site, "").await?);
    let mut agents = std::mem::take(&mut site.agents);
    let plan = Plan {
        address: site.address(),
        connections: CONNECTIONS,
        reports_per_request: 1,
        pace: Pace::Open(agents.len() as f64 / HEARTBEAT),
        duration: Duration::from_secs(24 * 3600),
    };
    let under_load = tokio::select! {
        outcome = run_load(plan, &mut agents) => {
            outcome?;
            anyhow::bail!("the load ended before the queries did")
        }
        rows = ask_all(effort, site, " while reporting") => rows?,
    };
    rows.extend(under_load);
    site.agents = agents;
    Ok(rows)
}

async fn ask_all(effort: &Effort, site: &Site, when: &str) -> Result<Vec<Row>> {
    let customer = site.fleet.customers.last().map(ToString::to_string);
    let questions = [
        ("fleet", FLEET, json!({})),
        ("license audit", AUDIT, json!({})),
        ("license audit of a customer", AUDIT_OF_CUSTOMER, json!({ "customer": customer })),
    ];
    let mut rows = vec![];
    for (name, query, variables) in questions {
        ask(site, effort.warm_up(), query, &variables).await?;
        let mut waits = vec![];
        for _ in 0..effort.rounds {
            waits.extend(ask(site, effort.sample(), query, &variables).await?);
        }
        let name = format!("query.{name}{when}");
        rows.push(Row::new(format!("{name}.p50"), percentile(&mut waits, 50.0), "ms"));
        rows.push(Row::new(format!("{name}.p95"), percentile(&mut waits, 95.0), "ms").under(LIMIT_MS).aim(1.0));
    }
    Ok(rows)
}

/// Page after page, from the start again after the last; how long each took, in milliseconds.
async fn ask(site: &Site, time: Duration, query: &str, variables: &Value) -> Result<Vec<f64>> {
    let mut graphql = site.graphql().await?;
    let (mut waits, mut after, began) = (vec![], Value::Null, Instant::now());
    while began.elapsed() < time {
        let mut variables = variables.clone();
        variables["first"] = PAGE.into();
        variables["after"] = after;
        let asked = Instant::now();
        let data = graphql.ask(query, variables).await?;
        waits.push(asked.elapsed().as_secs_f64() * 1000.0);
        let page = &data["list"]["pageInfo"];
        after = if page["hasNextPage"] == true { page["endCursor"].clone() } else { Value::Null };
    }
    Ok(waits)
}
