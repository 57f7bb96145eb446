//! Removes a deployment because that was said. Data stay, and are told, unless their removal was asked for and the agent has the right to it.

use std::collections::{BTreeMap, BTreeSet};

use distr_agent::fault::{Failure, Stop};
use distr_domain::agent::{DataRemoval, ErrorCategory};
use distr_domain::release::LockedKind;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::apply::Runtime;
use crate::cluster::{Cluster, of_deployment};
use crate::helm::Release;
use crate::history;
use crate::labels::{DEPLOYMENT_LABEL, VALUES_LABEL};
use crate::objects::objects;
use crate::post_render::KEPT;
use crate::revision::newest;
use crate::rights::{self, Resource, grants};

/// Ends well also if there is nothing left to remove. `kinds` are those of what was applied. Without the right to remove data that was asked for
/// nothing is removed. The names of the claims that stay.
pub async fn remove(
    runtime: &Runtime<'_>,
    release: &Release,
    deployment: &str,
    (kinds, data): (&[LockedKind], DataRemoval),
    cancel: &CancellationToken,
) -> Result<Vec<String>, Stop> {
    if data == DataRemoval::Remove {
        may_delete_claims(runtime.cluster, &release.namespace).await?;
    }
    let (cluster, seals, namespace) = (runtime.cluster, &runtime.helm.seals, &release.namespace);
    // somebody else's release of that name is none of ours
    let is_foreign = history::is_foreign(cluster, seals, release, deployment).await?;
    if !is_foreign {
        runtime.recover(release, deployment).await?;
    }
    let (hooks, sets) = leftovers(runtime, release, deployment).await?;
    if data == DataRemoval::Remove {
        delete_claims(runtime, release, (deployment, &sets)).await?;
    }
    if !cluster.revisions_of(release, deployment).await?.is_empty() {
        runtime.helm.uninstall(release, runtime.timing.deadline, cancel).await?;
    }
    // Helm leaves the objects of hooks where they are
    for hook in &hooks {
        cluster.delete(hook, namespace).await?;
    }
    // and does not know what only a revision had that is not vouched for
    delete_labelled(runtime, release, deployment, kinds).await?;
    let values = format!("{DEPLOYMENT_LABEL}={deployment},{VALUES_LABEL}=true");
    for secret in cluster.list(("v1", "Secret"), namespace, &values).await? {
        cluster.delete(&secret, namespace).await?;
    }
    if !is_foreign {
        let forgotten = seals.forget(release).await;
        forgotten.map_err(|error| Failure::of_disk("cannot forget Helm's revisions", &error))?;
    }
    match data {
        DataRemoval::Keep => Ok(names(&claims(runtime, release, (deployment, &sets)).await?)),
        DataRemoval::Remove => until_gone(runtime, release, (deployment, &sets), cancel).await.map(|()| vec![]),
    }
}

/// Whether the agent may delete PersistentVolumeClaims in a namespace, which no Role allows that the hub prints.
async fn may_delete_claims(cluster: &Cluster, namespace: &str) -> Result<(), Failure> {
    let claims = Resource { group: String::new(), name: "persistentvolumeclaims".to_owned() };
    // some authorizers cannot list what they grant
    let Some(granted) = cluster.rules(namespace).await? else { return Ok(()) };
    if granted.iter().any(|rule| grants(rule, &claims, "delete")) {
        return Ok(());
    }
    let lacking = BTreeMap::from([(claims, vec!["delete"])]);
    Err(Failure::passing(
        ErrorCategory::Policy,
        format!(
            "the removal of the data was asked for, and needs a right in namespace {namespace} that the agent does not have; \
             add this rule to its Role, or ask for a removal that keeps the data:\n{}",
            rights::rules(&lacking)
        ),
    ))
}

/// Asks for the end of the claims while their pods still run: Kubernetes lets them go when the last pod is gone, also if the agent ends before that, and
/// would not find those of sets any more.
async fn delete_claims(
    runtime: &Runtime<'_>,
    release: &Release,
    (deployment, sets): (&str, &[String]),
) -> Result<(), Failure> {
    for claim in claims(runtime, release, (deployment, sets)).await? {
        tracing::warn!(deployment, claim = claim["metadata"]["name"].as_str(), "data is removed");
        runtime.cluster.delete(&claim, &release.namespace).await?;
    }
    Ok(())
}

async fn until_gone(
    runtime: &Runtime<'_>,
    release: &Release,
    (deployment, sets): (&str, &[String]),
    cancel: &CancellationToken,
) -> Result<(), Stop> {
    let began = Instant::now();
    loop {
        let left = claims(runtime, release, (deployment, sets)).await?;
        if left.is_empty() {
            return Ok(());
        }
        if began.elapsed() >= runtime.timing.deadline {
            let text = format!(
                "PersistentVolumeClaims are not gone yet: {}",
                left.iter().map(held_by).collect::<Vec<_>>().join(", ")
            );
            return Err(Failure::passing(ErrorCategory::Runtime, text).into());
        }
        cancel.run_until_cancelled(sleep(runtime.timing.look)).await.ok_or(Stop::Superseded)?;
    }
}

/// A claim's name, and what keeps it.
fn held_by(claim: &Value) -> String {
    let finalizers = claim["metadata"]["finalizers"].as_array().into_iter().flatten().filter_map(Value::as_str);
    format!(
        "{} (held by {})",
        claim["metadata"]["name"].as_str().unwrap_or("?"),
        finalizers.collect::<Vec<_>>().join(" ")
    )
}

fn names(claims: &[Value]) -> Vec<String> {
    let names: BTreeSet<&str> = claims.iter().filter_map(|claim| claim["metadata"]["name"].as_str()).collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Deletes what is the deployment's by its label, but for what holds data.
async fn delete_labelled(
    runtime: &Runtime<'_>,
    release: &Release,
    deployment: &str,
    kinds: &[LockedKind],
) -> Result<(), Failure> {
    for kind in kinds.iter().filter(|kind| !KEPT.contains(&kind.kind.as_str())) {
        for object in runtime.cluster.list_of(kind, &release.namespace, &of_deployment(deployment)).await? {
            runtime.cluster.delete(&object, &release.namespace).await?;
        }
    }
    Ok(())
}

/// The hooks' objects, and the names that claims of sets begin with.
async fn leftovers(
    runtime: &Runtime<'_>,
    release: &Release,
    deployment: &str,
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let revisions = runtime.cluster.revisions_of(release, deployment).await?;
    let Some(newest) = newest(&revisions) else { return Ok((vec![], vec![])) };
    let Some(payload) = runtime.cluster.payload(newest).await? else { return Ok((vec![], vec![])) };
    let read = |manifest: &str| {
        objects(manifest).map_err(|error| Failure::internal("what Helm applied cannot be read", error))
    };
    let mut hooks = vec![];
    for manifest in payload.hooks().values() {
        hooks.extend(read(manifest)?);
    }
    let sets = read(payload.manifest())?.iter().flat_map(claims_of_set).collect();
    Ok((hooks, sets))
}

/// Their controller names them `<template>-<set>-<number>`, and nobody labels them.
fn claims_of_set(object: &Value) -> Vec<String> {
    let is_set = object["kind"] == "StatefulSet";
    let templates = object["spec"]["volumeClaimTemplates"].as_array().filter(|_| is_set);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = text(&object["metadata"]["name"]);
    templates.into_iter().flatten().map(|template| format!("{}-{name}-", text(&template["metadata"]["name"]))).collect()
}

async fn claims(
    runtime: &Runtime<'_>,
    release: &Release,
    (deployment, sets): (&str, &[String]),
) -> Result<Vec<Value>, Failure> {
    let all = runtime.cluster.list(("v1", "PersistentVolumeClaim"), &release.namespace, "").await?;
    let is_of_set = |name: &str| {
        let number =
            |prefix: &String| name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.parse::<u32>().is_ok());
        sets.iter().any(number)
    };
    let is_its = |claim: &Value| {
        let is_labelled = claim["metadata"]["labels"][DEPLOYMENT_LABEL] == deployment;
        is_labelled || claim["metadata"]["name"].as_str().is_some_and(is_of_set)
    };
    Ok(all.into_iter().filter(is_its).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_of_sets_are_known_by_their_names() {
        let template = json!({"metadata": {"name": "data"}});
        let set =
            json!({"kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": [template]}});
        assert_eq!(claims_of_set(&set), ["data-db-"]);
        assert!(claims_of_set(&json!({"kind": "Deployment"})).is_empty());
    }
}
