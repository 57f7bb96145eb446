//! Agents that speak the agents' protocol and run nothing: many, quick, and of changing health. As real ones do, they keep
//! their reports until they are acknowledged and send the oldest first.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::agent::{
    DeploymentReport, DesiredState, Health, HeartbeatResponse, Instruction, Report, RunningRelease, Step,
};
use distr_domain::ids::DeploymentId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use uuid::Uuid;

use super::api::{Answer, Api};
use super::ledger::Ledger;
use super::writers::Gate;
use crate::clock;

const BATCH: usize = 50;

pub(crate) struct Simulated {
    name: String,
    api: Api,
    secret: String,
    ledger: Arc<Ledger>,
    gate: Gate,
    dice: StdRng,
    boot: Uuid,
    sequence: u64,
    last: DateTime<Utc>,
    desired: Option<DesiredState>,
    health: HashMap<DeploymentId, Health>,
    journal: VecDeque<Report>,
}

impl Simulated {
    /// With the credential that the enrolment gives.
    pub(crate) async fn enrol(
        name: String,
        token: &str,
        seed: u64,
        api: Api,
        ledger: Arc<Ledger>,
        gate: Gate,
    ) -> anyhow::Result<Self> {
        let answer = api.agent("enrol", token, &json!({ "agent_version": "simulated" })).await.data()?;
        let secret = answer["secret"].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            name,
            api,
            secret,
            ledger,
            gate,
            dice: StdRng::seed_from_u64(seed),
            boot: Uuid::new_v4(),
            sequence: 0,
            last: DateTime::UNIX_EPOCH,
            desired: None,
            health: HashMap::new(),
            journal: VecDeque::new(),
        })
    }

    /// Until the task is ended. What the hub refuses ends it early, with the reason.
    pub(crate) async fn run(mut self) -> String {
        loop {
            let open = Arc::clone(&self.gate).read_owned().await;
            if self.dice.random_ratio(1, 50) {
                // killed and started again: the journal is on disk, the rest is not
                (self.boot, self.sequence, self.desired) = (Uuid::new_v4(), 0, None);
            }
            for _ in 0..self.dice.random_range(1..=3) {
                self.report();
            }
            if let Err(refusal) = self.exchange().await {
                return format!("agent {} is refused: {refusal}", self.name);
            }
            drop(open);
            tokio::time::sleep(Duration::from_millis(self.dice.random_range(200..800))).await;
        }
    }

    fn report(&mut self) {
        self.sequence += 1;
        self.last = clock::now().max(self.last + TimeDelta::milliseconds(1));
        let wanted = self.desired.iter().flat_map(|desired| &desired.deployments).cloned().collect::<Vec<_>>();
        let deployments = wanted.into_iter().filter_map(|deployment| {
            let Instruction::Run(run) = deployment.instruction else { return None };
            let health = self.health.entry(deployment.deployment).or_insert(Health::Ok);
            if self.dice.random_ratio(1, 10) {
                *health = if *health == Health::Ok { Health::Fail } else { Health::Ok };
            }
            Some(DeploymentReport {
                deployment: deployment.deployment,
                generation: deployment.generation,
                step: Step::Applied,
                running: Some(RunningRelease { generation: deployment.generation, version: run.version }),
                health: *health,
                drift: None,
                error: None,
            })
        });
        let report = json!({
            "id": Uuid::now_v7(), "boot": self.boot, "sequence": self.sequence, "at": self.last,
            "agent_version": "simulated", "deployments": deployments.collect::<Vec<_>>(),
        });
        // as an agent of an earlier version: what is newer in a report is left out
        let report: Report = serde_json::from_value(report).expect("a report");
        self.journal.push_back(report);
    }

    async fn exchange(&mut self) -> Result<(), String> {
        let reports: Vec<Report> = self.journal.iter().take(BATCH).cloned().collect();
        let desired_etag = self.desired.as_ref().map(|desired| desired.etag.clone());
        let body = json!({ "reports": reports, "desired_etag": desired_etag });
        match self.api.agent("heartbeats", &self.secret, &body).await {
            Answer::Data(data) => {
                let answer: HeartbeatResponse = serde_json::from_value(data).map_err(|error| error.to_string())?;
                let stored = self.journal.drain(..answer.accepted.min(self.journal.len()));
                self.ledger.books().acknowledged.extend(stored.map(|report| report.id));
                self.desired = answer.desired.or(self.desired.take());
                Ok(())
            }
            Answer::Unknown(_) => {
                self.ledger.books().asked_again += 1;
                Ok(())
            }
            Answer::Refused { code, message } => Err(format!("{code}: {message}")),
        }
    }
}
