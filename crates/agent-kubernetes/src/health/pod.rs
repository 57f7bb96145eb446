//! Pods, and what keeps one from becoming well. Who waits for a pod that cannot become well would wait until the end of its time.

use chrono::TimeDelta;
use serde_json::Value;

use super::{Cause, Illness, Sight, Verdict, condition, ill, name, said, time, waits};

/// So many restarts are no accident.
const RESTARTS: i64 = 3;
/// Tries to pull before somebody is told that no image comes.
const PULLS: i64 = 3;
/// For so long a node may be on its way.
const UNSCHEDULABLE: TimeDelta = TimeDelta::minutes(5);

/// The verdict about a pod, which may be a child of what the sight is of.
pub fn judge_pod(pod: &Value, sight: Sight<'_>) -> Verdict {
    let name = name(pod).replace("?/", "Pod/");
    let runs_on = pod["spec"]["restartPolicy"].as_str().unwrap_or("Always") == "Always";
    match pod["status"]["phase"].as_str() {
        Some("Succeeded") if !runs_on => return Verdict::Well,
        Some("Failed") => {
            let how = ended(pod).unwrap_or_else(|| said_of(pod));
            return ill(Cause::Unhealthy, format!("{name} failed{how}"));
        }
        _ => {}
    }
    if let Some(illness) = statuses(pod).find_map(|status| of_container(&name, status, pod, sight)) {
        return illness;
    }
    if condition(pod, "Ready", "True").is_some() {
        return Verdict::Well;
    }
    let unschedulable = condition(pod, "PodScheduled", "False").filter(|found| found["reason"] == "Unschedulable");
    if let Some(since) = unschedulable.and_then(|found| time(&found["lastTransitionTime"]))
        && sight.now - since >= UNSCHEDULABLE
    {
        return ill(Cause::Unschedulable, format!("{name} has no node{}", said(pod, "PodScheduled")));
    }
    waits(sight, format!("{name} is not ready{}", said(pod, "Ready")))
}

fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["initContainerStatuses", "containerStatuses"].map(|list| pod["status"][list].as_array());
    lists.into_iter().flatten().flatten()
}

fn of_container(pod_name: &str, status: &Value, pod: &Value, sight: Sight<'_>) -> Option<Verdict> {
    let container = status["name"].as_str().unwrap_or("?");
    let place = format!("{pod_name}, container {container}");
    let waiting = &status["state"]["waiting"];
    let message = waiting["message"].as_str().filter(|text| !text.is_empty());
    let message = message.map(|text| format!(": {text}")).unwrap_or_default();
    match waiting["reason"].as_str()? {
        "CreateContainerConfigError" | "CreateContainerError" => {
            Some(ill(Cause::Config, format!("{place} cannot be made{message}")))
        }
        "InvalidImageName" => Some(ill(Cause::Config, format!("{place}: its image has no valid name{message}"))),
        "ImagePullBackOff" | "ErrImagePull" => {
            let (tries, why) = pulls(pod, sight);
            let why = why.map(|why| format!(": {why}")).unwrap_or(message);
            (tries >= PULLS).then(|| ill(Cause::Image, format!("{place}: its image cannot be pulled{why}")))
        }
        "CrashLoopBackOff" if status["restartCount"].as_i64() >= Some(RESTARTS) => {
            let code = status["lastState"]["terminated"]["exitCode"].as_i64();
            let code = code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
            let text = format!("{place} restarts again and again{code}");
            let pod = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let container = Some((pod, container.to_owned()));
            Some(Verdict::Ill(Illness { cause: Cause::Unhealthy, text, container }))
        }
        _ => None,
    }
}

/// How often the kubelet told of pulls in vain, and what it said last.
fn pulls<'a>(pod: &Value, sight: Sight<'a>) -> (i64, Option<&'a str>) {
    let is_pull = |event: &&Value| {
        event["reason"] == "Failed"
            && event["involvedObject"]["name"] == pod["metadata"]["name"]
            && event["message"].as_str().is_some_and(|text| text.starts_with("Failed to pull image"))
    };
    let found: Vec<&Value> = sight.events.iter().filter(is_pull).collect();
    let tries = found.iter().map(|event| event["count"].as_i64().unwrap_or(1)).sum();
    (tries, found.last().and_then(|event| event["message"].as_str()))
}

/// The exit code of the container that ended badly.
fn ended(pod: &Value) -> Option<String> {
    let bad =
        statuses(pod).find(|status| status["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0));
    let bad = bad?;
    let code = bad["state"]["terminated"]["exitCode"].as_i64()?;
    Some(format!(" (container {}, exit code {code})", bad["name"].as_str().unwrap_or("?")))
}

fn said_of(pod: &Value) -> String {
    let words = [&pod["status"]["message"], &pod["status"]["reason"]].into_iter().find_map(|text| text.as_str());
    words.map(|words| format!(": {words}")).unwrap_or_default()
}
