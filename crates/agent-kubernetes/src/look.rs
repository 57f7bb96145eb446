//! From the cluster to what every runtime says of a deployment. Nothing is stored about how it stands: each look computes it anew.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use distr_agent::fault::Failure;
use distr_agent::observe::Seen;
use distr_domain::agent::{Health, RunningRelease};
use distr_domain::release::{CustomHealth, YieldedField};
use serde_json::Value;

use crate::cluster::Cluster;
use crate::drift;
use crate::health::{Verdict, worst};
use crate::helm::Release;
use crate::labels::place;
use crate::objects::{as_applied, objects};
use crate::record::{Handle, Record, version_of};
use crate::revision::{Revision, deployed, newest};
use crate::wait::{Expected, verdicts};
use crate::yields::Yields;

/// How closely one looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// what is there, and how it does
    Glance,
    /// also what somebody changed: one dry run an object
    Sweep,
}

/// The findings of one look.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    pub seen: Seen<Handle>,
    /// `apiVersion` and kind of what was applied
    pub kinds: BTreeSet<(String, String)>,
}

/// A deployment as it stands. `rules` and `yields` are its vendor's.
pub async fn see(
    cluster: &Cluster,
    deployment: &str,
    record: &Record,
    (rules, yields): (&[CustomHealth], &[YieldedField]),
    (now, depth): (DateTime<Utc>, Depth),
) -> Result<Looked, Failure> {
    let release = record.handle.release();
    let all = cluster.revisions(&release).await?;
    let own: Vec<Revision> = all.iter().filter(|of| of.deployment.as_deref() == Some(deployment)).cloned().collect();
    let Some(runs) = deployed(&all) else {
        let seen = Seen {
            is_there: !own.is_empty(),
            has_leftovers: is_locked(&own),
            drift: record.applied.is_some().then(|| "the release was removed".to_owned()),
            ..Seen::nothing(record.handle.clone())
        };
        return Ok(Looked { seen, kinds: BTreeSet::new() });
    };
    let payload = cluster.payload(runs).await?;
    let applied = payload.as_ref().map(|payload| objects(payload.manifest())).transpose();
    let applied =
        applied.map_err(|error| Failure::internal("what Helm applied cannot be read", error))?.unwrap_or_default();
    let expected = Expected { objects: &applied, namespace: &release.namespace, rules };
    let (health, illness) = match &payload {
        Some(_) => told(worst(verdicts(cluster, &expected, now, false).await?.into_iter().map(|(_, of)| of))),
        None => (Health::Unknown, None),
    };
    let is_own = runs.deployment.as_deref() == Some(deployment) && payload.is_some();
    let running = runs.generation.filter(|_| is_own);
    let running =
        running.and_then(|generation| Some(RunningRelease { generation, version: version_of(record, generation)? }));
    let drift = match other_revision(record, deployment, runs) {
        Some(other) => Some(other),
        None if record.applied.is_some() && payload.is_none() => {
            Some(format!("revision {} of Helm's was changed by somebody, and is not used", runs.number))
        }
        None if record.applied.is_some() => changes(cluster, (&release, yields), &applied, depth).await?,
        None => None,
    };
    let has_leftovers = is_locked(&own);
    let seen = Seen { handle: record.handle.clone(), is_there: true, has_leftovers, running, health, illness, drift };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kinds = applied.iter().map(|object| (text(&object["apiVersion"]), text(&object["kind"]))).collect();
    Ok(Looked { seen, kinds })
}

/// A Helm of ours was killed, and nobody works on the deployment.
fn is_locked(own: &[Revision]) -> bool {
    newest(own).is_some_and(|newest| newest.status.is_pending())
}

/// Somebody went back, or upgraded, with a Helm of their own.
fn other_revision(record: &Record, deployment: &str, runs: &Revision) -> Option<String> {
    let applied = record.applied.as_ref()?;
    let is_own = runs.deployment.as_deref() == Some(deployment);
    match (is_own, runs.generation) {
        (true, Some(generation)) if generation == applied.generation => None,
        (true, Some(generation)) => Some(format!(
            "revision {} of Helm's is of generation {generation}, and not of {}",
            runs.number, applied.generation
        )),
        _ => Some(format!("revision {} of Helm's is somebody else's", runs.number)),
    }
}

/// One phrase an object, in the order of the manifest.
async fn changes(
    cluster: &Cluster,
    (release, yields): (&Release, &[YieldedField]),
    applied: &[Value],
    depth: Depth,
) -> Result<Option<String>, Failure> {
    let (mut found, namespace) = (vec![], &release.namespace);
    let yields = match depth {
        Depth::Sweep => Yields::of(cluster, namespace, yields).await?,
        Depth::Glance => Yields::default(),
    };
    for object in applied {
        match cluster.get(object, namespace).await? {
            // a Job that was told to go away when it is done did so
            None if object["spec"]["ttlSecondsAfterFinished"].is_number() => {}
            None => found.push(format!("{} was removed", place(object))),
            Some(live) if depth == Depth::Sweep => {
                let wanted = cluster.rehearse(&yields.leave(&as_applied(object, release), &live), namespace).await?;
                found.extend(drift::told(object, &drift::compare(&wanted, &live, &yields.paths(&live))));
            }
            Some(_) => {}
        }
    }
    let text: String = found.join("; ").chars().take(drift::LONGEST_TEXT).collect();
    Ok((!text.is_empty()).then_some(text))
}

fn told(verdict: Verdict) -> (Health, Option<String>) {
    match verdict {
        Verdict::Well | Verdict::NotJudged | Verdict::Doubtful(_) => (Health::Ok, None),
        Verdict::Progressing(_) => (Health::Unknown, None),
        Verdict::Ill(illness) => (Health::Fail, Some(illness.text)),
    }
}
