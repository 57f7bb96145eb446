//! When a job runs: by one hub at a time, and no sooner than its interval after it last began, whichever hub that was.

use std::time::Duration;

use chrono::TimeDelta;
use distr_domain::fault::causes;
use serde::Serialize;
use tracing::{error, info, warn};

use super::{CollectOptions, Maintenance};
use crate::fault::Fault;

/// How often; a job without an interval runs by command only.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// retention, then collection
    pub collect_every: Option<TimeDelta>,
    pub scrub_every: Option<TimeDelta>,
    pub grace: TimeDelta,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    Collect,
    Scrub,
}

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Locks of this class are jobs; any number, the same in every version.
const JOBS: i32 = 0x6a6f_6273;

impl Job {
    const fn name(self) -> &'static str {
        match self {
            Job::Collect => "collect",
            Job::Scrub => "scrub",
        }
    }
}

impl Maintenance {
    /// Runs what is due, until the task is dropped.
    pub async fn follow(self, schedule: Schedule) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            look.tick().await;
            for (job, every) in [(Job::Collect, schedule.collect_every), (Job::Scrub, schedule.scrub_every)] {
                let Some(every) = every else { continue };
                if let Err(fault) = self.run_if_due(job, every, schedule.grace).await {
                    error!(job = job.name(), error = causes(&fault), "a job of the registry failed");
                }
            }
        }
    }

    /// Whether it ran. The lock belongs to the connection: when its hub dies, another hub may run the job.
    pub async fn run_if_due(&self, job: Job, every: TimeDelta, grace: TimeDelta) -> Result<bool, Fault> {
        let client = self.client().await?;
        let locked = client.query_one("SELECT pg_try_advisory_lock($1, $2)", &[&JOBS, &(job as i32)]).await?;
        if !locked.get::<_, bool>(0) {
            return Ok(false);
        }
        let ran = self.run_alone(&client, job, every, grace).await;
        client.execute("SELECT pg_advisory_unlock($1, $2)", &[&JOBS, &(job as i32)]).await?;
        ran
    }

    async fn run_alone(
        &self,
        client: &deadpool_postgres::Client,
        job: Job,
        every: TimeDelta,
        grace: TimeDelta,
    ) -> Result<bool, Fault> {
        let now = self.now();
        let begun = client.execute(include_str!("begin.sql"), &[&job.name(), &now, &(now - every)]).await?;
        if begun == 0 {
            return Ok(false);
        }
        let report = match job {
            Job::Collect => {
                let retained = self.retain(false).await?;
                let collected = self.collect(CollectOptions { grace, dry_run: false }).await?;
                info!(?retained, ?collected, "the registry is collected");
                json(&(retained, collected))
            }
            Job::Scrub => {
                let scrubbed = self.scrub().await?;
                match scrubbed.damaged.is_empty() && scrubbed.missing.is_empty() {
                    true => info!(blobs = scrubbed.blobs, bytes = scrubbed.bytes, "the registry is sound"),
                    false => warn!(?scrubbed, "the registry has damaged or missing blobs"),
                }
                json(&scrubbed)
            }
        };
        client.execute(include_str!("end.sql"), &[&job.name(), &self.now(), &report]).await?;
        Ok(true)
    }
}

fn json(report: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(report).expect("a report is JSON")
}
