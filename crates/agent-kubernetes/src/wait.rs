//! Waits until a release is well: all its objects are, without a break for the soak time. Helm waits for hooks alone, so that a newer
//! generation ends this at any moment.

use std::time::Duration;

use chrono::{DateTime, Utc};
use distr_agent::clock::Clock;
use distr_agent::fault::{Failure, Stop};
use distr_domain::release::CustomHealth;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::children::children;
use crate::cluster::Cluster;
use crate::health::{Illness, Sight, Verdict, judge};
use crate::labels::place;

/// How long a release is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// counted from the revision's own time, so that a restart of the agent does not extend it
    pub deadline: DateTime<Utc>,
    /// how long a release has to be well without a break
    pub soak: Duration,
    /// between two looks
    pub look: Duration,
}

/// A release's objects, and what its vendor says about the custom ones.
pub struct Expected<'a> {
    pub objects: &'a [Value],
    pub namespace: &'a str,
    pub rules: &'a [CustomHealth],
}

/// How each object does, by its `Kind/name`.
pub async fn verdicts(
    cluster: &Cluster,
    expected: &Expected<'_>,
    now: DateTime<Utc>,
    is_late: bool,
) -> Result<Vec<(String, Verdict)>, Failure> {
    let mut found = vec![];
    for object in expected.objects {
        let place = place(object);
        let verdict = match cluster.get(object, expected.namespace).await? {
            Some(live) => of_object(cluster, expected, (object, &live), now, is_late).await?,
            // a Job that was told to go away when it is done was well, or its revision would have failed
            None if object["spec"]["ttlSecondsAfterFinished"].is_number() => Verdict::Well,
            None => Verdict::Progressing(format!("{place} is not there")),
        };
        found.push((place, verdict));
    }
    Ok(found)
}

async fn of_object(
    cluster: &Cluster,
    expected: &Expected<'_>,
    (applied, live): (&Value, &Value),
    now: DateTime<Utc>,
    is_late: bool,
) -> Result<Verdict, Failure> {
    let group = applied["apiVersion"].as_str().unwrap_or_default().split_once('/').map_or("", |(group, _)| group);
    let rule =
        expected.rules.iter().find(|rule| applied["kind"] == rule.kind.kind.as_str() && rule.kind.group == group);
    let sight = |children, events| Sight { object: live, children, events, now, is_late, rule };
    let at_first = judge(sight(&[], &[]));
    // what is well is asked no further: most objects are, at most looks
    if matches!(at_first, Verdict::Well | Verdict::NotJudged) && applied["kind"] != "CronJob" {
        return Ok(at_first);
    }
    let children = children(cluster, live, expected.namespace).await?;
    let namespace = live["metadata"]["namespace"].as_str().unwrap_or(expected.namespace);
    let events = cluster.list(("v1", "Event"), namespace, "").await?;
    let is_its = |event: &Value| {
        let of = &event["involvedObject"]["name"];
        *of == live["metadata"]["name"] || children.iter().any(|child| *of == child["metadata"]["name"])
    };
    let events: Vec<Value> = events.into_iter().filter(is_its).collect();
    Ok(judge(sight(&children, &events)))
}

/// Returns when all is well. An illness is the generation's fault, and so is a deadline that passed.
pub async fn until_well(
    cluster: &Cluster,
    expected: &Expected<'_>,
    patience: Patience,
    clock: &dyn Clock,
    cancel: &CancellationToken,
) -> Result<(), Stop> {
    let mut well: Option<Instant> = None;
    loop {
        let now = clock.now();
        let is_late = now >= patience.deadline;
        let looked = verdicts(cluster, expected, now, is_late);
        let found = cancel.run_until_cancelled(looked).await.ok_or(Stop::Superseded)??;
        match crate::health::worst(found.into_iter().map(|(_, verdict)| verdict)) {
            Verdict::Ill(illness) => return Err(explain(cluster, expected.namespace, illness).await.into()),
            Verdict::Progressing(why) if is_late => {
                return Err(Failure::bad(
                    distr_domain::agent::ErrorCategory::Unhealthy,
                    format!("not well in time: {why}"),
                )
                .into());
            }
            Verdict::Progressing(_) => well = None,
            Verdict::Well | Verdict::NotJudged | Verdict::Doubtful(_) => {
                let since = *well.get_or_insert_with(Instant::now);
                if since.elapsed() >= patience.soak {
                    return Ok(());
                }
            }
        }
        cancel.run_until_cancelled(sleep(patience.look)).await.ok_or(Stop::Superseded)?;
    }
}

/// With the last lines of the container, which are told only if the place's owner allows it.
async fn explain(cluster: &Cluster, namespace: &str, illness: Illness) -> Failure {
    let words = match &illness.container {
        Some((pod, container)) => cluster.last_lines(namespace, pod, container).await,
        None => String::new(),
    };
    Failure::bad(illness.cause.category(), illness.text).with_words(words)
}
