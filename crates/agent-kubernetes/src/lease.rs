//! Which of several replicas is in charge: the holder of a Lease. Renewed every two seconds; one that is not renewed for fifteen is taken by
//! another replica, which waits by its own clock, whatever the times in the Lease say.

use std::sync::Arc;
use std::time::Duration;

use distr_agent::clock::{Clock, SystemClock};
use distr_agent::fault::Failure;
use distr_domain::agent::ErrorCategory;
use k8s_openapi::api::coordination::v1::Lease as Object;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;
use crate::pulse::Pulse;
use crate::tenure::{MARGIN, Tenure};

/// Its name in the agent's own namespace.
pub const NAME: &str = "distr-agent";

/// Between two tries, how long a request may take, and when a Lease that nobody renews is free.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    pub retry: Duration,
    pub request: Duration,
    pub life: Duration,
}

impl Default for Times {
    fn default() -> Self {
        let [retry, request, life] = [2, 5, 15].map(Duration::from_secs);
        Self { retry, request, life }
    }
}

/// A candidate for the Lease.
pub struct Lease {
    api: Api<Object>,
    holder: String,
    times: Times,
    /// told at each step; without one nobody asks
    pulse: Option<Pulse>,
}

/// The Lease as it was seen, and since when it is like that.
struct Seen {
    lease: Value,
    since: Instant,
}

impl Lease {
    /// `holder` is this replica's own name, which no other has.
    pub fn new(cluster: &Cluster, namespace: &str, holder: String, times: Times) -> Self {
        Self { api: cluster.api_of(namespace), holder, times, pulse: None }
    }

    /// With what probes ask.
    pub fn with_pulse(self, pulse: Pulse) -> Self {
        Self { pulse: Some(pulse), ..self }
    }

    fn beat(&self, is_answered: bool) {
        self.pulse.iter().for_each(|pulse| pulse.beat(is_answered));
    }

    /// Returns when this replica holds it; nothing if it is told to stop before.
    pub async fn acquire(&self, stop: &CancellationToken) -> Option<Arc<Tenure>> {
        let mut seen: Option<Seen> = None;
        loop {
            let stepped = timeout(self.times.request, self.step(&mut seen)).await;
            self.beat(matches!(stepped, Ok(Ok(_))));
            match stepped {
                Ok(Ok(Some(end))) => {
                    tracing::info!(holder = self.holder, "this replica is in charge");
                    return Some(Arc::new(Tenure::until(end)));
                }
                Ok(Ok(None)) => {}
                Ok(Err(failure)) => tracing::warn!(reason = failure.text, "the Lease cannot be taken now"),
                Err(_) => tracing::warn!("the cluster does not answer in time; the Lease cannot be taken now"),
            }
            stop.run_until_cancelled(sleep(self.times.retry)).await?;
        }
    }

    /// One look, and a try if the Lease is free or this replica's. The end of the tenure, if it worked.
    async fn step(&self, seen: &mut Option<Seen>) -> Result<Option<Instant>, Failure> {
        let begun = Instant::now();
        let found = self.api.get_opt(NAME).await.map_err(|error| trouble("look at", &error))?;
        let found = found.map(|lease| serde_json::to_value(lease).unwrap_or_default());
        let Some(found) = found else {
            return self.write(json!({"metadata": {"name": NAME}}), begun).await;
        };
        let same = seen.take().filter(|before| before.lease["spec"] == found["spec"]);
        let since = same.map_or(begun, |before| before.since);
        let holder = found["spec"]["holderIdentity"].as_str().unwrap_or_default();
        let is_free = holder.is_empty() || holder == self.holder || since.elapsed() >= self.life_of(&found);
        if seen.is_none() && !is_free && since == begun {
            tracing::info!(holder, "another replica is in charge");
        }
        *seen = Some(Seen { lease: found.clone(), since });
        match is_free {
            true => self.write(found, begun).await,
            false => Ok(None),
        }
    }

    fn life_of(&self, lease: &Value) -> Duration {
        lease["spec"]["leaseDurationSeconds"].as_u64().map_or(self.times.life, Duration::from_secs)
    }

    /// Nothing if another was quicker.
    async fn write(&self, mut lease: Value, begun: Instant) -> Result<Option<Instant>, Failure> {
        let now = SystemClock.now().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        let is_new = lease["metadata"]["resourceVersion"].is_null();
        if lease["spec"]["holderIdentity"] != json!(self.holder) {
            let transitions = lease["spec"]["leaseTransitions"].as_i64().map_or(0, |before| before + 1);
            lease["spec"] = json!({"holderIdentity": self.holder, "acquireTime": now, "leaseTransitions": transitions});
        }
        lease["spec"]["leaseDurationSeconds"] = json!(self.times.life.as_secs().max(1));
        lease["spec"]["renewTime"] = json!(now);
        let lease = read(lease)?;
        let how = PostParams::default();
        let written = match is_new {
            true => self.api.create(&how, &lease).await,
            false => self.api.replace(NAME, &how, &lease).await,
        };
        match written {
            Ok(_) => Ok(Some(begun + self.times.life)),
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(None),
            Err(error) => Err(trouble("write", &error)),
        }
    }

    /// Renews it until `stop`, or until it could be lost: then the tenure is, some time before another could begin.
    pub async fn keep(&self, tenure: &Tenure, stop: &CancellationToken) {
        while stop.run_until_cancelled(sleep(self.times.retry)).await.is_some() {
            let margin = MARGIN.min(self.times.life / 4);
            let left = tenure.left().saturating_sub(margin);
            let renewed = timeout(left.min(self.times.request), self.renew()).await;
            self.beat(matches!(renewed, Ok(Ok(_))));
            match renewed {
                Ok(Ok(Some(end))) if tenure.is_held() => tenure.extend(end),
                // asleep past the end, or taken by another
                Ok(Ok(_)) => return tenure.lose(),
                Ok(Err(failure)) => tracing::warn!(reason = failure.text, "the Lease cannot be renewed now"),
                Err(_) => tracing::warn!("the cluster does not answer in time; the Lease cannot be renewed now"),
            }
            if tenure.left() <= margin {
                return tenure.lose();
            }
        }
    }

    /// Nothing if it is another's.
    async fn renew(&self) -> Result<Option<Instant>, Failure> {
        let begun = Instant::now();
        let found = self.api.get_opt(NAME).await.map_err(|error| trouble("look at", &error))?;
        let found = found.map(|lease| serde_json::to_value(lease).unwrap_or_default());
        match found {
            Some(lease) if lease["spec"]["holderIdentity"] == json!(self.holder) => self.write(lease, begun).await,
            // whoever deleted it meant to set it free
            Some(_) | None => Ok(None),
        }
    }

    /// Sets it free, so that another replica need not wait.
    pub async fn release(&self) {
        let released = timeout(self.times.request, async {
            let Some(lease) = self.api.get_opt(NAME).await.map_err(|error| trouble("look at", &error))? else {
                return Ok(());
            };
            let mut lease = serde_json::to_value(lease).unwrap_or_default();
            if lease["spec"]["holderIdentity"] != json!(self.holder) {
                return Ok(());
            }
            lease["spec"]["holderIdentity"] = json!("");
            let done = self.api.replace(NAME, &PostParams::default(), &read(lease)?).await;
            done.map(drop).map_err(|error| trouble("release", &error))
        });
        if let Ok(Err(failure)) = released.await {
            tracing::warn!(reason = failure.text, "the Lease ends by itself");
        }
    }
}

fn read(lease: Value) -> Result<Object, Failure> {
    serde_json::from_value(lease).map_err(|error| Failure::internal("no Lease", error))
}

fn trouble(what: &str, error: &kube::Error) -> Failure {
    Failure::passing(ErrorCategory::Runtime, format!("cannot {what} Lease {NAME}: {error}"))
}
