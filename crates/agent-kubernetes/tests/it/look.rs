//! What stands is computed from the cluster, whoever changed it.

use chrono::Utc;
use distr_agent::clock::{Clock, SystemClock};
use distr_agent::memory::Applied;
use distr_agent::observe::Seen;
use distr_agent_kubernetes::look::{Depth, see};
use distr_agent_kubernetes::record::{Baseline, Handle, Record};
use distr_domain::agent::Health;
use tokio_util::sync::CancellationToken;

use crate::cluster::{DEPLOYMENT, Site};

const TWO: &str = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {a: \"1\"}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {a: \"1\"}}
";

fn record(site: &Site, generation: u64) -> Record {
    let handle = Handle { namespace: site.release.namespace.clone(), release: site.release.name.clone() };
    let version = format!("1.{generation}.0").parse().unwrap();
    let applied = Applied { generation, version, baseline: Baseline { revision: 1, package: None }, folder: None };
    Record { applied: Some(applied), ..Record::new(handle) }
}

async fn seen(site: &Site, record: &Record, depth: Depth) -> Seen<Handle> {
    let cluster = site.connect().await;
    let now: chrono::DateTime<Utc> = SystemClock.now();
    see(&cluster, DEPLOYMENT, record, (&[], &[]), (now, depth)).await.unwrap().seen
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_and_what_was_changed_is_seen_whoever_did_it() {
    let Some(site) = Site::new() else { return };
    let (cancel, namespace) = (CancellationToken::new(), site.release.namespace.as_str());
    let nothing = seen(&site, &Record::new(record(&site, 1).handle), Depth::Glance).await;
    assert_eq!(nothing, Seen::nothing(record(&site, 1).handle));
    site.helm.upgrade(&site.release, &site.chart(&[("two", TWO)]).upgrade(1), &cancel).await.unwrap();
    let one = record(&site, 1);
    let well = seen(&site, &one, Depth::Sweep).await;
    assert_eq!((well.health, &well.drift, well.is_there, well.has_leftovers), (Health::Ok, &None, true, false));
    let runs = well.running.unwrap();
    assert_eq!((runs.generation, runs.version.to_string().as_str()), (1, "1.1.0"));

    site.kubectl(&["patch", "-n", namespace, "configmap", "one", "-p", "{\"data\":{\"a\":\"2\"}}"]);
    assert_eq!(seen(&site, &one, Depth::Glance).await.drift, None);
    let swept = seen(&site, &one, Depth::Sweep).await.drift;
    assert_eq!(swept.as_deref(), Some("ConfigMap/one: /data/a is \"2\" instead of \"1\""));
    site.kubectl(&["delete", "-n", namespace, "configmap", "two"]);
    assert_eq!(seen(&site, &one, Depth::Glance).await.drift.as_deref(), Some("ConfigMap/two was removed"));

    site.helm.upgrade(&site.release, &site.chart(&[("two", TWO)]).upgrade(2), &cancel).await.unwrap();
    let other = seen(&site, &one, Depth::Glance).await;
    assert_eq!(other.drift.as_deref(), Some("revision 2 of Helm's is of generation 2, and not of 1"));
    assert_eq!(other.running, None, "which version that is nobody remembers");
    site.helm.uninstall(&site.release, std::time::Duration::from_secs(20), &cancel).await.unwrap();
    let gone = seen(&site, &one, Depth::Glance).await;
    assert_eq!((gone.drift.as_deref(), gone.is_there), (Some("the release was removed"), false));
}
