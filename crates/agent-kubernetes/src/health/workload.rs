//! The kinds that start pods.

use serde_json::Value;

use super::{Cause, Sight, Verdict, condition, count, ill, judge_pod, name, said, waits, worst};

pub(super) fn deployment(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    let (name, status, wanted) = (name(object), &object["status"], wanted(object));
    let late = condition(object, "Progressing", "False").filter(|late| late["reason"] == "ProgressDeadlineExceeded");
    let [all, updated, available] = ["replicas", "updatedReplicas", "availableReplicas"].map(|of| count(&status[of]));
    if updated == wanted && available == wanted && all == updated {
        return Verdict::Well;
    }
    let pods = of_pods(sight);
    if let ill @ Verdict::Ill(_) = pods {
        return ill;
    }
    if late.is_some() {
        return ill(Cause::Unhealthy, format!("{name} made no progress in time{}", said(object, "Progressing")));
    }
    if object["spec"]["paused"] == true {
        return waits(sight, format!("{name} is paused"));
    }
    let old = if all > updated { format!(", {} old ones are left", all - updated) } else { String::new() };
    let text = format!("{name}: {updated} of {wanted} pods are new and {available} are available{old}");
    waits(sight, with(text, pods))
}

pub(super) fn stateful_set(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    let (name, status, wanted) = (name(object), &object["status"], wanted(object));
    let strategy = &object["spec"]["updateStrategy"];
    let is_new = status["updateRevision"] == status["currentRevision"] || wanted == 0;
    let [ready, updated] = ["readyReplicas", "updatedReplicas"].map(|of| count(&status[of]));
    // those below the partition stay as they are
    let partition = count(&strategy["rollingUpdate"]["partition"]);
    let is_updated = is_new || (partition > 0 && updated >= (wanted - partition).max(0));
    match (ready == wanted, is_updated, strategy["type"] == "OnDelete") {
        (true, true, _) => Verdict::Well,
        (true, false, true) => Verdict::Doubtful(format!("{name} has old pods until somebody deletes them")),
        _ => or_waits(sight, format!("{name}: {ready} of {wanted} pods are ready and {updated} are new")),
    }
}

pub(super) fn daemon_set(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    let (name, status) = (name(object), &object["status"]);
    let [wanted, updated, ready] =
        ["desiredNumberScheduled", "updatedNumberScheduled", "numberReady"].map(|of| count(&status[of]));
    match (ready == wanted, updated == wanted, object["spec"]["updateStrategy"]["type"] == "OnDelete") {
        (true, true, _) => Verdict::Well,
        (true, false, true) => Verdict::Doubtful(format!("{name} has old pods until somebody deletes them")),
        _ => or_waits(sight, format!("{name}: {updated} of {wanted} pods are new and {ready} are ready")),
    }
}

pub(super) fn replicas(sight: Sight<'_>) -> Verdict {
    let (wanted, ready) = (wanted(sight.object), count(&sight.object["status"]["readyReplicas"]));
    match ready == wanted {
        true => Verdict::Well,
        false => or_waits(sight, format!("{}: {ready} of {wanted} pods are ready", name(sight.object))),
    }
}

pub(super) fn job(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    if condition(object, "Complete", "True").is_some() {
        return Verdict::Well;
    }
    match condition(object, "Failed", "True") {
        Some(_) => ill(Cause::Unhealthy, format!("{} failed{}", name(object), said(object, "Failed"))),
        None => waits(sight, format!("{} is not at its end", name(object))),
    }
}

/// Its children are Jobs.
pub(super) fn cron_job(sight: Sight<'_>) -> Verdict {
    let end = |job: &&Value| ["Complete", "Failed"].iter().any(|of| condition(job, of, "True").is_some());
    let newest = |job: &&Value| job["metadata"]["creationTimestamp"].as_str().map(str::to_owned);
    match sight.children.iter().filter(end).max_by_key(newest) {
        Some(job) if condition(job, "Failed", "True").is_some() => {
            Verdict::Doubtful(format!("{}: its last {} failed{}", name(sight.object), name(job), said(job, "Failed")))
        }
        _ => Verdict::Well,
    }
}

fn or_waits(sight: Sight<'_>, text: String) -> Verdict {
    match of_pods(sight) {
        ill @ Verdict::Ill(_) => ill,
        pods => waits(sight, with(text, pods)),
    }
}

/// The time of a workload is that of its pods: what they say is the reason, and no verdict of its own.
fn of_pods(sight: Sight<'_>) -> Verdict {
    let sight = Sight { is_late: false, ..sight };
    worst(sight.children.iter().map(|pod| judge_pod(pod, sight)))
}

fn with(text: String, pods: Verdict) -> String {
    match pods {
        Verdict::Progressing(why) => format!("{text}; {why}"),
        _ => text,
    }
}

/// One, if nothing is said.
fn wanted(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}
