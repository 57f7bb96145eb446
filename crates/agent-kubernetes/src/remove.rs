//! Removes a deployment because that was said. Data stays: what is left of it is told.

use std::collections::BTreeSet;

use distr_agent::fault::{Failure, Stop};
use distr_domain::release::LockedKind;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::apply::Runtime;
use crate::cluster::of_deployment;
use crate::helm::Release;
use crate::history;
use crate::labels::{DEPLOYMENT_LABEL, VALUES_LABEL};
use crate::objects::objects;
use crate::post_render::KEPT;
use crate::revision::newest;

/// Ends well also if there is nothing left to remove. `kinds` are those of what was applied. The names of the claims that stay.
pub async fn remove(
    runtime: &Runtime<'_>,
    release: &Release,
    deployment: &str,
    kinds: &[LockedKind],
    cancel: &CancellationToken,
) -> Result<Vec<String>, Stop> {
    let (cluster, seals, namespace) = (runtime.cluster, &runtime.helm.seals, &release.namespace);
    // somebody else's release of that name is none of ours
    let is_foreign = history::is_foreign(cluster, seals, release, deployment).await?;
    if !is_foreign {
        runtime.recover(release, deployment).await?;
    }
    let (hooks, sets) = leftovers(runtime, release, deployment).await?;
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
    Ok(claims(runtime, release, deployment, &sets).await?)
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
    deployment: &str,
    sets: &[String],
) -> Result<Vec<String>, Failure> {
    let all = runtime.cluster.list(("v1", "PersistentVolumeClaim"), &release.namespace, "").await?;
    let is_of_set = |name: &str| {
        let number =
            |prefix: &String| name.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.parse::<u32>().is_ok());
        sets.iter().any(number)
    };
    let name = |claim: &Value| {
        let name = claim["metadata"]["name"].as_str()?;
        let is_labelled = claim["metadata"]["labels"][DEPLOYMENT_LABEL] == json!(deployment);
        (is_labelled || is_of_set(name)).then(|| name.to_owned())
    };
    Ok(all.iter().filter_map(name).collect::<BTreeSet<_>>().into_iter().collect())
}

#[cfg(test)]
mod tests {
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
