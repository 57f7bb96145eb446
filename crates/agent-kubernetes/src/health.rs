//! Whether an object is well: pure, from the object as the cluster has it, what belongs to it, and the clock. One row a kind; a kind that
//! nobody here knows is judged by its conditions, or not at all.

use chrono::{DateTime, TimeDelta, Utc};
use distr_domain::agent::ErrorCategory;
use distr_domain::release::CustomHealth;
use serde_json::Value;

use crate::labels::place as name;

mod pod;
mod workload;

pub use pod::judge_pod;

/// How an object does. Of two, the worse is the greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Well,
    /// a custom resource about which nothing is known: it holds up no release, and is shown as not judged
    NotJudged,
    /// it holds up no release, and a person may want to look
    Doubtful(String),
    /// it may become well
    Progressing(String),
    Ill(Illness),
}

/// Why an object will not become well by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Illness {
    pub cause: Cause,
    /// names the object, the pod, the container and the exit code, as far as they are known
    pub text: String,
    /// the pod and the container whose last lines may say more
    pub container: Option<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// a program, or what its vendor says about it
    Unhealthy,
    /// what it is configured with cannot be
    Config,
    /// no image came
    Image,
    /// no node takes it
    Unschedulable,
}

/// Facts that are known beside the object.
#[derive(Debug, Clone, Copy)]
pub struct Sight<'a> {
    pub object: &'a Value,
    /// pods of the object's present template, or a CronJob's Jobs
    pub children: &'a [Value],
    /// what was told of the object and its children
    pub events: &'a [Value],
    pub now: DateTime<Utc>,
    /// Whether the time is up in which it had to become well.
    pub is_late: bool,
    /// the rule of its vendor, if the kind has one
    pub rule: Option<&'a CustomHealth>,
}

/// An address is given within this, or somebody should look.
const ADDRESS: TimeDelta = TimeDelta::minutes(5);
/// Conditions that say of kinds that are not known whether they are well.
const GOOD: [&str; 3] = ["Ready", "Available", "Succeeded"];

impl Cause {
    /// The category in which a report tells it.
    pub fn category(self) -> ErrorCategory {
        match self {
            Self::Unhealthy => ErrorCategory::Unhealthy,
            Self::Config => ErrorCategory::Config,
            Self::Image => ErrorCategory::Network,
            Self::Unschedulable => ErrorCategory::Resources,
        }
    }
}

/// The verdict about one object.
pub fn judge(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    let name = name(object);
    if object["metadata"]["deletionTimestamp"].is_string() {
        return Verdict::Progressing(format!("{name} is being removed"));
    }
    let (wanted, seen) = (object["metadata"]["generation"].as_i64(), object["status"]["observedGeneration"].as_i64());
    if let (Some(wanted), Some(seen)) = (wanted, seen)
        && seen < wanted
    {
        return Verdict::Progressing(format!("{name} was not looked at since it changed"));
    }
    if condition(object, "Stalled", "True").is_some() {
        return ill(Cause::Unhealthy, format!("{name} is stalled{}", said(object, "Stalled")));
    }
    let group = object["apiVersion"].as_str().unwrap_or_default().split_once('/').map_or("", |(group, _)| group);
    match (group, object["kind"].as_str().unwrap_or_default()) {
        ("apps", "Deployment") => workload::deployment(sight),
        ("apps", "StatefulSet") => workload::stateful_set(sight),
        ("apps", "DaemonSet") => workload::daemon_set(sight),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workload::replicas(sight),
        ("batch", "Job") => workload::job(sight),
        ("batch", "CronJob") => workload::cron_job(sight),
        ("", "Pod") => judge_pod(object, sight),
        ("", "PersistentVolumeClaim") => claim(sight),
        ("", "Service") if object["spec"]["type"] == "LoadBalancer" => address(sight),
        ("networking.k8s.io" | "extensions", "Ingress") => address(sight),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(sight),
        (group, _) if is_of_kubernetes(group) => Verdict::Well,
        _ => custom(sight),
    }
}

/// The worst of the verdicts, with its reason.
pub fn worst(verdicts: impl IntoIterator<Item = Verdict>) -> Verdict {
    verdicts.into_iter().max().unwrap_or(Verdict::Well)
}

/// Groups whose objects are well once they are there, but for the kinds above.
fn is_of_kubernetes(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn claim(sight: Sight<'_>) -> Verdict {
    let name = name(sight.object);
    match sight.object["status"]["phase"].as_str() {
        Some("Bound") => Verdict::Well,
        Some("Lost") => ill(Cause::Unhealthy, format!("{name} has lost its volume")),
        // a volume is made where its first pod runs
        _ if event(sight, "WaitForFirstConsumer").is_some() => Verdict::Well,
        _ => {
            let why = event(sight, "ProvisioningFailed").map(|why| format!(": {why}")).unwrap_or_default();
            Verdict::Progressing(format!("{name} has no volume yet{why}"))
        }
    }
}

fn address(sight: Sight<'_>) -> Verdict {
    let has_one = sight.object["status"]["loadBalancer"]["ingress"].as_array().is_some_and(|list| !list.is_empty());
    let name = name(sight.object);
    match (has_one, age(sight.object, sight.now)) {
        (true, _) => Verdict::Well,
        (false, Some(age)) if age < ADDRESS => Verdict::Progressing(format!("{name} has no address yet")),
        (false, _) => Verdict::Doubtful(format!("{name} has no address; who gives one may be missing here")),
    }
}

fn definition(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    let name = name(object);
    if condition(object, "NamesAccepted", "False").is_some() {
        return ill(Cause::Config, format!("the names of {name} are taken{}", said(object, "NamesAccepted")));
    }
    match condition(object, "Established", "True") {
        Some(_) => Verdict::Well,
        None => Verdict::Progressing(format!("{name} is not established yet")),
    }
}

fn custom(sight: Sight<'_>) -> Verdict {
    let object = sight.object;
    let name = name(object);
    if let Some(CustomHealth { path, equals, .. }) = sight.rule {
        let found = path.names().fold(object, |value, name| &value[name]);
        return match found == equals {
            true => Verdict::Well,
            false => waits(sight, format!("{name}: {} is {found}, not {equals}", path.as_str())),
        };
    }
    let known = GOOD.iter().find(|of| conditions(object).iter().any(|condition| condition["type"] == **of));
    match known {
        None => Verdict::NotJudged,
        Some(of) if condition(object, of, "True").is_some() => Verdict::Well,
        Some(of) => waits(sight, format!("{name} is not {}{}", of.to_lowercase(), said(object, of))),
    }
}

/// The verdict once the time is up: whatever is not well yet is ill.
fn waits(sight: Sight<'_>, text: String) -> Verdict {
    match sight.is_late {
        true => ill(Cause::Unhealthy, text),
        false => Verdict::Progressing(text),
    }
}

fn ill(cause: Cause, text: String) -> Verdict {
    Verdict::Ill(Illness { cause, text, container: None })
}

fn conditions(object: &Value) -> &[Value] {
    object["status"]["conditions"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn condition<'a>(object: &'a Value, of: &str, status: &str) -> Option<&'a Value> {
    conditions(object).iter().find(|condition| condition["type"] == of && condition["status"] == status)
}

/// The words of a condition, as the end of a sentence.
fn said(object: &Value, of: &str) -> String {
    let found = conditions(object).iter().find(|condition| condition["type"] == of);
    let words =
        found.and_then(|found| [&found["message"], &found["reason"]].into_iter().find_map(|text| text.as_str()));
    words.filter(|words| !words.is_empty()).map(|words| format!(": {words}")).unwrap_or_default()
}

/// What the newest event with that reason says, of the object or a child.
fn event<'a>(sight: Sight<'a>, reason: &str) -> Option<&'a str> {
    let found = sight.events.iter().rfind(|event| event["reason"] == reason);
    found.and_then(|event| event["message"].as_str())
}

fn age(object: &Value, now: DateTime<Utc>) -> Option<TimeDelta> {
    time(&object["metadata"]["creationTimestamp"]).map(|since| now - since)
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    value.as_str()?.parse().ok()
}

fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or_default()
}

#[cfg(test)]
mod tests;
