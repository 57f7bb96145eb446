//! What the processes cost: the hub with a fleet that is silent and with one that reports, and a real agent that has
//! nothing to do but to say so.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::load::{Pace, Plan, greet, run as run_load};
use crate::process::{Cpu, Watched, resident};
use crate::row::Row;
use crate::sample::Effort;
use crate::site::{Site, binary};

const AGENT_MIB: f64 = 20.0;
const AGENT_IDLE_PERCENT: f64 = 0.5;
const CONNECTIONS: usize = 1_000;
/// Of one target; a fleet of 10 000 makes 2 000 reports a second of it.
const HEARTBEAT: f64 = 5.0;
/// The agent's processor time counts in hundredths of a second.
const AGENT_SAMPLES: u32 = 5;
const ENROLLED_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn run(effort: &Effort, site: &mut Site) -> Result<Vec<Row>> {
    let mut rows = vec![];
    rows.extend(hub(effort, site).await?);
    rows.extend(agent(effort, site, "idle", None).await?);
    rows.extend(agent(effort, site, "reporting each second", Some("1")).await?);
    Ok(rows)
}

async fn hub(effort: &Effort, site: &mut Site) -> Result<Vec<Row>> {
    site.settle().await?;
    let cpu = Cpu::watch(Watched::One(site.hub_pid()))?;
    sleep(effort.sample()).await;
    let idle = (resident(site.hub_pid())?, cpu.cores()? * 100.0);
    let plan = Plan {
        address: site.address(),
        connections: CONNECTIONS,
        reports_per_request: 1,
        pace: Pace::Open(site.agents.len() as f64 / HEARTBEAT),
        duration: effort.sample() * 2,
    };
    greet(plan.address, &mut site.agents).await?;
    let cpu = Cpu::watch(Watched::One(site.hub_pid()))?;
    run_load(plan, &mut site.agents).await?;
    let busy = (resident(site.hub_pid())?, cpu.cores()? * 100.0);
    site.settle().await?;
    Ok(vec![
        Row::new("footprint.hub idle.memory", idle.0, "MiB"),
        Row::new("footprint.hub idle.processor", idle.1, "% of a core"),
        Row::new("footprint.hub while the fleet reports.memory", busy.0, "MiB"),
        Row::new("footprint.hub while the fleet reports.processor", busy.1, "% of a core"),
    ])
}

async fn agent(effort: &Effort, site: &Site, name: &str, interval: Option<&str>) -> Result<Vec<Row>> {
    let target = name.replace(' ', "-");
    let agent = Agent::start(site, &target, interval).await?;
    // what it does but once after its start is over then
    sleep(effort.sample()).await;
    let cpu = Cpu::watch(Watched::One(agent.0.id()))?;
    sleep(effort.sample() * AGENT_SAMPLES).await;
    let (memory, percent) = (resident(agent.0.id())?, cpu.cores()? * 100.0);
    let mut rows = vec![
        Row::new(format!("footprint.agent {name}.memory"), memory, "MiB").under(AGENT_MIB).aim(1.0),
        Row::new(format!("footprint.agent {name}.processor"), percent, "% of a core"),
    ];
    if interval.is_none() {
        // with nothing counted at all, less than one tick was used
        let floor = 1.0 / (effort.sample() * AGENT_SAMPLES).as_secs_f64();
        rows[1] = Row { value: percent.max(floor), ..rows[1].clone() }.under(AGENT_IDLE_PERCENT).aim(1.0);
    }
    Ok(rows)
}

/// The real `distr-agent`; killed when it is dropped.
struct Agent(Child);

impl Agent {
    /// Returns when the hub has heard from it.
    async fn start(site: &Site, target: &str, interval: Option<&str>) -> Result<Self> {
        let mut graphql = site.graphql().await?;
        let customer = site.fleet.customers.first().context("a fleet has a customer")?.as_str();
        let register = "mutation ($c: Name!, $t: Name!) {
            targetRegister(customer: $c, name: $t) { enrolment { token } }
        }";
        let data = graphql.ask(register, json!({ "c": customer, "t": target })).await?;
        let token = data["targetRegister"]["enrolment"]["token"].as_str().context("an enrolment has a token")?;
        let folder = site.database.folder();
        let child = Command::new(binary("distr-agent")?)
            .arg("run")
            .args(interval.into_iter().flat_map(|seconds| ["--interval", seconds]))
            .args(["--hub", &format!("http://{}", site.address())])
            .env("DISTR_AGENT_DATA_DIR", folder.join(format!("agent-{target}")))
            .env("DISTR_ENROLMENT_TOKEN", token)
            .stdin(Stdio::null())
            .stderr(File::create(folder.join(format!("agent-{target}.log")))?)
            .spawn()
            .context("cannot start distr-agent")?;
        let agent = Self(child);
        let began = Instant::now();
        let state = "query ($c: Name!, $t: Name!) { target(customer: $c, name: $t) { lastHeartbeatAt } }";
        while graphql.ask(state, json!({ "c": customer, "t": target })).await?["target"]["lastHeartbeatAt"].is_null() {
            ensure!(began.elapsed() < ENROLLED_WITHIN, "the agent does not report");
            sleep(Duration::from_millis(100)).await;
        }
        Ok(agent)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
