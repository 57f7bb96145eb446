//! When a deployment is looked at, and how closely: as soon as a watch tells of a change, and now and then in any case. In between the last look counts,
//! so that a cluster in which nothing happens is asked nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_agent::fault::Failure;
use distr_agent::observe::Seen;
use distr_domain::agent::Health;
use distr_domain::ids::DeploymentId;
use distr_domain::release::{CustomHealth, YieldedField};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::cluster::{Cluster, Watched};
use crate::look::{Depth, Looked, see};
use crate::record::{Handle, Record};
use crate::watches::Watches;

/// Between two sweeps of a deployment, each of which costs a dry run an object.
const SWEEP: Duration = Duration::from_secs(1800);
/// Between two looks at what is well and watched.
const CALM: Duration = Duration::from_secs(180);
/// Between two looks at all else; the agent's own pace is slower.
const UNCERTAIN: Duration = Duration::from_secs(10);
/// Watched in each namespace that has a release: its pods, and Helm's records.
const ALWAYS: [(&str, &str); 2] = [("v1", "Pod"), ("v1", "Secret")];

/// The last look at each deployment, and what tells that another is due.
pub struct Sights {
    watches: Watches,
    last: Mutex<BTreeMap<DeploymentId, Last>>,
}

struct Last {
    at: Instant,
    swept: Instant,
    record: Record,
    looked: Looked,
}

impl Sights {
    /// `wake` is notified when something changes.
    pub fn new(wake: Arc<Notify>) -> Self {
        Self { watches: Watches::new(wake), last: Mutex::default() }
    }

    /// A deployment as it stands, or as it stood at the last look if nothing tells otherwise.
    pub async fn see(
        &self,
        cluster: &Cluster,
        deployment: DeploymentId,
        record: &Record,
        vendors: (&[CustomHealth], &[YieldedField]),
        now: DateTime<Utc>,
    ) -> Result<Seen<Handle>, Failure> {
        // before the look: what changes during it is looked at again
        let changed = self.watches.take(&deployment.to_string());
        let before = self.last().remove(&deployment);
        let begun = Instant::now();
        let depth = match before.as_ref().map(|last| self.due(last, record, changed)) {
            Some(None) => {
                let last = before.expect("it was asked");
                let seen = last.looked.seen.clone();
                self.last().insert(deployment, last);
                return Ok(seen);
            }
            Some(Some(depth)) => depth,
            None => Depth::Sweep,
        };
        let looked = see(cluster, &deployment.to_string(), record, vendors, (now, depth)).await?;
        let swept = before.map(|last| last.swept).filter(|_| depth == Depth::Glance).unwrap_or(begun);
        let seen = looked.seen.clone();
        self.last().insert(deployment, Last { at: begun, swept, record: record.clone(), looked });
        Ok(seen)
    }

    /// The look that is due, if any.
    fn due(&self, last: &Last, record: &Record, changed: Option<Depth>) -> Option<Depth> {
        let seen = &last.looked.seen;
        if last.swept.elapsed() >= SWEEP {
            return Some(Depth::Sweep);
        }
        let is_calm = seen.health == Health::Ok && seen.drift.is_none();
        let is_watched = self.watches.cover(&watched(last));
        let limit = if is_calm && is_watched { CALM } else { UNCERTAIN };
        // what a sweep found only another one sees again
        let at_least = if seen.drift.is_some() { Depth::Sweep } else { Depth::Glance };
        match changed {
            Some(depth) => Some(depth.max(at_least)),
            None => (last.record != *record || last.at.elapsed() >= limit).then_some(at_least),
        }
    }

    /// The next look at a deployment is a close one.
    pub fn forget(&self, deployment: DeploymentId) {
        self.last().remove(&deployment);
    }

    /// Watches what the deployments that were looked at have, and nothing else.
    pub async fn watch(&self, cluster: &Cluster, desired: &BTreeSet<DeploymentId>) {
        let wanted = {
            let mut last = self.last();
            last.retain(|deployment, _| desired.contains(deployment));
            last.values().filter(|last| last.looked.seen.is_there).flat_map(watched).collect()
        };
        self.watches.keep(cluster, wanted).await;
    }

    fn last(&self) -> MutexGuard<'_, BTreeMap<DeploymentId, Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn watched(last: &Last) -> BTreeSet<Watched> {
    let always = ALWAYS.map(|(api, kind)| (api.to_owned(), kind.to_owned()));
    let kinds = last.looked.kinds.iter().cloned().chain(always);
    let namespace = &last.record.handle.namespace;
    kinds.map(|(api, kind)| Watched { namespace: namespace.clone(), api, kind }).collect()
}
