//! Which pods are of a workload's present template: those of an older one may be ill for as long as they like.

use std::collections::BTreeMap;

use distr_agent::fault::Failure;
use serde_json::Value;

use crate::cluster::Cluster;

const REVISION: &str = "deployment.kubernetes.io/revision";
const DAEMON_GENERATION: &str = "deprecated.daemonset.template.generation";

/// The pods of the object's present template, or a CronJob's Jobs; nothing of kinds that have neither.
pub async fn children(cluster: &Cluster, object: &Value, namespace: &str) -> Result<Vec<Value>, Failure> {
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or(namespace);
    let labels = match object["kind"].as_str().unwrap_or_default() {
        "Deployment" => {
            let sets = cluster.list(("apps/v1", "ReplicaSet"), namespace, &selector(object)).await?;
            template_hash(object, &sets).map(|hash| (selector(object), "pod-template-hash", hash))
        }
        "StatefulSet" => {
            text(&object["status"]["updateRevision"]).map(|of| (selector(object), "controller-revision-hash", of))
        }
        "DaemonSet" => text(&object["metadata"]["annotations"][DAEMON_GENERATION])
            .map(|of| (selector(object), "pod-template-generation", of)),
        "ReplicaSet" | "ReplicationController" => {
            return cluster.list(("v1", "Pod"), namespace, &selector(object)).await;
        }
        "Job" => text(&object["metadata"]["name"]).map(|name| (String::new(), "job-name", name)),
        "CronJob" => return Ok(owned_by(object, cluster.list(("batch/v1", "Job"), namespace, "").await?)),
        _ => None,
    };
    let Some((selector, label, value)) = labels else { return Ok(vec![]) };
    let labels = if selector.is_empty() { String::new() } else { format!("{selector},") };
    cluster.list(("v1", "Pod"), namespace, &format!("{labels}{label}={value}")).await
}

/// The hash of the newest template, by which its pods are labelled.
fn template_hash(deployment: &Value, sets: &[Value]) -> Option<String> {
    let revision = &deployment["metadata"]["annotations"][REVISION];
    let own = owned_by(deployment, sets.to_vec());
    let newest =
        own.iter().find(|set| revision.is_string() && set["metadata"]["annotations"][REVISION] == *revision)?;
    text(&newest["metadata"]["labels"]["pod-template-hash"])
}

fn owned_by(owner: &Value, objects: Vec<Value>) -> Vec<Value> {
    let uid = &owner["metadata"]["uid"];
    let is_own = |object: &Value| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        owners.is_some_and(|owners| owners.iter().any(|one| one["uid"] == *uid))
    };
    objects.into_iter().filter(is_own).collect()
}

/// `name=value` of all labels by which the workload finds its pods.
fn selector(object: &Value) -> String {
    let selector = &object["spec"]["selector"];
    let labels = if selector["matchLabels"].is_object() { &selector["matchLabels"] } else { selector };
    let labels: BTreeMap<&String, &str> =
        labels.as_object().into_iter().flatten().filter_map(|(name, value)| Some((name, value.as_str()?))).collect();
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_template_is_the_one_with_the_deployments_number() {
        let deployment = json!({"metadata": {"uid": "d", "annotations": {REVISION: "2"}}});
        let set = |owner: &str, revision: &str, hash: &str| {
            json!({"metadata": {"ownerReferences": [{"uid": owner}], "annotations": {REVISION: revision},
                "labels": {"pod-template-hash": hash}}})
        };
        let sets = [set("x", "2", "other"), set("d", "1", "old"), set("d", "2", "new")];
        assert_eq!(template_hash(&deployment, &sets).as_deref(), Some("new"));
        assert_eq!(template_hash(&deployment, &sets[..2]), None);
    }

    #[test]
    fn a_selector_is_a_list_of_labels() {
        assert_eq!(selector(&json!({"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}}}})), "a=1,b=2");
        assert_eq!(selector(&json!({"spec": {"selector": {"a": "1"}}})), "a=1");
        assert_eq!(selector(&json!({})), "");
    }
}
