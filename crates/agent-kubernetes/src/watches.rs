//! What tells that something changed, so that it is looked at within a moment and not at the next look: a watch of each kind that releases have, in each
//! of their namespaces. Of objects the metadata alone are read, and a few bytes of each remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use kube::ResourceExt;
use kube::api::{Api, DynamicObject};
use kube::core::PartialObjectMeta;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::cluster::{Cluster, Watched};
use crate::labels::DEPLOYMENT_LABEL;
use crate::look::Depth;

/// Kinds that change all the time by themselves: how they do is looked at, and not whether somebody changed them.
const RESTLESS: [&str; 3] = ["Pod", "HorizontalPodAutoscaler", "Event"];

/// The watches of an agent, which end with it.
pub struct Watches {
    wake: Arc<Notify>,
    running: Mutex<BTreeMap<Watched, Running>>,
    changed: Arc<Changed>,
}

/// How closely each deployment has to be looked at, of which something changed.
#[derive(Default)]
struct Changed(Mutex<BTreeMap<String, Depth>>);

struct Running {
    task: JoinHandle<()>,
    is_live: Arc<AtomicBool>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Meta = PartialObjectMeta<DynamicObject>;

impl Watches {
    /// `wake` is notified of each change.
    pub fn new(wake: Arc<Notify>) -> Self {
        Self { wake, running: Mutex::default(), changed: Arc::default() }
    }

    /// Watches these kinds and no others. One that cannot be watched is tried again and again, and told once.
    pub async fn keep(&self, cluster: &Cluster, wanted: BTreeSet<Watched>) {
        let missing: Vec<Watched> = {
            let mut running = self.running();
            running.retain(|watched, _| wanted.contains(watched));
            wanted.into_iter().filter(|watched| !running.contains_key(watched)).collect()
        };
        for watched in missing {
            match cluster.watched(&watched).await {
                Ok(Some(api)) => {
                    let is_live = Arc::new(AtomicBool::new(false));
                    let task = tokio::spawn(follow(api, watched.clone(), Arc::clone(&is_live), self.notices()));
                    self.running().insert(watched, Running { task, is_live });
                }
                // what is in no namespace is looked at now and then
                Ok(None) => {}
                Err(failure) => {
                    tracing::warn!(kind = watched.kind, reason = failure.text, "a kind cannot be watched now")
                }
            }
        }
    }

    /// Whether each kind of a namespace is being watched, so that nothing is missed.
    pub fn cover(&self, wanted: &BTreeSet<Watched>) -> bool {
        let running = self.running();
        wanted.iter().all(|watched| running.get(watched).is_some_and(|of| of.is_live.load(Ordering::Acquire)))
    }

    /// How closely a deployment has to be looked at, if anything of it changed since this was asked last.
    pub fn take(&self, deployment: &str) -> Option<Depth> {
        self.changed.0.lock().unwrap_or_else(PoisonError::into_inner).remove(deployment)
    }

    fn notices(&self) -> (Arc<Changed>, Arc<Notify>) {
        (Arc::clone(&self.changed), Arc::clone(&self.wake))
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<Watched, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changed {
    fn mark(&self, deployment: &str, depth: Depth) {
        let mut changed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = changed.entry(deployment.to_owned()).or_insert(depth);
        *known = (*known).max(depth);
    }
}

async fn follow(
    api: Api<Meta>,
    watched: Watched,
    is_live: Arc<AtomicBool>,
    (changed, wake): (Arc<Changed>, Arc<Notify>),
) {
    let events = watcher(api, watcher::Config::default().labels(DEPLOYMENT_LABEL)).default_backoff();
    let mut events = std::pin::pin!(events);
    // by uid: of which deployment an object is, and what tells one state of it from another
    let (mut known, mut listed) = (BTreeMap::<String, (String, String)>::new(), BTreeSet::new());
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(object)) => {
                listed.extend(object.uid());
                note(&object, &watched, &mut known, &changed, &wake);
            }
            Ok(Event::InitDone) => {
                let gone: Vec<String> = known.keys().filter(|uid| !listed.contains(*uid)).cloned().collect();
                for (deployment, _) in gone.iter().filter_map(|uid| known.remove(uid)) {
                    changed.mark(&deployment, Depth::Sweep);
                    wake.notify_one();
                }
                is_live.store(true, Ordering::Release);
            }
            Ok(Event::Apply(object)) => note(&object, &watched, &mut known, &changed, &wake),
            Ok(Event::Delete(object)) => {
                if let Some((deployment, _)) = object.uid().and_then(|uid| known.remove(&uid)) {
                    changed.mark(&deployment, depth(&watched));
                    wake.notify_one();
                }
            }
            Err(error) => {
                if is_live.swap(false, Ordering::AcqRel) || known.is_empty() {
                    tracing::warn!(kind = watched.kind, namespace = watched.namespace, %error, "changes are seen at the next look only");
                }
            }
        }
    }
}

fn note(
    object: &Meta,
    watched: &Watched,
    known: &mut BTreeMap<String, (String, String)>,
    changed: &Changed,
    wake: &Notify,
) {
    let (Some(deployment), Some(uid)) = (object.labels().get(DEPLOYMENT_LABEL), object.uid()) else { return };
    let state = state(object, watched);
    let before = known.insert(uid, (deployment.clone(), state.clone()));
    let is_as_before = before.is_some_and(|(_, before)| before == state);
    changed.mark(deployment, if is_as_before { Depth::Glance } else { depth(watched) });
    wake.notify_one();
}

/// Another one if somebody may have changed what was applied. Kinds with a generation count by it what is not their status.
fn state(object: &Meta, watched: &Watched) -> String {
    match object.metadata.generation {
        _ if RESTLESS.contains(&watched.kind.as_str()) => String::new(),
        Some(generation) => format!("{generation} {:?} {:?}", object.labels(), object.annotations()),
        None => object.resource_version().unwrap_or_default(),
    }
}

fn depth(watched: &Watched) -> Depth {
    match RESTLESS.contains(&watched.kind.as_str()) {
        true => Depth::Glance,
        false => Depth::Sweep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(generation: Option<i64>, version: &str, annotation: &str) -> Meta {
        let metadata = serde_json::json!({
            "name": "o", "uid": "u", "generation": generation, "resourceVersion": version,
            "labels": {DEPLOYMENT_LABEL: "d"}, "annotations": {"a": annotation},
        });
        serde_json::from_value(serde_json::json!({"metadata": metadata})).unwrap()
    }

    #[test]
    fn a_status_asks_for_a_glance_and_a_change_for_more() {
        let (changed, wake, mut known) = (Changed::default(), Notify::new(), BTreeMap::new());
        let mut seen = |kind: &str, object: Meta| {
            let watched = Watched { namespace: "n".into(), api: "v1".into(), kind: kind.into() };
            note(&object, &watched, &mut known, &changed, &wake);
            changed.0.lock().unwrap().remove("d")
        };
        assert_eq!(seen("Deployment", object(Some(1), "1", "")), Some(Depth::Sweep));
        assert_eq!(seen("Deployment", object(Some(1), "2", "")), Some(Depth::Glance), "its status");
        assert_eq!(seen("Deployment", object(Some(1), "3", "x")), Some(Depth::Sweep), "an annotation");
        assert_eq!(seen("Deployment", object(Some(2), "4", "x")), Some(Depth::Sweep), "its spec");
        assert_eq!(seen("ConfigMap", object(None, "5", "x")), Some(Depth::Sweep));
        assert_eq!(seen("Pod", object(None, "6", "x")), Some(Depth::Glance));
    }

    #[test]
    fn the_closer_look_counts() {
        let changed = Changed::default();
        changed.mark("d", Depth::Sweep);
        changed.mark("d", Depth::Glance);
        assert_eq!(changed.0.lock().unwrap().get("d"), Some(&Depth::Sweep));
    }
}
