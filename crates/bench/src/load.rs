//! Agents that report: each with its own credential, over connections that stay open. Closed: each connection asks again
//! when it is answered. Open: requests come at their times, whatever became of those before.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use distr_domain::agent::HeartbeatRequest;
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::clock::now;
use crate::fleet::FleetTarget;
use crate::sample::percentile;
use crate::wire::{Connection, put_head};

const PATH: &str = "/agent/v1/heartbeats";

#[derive(Debug, Clone)]
pub struct Agent {
    target: FleetTarget,
    secret: String,
    boot: Uuid,
    sequence: u64,
    etag: Option<String>,
}

#[derive(Debug, Clone, Copy)]
pub enum Pace {
    Closed,
    /// requests a second, over all connections
    Open(f64),
}

#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub address: SocketAddr,
    pub connections: usize,
    pub reports_per_request: usize,
    pub pace: Pace,
    pub duration: Duration,
}

/// What came of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    pub reports: usize,
    /// of each request, in milliseconds
    pub waits: Vec<f64>,
    pub elapsed: Duration,
}

impl Outcome {
    pub fn reports_per_second(&self) -> f64 {
        self.reports as f64 / self.elapsed.as_secs_f64()
    }

    pub fn wait(&mut self, part: f64) -> f64 {
        percentile(&mut self.waits, part)
    }
}

impl Agent {
    pub fn new(target: FleetTarget, secret: String) -> Self {
        Self { target, secret, boot: Uuid::now_v7(), sequence: 0, etag: None }
    }

    fn request(&mut self, reports: usize) -> Result<Vec<u8>> {
        let at = now();
        let reports = (0..reports).map(|_| {
            self.sequence += 1;
            self.target.report(self.boot, self.sequence, at)
        });
        let body =
            HeartbeatRequest { reports: reports.collect(), desired_etag: self.etag.clone(), sent_at: None, behind: 0 };
        let body = serde_json::to_vec(&body)?;
        let mut request = Vec::with_capacity(256 + body.len());
        put_head(&mut request, PATH, Some(&self.secret), body.len());
        request.extend_from_slice(&body);
        Ok(request)
    }

    /// The first answer of all has the desired state; from then on the agent holds it.
    async fn report(&mut self, connection: &mut Connection, reports: usize) -> Result<()> {
        let request = self.request(reports)?;
        let answer = connection.exchange(&request).await?;
        if self.etag.is_none() {
            let etag = answer.json()?["desired"]["etag"].as_str().map(str::to_owned);
            self.etag = Some(etag.context("the first answer has a desired state")?);
        }
        ensure!(answer.status == 200, "a heartbeat is refused: {}", String::from_utf8_lossy(&answer.body));
        Ok(())
    }
}

/// Each agent says once that it is there.
pub async fn greet(address: SocketAddr, agents: &mut [Agent]) -> Result<()> {
    let per_connection = agents.len().div_ceil(CONNECTIONS).max(1);
    try_join_all(agents.chunks_mut(per_connection).map(async |agents| {
        let mut connection = Connection::open(address).await?;
        for agent in agents {
            agent.report(&mut connection, 1).await?;
        }
        anyhow::Ok(())
    }))
    .await?;
    Ok(())
}

/// As many as keep two cores busy.
pub const CONNECTIONS: usize = 64;

/// All agents take turns, spread over the connections. The first request that fails ends the run.
pub async fn run(plan: Plan, agents: &mut [Agent]) -> Result<Outcome> {
    let per_connection = agents.len().div_ceil(plan.connections).max(1);
    let chunks = agents.chunks_mut(per_connection);
    let connections = chunks.len();
    let opened = try_join_all((0..connections).map(|_| Connection::open(plan.address))).await?;
    let began = Instant::now();
    let lines = chunks.zip(opened).enumerate().map(|(number, (agents, connection))| Line {
        plan,
        began,
        number,
        connections,
        agents,
        connection,
    });
    let mut outcome = Outcome::default();
    for line in try_join_all(lines.map(Line::run)).await? {
        outcome.reports += line.reports;
        outcome.waits.extend(line.waits);
    }
    outcome.elapsed = began.elapsed();
    Ok(outcome)
}

/// One connection and those who speak over it.
struct Line<'a> {
    plan: Plan,
    began: Instant,
    number: usize,
    connections: usize,
    agents: &'a mut [Agent],
    connection: Connection,
}

impl Line<'_> {
    async fn run(mut self) -> Result<Outcome> {
        let mut outcome = Outcome::default();
        for turn in 0.. {
            let due = self.due(turn);
            if self.began.elapsed() >= self.plan.duration || due >= self.began + self.plan.duration {
                break;
            }
            // late by the answer before it: that is the hub's wait; late by the timer: that is the driver's
            let late = Instant::now() > due;
            sleep_until(due).await;
            let asked = if late { due } else { Instant::now() };
            let agent = turn % self.agents.len();
            self.agents[agent].report(&mut self.connection, self.plan.reports_per_request).await?;
            outcome.reports += self.plan.reports_per_request;
            outcome.waits.push(asked.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(outcome)
    }

    fn due(&self, turn: usize) -> Instant {
        match self.plan.pace {
            Pace::Closed => Instant::now(),
            Pace::Open(rate) => {
                let number = self.number + turn * self.connections;
                self.began + Duration::from_secs_f64(number as f64 / rate)
            }
        }
    }
}
